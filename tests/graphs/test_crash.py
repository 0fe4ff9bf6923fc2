from __future__ import annotations

from pathlib import Path

from benchmarks.crash import crash


async def test_killed_engines_lose_nothing_and_do_nothing_twice(tmp_path: Path) -> None:
    """The short form of `python -m benchmarks.crash`."""
    found = await crash(kills=4, lanes=1, seed=3, evidence=tmp_path / "evidence")
    assert found["kills"] == 4
    assert (found["lost"], found["doubled"], found["unfinished"]) == (0, 0, 0), found["problems"]
    assert found["runs"] > 1
    assert (tmp_path / "evidence" / "lane-0" / "sandbox" / "journal.jsonl").exists()
