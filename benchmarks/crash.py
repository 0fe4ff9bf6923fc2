"""`kill -9` of a real engine process while the sandbox lives on, and a recount from what the sandbox saw.

`python -m benchmarks.crash --kills N --json`. Two lanes work side by side, each with a sandbox server, records and
an engine process of its own (`benchmarks.crash_worker`). The process runs campaigns and budget changes; a person
approves what it proposes. It is killed again and again: about two fifths of the times by itself at a named boundary
(each commit of a node, job, runner and checkpoint, each ledger state, platform send and receive), else from outside
at a random moment. The next process first resumes what the killed one left, so that kills hit recoveries too. At the
end one process resumes what is left, and everything is counted:

- `lost`: approved changes that were not applied and read back, published ads that were not remembered, accepted runs
  that are gone;
- `doubled`: creates of one change, or budget writes, that the sandbox took more than once, and ads remembered twice;
- `unfinished`: runs that have not ended;
- `by_phase`: kills per boundary, and random ones by what the process was doing;
- `evidence`: a folder with each lane's journal, databases, plan and log.

Exit code 0 when nothing was lost, doubled or left unfinished, else 1.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.crash_count import Recount, recount
from benchmarks.crash_lane import Lane, open_lane

NAMED_SHARE, RANDOM_ENOUGH = 0.4, 30
"""Two fifths of the kills are at named boundaries; beyond this many random ones, every boundary has its turn."""
OUT = Path("out/crash")
BOUNDARIES = (
    "ledger.decided", "ledger.leased", "ledger.sent", "ledger.step", "ledger.applied", "ledger.verified",
    "ledger.done", "platform.send", "platform.received", "commit.intake", "commit.recall", "commit.direct",
    "commit.judge", "commit.gate", "commit.enqueue_renders", "commit.allocate", "commit.propose", "commit.execute",
    "commit.remember", "commit.sync", "commit.learn", "commit.assess", "commit.settle", "commit.job", "commit.driver",
    "checkpoint.put", "checkpoint.writes",
)  # fmt: skip
"""Names that a process of both kinds of run passes."""
_OFTEN = {"platform.send": 12, "platform.received": 12, "ledger.step": 8, "checkpoint.put": 25, "checkpoint.writes": 30,
          "commit.driver": 8, "commit.execute": 12, "commit.judge": 8, "commit.job": 6}  # fmt: skip
"""Boundaries that are passed often in a run: the kill falls on one of the first so many, by chance."""


@dataclass
class Outcome:
    """The kills of one lane and what was counted after them."""

    kills: Counter[str] = field(default_factory=Counter)
    counted: Recount = field(default_factory=Recount)


def main(arguments: list[str] | None = None) -> int:
    """Kill, recount, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crash", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--kills", type=int, default=57)
    parser.add_argument("--lanes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=OUT, help="folder of the evidence")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    options = parser.parse_args(arguments)
    evidence = _next_folder(options.out)
    result = asyncio.run(crash(kills=options.kills, lanes=options.lanes, seed=options.seed, evidence=evidence))
    print(json.dumps(result) if options.json else json.dumps(result, indent=2))
    return 0 if not (result["lost"] or result["doubled"] or result["unfinished"]) else 1


async def crash(*, kills: int, lanes: int, seed: int, evidence: Path) -> dict[str, Any]:
    """Kill `kills` times over all lanes; the result document."""
    start = time.monotonic()
    plans = [_plans(kills, seed=seed)[lane::lanes] for lane in range(lanes)]
    outcomes = await asyncio.gather(
        *(
            _lane(evidence / f"lane-{number}", plan=plan, seed=seed * 100 + number)
            for number, plan in enumerate(plans)
            if plan
        )
    )
    phases = Counter[str]()
    for outcome in outcomes:
        phases += outcome.kills
    counted = [outcome.counted for outcome in outcomes]
    named = sum(count for phase, count in phases.items() if not phase.startswith("random"))
    return {
        "runs": sum(item.runs for item in counted),
        "kills": phases.total(),
        "named_kills": named,
        "random_kills": phases.total() - named,
        "by_phase": dict(sorted(phases.items())),
        "approved_changes": sum(item.approved for item in counted),
        "applied_once": sum(item.once for item in counted),
        "by_kind": dict(sum((item.by_kind for item in counted), Counter())),
        "lost": sum(len(item.lost) for item in counted),
        "doubled": sum(len(item.doubled) for item in counted),
        "unfinished": sum(len(item.unfinished) for item in counted),
        "problems": [text for item in counted for text in (*item.lost, *item.doubled, *item.unfinished)],
        "evidence": str(evidence),
        "seconds": round(time.monotonic() - start, 1),
    }


def _plans(kills: int, *, seed: int) -> list[str]:
    """Where each kill falls: `name:occurrence`, or empty for a random moment. Shuffled, the same for one seed."""
    chance = random.Random(seed)
    named = max(round(kills * NAMED_SHARE), min(len(BOUNDARIES), kills - RANDOM_ENOUGH))
    order = [*BOUNDARIES]
    chance.shuffle(order)
    names = [order[place % len(order)] for place in range(named)]
    plans = [f"{name}:{chance.randint(1, _OFTEN.get(name, 2))}" for name in names] + [""] * (kills - named)
    chance.shuffle(plans)
    return plans


async def _lane(folder: Path, *, plan: list[str], seed: int) -> Outcome:
    chance, outcome = random.Random(seed), Outcome()
    async with open_lane(folder, seed=seed) as lane:
        for kill_at in plan:
            phase = await (lane.killed_at(kill_at) if kill_at else lane.killed_after(_moment(chance)))
            outcome.kills[phase] += 1
        await lane.finish()
        outcome.counted = await recount(lane)
        await _keep(lane)
    return outcome


def _moment(chance: random.Random) -> float:
    """Seconds after the process has opened its records: into the recovery, or into the runs after it."""
    return chance.uniform(0.0, 7.0)


async def _keep(lane: Lane) -> None:
    """What a recount needs stays; the renders' bytes go."""
    await asyncio.to_thread(shutil.rmtree, lane.home / "assets", ignore_errors=True)


def _next_folder(out: Path) -> Path:
    """The first free number."""
    taken = {int(path.name) for path in out.glob("*") if path.name.isdigit()} if out.exists() else set()
    return out / str(max(taken, default=0) + 1)


if __name__ == "__main__":
    sys.exit(main())
