"""What an execution came to, for graphs, CLI and API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from geminivideo.canonical import Json
from geminivideo.errors import GeminiVideoError, PlatformThrottled
from geminivideo.model import Noun
from geminivideo.spend import ChangeKind, ChangeState, SetState, SpendChange, SpendState
from memory import ledger
from memory.ledger import ChangeRecord
from treasury.states import UNFINISHED


class Problem(Noun):
    """An error as data."""

    code: str
    what: str
    where: str = ""
    fix: str = ""
    retry_at: datetime | None = None
    """When the platform wants to be called again, if it said so."""

    @classmethod
    def of(cls, error: GeminiVideoError) -> Problem:
        """The error's code, cause and advice."""
        told = error.retry_at if isinstance(error, PlatformThrottled) else None
        return cls(code=error.code, what=error.what, where=error.where, fix=error.fix, retry_at=told)

    def as_json(self) -> dict[str, Any]:
        """For the error column of a ledger row."""
        return self.model_dump(mode="json")


class ChangeOutcome(Noun):
    """One spend change after an execution. The external ids of a create are there as far as it came."""

    id: str
    kind: ChangeKind
    ad_id: str
    ad_name: str
    state: ChangeState
    before: SpendState | None
    after: SpendState
    ad_set_external_id: str | None
    campaign_external_id: str | None = None
    ad_external_id: str | None = None
    read_back: Json = None
    problem: Problem | None = None


class ExecutionReport(Noun):
    """Where a set stands. `problem` is why it was stopped, voided, refused or has to wait."""

    set_id: str
    account_id: str
    state: SetState
    changes: tuple[ChangeOutcome, ...]
    problem: Problem | None = None

    @property
    def settled(self) -> bool:
        """Whether nothing is left to carry out or to find out; else execute again later."""
        return not any(change.state in UNFINISHED for change in self.changes)

    @property
    def applied(self) -> tuple[ChangeOutcome, ...]:
        """The changes that took effect."""
        return tuple(change for change in self.changes if change.state in {"applied", "verified"})


def report(conn: Connection, set_id: str, *, account_id: str, problem: Problem | None = None) -> ExecutionReport:
    """Read the ledger and say where the set stands."""
    record = ledger.get_set(conn, set_id, account_id=account_id)
    planned = {change.id: change for change in record.change_set.changes}
    rows = ledger.list_changes(conn, account_id=account_id, set_id=set_id)
    outcomes = tuple(_outcome(row, planned[row.id]) for row in rows)
    return ExecutionReport(set_id=set_id, account_id=account_id, state=record.state, changes=outcomes, problem=problem)


def _outcome(row: ChangeRecord, planned: SpendChange) -> ChangeOutcome:
    spec = planned.publish
    return ChangeOutcome(
        id=row.id,
        kind=row.kind,
        ad_id=row.ad_id,
        ad_name=planned.ad_name,
        state=row.state,
        before=planned.before,
        after=planned.after,
        ad_set_external_id=row.external_id,
        campaign_external_id=made(row, "campaign") or (spec.campaign_external_id if spec else None),
        ad_external_id=made(row, "ad"),
        read_back=row.read_back,
        problem=Problem.model_validate(row.error) if row.error else None,
    )


def made(row: ChangeRecord, step: str) -> str | None:
    """The platform's id that a step of a create brought, if it was finished."""
    found = (row.steps.get(step) or {}).get("id")
    return str(found) if found else None
