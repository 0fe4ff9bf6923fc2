"""Proposals and decisions. An approval is bound to the bytes that the person saw; silence is a no.

Everything here runs inside one transaction of the caller.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from geminivideo.accounts import Account
from geminivideo.errors import AccountStopped, ApprovalExpired, Conflict, InvalidInput, NotPermitted, Refused
from geminivideo.ids import new_id
from geminivideo.money import Money
from geminivideo.principals import Principal
from geminivideo.spend import ChangeSet, ChangeState, Purpose, SpendChange, Verdict
from memory import ledger, runs
from memory.accounts import get_account
from memory.ledger import SetRecord
from treasury import states

_CODE_VERSION = "treasury/1"


def propose(conn: Connection, change_set: ChangeSet, *, key: str, who: str, now: datetime) -> SetRecord:
    """Store a proposal (once per run and key). InvalidInput or Refused if nobody could ever approve it."""
    account = get_account(conn, change_set.account_id, for_update=True)
    _check_fit(change_set, account, now=now)
    return ledger.insert_set(conn, change_set, key=key, who=who)


def decide(
    conn: Connection,
    set_id: str,
    *,
    account_id: str,
    principal: Principal,
    verdict: Verdict,
    digest: str,
    now: datetime,
    reason: str = "",
    edited: Sequence[SpendChange] | None = None,
) -> SetRecord:
    """Record one verdict on a proposed set; the set as it now is, or the new set that an edit makes.

    NotPermitted, ApprovalExpired, AccountStopped, or Conflict when the digest is not the set's or when somebody
    decided before.
    """
    account = get_account(conn, account_id, for_update=True)
    record = ledger.get_set(conn, set_id, account_id=account_id)
    _check_person(principal, record.change_set, verdict=verdict)
    _check_open(record, digest=digest, now=now)
    if verdict == "approve":
        _check_fit(record.change_set, account, now=now)
        _check_running(account, record.change_set)
    successor = _edited(record.change_set, edited, now=now) if verdict == "edit" else None
    ledger.add_decision(
        conn,
        account_id=account_id,
        set_id=set_id,
        principal=principal.name,
        stand_in=principal.stand_in,
        digest=digest,
        verdict=verdict,
        reason=reason,
        at=now,
    )
    if verdict == "ask":
        return record
    _close(conn, record, verdict=verdict, who=principal.name, now=now, reason=reason)
    if successor is not None:
        return ledger.insert_set(conn, successor, key=f"edit:{set_id}", who=principal.name)
    return ledger.get_set(conn, set_id, account_id=account_id)


def expire(conn: Connection, record: SetRecord, *, now: datetime) -> bool:
    """Turn a set that nobody answered or carried out in time into a no; whether it was due."""
    change_set = record.change_set
    if now < change_set.expires_at or record.state not in {"proposed", "approved"}:
        return False
    who, account_id = "treasury", change_set.account_id
    waiting = frozenset[ChangeState]({"proposed", "approved", "leased"})
    states.move_all(conn, change_set.id, account_id=account_id, sources=waiting, target="expired", who=who, at=now)
    note = "Nobody answered in time." if record.state == "proposed" else "It was not carried out in time."
    moving = frozenset[ChangeState]({"sent", "unknown", "applied"})
    if not ledger.list_changes(conn, account_id=account_id, set_id=change_set.id, states=moving):
        states.move_set(
            conn,
            change_set.id,
            account_id=account_id,
            source=record.state,
            target="expired",
            who=who,
            at=now,
            note=note,
        )
    wake(conn, change_set)
    return True


def budgets_edited(
    change_set: ChangeSet, *, budgets: Mapping[str, Money], drop: Collection[str] = ()
) -> tuple[SpendChange, ...]:
    """The set's changes with new daily budgets by change id, and some left out: what `decide(edited=…)` takes."""
    unknown = (set(budgets) | set(drop)) - {change.id for change in change_set.changes}
    if unknown:
        raise InvalidInput(f"The set has no change {sorted(unknown)[0][:60]!r}", fix="Take the ids from the approval.")
    return tuple(_with_budget(change, budgets.get(change.id)) for change in change_set.changes if change.id not in drop)


def direct_set(account: Account, items: Sequence[SpendChange], *, purpose: Purpose, now: datetime) -> ChangeSet:
    """A set that a person asks for without a run: a stop, a start, a rollback."""
    return ChangeSet(
        id=new_id("ap"),
        account_id=account.id,
        simulated=account.simulated,
        run_id="",
        purpose=purpose,
        changes=tuple(items),
        policy_version=account.config.version,
        code_version=_CODE_VERSION,
        created_at=now,
        expires_at=now + timedelta(hours=account.config.caps.approval_hours),
    )


def approval_of(conn: Connection, record: SetRecord, *, account: Account) -> ledger.Decision:
    """The decision that lets this set move money. Refused or NotPermitted when there is none that may."""
    change_set = record.change_set
    if record.digest != change_set.digest:
        raise Refused("The stored proposal was altered after it was made", where=change_set.id, fix="Propose again.")
    given = [
        decision
        for decision in ledger.list_decisions(conn, account_id=account.id, set_id=change_set.id)
        if decision.verdict == "approve" and decision.digest == change_set.digest
    ]
    if record.state != "approved" or not given:
        raise Refused("Nobody has approved this set", where=change_set.id, fix="See `geminivideo approvals show`.")
    if change_set.simulated != account.simulated:
        raise Refused("The set was made for another kind of account", where=change_set.id)
    if given[-1].stand_in and not account.simulated:
        raise NotPermitted("The demo's stand-in cannot approve real spend", where=change_set.id, fix="Ask a person.")
    return given[-1]


