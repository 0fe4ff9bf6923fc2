"""Ledger rows: change sets, their spend changes, and the decisions about them.

Compare-and-set writes only, each with its row in the audit log in the same transaction. What may follow what, and
who may do it, is decided in `treasury`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, insert, or_, select, update

from geminivideo.canonical import Json
from geminivideo.errors import Conflict, NotFound
from geminivideo.ids import new_id
from geminivideo.model import Noun
from geminivideo.spend import ChangeKind, ChangeSet, ChangeState, SetState, SpendChange, Verdict
from memory import audit
from memory.schema import ad_days, ads, audit_log, change_sets, changes, decisions, runs


class SetRecord(Noun):
    """A change set as it was proposed, and where it stands."""

    change_set: ChangeSet
    state: SetState
    digest: str
    """The digest that was stored with it; an unaltered body hashes to the same."""
    note: str
    key: str
    decided_at: datetime | None


class ChangeRecord(Noun):
    """Where one spend change stands. What it is to do is in its set's body, under the same id."""

    id: str
    account_id: str
    set_id: str
    position: int
    kind: ChangeKind
    external_id: str | None
    ad_id: str
    before_minor: int | None
    after_status: str
    after_minor: int
    currency: str
    state: ChangeState
    lease_owner: str | None
    lease_until: datetime | None
    fence: int
    attempts: int
    day: date | None
    sent_at: datetime | None
    settled_at: datetime | None
    steps: dict[str, Any]
    read_back: Json
    error: Json
    rollback_of: str | None


class Decision(Noun):
    """A named person's verdict on one exact digest."""

    id: str
    account_id: str
    set_id: str
    principal: str
    stand_in: bool
    digest: str
    verdict: Verdict
    reason: str
    at: datetime


def insert_set(
    conn: Connection, change_set: ChangeSet, *, key: str, who: str, rollback_of: Mapping[str, str] | None = None
) -> SetRecord:
    """Store a proposal once per (run, key): a node that starts again gets the set that it made before.

    `rollback_of` names, by change id, the change that each one takes back. NotFound for a foreign run.
    """
    audit.lock(conn, change_set.account_id)
    earlier = _by_key(conn, change_set, key)
    if earlier is not None:
        return earlier
    if change_set.run_id:
        _check_run(conn, change_set)
    _check_new(conn, change_set)
    conn.execute(insert(change_sets).values(**_set_row(change_set, key=key)))
    for position, change in enumerate(change_set.changes):
        origin = (rollback_of or {}).get(change.id)
        conn.execute(insert(changes).values(**_change_row(change_set, change, position), rollback_of=origin))
    body = {
        "set_id": change_set.id,
        "digest": change_set.digest,
        "run_id": change_set.run_id,
        "purpose": change_set.purpose,
        "changes": [change.id for change in change_set.changes],
        "supersedes": change_set.supersedes or "",
    }
    at = change_set.created_at
    audit.append(conn, account_id=change_set.account_id, kind="set.proposed", who=who, body=body, at=at)
    return get_set(conn, change_set.id, account_id=change_set.account_id)


def get_set(conn: Connection, set_id: str, *, account_id: str) -> SetRecord:
    """The set, or NotFound; another account's set answers like an absent one."""
    query = select(change_sets).where(change_sets.c.id == set_id, change_sets.c.account_id == account_id)
    row = conn.execute(query).mappings().first()
    if row is None:
        raise NotFound("There is no such approval", where=set_id[:60], fix="See `geminivideo approvals list`.")
    return _set(row)


def account_of_set(conn: Connection, set_id: str) -> str:
    """The account that a set belongs to, for the operator of this machine; or NotFound."""
    found = conn.execute(select(change_sets.c.account_id).where(change_sets.c.id == set_id)).scalar_one_or_none()
    if found is None:
        raise NotFound("There is no such approval", where=set_id[:60], fix="See `geminivideo approvals list`.")
    return str(found)


def list_sets(
    conn: Connection,
    *,
    account_id: str,
    states: Collection[SetState] | None = None,
    run_id: str | None = None,
    limit: int = 200,
) -> list[SetRecord]:
    """The account's sets, newest first."""
    query = select(change_sets).where(change_sets.c.account_id == account_id)
    if states is not None:
        query = query.where(change_sets.c.state.in_(states))
    if run_id is not None:
        query = query.where(change_sets.c.run_id == run_id)
    query = query.order_by(change_sets.c.created_at.desc(), change_sets.c.id.desc()).limit(limit)
    return [_set(row) for row in conn.execute(query).mappings()]


