"""`python -m benchmarks.report`: run every benchmark, each in its own process, and write benchmarks/RESULTS.md.

`--only NAME` runs one and keeps the others' results from the last time.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
KEPT = HERE / "results.json"
BENCHMARKS: Mapping[str, tuple[str, ...]] = {
    "simulation": ("--seeds", "300", "--seed-from", "0", "--days", "14", "--jobs", "2"),
    "orchestration": (),
    "embedding": (),
    "approval_race": ("--trials", "1000"),
    "crash": ("--kills", "50"),
}
"""Name to arguments; all of them also take `--json`."""


def main() -> int:
    """Run, keep the documents in results.json, write RESULTS.md; 1 when a benchmark failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report")
    parser.add_argument("--only", choices=[*BENCHMARKS], action="append")
    chosen = parser.parse_args().only or list(BENCHMARKS)
    kept: dict[str, Any] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    failed = 0
    for name in chosen:
        document = run(name)
        failed += document is None
        if document is not None:
            kept[name] = document
    KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
    (HERE / "RESULTS.md").write_text("\n".join(page(kept)))
    return min(failed, 1)


def run(name: str) -> dict[str, Any] | None:
    """One benchmark's document with its command, date and seconds (a missed mark is kept too); None when it failed."""
    command = [sys.executable, "-m", f"benchmarks.{name}", *BENCHMARKS[name], "--json"]
    started = time.perf_counter()
    done = subprocess.run(command, cwd=HERE.parent, stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        print(f"{name} ended with exit code {done.returncode}: a mark was missed, or it failed", file=sys.stderr)
    if not done.stdout.strip():
        return None
    return {
        "command": " ".join(["python", *command[1:]]),
        "date": datetime.now(UTC).date().isoformat(),
        "seconds": round(time.perf_counter() - started, 1),
        "machine": f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}",
        "result": json.loads(done.stdout),
    }


def page(kept: Mapping[str, Any]) -> Iterator[str]:
    """RESULTS.md, line by line."""
    yield "# Results"
    yield ""
    yield "Written by `make bench`. Each table comes from the one command above it. Ratios and counts are the claims;"
    yield "milliseconds depend on the machine and on what else it was doing."
    for name in BENCHMARKS:
        if name not in kept:
            continue
        item = kept[name]
        yield from ("", f"## {name}", "", f"`{item['command']}`", "")
        yield f"{item['date']}, {item['seconds']} s, {item['machine']}."
        yield from ("", "| measure | value |", "| --- | --- |")
        for key, value in _flat(item["result"]):
            yield f"| {key} | {value} |"
    yield ""


def _flat(value: Any, *, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        if set(value) >= {"mean", "low", "high"} and all(
            isinstance(value[k], int | float) for k in ("mean", "low", "high")
        ):
            yield path, f"{_number(value['mean'])} ({_number(value['low'])} to {_number(value['high'])})"
            return
        for key, item in value.items():
            yield from _flat(item, path=f"{path}.{key}" if path else str(key))
    elif not isinstance(value, list):
        yield path, _number(value)


def _number(value: Any) -> str:
    return (
        f"{value:,.4g}"
        if isinstance(value, float) and abs(value) < 1000
        else f"{value:,.0f}"
        if isinstance(value, float)
        else str(value)
    )


if __name__ == "__main__":
    sys.exit(main())
