"""The executor: the only place that changes spend, and only for what a person approved.

It believes nothing but the ledger and the platform. Reductions go first, so that the increases are judged by caps
against what is really live by then.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from geminivideo.accounts import Account
from geminivideo.errors import ApprovalExpired, PlatformError, Refused
from geminivideo.spend import ChangeState, SpendState
from memory import audit, ledger
from memory.accounts import get_account
from memory.ledger import ChangeRecord, SetRecord
from treasury import approvals, leases
from treasury.caps import is_reduction
from treasury.context import Context
from treasury.leases import Holder, Taken
from treasury.reports import ExecutionReport, Problem, report
from treasury.sending import Carrier, retried
from treasury.settling import settle
from treasury.states import TO_SETTLE, UNFINISHED

_ROUNDS = 6
"""Times that one call goes over a set: what was freed is taken up again, what was unknown is looked at again."""
_POLLS = 60
"""Times that one call waits for another executor that is at work on the same things."""
_LONGEST_POLL = 1.0
_BUSY = Problem(code="conflict", what="Another executor is at work on the same ads", fix="Execute the set again later.")
_UNKNOWN = Problem(
    code="outcome_unknown",
    what="The platform did not answer, and it cannot be told yet whether the change was made",
    fix="The reconciler reads it back; execute the set again after that.",
)


async def execute(context: Context, set_id: str, *, account_id: str) -> ExecutionReport:
    """Carry an approved set out, or take up where an earlier execution ended. Calling it again is harmless.

    Refused or NotPermitted when no approval lets this set move money. What the platform, the caps, the kill switch
    or a person's edit prevented is told in the report.
    """
    account, record = await context.db.read(
        lambda conn: (get_account(conn, account_id), ledger.get_set(conn, set_id, account_id=account_id))
    )
    if record.state == "proposed":
        await _refuse_undecided(context, record)
    problem: Problem | None = None
    if record.state == "approved":
        await context.db.read(lambda conn: approvals.approval_of(conn, record, account=account))
        problem = await _rounds(context, account, record)
    return await context.db.read(lambda conn: report(conn, set_id, account_id=account_id, problem=problem))


async def _refuse_undecided(context: Context, record: SetRecord) -> None:
    now = context.now()
    if await context.db.write(lambda conn: approvals.expire(conn, record, now=now)):
        raise ApprovalExpired("Nobody answered in time: that is a no", where=record.change_set.id)
    raise Refused(
        "Nobody has approved this set", where=record.change_set.id, fix="Decide with `geminivideo approvals`."
    )


async def _rounds(context: Context, account: Account, record: SetRecord) -> Problem | None:
    rounds = polls = 0
    while rounds < _ROUNDS and polls < _POLLS:
        stuck = {row.id for row in await settle_in_flight(context, account, record) if row.state == "unknown"}
        problem: Problem | None = None
        for reducing in (True, False):
            problem = await _wave(context, account, record, reducing=reducing) or problem
        unfinished = await close_if_done(context, record)
        if not unfinished or (problem is not None and all(row.state == "approved" for row in unfinished)):
            return problem
        if all(row.id in stuck for row in unfinished):
            return _UNKNOWN
        held = [row.lease_until for row in unfinished if not leases.is_dead(row, context.now())]
        if held:
            polls += 1
            await _pause(context, held[0], polls)
        else:
            rounds += 1
    return _BUSY


async def settle_in_flight(context: Context, account: Account, record: SetRecord) -> list[ChangeRecord]:
    """Find out about every change of the set that is in flight and that nobody holds; read back what is applied."""
    rows = await _rows(context, record, TO_SETTLE)
    dead = [row for row in rows if row.state == "applied" or leases.is_dead(row, context.now())]
    return [await settle(context, account, record, row) for row in dead]


async def close_if_done(context: Context, record: SetRecord) -> list[ChangeRecord]:
    """Close the set if nothing of it is unfinished; else what is."""
    now = context.now()
    if await context.db.write(lambda conn: leases.close(conn, record, now=now)):
        context.boundary("ledger.done")
    return await _rows(context, record, UNFINISHED)


async def _rows(context: Context, record: SetRecord, wanted: frozenset[ChangeState]) -> list[ChangeRecord]:
    change_set = record.change_set
    return await context.db.read(
        lambda conn: ledger.list_changes(conn, account_id=change_set.account_id, set_id=change_set.id, states=wanted)
    )


async def _wave(context: Context, account: Account, record: SetRecord, *, reducing: bool) -> Problem | None:
    """Lease what can be leased and carry it; why something could not."""
    try:
        taken = await _take(context, account, record, reducing=reducing)
    except PlatformError as error:  # the live state cannot be read: nothing may be sent
        return Problem.of(error)
    problem = taken.problem
    if not taken.leased or taken.record is None:
        return problem
    context.boundary("ledger.leased")
    writer, reader = context.writers(account), context.readers(account)
    for row in taken.leased:
        carrier = Carrier(context, writer, reader, taken.record, row)
        await carrier.carry()
        problem = carrier.problem or problem
    return problem


async def _take(context: Context, account: Account, record: SetRecord, *, reducing: bool) -> Taken:
    """Read what is live and take the leases; again if something took effect meanwhile or is being worked on."""
    for attempt in range(_POLLS):
        if not await _has_work(context, account, record, reducing=reducing):
            return Taken()
        head = await context.db.read(lambda conn: audit.head(conn, account.id))
        live = await retried(context, context.readers(account).spend_states)
        taken = await _take_once(context, account, record, live=dict(live), read_at=head.seq, reducing=reducing)
        if taken.blocked_until is not None and taken.blocked_until > context.now():
            await _pause(context, taken.blocked_until, attempt)
        elif not taken.stale:
            return taken if taken.blocked_until is None else Taken(problem=_BUSY)
    return Taken(problem=_BUSY)


async def _has_work(context: Context, account: Account, record: SetRecord, *, reducing: bool) -> bool:
    """Whether something of this kind may be waiting; spares a read of the whole account if not."""
    waiting = {row.id for row in await _rows(context, record, frozenset({"approved", "leased"}))}
    currency = account.config.currency
    return any(
        change.id in waiting and is_reduction(change, currency=currency, live={}) == reducing
        for change in record.change_set.changes
    )


async def _pause(context: Context, until: datetime | None, attempt: int) -> None:
    left = (until - context.now()).total_seconds() if until else 0.0
    await context.sleep(max(min(left, 0.02 * 2 ** min(attempt, 6), _LONGEST_POLL), 0.02))


async def _take_once(
    context: Context,
    account: Account,
    record: SetRecord,
    *,
    live: Mapping[str, SpendState | None],
    read_at: int,
    reducing: bool,
) -> Taken:
    holder = Holder(owner=context.owner, now=context.now(), until=context.lease_end())
    return await context.db.write(
        lambda conn: leases.take(
            conn,
            record.change_set.id,
            account_id=account.id,
            live=live,
            read_at=read_at,
            reducing=reducing,
            holder=holder,
        )
    )
