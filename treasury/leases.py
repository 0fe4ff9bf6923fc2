"""The one transaction between an approval and the platform: approval, kill switch, drift, caps, lease."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from geminivideo.accounts import Account
from geminivideo.errors import AccountStopped, ApprovalExpired, CapExceeded, Drifted
from geminivideo.spend import ChangeState, SpendChange, SpendState
from memory import audit, ledger
from memory.accounts import get_account
from memory.ledger import ChangeRecord, SetRecord
from treasury import approvals, caps, states
from treasury.exposure import business_day, exposure_of
from treasury.reports import Problem
from treasury.states import IN_FLIGHT


@dataclass(frozen=True)
class Holder:
    """Who takes a lease, and until when."""

    owner: str
    now: datetime
    until: datetime


@dataclass(frozen=True)
class Taken:
    """What the transaction came to."""

    leased: tuple[ChangeRecord, ...] = ()
    record: SetRecord | None = None
    """The set whose digest was checked in the same transaction: only these bytes may be carried out."""
    stale: bool = False
    """Something took effect after the live state was read: read it again."""
    blocked_until: datetime | None = None
    """Somebody else is at work on the same ad set or campaign."""
    problem: Problem | None = None


def take(
    conn: Connection,
    set_id: str,
    *,
    account_id: str,
    live: Mapping[str, SpendState | None],
    read_at: int,
    reducing: bool,
    holder: Holder,
) -> Taken:
    """Lease the set's reductions, or its increases, or say why not. `read_at` is the audit row before the read.

    Refused or NotPermitted when the set has no approval that may move money.
    """
    account = get_account(conn, account_id, for_update=True)
    record = ledger.get_set(conn, set_id, account_id=account_id)
    if record.state != "approved":
        return Taken()
    if approvals.expire(conn, record, now=holder.now):
        return Taken(problem=Problem.of(ApprovalExpired("It was not carried out in time", where=set_id)))
    approvals.approval_of(conn, record, account=account)
    if is_stopped(account, record):
        return Taken(problem=stopped_problem(account))
    if ledger.applied_since(conn, account_id=account_id, seq=read_at):
        return Taken(stale=True)
    return _take_ready(conn, account, record, live=live, reducing=reducing, holder=holder)


def _take_ready(
    conn: Connection,
    account: Account,
    record: SetRecord,
    *,
    live: Mapping[str, SpendState | None],
    reducing: bool,
    holder: Holder,
) -> Taken:
    rows = ledger.list_changes(conn, account_id=account.id, set_id=record.change_set.id)
    ready = [row for row in rows if row.state == "approved" or (row.state == "leased" and is_dead(row, holder.now))]
    plan = {change.id: change for change in record.change_set.changes}
    drifted = _drift(ready, plan, live) if record.change_set.purpose != "stop" else {}
    if drifted:
        return Taken(problem=_void(conn, record, ready, plan, drifted=drifted, now=holder.now))
    currency = account.config.currency
    wave = [row for row in ready if caps.is_reduction(plan[row.id], currency=currency, live=live) == reducing]
    if not wave:
        return Taken()
    busy = _busy_until(conn, record, wave, holder=holder)
    if busy is not None:
        return Taken(blocked_until=busy)
    return _lease(conn, account, record, wave, plan, live=live, holder=holder)


def is_dead(row: ChangeRecord, now: datetime) -> bool:
    """Whether nobody holds the change any more."""
    return row.lease_until is None or row.lease_until <= now


def is_stopped(account: Account, record: SetRecord) -> bool:
    """Whether the kill switch forbids this set: everything but its own emergency pause."""
    return account.stopped and record.change_set.purpose != "stop"


def stopped_problem(account: Account) -> Problem:
    """The kill switch as a refusal."""
    reason = account.stop_reason or "no reason given"
    return Problem.of(
        AccountStopped(f"{account.name} is stopped: {reason}", where=account.id, fix="Have an admin start it again.")
    )


def release(conn: Connection, row: ChangeRecord, *, who: str, at: datetime) -> ChangeRecord | None:
    """Certain that nothing happened: approved again and free for the next executor, no longer one of the day's.

    Voided where the set is not open any more (the kill switch was pulled meanwhile).
    """
    values = {"lease_owner": None, "lease_until": None, "day": None, "fence": row.fence + 1}
    audit.lock(conn, row.account_id)
    record = ledger.get_set(conn, row.set_id, account_id=row.account_id)
    target: ChangeState = "approved" if record.state == "approved" else "voided"
    return states.move(conn, row, target=target, who=who, at=at, values=values)


def _lease(
    conn: Connection,
    account: Account,
    record: SetRecord,
    wave: Sequence[ChangeRecord],
    plan: Mapping[str, SpendChange],
    *,
    live: Mapping[str, SpendState | None],
    holder: Holder,
) -> Taken:
    ids = {row.id for row in wave}
    exposure = exposure_of(conn, account, record=record, beside=ids, wall=holder.now)
    try:
        caps.evaluate([plan[row.id] for row in wave], account, exposure=exposure, live=live)
    except CapExceeded as error:
        problem = Problem.of(error)
        for row in wave:
            values = {"error": problem.as_json(), "settled_at": holder.now, "fence": row.fence + 1}
            states.move(conn, row, target="refused", who=holder.owner, at=holder.now, values=values)
        return Taken(problem=problem)
    values = {
        "lease_owner": holder.owner,
        "lease_until": holder.until,
        "day": business_day(account, wall=holder.now),
        "error": None,
    }
    leased = []
    for row in wave:
        mine = values | {"fence": row.fence + 1, "attempts": row.attempts + 1}
        taken = states.move(conn, row, target="leased", who=holder.owner, at=holder.now, values=mine)
        leased += [taken] if taken else []
    return Taken(leased=tuple(leased), record=record)


def _drift(
    ready: Sequence[ChangeRecord], plan: Mapping[str, SpendChange], live: Mapping[str, SpendState | None]
) -> dict[str, SpendState | None]:
    """What the platform shows for each change whose before is no longer true."""
    return {
        row.id: live.get(plan[row.id].external_id or "")
        for row in ready
        if plan[row.id].before is not None and live.get(plan[row.id].external_id or "") != plan[row.id].before
    }


def _void(
    conn: Connection,
    record: SetRecord,
    ready: Sequence[ChangeRecord],
    plan: Mapping[str, SpendChange],
    *,
    drifted: Mapping[str, SpendState | None],
    now: datetime,
) -> Problem:
    first = plan[next(iter(drifted))]
    shown = describe(drifted[first.id])
    problem = Problem.of(
        Drifted(
            f"{first.ad_name!r} was approved at {describe(first.before)} and is now at {shown}; nothing was changed",
            where=record.change_set.id,
            fix="Propose again from what the platform shows now.",
        )
    )
    for row in ready:
        seen = drifted.get(row.id)
        values = {
            "error": problem.as_json(),
            "read_back": seen.model_dump(mode="json") if seen else None,
            "settled_at": now,
            "fence": row.fence + 1,
        }
        states.move(conn, row, target="voided", who="treasury", at=now, values=values)
    close(conn, record, now=now, target="voided", note=problem.what)
    return problem


def close(conn: Connection, record: SetRecord, *, now: datetime, target: str = "done", note: str = "") -> bool:
    """Close an approved set once none of its changes is unfinished. Void only where nothing took effect."""
    change_set = record.change_set
    rows = ledger.list_changes(conn, account_id=change_set.account_id, set_id=change_set.id)
    if any(row.state in states.UNFINISHED for row in rows):
        return False
    void = target == "voided" and not any(row.state in states.EFFECTIVE for row in rows)
    moved = states.move_set(
        conn,
        change_set.id,
        account_id=change_set.account_id,
        source="approved",
        target="voided" if void else "done",
        who="treasury",
        at=now,
        note=note,
    )
    if moved:
        approvals.wake(conn, change_set)
    return moved


def describe(state: SpendState | None) -> str:
    """A spend state in plain words."""
    if state is None:
        return "nothing there"
    return f"{state.daily_budget} a day, {'live' if state.status == 'ACTIVE' else 'paused'}"


def _busy_until(
    conn: Connection, record: SetRecord, wave: Sequence[ChangeRecord], *, holder: Holder
) -> datetime | None:
    """When to look again, if another change of the same ad set is in flight, or somebody else is creating.

    Creates of one run share a campaign that is found by name, so two executors must not make it side by side.
    """
    if record.change_set.purpose == "stop":
        return None
    mine = {row.id for row in wave}
    aims = {row.external_id for row in wave if row.external_id}
    creates = any(row.kind == "create" for row in wave)
    others = [
        row
        for row in ledger.list_changes(conn, account_id=record.change_set.account_id, states=IN_FLIGHT)
        if row.id not in mine
        and (row.external_id in aims or (creates and row.kind == "create" and not is_dead(row, holder.now)))
    ]
    return max((row.lease_until or holder.now for row in others), default=None)
