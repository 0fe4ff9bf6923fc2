"""The recount of a crash lane: what was approved, by our records, against what the sandbox's journal took in."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from benchmarks.crash_lane import Lane
from benchmarks.crash_worker import ACCOUNT, settings_of
from memory import ads, ledger, runs
from memory.database import Database
from memory.ledger import ChangeRecord
from memory.runs import Run
from memory.schema import ads as ads_table

_MADE_ONCE = ("adsets", "ads", "adcreatives")


@dataclass
class Recount:
    """Every problem is a sentence that names the change, run or ad."""

    runs: int = 0
    approved: int = 0
    once: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)


async def recount(lane: Lane) -> Recount:
    """Read the records and the journal's file, and hold them against each other."""
    entries = [json.loads(line) for line in lane.journal.read_text().splitlines()]
    taken: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        if entry["committed"] and entry["change"]:
            taken.setdefault(entry["change"], []).append(entry)
    db = Database(settings_of(lane.plan).records_url)
    try:
        return await db.read(lambda conn: _count(conn, taken, told=lane.told()))
    finally:
        await db.close()


def _count(conn: Connection, taken: dict[str, list[dict[str, Any]]], *, told: Iterable[dict[str, Any]]) -> Recount:
    found = Recount()
    all_runs = {run.id: run for run in runs.list_runs(conn, account_id=ACCOUNT, limit=100_000)}
    _count_runs(found, all_runs, accepted={line["run"] for line in told if line["what"] == "accepted"})
    approved = {
        decision.set_id
        for record in ledger.list_sets(conn, account_id=ACCOUNT, limit=100_000)
        for decision in ledger.list_decisions(conn, account_id=ACCOUNT, set_id=record.change_set.id)
        if decision.verdict == "approve"
    }
    campaigns: Counter[str] = Counter()
    rows = ledger.list_changes(conn, account_id=ACCOUNT, limit=100_000)
    remembered = Counter(conn.execute(select(ads_table.c.ad_external_id)).scalars())
    ours = {ad.ad_external_id for ad in ads.list_ads(conn, account_id=ACCOUNT, ours=True)}
    for row in rows:
        if row.set_id not in approved:
            if taken.get(row.id):
                found.doubled.append(f"{row.id} moved money without an approval")
            continue
        _count_change(found, row, taken.get(row.id, []), ours=ours)
    for run_id in all_runs:
        campaigns[run_id] = _made(taken.get(run_id, []), "campaigns")
        if campaigns[run_id] > 1:
            found.doubled.append(f"{run_id} has {campaigns[run_id]} campaigns")
    found.doubled += [
        f"ad {external} is remembered {count} times" for external, count in remembered.items() if count > 1
    ]
    return found


def _count_runs(found: Recount, known: dict[str, Run], *, accepted: set[str]) -> None:
    found.runs = len(known)
    found.unfinished += [f"{run.id} is {run.status}" for run in known.values() if not run.finished]
    found.lost += [f"{run_id} was accepted and is gone" for run_id in accepted - set(known)]
    found.lost += [
        f"{run.id} failed: {(run.error or {}).get('what')}" for run in known.values() if run.status == "failed"
    ]


def _count_change(found: Recount, row: ChangeRecord, taken: list[dict[str, Any]], *, ours: set[str]) -> None:
    found.approved += 1
    found.by_kind[row.kind] += 1
    if row.kind == "create":
        times = max(_made(taken, edge) for edge in _MADE_ONCE)
        least = min(_made(taken, edge) for edge in _MADE_ONCE)
        ad = str((row.steps.get("ad") or {}).get("id", ""))
        if row.state in {"applied", "verified"} and ad not in ours:
            found.lost.append(f"{row.id}: its ad {ad!r} is not remembered")
    else:
        times = least = len({entry["seq"] for entry in taken if _sets(entry, row)})
    if row.state != "verified":
        problem = (row.error or {}).get("what", "")
        found.lost.append(f"{row.id} ({row.kind}) was approved and is {row.state} {problem}")
    elif least < 1:
        found.lost.append(f"{row.id} ({row.kind}) is {row.state}, but the platform did not take it")
    if times > 1:
        found.doubled.append(f"{row.id} ({row.kind}) was taken {times} times")
    elif row.state == "verified" and least == 1:
        found.once += 1


def _made(entries: Iterable[dict[str, Any]], edge: str) -> int:
    return sum(entry["path"].rsplit("/", 1)[-1] == edge for entry in entries)


def _sets(entry: dict[str, Any], row: ChangeRecord) -> bool:
    """Whether this write set what the change sets."""
    return ("daily_budget" if row.kind == "budget" else "status") in entry["content"]