def list_changes(
    conn: Connection,
    *,
    account_id: str,
    set_id: str | None = None,
    states: Collection[ChangeState] | None = None,
    day: date | None = None,
    limit: int = 10_000,
) -> list[ChangeRecord]:
    """The account's spend changes in the order proposed."""
    query: Select[Any] = select(changes).where(changes.c.account_id == account_id)
    if set_id is not None:
        query = query.where(changes.c.set_id == set_id)
    if states is not None:
        query = query.where(changes.c.state.in_(states))
    if day is not None:
        query = query.where(changes.c.day == day)
    query = query.order_by(changes.c.set_id, changes.c.position).limit(limit)
    return [_change(row) for row in conn.execute(query).mappings()]


def get_change(conn: Connection, change_id: str, *, account_id: str) -> ChangeRecord:
    """The change, or NotFound."""
    query = select(changes).where(changes.c.id == change_id, changes.c.account_id == account_id)
    row = conn.execute(query).mappings().first()
    if row is None:
        raise NotFound("There is no such spend change", where=change_id[:60], fix="See `geminivideo ledger`.")
    return _change(row)


def list_decisions(conn: Connection, *, account_id: str, set_id: str) -> list[Decision]:
    """Every decision about a set, oldest first."""
    query = (
        select(decisions)
        .where(decisions.c.account_id == account_id, decisions.c.set_id == set_id)
        .order_by(decisions.c.at, decisions.c.id)
    )
    return [Decision.model_validate(dict(row)) for row in conn.execute(query).mappings()]


def add_decision(
    conn: Connection,
    *,
    account_id: str,
    set_id: str,
    principal: str,
    stand_in: bool,
    digest: str,
    verdict: Verdict,
    reason: str,
    at: datetime,
) -> Decision:
    """Store one person's verdict."""
    decision = Decision(
        id=new_id("dec"),
        account_id=account_id,
        set_id=set_id,
        principal=principal,
        stand_in=stand_in,
        digest=digest,
        verdict=verdict,
        reason=reason,
        at=at,
    )
    conn.execute(insert(decisions).values(**decision.model_dump()))
    body = decision.model_dump(include={"id", "set_id", "stand_in", "digest", "verdict", "reason"})
    audit.append(conn, account_id=account_id, kind=f"decision.{verdict}", who=principal, body=body, at=at)
    return decision


def move_set(
    conn: Connection,
    set_id: str,
    *,
    account_id: str,
    source: SetState,
    target: SetState,
    who: str,
    at: datetime,
    note: str = "",
) -> bool:
    """Compare-and-set of a set's state; False when it was not in `source`."""
    audit.lock(conn, account_id)
    values: dict[str, Any] = {"state": target}
    if source == "proposed":
        values["decided_at"] = at
    if note:
        values["note"] = note
    where = (change_sets.c.id == set_id, change_sets.c.account_id == account_id, change_sets.c.state == source)
    if not conn.execute(update(change_sets).where(*where).values(**values)).rowcount:
        return False
    body = {"set_id": set_id, "from": source, "to": target, "note": note}
    audit.append(conn, account_id=account_id, kind=f"set.{target}", who=who, body=body, at=at)
    return True


def move_change(
    conn: Connection,
    change: ChangeRecord,
    *,
    target: ChangeState,
    who: str,
    at: datetime,
    values: Mapping[str, Any] | None = None,
) -> ChangeRecord | None:
    """Compare-and-set on (state, fence) as `change` was read; the new record, or None when somebody was faster."""
    audit.lock(conn, change.account_id)
    moved = _set_change(conn, change, {"state": target, **(values or {})})
    if moved is None:
        return None
    body = {
        "change_id": change.id,
        "set_id": change.set_id,
        "from": change.state,
        "to": target,
        "fence": moved.fence,
        "external_id": moved.external_id or "",
        "steps": moved.steps,
        "read_back": moved.read_back,
        "error": moved.error,
    }
    audit.append(conn, account_id=change.account_id, kind=f"change.{target}", who=who, body=body, at=at)
    return moved


def note_step(
    conn: Connection, change: ChangeRecord, *, step: str, who: str, at: datetime, values: Mapping[str, Any]
) -> ChangeRecord | None:
    """Write down a step within a state (an intent, an id that the platform gave); None when the fence moved on."""
    audit.lock(conn, change.account_id)
    noted = _set_change(conn, change, values)
    if noted is not None:
        body = {"change_id": change.id, "step": step, "value": noted.steps.get(step), "fence": noted.fence}
        audit.append(conn, account_id=change.account_id, kind="change.step", who=who, body=body, at=at)
    return noted


