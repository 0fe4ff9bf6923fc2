"""The treasury as one object: what graphs, CLI, API and workers call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from sqlalchemy import Connection

from geminivideo.accounts import Account
from geminivideo.clock import Clock
from geminivideo.errors import ApprovalExpired
from geminivideo.model import Noun
from geminivideo.principals import Principal
from geminivideo.spend import ChangeSet, SpendChange, Verdict
from memory import accounts, audit, ledger
from memory.audit import Anchor, AuditReport
from memory.database import Database
from memory.ledger import SetRecord
from treasury import approvals, executor, reconcile, rollback, stop, views
from treasury.context import Context
from treasury.ports import AdReader, AdWriter, Assets, Boundary, no_boundary
from treasury.reports import ExecutionReport
from treasury.sending import retried
from treasury.views import ApprovalView

T = TypeVar("T")


class StopReport(Noun):
    """What pulling the kill switch did. `pauses` is there when every live ad was to be paused."""

    account_id: str
    stopped: bool
    pauses: ExecutionReport | None = None


class Treasury:
    """Proposals, decisions, execution, reconciliation, kill switch and audit of every account.

    A set that belongs to another account answers like an absent one (NotFound). `boundary` is told the name of each
    commit and of each platform send and receive.
    """

    def __init__(
        self,
        db: Database,
        *,
        writers: Callable[[Account], AdWriter],
        readers: Callable[[Account], AdReader],
        assets: Assets,
        wall: Clock,
        owner: str,
        lease_seconds: int,
        anchor: Anchor | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        boundary: Boundary = no_boundary,
    ) -> None:
        self._db = db
        self._anchor = anchor
        self._context = Context(
            db=db,
            writers=writers,
            readers=readers,
            assets=assets,
            wall=wall,
            owner=owner,
            lease_seconds=lease_seconds,
            sleep=sleep,
            boundary=boundary,
        )

    async def propose(self, change_set: ChangeSet, *, key: str, who: str) -> ApprovalView:
        """Store a proposal, once per (run, key); the same key again answers with the set that is there."""
        now = self._context.now()
        record = await self._write(
            change_set.account_id,
            lambda conn: approvals.propose(conn, change_set, key=key, who=who, now=now),
            boundary="ledger.proposed",
        )
        return views.view(record)

    async def decide(
        self,
        set_id: str,
        *,
        account_id: str,
        principal: Principal,
        verdict: Verdict,
        digest: str,
        reason: str = "",
        edited: Sequence[SpendChange] | None = None,
    ) -> ApprovalView:
        """One person's verdict on the digest that they saw. An edit answers with the new set, which waits in turn."""
        now = self._context.now()

        def fn(conn: Connection) -> SetRecord:
            record = approvals.decide(
                conn,
                set_id,
                account_id=account_id,
                principal=principal,
                verdict=verdict,
                digest=digest,
                now=now,
                reason=reason,
                edited=edited,
            )
            if verdict == "approve" and record.change_set.purpose == "start":
                stop.release(conn, record, principal=principal, now=now)
            return record

        try:
            record = await self._write(account_id, fn, boundary="ledger.decided")
        except ApprovalExpired:
            await reconcile.expire_late(self._context, account_id)
            raise
        return await self.show(record.change_set.id, account_id=account_id)

    async def execute(self, set_id: str, *, account_id: str) -> ExecutionReport:
        """Carry an approved set out, or take it up where it was left. Safe to call again and from anywhere."""
        try:
            return await executor.execute(self._context, set_id, account_id=account_id)
        finally:
            await self._keep_anchor(account_id)

    async def reconcile(self, account_id: str) -> reconcile.ReconcileReport:
        """Read back what is unknown, verify what is applied, expire what is late."""
        try:
            return await reconcile.reconcile(self._context, account_id)
        finally:
            await self._keep_anchor(account_id)

    async def expire(self, account_id: str) -> tuple[str, ...]:
        """Expire what nobody answered in time; the ids of the sets."""
        late = await reconcile.expire_late(self._context, account_id)
        if late:
            await self._keep_anchor(account_id)
        return late

    async def stop(
        self, account_id: str, *, principal: Principal, reason: str = "", pause_all: bool = False
    ) -> StopReport:
        """Pull the kill switch. It holds once this account's row says so; pausing what is live comes after."""
        now = self._context.now()
        account = await self._write(
            account_id,
            lambda conn: stop.pull(conn, account_id, principal=principal, reason=reason, now=now),
            boundary="ledger.stopped",
        )
        if not pause_all:
            return StopReport(account_id=account_id, stopped=account.stopped)
        live = dict(await retried(self._context, self._context.readers(account).spend_states))
        record = await self._write(
            account_id,
            lambda conn: stop.order_pauses(
                conn, account, live=live, principal=principal, reason=reason, now=self._context.now()
            ),
            boundary="ledger.decided",
        )
        report = await self.execute(record.change_set.id, account_id=account_id) if record else None
        return StopReport(account_id=account_id, stopped=account.stopped, pauses=report)

    async def request_start(self, account_id: str, *, principal: Principal) -> ApprovalView:
        """Propose to start again and to resume what the stop paused. An admin's approval releases the switch."""
        account = await self._db.read(lambda conn: accounts.get_account(conn, account_id))
        live = dict(await retried(self._context, self._context.readers(account).spend_states))
        now = self._context.now()
        record = await self._write(
            account_id,
            lambda conn: stop.propose_start(conn, account_id, live=live, principal=principal, now=now),
            boundary="ledger.proposed",
        )
        return views.view(record)

    async def request_rollback(self, set_id: str, *, account_id: str, principal: Principal) -> ApprovalView:
        """Propose to take a set's applied changes back, as far as nobody touched them since. Decided like any other."""
        account = await self._db.read(lambda conn: accounts.get_account(conn, account_id))
        await self.show(set_id, account_id=account_id)
        live = dict(await retried(self._context, self._context.readers(account).spend_states))
        now = self._context.now()
        record = await self._write(
            account_id,
            lambda conn: rollback.propose(conn, set_id, account_id=account_id, live=live, principal=principal, now=now),
            boundary="ledger.proposed",
        )
        return views.view(record)

    async def show(self, set_id: str, *, account_id: str) -> ApprovalView:
        """One set in plain words, with its decisions."""

        def fn(conn: Connection) -> ApprovalView:
            record = ledger.get_set(conn, set_id, account_id=account_id)
            return views.view(record, decisions=ledger.list_decisions(conn, account_id=account_id, set_id=set_id))

        return await self._db.read(fn)

    async def pending(self, account_id: str) -> tuple[ApprovalView, ...]:
        """What waits for a decision, newest first; what is past its time is expired first."""
        await self.expire(account_id)
        found = await self._db.read(lambda conn: ledger.list_sets(conn, account_id=account_id, states={"proposed"}))
        return tuple(views.view(record) for record in found)

    async def history(self, account_id: str, *, run_id: str | None = None) -> tuple[ApprovalView, ...]:
        """Every set with its decisions, newest first."""

        def fn(conn: Connection) -> tuple[ApprovalView, ...]:
            found = ledger.list_sets(conn, account_id=account_id, run_id=run_id)
            return tuple(
                views.view(
                    record,
                    decisions=ledger.list_decisions(conn, account_id=account_id, set_id=record.change_set.id),
                )
                for record in found
            )

        return await self._db.read(fn)

    async def ledger(self, account_id: str, *, set_id: str | None = None) -> tuple[ledger.ChangeRecord, ...]:
        """The account's spend changes and where each stands."""
        return tuple(await self._db.read(lambda conn: ledger.list_changes(conn, account_id=account_id, set_id=set_id)))

    async def change_set(self, set_id: str, *, account_id: str) -> ChangeSet:
        """The set itself, for an edit."""
        return (await self._db.read(lambda conn: ledger.get_set(conn, set_id, account_id=account_id))).change_set

    async def find_account(self, set_id: str) -> str:
        """The account of a set, for the operator of this machine, who owns all of them."""
        return await self._db.read(lambda conn: ledger.account_of_set(conn, set_id))

    async def audit_verify(self, account_id: str) -> AuditReport:
        """Walk the account's audit chain and hold its end against the anchored head."""
        anchored = await asyncio.to_thread(self._anchor.read, account_id) if self._anchor else None

        def fn(conn: Connection) -> AuditReport:
            accounts.get_account(conn, account_id)
            return audit.verify(conn, account_id, anchored=anchored)

        return await self._db.read(fn)

    async def _write(self, account_id: str, fn: Callable[[Connection], T], *, boundary: str) -> T:
        value = await self._db.write(fn)
        self._context.boundary(boundary)
        await self._keep_anchor(account_id)
        return value

    async def _keep_anchor(self, account_id: str) -> None:
        if self._anchor is None:
            return
        head = await self._db.read(lambda conn: audit.head(conn, account_id))
        await asyncio.to_thread(self._anchor.advance, account_id, head=head)