def wake(conn: Connection, change_set: ChangeSet) -> None:
    """Tell the set's run, if it has one, that there is news."""
    if change_set.run_id:
        runs.wake_run(conn, change_set.run_id)


def _close(conn: Connection, record: SetRecord, *, verdict: Verdict, who: str, now: datetime, reason: str) -> None:
    change_set = record.change_set
    approved = verdict == "approve"
    moved = states.move_set(
        conn,
        change_set.id,
        account_id=change_set.account_id,
        source="proposed",
        target="approved" if approved else "declined",
        who=who,
        at=now,
        note=reason,
    )
    if not moved:
        raise _decided_before(record)
    states.move_all(
        conn,
        change_set.id,
        account_id=change_set.account_id,
        sources=frozenset({"proposed"}),
        target="approved" if approved else "declined",
        who=who,
        at=now,
    )
    if change_set.run_id:
        text = f"{who} {_SAID[verdict]} {len(change_set.changes)} spend change(s)"
        runs.append_event(
            conn,
            change_set.run_id,
            kind="approval.decided",
            who=who,
            text=text,
            at=now,
            data={"set_id": change_set.id, "verdict": verdict, "digest": change_set.digest, "reason": reason},
            key=f"decided:{change_set.id}",
        )
    wake(conn, change_set)


_SAID: Mapping[Verdict, str] = {"approve": "approved", "edit": "edited", "reject": "rejected", "ask": "asked about"}


def _check_person(principal: Principal, change_set: ChangeSet, *, verdict: Verdict) -> None:
    needed = "admin" if change_set.purpose == "start" and verdict == "approve" else "approver"
    if not principal.may("admin" if needed == "admin" else "approver"):
        raise NotPermitted(
            f"{principal.name} is {principal.role}; deciding this needs the role {needed}", fix="Ask an approver."
        )
    if principal.stand_in and not change_set.simulated:
        raise NotPermitted("The demo's stand-in cannot decide about real spend", where=change_set.id)


def _check_open(record: SetRecord, *, digest: str, now: datetime) -> None:
    if record.state == "expired" or (record.state == "proposed" and now >= record.change_set.expires_at):
        raise ApprovalExpired(
            f"This approval expired at {record.change_set.expires_at:%Y-%m-%d %H:%M} UTC: that is a no",
            where=record.change_set.id,
            fix="Run the proposal again.",
        )
    if record.state != "proposed":
        raise _decided_before(record)
    if not digest == record.digest == record.change_set.digest:
        raise Conflict(
            "The digest is not this set's: what you saw is not what would be done",
            where=record.change_set.id,
            fix="Look at it again with `geminivideo approvals show` and decide on that digest.",
        )


def _check_fit(change_set: ChangeSet, account: Account, *, now: datetime) -> None:
    if change_set.simulated != account.simulated:
        raise InvalidInput("The set and its account do not agree on whether this is simulated", where=change_set.id)
    if any(change.platform != account.platform for change in change_set.changes):
        raise InvalidInput(f"The account is on {account.platform}; the set aims elsewhere", where=change_set.id)
    currency = account.config.currency
    wrong = [change for change in change_set.changes if change.after.daily_budget.currency != currency]
    if wrong:
        raise InvalidInput(f"{wrong[0].ad_name!r} is not in the account's currency {currency}", where=change_set.id)
    longest = timedelta(hours=account.config.caps.approval_hours)
    if change_set.expires_at - change_set.created_at > longest or change_set.created_at > now + timedelta(minutes=5):
        raise InvalidInput(
            f"An approval may wait {account.config.caps.approval_hours} hours at most", where=change_set.id
        )


def _check_running(account: Account, change_set: ChangeSet) -> None:
    if account.stopped and change_set.purpose == "spend":
        raise AccountStopped(
            f"{account.name} is stopped: {account.stop_reason or 'no reason given'}",
            where=account.id,
            fix="Ask an admin to start it again first.",
        )


def _decided_before(record: SetRecord) -> Conflict:
    return Conflict(
        f"This set is {record.state} already", where=record.change_set.id, fix="See `geminivideo approvals show`."
    )


def _with_budget(change: SpendChange, budget: Money | None) -> SpendChange:
    if budget is None:
        return change
    if change.kind not in {"create", "budget"}:
        raise InvalidInput(f"A {change.kind} has no budget to edit", where=change.id, fix="Leave it out instead.")
    after = change.after.model_dump() | {"daily_budget": budget.model_dump()}
    return SpendChange.model_validate(change.model_dump() | {"after": after})


def _edited(old: ChangeSet, edited: Sequence[SpendChange] | None, *, now: datetime) -> ChangeSet:
    """A new set under new ids. An edit may alter amounts and leave changes out; it cannot aim anywhere new."""
    if not edited:
        raise InvalidInput("An edit needs the changes as they shall be", fix="To drop all of them, reject the set.")
    known = {change.id: change for change in old.changes}
    for change in edited:
        origin = known.get(change.id)
        same = {"id", "kind", "platform", "entity_kind", "external_id", "ad_id", "ad_name", "before", "publish"}
        if origin is None or origin.model_dump(include=same) != change.model_dump(include=same):
            raise InvalidInput("An edit may only alter amounts and leave changes out", where=change.id)
    body = old.model_dump() | {
        "id": new_id("ap"),
        "changes": [change.model_dump() | {"id": new_id("chg")} for change in edited],
        "supersedes": old.id,
        "created_at": now,
        "expires_at": now + (old.expires_at - old.created_at),
    }
    return ChangeSet.model_validate(body)
