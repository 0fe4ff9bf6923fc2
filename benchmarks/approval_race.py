"""Two live processes approve and reject the same set at once, and then both try to execute it.

`python -m benchmarks.approval_race --trials N --json`. Each trial is one budget change on a real sandbox server (a
process of its own): the two processes are let go by a barrier, one approves, the other rejects, and both execute.
Counted from what the sandbox's journal saw, not from what we believe:

- `contested`: trials in which the two decisions' intervals truly overlapped (monotonic clock, shared by both);
- `both_won`: trials in which both decisions were accepted;
- `double_spends`: trials in which money moved twice, or moved although the rejection won.

Exit code 0 when nothing was doubled and at least 80% of the trials were contested, else 1.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing as mp
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import httpx2
from pydantic import SecretStr

from geminivideo.accounts import Account, AccountConfig
from geminivideo.clock import WallClock
from geminivideo.errors import GeminiVideoError
from geminivideo.ids import new_id
from geminivideo.money import Money
from geminivideo.principals import Principal
from geminivideo.settings import Settings
from geminivideo.spend import ChangeSet, SpendChange, SpendState, Verdict
from memory import accounts
from memory.assets import AssetStore
from memory.database import Database
from memory.migrate import migrate
from treasury.meta_port import MetaPorts
from treasury.opening import open_treasury

ENOUGH_CONTESTED = 0.8
_HOURS_PER_TRIALS = 12
"""The platform lets a budget move four times an hour, so its clock is moved on between trials."""


@dataclass(frozen=True)
class Task:
    """What one process does in one trial."""

    account_id: str
    set_id: str
    digest: str
    verdict: Verdict


@dataclass(frozen=True)
class Outcome:
    """What it saw. Times in nanoseconds of the machine's monotonic clock."""

    won: bool
    entered: int
    left: int
    executed: str
    done: int