def extend_lease(conn: Connection, change: ChangeRecord, *, until: datetime) -> bool:
    """Hold a change for longer; False when somebody else has it. Not an event of the audit log."""
    return _set_change(conn, change, {"lease_until": until}) is not None


def applied_since(conn: Connection, *, account_id: str, seq: int) -> bool:
    """Whether a change of the account took effect after row `seq` of its audit log."""
    query = select(audit_log.c.seq).where(
        audit_log.c.account_id == account_id, audit_log.c.seq > seq, audit_log.c.kind == "change.applied"
    )
    return conn.execute(query.limit(1)).first() is not None


def month_spend(conn: Connection, *, account_id: str, first: date, until: date) -> int:
    """Minor units that the account spent from `first` to the day before `until`, as far as synced."""
    query = select(func.coalesce(func.sum(ad_days.c.spend_minor), 0)).where(
        ad_days.c.account_id == account_id, ad_days.c.day >= first, ad_days.c.day < until
    )
    return int(conn.execute(query).scalar_one())


def ad_names(conn: Connection, *, account_id: str) -> dict[str, tuple[str, str]]:
    """(our ad id, its name) by ad set."""
    query = select(ads.c.ad_set_external_id, ads.c.id, ads.c.name).where(ads.c.account_id == account_id)
    return {str(ad_set): (str(ad_id), str(name)) for ad_set, ad_id, name in conn.execute(query)}


def _set_change(conn: Connection, change: ChangeRecord, values: Mapping[str, Any]) -> ChangeRecord | None:
    where = (
        changes.c.id == change.id,
        changes.c.account_id == change.account_id,
        changes.c.state == change.state,
        changes.c.fence == change.fence,
    )
    if not conn.execute(update(changes).where(*where).values(**values)).rowcount:
        return None
    return get_change(conn, change.id, account_id=change.account_id)


def _by_key(conn: Connection, change_set: ChangeSet, key: str) -> SetRecord | None:
    run = change_sets.c.run_id == change_set.run_id if change_set.run_id else change_sets.c.run_id.is_(None)
    same = or_(change_sets.c.key == key, change_sets.c.id == change_set.id)
    query = select(change_sets).where(change_sets.c.account_id == change_set.account_id, run, same)
    row = conn.execute(query).mappings().first()
    return _set(row) if row else None


def _check_run(conn: Connection, change_set: ChangeSet) -> None:
    query = select(runs.c.id).where(runs.c.id == change_set.run_id, runs.c.account_id == change_set.account_id)
    if conn.execute(query).first() is None:
        raise NotFound("There is no such run", where=change_set.run_id[:60], fix="See `geminivideo runs list`.")


def _check_new(conn: Connection, change_set: ChangeSet) -> None:
    ids = [change.id for change in change_set.changes]
    taken = conn.execute(select(changes.c.id).where(changes.c.id.in_(ids))).scalars().first()
    if taken is not None:
        raise Conflict("This spend change was proposed before", where=str(taken), fix="Propose it under a new id.")


def _set_row(change_set: ChangeSet, *, key: str) -> dict[str, Any]:
    return {
        "id": change_set.id,
        "account_id": change_set.account_id,
        "run_id": change_set.run_id or None,
        "state": "proposed",
        "digest": change_set.digest,
        "body": change_set.model_dump(mode="json"),
        "note": "",
        "supersedes": change_set.supersedes,
        "key": key,
        "created_at": change_set.created_at,
        "expires_at": change_set.expires_at,
    }


def _change_row(change_set: ChangeSet, change: SpendChange, position: int) -> dict[str, Any]:
    before = change.before
    return {
        "id": change.id,
        "account_id": change_set.account_id,
        "set_id": change_set.id,
        "position": position,
        "kind": change.kind,
        "platform": change.platform,
        "entity_kind": change.entity_kind,
        "external_id": change.external_id,
        "ad_id": change.ad_id,
        "before_status": before.status if before else None,
        "before_minor": before.daily_budget.minor if before else None,
        "after_status": change.after.status,
        "after_minor": change.after.daily_budget.minor,
        "currency": change.after.daily_budget.currency,
        "state": "proposed",
        "steps": {},
    }


def _set(row: RowMapping) -> SetRecord:
    names = ("state", "digest", "note", "key", "decided_at")
    return SetRecord(change_set=ChangeSet.model_validate(row["body"]), **{name: row[name] for name in names})


def _change(row: RowMapping) -> ChangeRecord:
    return ChangeRecord.model_validate({name: row[name] for name in ChangeRecord.model_fields})
