"""Bringing the ledger and the platform together again: what is unknown is read back, what is late expires."""

from __future__ import annotations

from collections.abc import Sequence

from geminivideo.accounts import Account
from geminivideo.errors import GeminiVideoError
from geminivideo.model import Noun
from memory import ledger
from memory.accounts import get_account
from memory.ledger import ChangeRecord, SetRecord
from treasury import approvals, leases
from treasury.context import Context
from treasury.executor import close_if_done, execute
from treasury.settling import settle
from treasury.states import TO_SETTLE


class ReconcileReport(Noun):
    """What a reconciliation found. Every entry is an id."""

    account_id: str
    looked_at: tuple[str, ...] = ()
    """Changes that were read back."""
    settled: tuple[str, ...] = ()
    """Of them, those whose outcome is known now."""
    unknown: tuple[str, ...] = ()
    expired: tuple[str, ...] = ()
    """Sets that nobody answered or carried out in time."""
    executed: tuple[str, ...] = ()
    """Approved sets without a run (the kill switch's) that were carried on."""


async def reconcile(context: Context, account_id: str) -> ReconcileReport:
    """Settle every change that nobody holds, verify what is applied, expire what is late. Sends nothing of a run's."""
    account = await context.db.read(lambda conn: get_account(conn, account_id))
    expired = await _expire(context, account)
    rows = await context.db.read(lambda conn: ledger.list_changes(conn, account_id=account_id, states=TO_SETTLE))
    dead = [row for row in rows if leases.is_dead(row, context.now()) or row.state == "applied"]
    after = [await _look(context, account, row) for row in dead]
    executed = await _carry_on(context, account)
    return ReconcileReport(
        account_id=account_id,
        looked_at=tuple(row.id for row in dead),
        settled=tuple(row.id for row in after if row.state != "unknown"),
        unknown=tuple(row.id for row in after if row.state == "unknown"),
        expired=expired,
        executed=executed,
    )


async def expire_late(context: Context, account_id: str) -> tuple[str, ...]:
    """Only the expiry: cheap enough for every minute."""
    account = await context.db.read(lambda conn: get_account(conn, account_id))
    return await _expire(context, account)


async def _look(context: Context, account: Account, row: ChangeRecord) -> ChangeRecord:
    record = await context.db.read(lambda conn: ledger.get_set(conn, row.set_id, account_id=account.id))
    after = await settle(context, account, record, row)
    await close_if_done(context, record)
    return after


async def _expire(context: Context, account: Account) -> tuple[str, ...]:
    now = context.now()
    waiting = await context.db.read(
        lambda conn: ledger.list_sets(conn, account_id=account.id, states={"proposed", "approved"}, limit=10_000)
    )
    late = [record for record in waiting if now >= record.change_set.expires_at]
    for record in late:
        await context.db.write(lambda conn, record=record: approvals.expire(conn, record, now=now))  # type: ignore[misc]
        context.boundary("ledger.expired")
    return tuple(record.change_set.id for record in late)


async def _carry_on(context: Context, account: Account) -> tuple[str, ...]:
    """A set without a run has no graph that would resume it: it is carried on from here."""
    approved: Sequence[SetRecord] = await context.db.read(
        lambda conn: ledger.list_sets(conn, account_id=account.id, states={"approved"}, limit=10_000)
    )
    done = []
    for record in approved:
        if record.change_set.run_id:
            continue
        try:
            await execute(context, record.change_set.id, account_id=account.id)
        except GeminiVideoError:
            continue  # boundary: one set that cannot go on must not keep the others
        done.append(record.change_set.id)
    return tuple(done)
