"""Finding out what became of a write that got no answer, or whose sender died: by reading, never by sending again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from geminivideo.accounts import Account
from geminivideo.errors import Drifted, PlatformError
from geminivideo.spend import ChangeState, SpendChange, SpendState
from memory import ledger
from memory.ledger import ChangeRecord, SetRecord
from treasury import states
from treasury.context import Context
from treasury.leases import describe, is_dead, release
from treasury.ports import AdReader
from treasury.reports import Problem, made
from treasury.sending import Carrier, retried

_LONGEST_WAIT = 5.0
"""Seconds to wait for a late write to show before the change is left to the reconciler."""


def grace(account: Account) -> timedelta:
    """How long after a send an absence proves that it did not happen: a late write may still land before that."""
    return timedelta(seconds=2 if account.simulated else 60)


async def settle(context: Context, account: Account, record: SetRecord, row: ChangeRecord) -> ChangeRecord:
    """Find out about one change in flight that nobody holds.

    Verified, applied, voided, approved again (it certainly did not happen), or still unknown.
    """
    if row.state == "applied":
        return await _verified(context, account, record, row)
    held = await _take_over(context, row)
    if held is None:
        return row
    if held.state == "leased":
        return await _release(context, held)
    change = next(item for item in record.change_set.changes if item.id == row.id)
    reader = context.readers(account)
    await _wait_for_late_writes(context, account, held)
    try:
        found = await _look(context, reader, change, held)
    except PlatformError:
        return held  # stays unknown; its lease runs out and it is looked at again
    late = held.sent_at is None or context.now() - held.sent_at >= grace(account)
    return await _conclude(context, record, held, change, found, account=account, proven=late)


class _Found:
    """What the platform shows for a change, and the ids that were looked up on the way."""

    def __init__(self, shown: SpendState | None, *, values: dict[str, Any] | None = None) -> None:
        self.shown = shown
        self.values = values or {}


async def _take_over(context: Context, row: ChangeRecord) -> ChangeRecord | None:
    now, until = context.now(), context.lease_end()
    values = {"lease_owner": context.owner, "lease_until": until, "fence": row.fence + 1}

    def fn(conn: Connection) -> ChangeRecord | None:
        current = ledger.get_change(conn, row.id, account_id=row.account_id)
        if current.fence != row.fence or current.state != row.state or not is_dead(current, now):
            return None
        if row.state == "unknown":
            return ledger.note_step(conn, row, step="look", who=context.owner, at=now, values=values)
        if row.state == "leased":
            return states.move(conn, row, target="leased", who=context.owner, at=now, values=values)
        # Its sender may have sent until its lease ran out; what is late is late from then on.
        last = min(row.lease_until or now, now)
        return states.move(conn, row, target="unknown", who=context.owner, at=now, values=values | {"sent_at": last})

    held = await context.db.write(fn)
    if held is not None:
        context.boundary(f"ledger.{held.state}")
    return held


async def _wait_for_late_writes(context: Context, account: Account, row: ChangeRecord) -> None:
    if row.sent_at is None:
        return
    left = (row.sent_at + grace(account) - context.now()).total_seconds()
    if 0 < left <= _LONGEST_WAIT:
        await context.sleep(left)


async def _look(context: Context, reader: AdReader, change: SpendChange, row: ChangeRecord) -> _Found:
    """Only reads. For a create, its ad set is found by the id that we noted, else by its name."""
    ad_set, values = change.external_id, dict[str, Any]()
    if change.kind == "create":
        ad_set = made(row, "ad_set") or await retried(context, lambda: reader.find("ad_set", mark=change.id))
        if ad_set:
            values = {"external_id": ad_set, "steps": {**row.steps, "ad_set": {"id": ad_set}}}
    if not ad_set:
        return _Found(None)
    aim = ad_set
    return _Found(await retried(context, lambda: reader.spend_state(aim)), values=values)


async def _conclude(
    context: Context,
    record: SetRecord,
    row: ChangeRecord,
    change: SpendChange,
    found: _Found,
    *,
    account: Account,
    proven: bool,
) -> ChangeRecord:
    seen = found.shown.model_dump(mode="json") if found.shown else None
    values = found.values | {"read_back": seen}
    if _happened(change, found.shown):
        steps = {**row.steps, **found.values.get("steps", {})}
        done = values | {"steps": steps, "error": None}
        moved = await _move(context, row, "applied", done)
        return await _verified(context, account, record, moved)
    if not proven:
        return await _let_go(context, row)
    if _did_not_happen(change, found.shown):
        back = await _move(context, row, "leased", found.values)
        return await _release(context, back) if back.state == "leased" else back
    problem = Problem.of(
        Drifted(
            f"{change.ad_name!r} got no answer and now shows {describe(found.shown)}: somebody else changed it",
            where=change.external_id or change.id,
            fix="Look at it on the platform and propose again.",
        )
    )
    values |= {"error": problem.as_json(), "settled_at": context.now()}
    return await _move(context, row, "voided", values)


async def _verified(context: Context, account: Account, record: SetRecord, row: ChangeRecord) -> ChangeRecord:
    """Read an applied change back. One that was found edited by somebody is known, and not looked at again."""
    if row.state != "applied" or row.error is not None:
        return row
    return await Carrier(context, context.writers(account), context.readers(account), record, row).verify()


def _happened(change: SpendChange, shown: SpendState | None) -> bool:
    """Whether what the change sets is there. Its other half may have been edited by a person meanwhile."""
    if shown is None:
        return False
    if change.kind == "budget":
        return shown.daily_budget == change.after.daily_budget
    if change.kind == "create" and change.after.status == "PAUSED":
        return False  # a paused create is done when its last step is noted, so it is carried on
    return shown.status == change.after.status


def _did_not_happen(change: SpendChange, shown: SpendState | None) -> bool:
    if change.before is None:
        return shown is None or shown.status == "PAUSED"
    if shown is None:
        return False
    if change.kind == "budget":
        return shown.daily_budget == change.before.daily_budget
    return shown.status == change.before.status


async def _move(context: Context, row: ChangeRecord, target: ChangeState, values: dict[str, Any]) -> ChangeRecord:
    now = context.now()
    settled = {"settled_at": now} if target == "applied" else {}

    def fn(conn: Connection) -> ChangeRecord | None:
        return states.move(conn, row, target=target, who=context.owner, at=now, values=settled | values)

    moved = await context.db.write(fn)
    context.boundary(f"ledger.{target}")
    return moved or row


async def _release(context: Context, row: ChangeRecord) -> ChangeRecord:
    now = context.now()
    given = await context.db.write(lambda conn: release(conn, row, who=context.owner, at=now))
    context.boundary("ledger.approved")
    return given or row


async def _let_go(context: Context, row: ChangeRecord) -> ChangeRecord:
    """Not provable yet: free the lease, so that the next reader need not wait for it."""
    now = context.now()
    await context.db.write(lambda conn: ledger.extend_lease(conn, row, until=now))
    return row