def main(arguments: list[str] | None = None) -> int:
    """Run the race and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.approval_race", description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7, help="seed of the sandbox's world")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="approval-race-") as folder, _sandbox(options.seed) as ready:
        result = asyncio.run(_race(Path(folder), ready, trials=options.trials))
    print(json.dumps(result) if options.json else "\n".join(f"{key}: {value}" for key, value in result.items()))
    clean = not result["double_spends"] and not result["both_won"] and not result["nobody_won"]
    return 0 if clean and result["contested"] >= ENOUGH_CONTESTED * result["trials"] else 1


async def _race(folder: Path, ready: dict[str, Any], *, trials: int) -> dict[str, Any]:
    settings = Settings(home=folder, sandbox_url=ready["url"], meta_access_token=SecretStr("sandbox-token"))
    db = Database(settings.records_url)
    await migrate(db)
    caps = {"daily_total_max": 10**12, "monthly_total_max": 10**13, "changes_per_day": 10_000}
    account = Account(
        id=new_id("acc"),
        name="Race",
        platform="meta",
        external_id=ready["account_id"],
        simulated=True,
        config=AccountConfig.model_validate({"caps": caps}),
        created_at=WallClock().now(),
    )
    await db.write(lambda conn: accounts.insert_account(conn, account=account))
    with _racers(settings) as pipes:
        started = time.perf_counter()
        rows = await _trials(settings, db, account, pipes, trials=trials)
        seconds = time.perf_counter() - started
    await db.close()
    return _tally(rows, _journal(settings.sandbox_url), seconds=seconds)


async def _trials(
    settings: Settings, db: Database, account: Account, pipes: list[Pipe], *, trials: int
) -> list[tuple[str, Outcome, Outcome]]:
    ports = MetaPorts(settings)
    rows = []
    wall = WallClock()
    async with open_treasury(
        settings, db=db, assets=AssetStore(settings.assets_path), wall=wall, owner="referee"
    ) as treasury:
        live = {key: state for key, state in (await ports(account).spend_states()).items() if state is not None}
        targets = sorted(key for key, state in live.items() if state.status == "ACTIVE")
        for trial in range(trials):
            if trial % _HOURS_PER_TRIALS == 0:
                await asyncio.to_thread(_advance, settings.sandbox_url)
            target = targets[trial % len(targets)]
            change_set = _proposal(account, target, live[target], serial=trial)
            await treasury.propose(change_set, key=change_set.id, who="referee")
            # Who approves changes from trial to trial, so that neither process is always the faster one.
            verdicts: tuple[Verdict, Verdict] = ("approve", "reject") if trial % 2 else ("reject", "approve")
            for pipe, verdict in zip(pipes, verdicts, strict=True):
                pipe.send(Task(account.id, change_set.id, change_set.digest, verdict))
            first, second = [await asyncio.to_thread(pipe.recv) for pipe in pipes]
            approving, rejecting = (first, second) if trial % 2 else (second, first)
            rows.append((change_set.changes[0].id, approving, rejecting))
            if approving.won:
                live[target] = change_set.changes[0].after
    await ports.aclose()
    return rows


def _proposal(account: Account, ad_set: str, before: SpendState, *, serial: int) -> ChangeSet:
    now = WallClock().now()
    # A little more, then a little less: each trial's amount differs from what is there.
    minor = before.daily_budget.minor + (1 if serial % 2 else -1)
    after = SpendState(status=before.status, daily_budget=Money(minor=minor, currency=before.daily_budget.currency))
    change = SpendChange(
        id=new_id("chg"),
        kind="budget",
        platform="meta",
        external_id=ad_set,
        ad_id=ad_set[:40],
        ad_name=f"ad set {ad_set}",
        before=before,
        after=after,
        reason="Race.",
    )
    return ChangeSet(
        id=new_id("ap"),
        account_id=account.id,
        simulated=True,
        run_id="",
        changes=(change,),
        policy_version=account.config.version,
        code_version="race",
        created_at=now,
        expires_at=now + timedelta(hours=1),
    )


def _tally(rows: list[tuple[str, Outcome, Outcome]], writes: Counter[str], *, seconds: float) -> dict[str, Any]:
    overlaps = [min(a.left, r.left) - max(a.entered, r.entered) for _, a, r in rows]
    due = {change_id: 1 if approving.won else 0 for change_id, approving, _ in rows}
    return {
        "trials": len(rows),
        "contested": sum(overlap > 0 for overlap in overlaps),
        "double_spends": sum(writes[change_id] > count for change_id, count in due.items()),
        "both_won": sum(a.won and r.won for _, a, r in rows),
        "nobody_won": sum(not a.won and not r.won for _, a, r in rows),
        "approve_won": sum(a.won for _, a, _ in rows),
        "reject_won": sum(r.won for _, _, r in rows),
        "money_moved": sum(writes[change_id] for change_id in due),
        "not_carried_out": sum(writes[change_id] < count for change_id, count in due.items()),
        "median_overlap_us": sorted(overlaps)[len(overlaps) // 2] // 1000 if overlaps else 0,
        "seconds": round(seconds, 1),
    }


def _racer(settings: Settings, pipe: Pipe, barrier: Barrier, name: str) -> None:
    asyncio.run(_run_racer(settings, pipe, barrier, name=name))


async def _run_racer(settings: Settings, pipe: Pipe, barrier: Barrier, *, name: str) -> None:
    db = Database(settings.records_url)
    assets = AssetStore(settings.assets_path)
    person = Principal(name=name, role="approver")
    async with open_treasury(settings, db=db, assets=assets, wall=WallClock(), owner=name) as treasury:
        while (task := pipe.recv()) is not None:
            where = {"account_id": task.account_id}
            won, executed = True, "refused"
            barrier.wait()
            entered = time.monotonic_ns()
            try:
                await treasury.decide(task.set_id, principal=person, verdict=task.verdict, digest=task.digest, **where)
            except GeminiVideoError:
                won = False
            left = time.monotonic_ns()
            try:
                executed = (await treasury.execute(task.set_id, **where)).state
            except GeminiVideoError as error:
                executed = error.code
            pipe.send(Outcome(won, entered, left, executed, time.monotonic_ns()))
    await db.close()


@contextmanager
def _racers(settings: Settings) -> Iterator[list[Pipe]]:
    context = mp.get_context("spawn")
    barrier = context.Barrier(2)
    ends, processes = [], []
    for name in ("one", "two"):
        ours, theirs = context.Pipe()
        process = context.Process(target=_racer, args=(settings, theirs, barrier, name), daemon=True)
        process.start()
        ends.append(ours)
        processes.append(process)
    try:
        yield ends
    finally:
        for end in ends:
            end.send(None)
        for process in processes:
            process.join(10)


@contextmanager
def _sandbox(seed: int) -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--seed", str(seed), "--days", "3", "--ads", "12"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        yield json.loads(line)
    finally:
        process.terminate()
        process.wait(10)


def _advance(url: str) -> None:
    httpx2.post(f"{url}/sandbox/advance", json={"hours": 1}, timeout=60).raise_for_status()


def _journal(url: str) -> Counter[str]:
    """Committed budget writes by change id."""
    writes: Counter[str] = Counter()
    after = 0
    while True:
        page = httpx2.get(f"{url}/sandbox/journal", params={"after": after}, timeout=60).json()
        writes.update(e["change"] for e in page["entries"] if e["committed"] and "daily_budget" in e["content"])
        after += len(page["entries"])
        if after >= page["total"]:
            return writes


if __name__ == "__main__":
    raise SystemExit(main())
