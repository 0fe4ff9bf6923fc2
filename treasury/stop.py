"""The kill switch: stops an account at once, can pause everything that is live, and is released by approval only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from geminivideo.accounts import Account
from geminivideo.errors import AccountStopped, Conflict, NotPermitted
from geminivideo.ids import new_id
from geminivideo.money import Money
from geminivideo.principals import Principal
from geminivideo.spend import ChangeState, SpendChange, SpendState
from memory import accounts, audit, ledger
from memory.ledger import SetRecord
from treasury import approvals, states
from treasury.approvals import direct_set
from treasury.reports import Problem

_DROPPED: frozenset[ChangeState] = frozenset({"approved", "leased"})


def pull(conn: Connection, account_id: str, *, principal: Principal, reason: str, now: datetime) -> Account:
    """Stop the account in one transaction: nothing more is sent, and what was approved but not sent is void."""
    account = accounts.get_account(conn, account_id, for_update=True)
    _check(principal, account)
    accounts.set_stopped(conn, account_id, stopped=True, reason=reason)
    body = {"reason": reason, "stand_in": principal.stand_in}
    audit.append(conn, account_id=account_id, kind="account.stopped", who=principal.name, body=body, at=now)
    problem = Problem.of(AccountStopped(f"{account.name} was stopped before this was sent", where=account_id))
    for record in ledger.list_sets(conn, account_id=account_id, states={"approved"}, limit=10_000):
        if record.change_set.purpose == "stop":
            continue
        set_id = record.change_set.id
        states.move_all(
            conn,
            set_id,
            account_id=account_id,
            sources=_DROPPED,
            target="voided",
            who=principal.name,
            at=now,
            values={"error": problem.as_json(), "settled_at": now},
        )
        states.move_set(
            conn,
            set_id,
            account_id=account_id,
            source="approved",
            target="voided",
            who=principal.name,
            at=now,
            note=problem.what,
        )
        approvals.wake(conn, record.change_set)
    return accounts.get_account(conn, account_id)


def order_pauses(
    conn: Connection,
    account: Account,
    *,
    live: Mapping[str, SpendState | None],
    principal: Principal,
    reason: str,
    now: datetime,
) -> SetRecord | None:
    """An emergency set that pauses every live ad, approved by the person who pulls the switch; None if none is live."""
    names = ledger.ad_names(conn, account_id=account.id)
    pauses = [
        _pause(account, ad_set, state, named=names.get(ad_set), reason=reason)
        for ad_set, state in sorted(live.items())
        if state is None or state.status == "ACTIVE"
    ]
    if not pauses:
        return None
    change_set = direct_set(account, pauses, purpose="stop", now=now)
    record = ledger.insert_set(conn, change_set, key=change_set.id, who=principal.name)
    return approvals.decide(
        conn,
        change_set.id,
        account_id=account.id,
        principal=principal,
        verdict="approve",
        digest=record.digest,
        now=now,
        reason=reason,
    )


def propose_start(
    conn: Connection, account_id: str, *, live: Mapping[str, SpendState | None], principal: Principal, now: datetime
) -> SetRecord:
    """A proposal to start again and to resume what the emergency paused, as far as nobody touched it since.

    Only an admin can approve it; until then the account stays stopped.
    """
    account = accounts.get_account(conn, account_id, for_update=True)
    if not principal.may("operator"):
        raise NotPermitted(f"{principal.name} is {principal.role}; asking for this needs the role operator")
    if not account.stopped:
        raise Conflict("The account is not stopped", where=account_id)
    resumes = [_resume(change) for change in _paused_by_stop(conn, account_id, live)]
    change_set = direct_set(account, resumes, purpose="start", now=now)
    return ledger.insert_set(conn, change_set, key=change_set.id, who=principal.name)


def release(conn: Connection, record: SetRecord, *, principal: Principal, now: datetime) -> None:
    """Let the account spend again, in the transaction in which an admin approved the start."""
    account_id = record.change_set.account_id
    accounts.set_stopped(conn, account_id, stopped=False, reason="")
    body = {"set_id": record.change_set.id}
    audit.append(conn, account_id=account_id, kind="account.started", who=principal.name, body=body, at=now)


def _check(principal: Principal, account: Account) -> None:
    if not principal.may("approver"):
        raise NotPermitted(f"{principal.name} is {principal.role}; stopping needs the role approver")
    if principal.stand_in and not account.simulated:
        raise NotPermitted("The demo's stand-in cannot act for a real account", where=account.id)


def _paused_by_stop(conn: Connection, account_id: str, live: Mapping[str, SpendState | None]) -> list[SpendChange]:
    found: dict[str, SpendChange] = {}
    started = False
    for record in ledger.list_sets(conn, account_id=account_id, limit=10_000):  # newest first
        change_set = record.change_set
        started = started or (change_set.purpose == "start" and record.state in {"approved", "done"})
        if started or change_set.purpose != "stop":
            continue
        done = {
            row.id
            for row in ledger.list_changes(conn, account_id=account_id, set_id=change_set.id)
            if row.state in states.EFFECTIVE
        }
        for change in change_set.changes:
            ad_set = change.external_id or ""
            if change.id in done and live.get(ad_set) == change.after:
                found.setdefault(ad_set, change)
    return list(found.values())


def _pause(
    account: Account, ad_set: str, shown: SpendState | None, *, named: tuple[str, str] | None, reason: str
) -> SpendChange:
    ad_id, name = named or (ad_set[:40], f"ad set {ad_set}")
    # One without a daily budget is paused all the same; its budget shows as nothing, because none can be told.
    none = Money(minor=0, currency=account.config.currency)
    state = shown or SpendState(status="ACTIVE", daily_budget=none)
    return SpendChange(
        id=new_id("chg"),
        kind="pause",
        platform=account.platform,
        external_id=ad_set,
        ad_id=ad_id,
        ad_name=name,
        before=state,
        after=SpendState(status="PAUSED", daily_budget=state.daily_budget),
        reason=f"Emergency stop: {reason}" if reason else "Emergency stop.",
    )


def _resume(paused: SpendChange) -> SpendChange:
    live = SpendState(status="ACTIVE", daily_budget=paused.after.daily_budget)
    return paused.model_copy(
        update={
            "id": new_id("chg"),
            "kind": "resume",
            "before": paused.after,
            "after": live,
            "reason": "It was live before the emergency stop.",
        }
    )
