"""The money half of a run: propose, wait for a person, execute. Three nodes, because a node restarts at its top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

from langgraph.types import interrupt
from sqlalchemy import Connection

from geminivideo.ads import AdStatus
from geminivideo.errors import NotFound
from geminivideo.events import EventKind
from geminivideo.spend import ChangeKind, ChangeState, SpendChange
from graphs.steps import Steps
from memory import ads, ledger
from memory.ledger import SetRecord
from memory.runs import Line
from treasury.reports import ChangeOutcome, ExecutionReport

_SETTLE_ATTEMPTS = 2
_NOT_CARRIED_OUT = frozenset({"declined", "expired", "voided"})
_DONE: Mapping[ChangeKind, str] = {
    "create": "is live at",
    "budget": "now has",
    "pause": "is paused",
    "resume": "runs again at",
}
_SAID: Mapping[ChangeState, tuple[EventKind, str]] = {
    "applied": ("change.applied", ""),
    "verified": ("change.applied", ""),
    "unknown": ("change.unknown", "has an unknown outcome; it is being read back"),
    "sent": ("change.unknown", "was sent and is being read back"),
    "approved": ("change.unknown", "waits until the platform can be reached"),
    "leased": ("change.unknown", "waits for another executor"),
}


class SpendingState(TypedDict, total=False):
    """What these nodes read of any graph's state."""

    run_id: str
    account_id: str
    set_id: str
    outcome: str


class SpendingSteps(Steps):
    """Nodes around one change set."""

    async def propose_changes(
        self, run_id: str, *, account_id: str, changes: Sequence[SpendChange], evidence: Sequence[str], key: str
    ) -> str:
        """Store the proposal through the publishing tool; the id of the set."""
        tools = await self.tools(account_id, run_id=run_id)
        set_id: str = await tools.call(
            "propose_changes",
            {
                "changes": [change.model_dump(mode="json") for change in changes],
                "evidence": list(evidence),
                "key": key,
            },
            caller="publisher",
        )
        record = await self._record(set_id, account_id=account_id)
        await self.emit(run_id, _waiting(record))
        return set_id

    async def approval(self, state: SpendingState) -> SpendingState:
        """The gate: reads the ledger, and parks while the set is open. The resume value is never looked at."""
        while True:
            record = await self._latest(state["set_id"], account_id=state["account_id"], run_id=state["run_id"])
            if record.state != "proposed":
                return {"set_id": record.change_set.id}
            if record.change_set.supersedes:
                await self.emit(state["run_id"], _waiting(record))
            interrupt({"waiting_for": "approval", "set_id": record.change_set.id})

    async def execute(self, state: SpendingState) -> SpendingState:
        """Have the treasury carry out what was approved; anything else moves nothing.

        While the platform cannot be reached, or has not answered, the run parks and is driven again a little later.
        """
        run_id, account_id = state["run_id"], state["account_id"]
        while True:
            record = await self._latest(state["set_id"], account_id=account_id, run_id=run_id)
            if record.state in _NOT_CARRIED_OUT:
                note = f" {record.note}" if record.note else ""
                return {"outcome": f"Not carried out: the proposal is {record.state}.{note}"}
            report = await self._settled(record.change_set.id, account_id=account_id)
            await self.emit(run_id, *map(_told, report.changes))
            await self._note_delivery(report)
            if report.settled:
                return {"outcome": _outcome(report)}
            interrupt({"waiting_for": "platform", "set_id": record.change_set.id})

    async def _note_delivery(self, report: ExecutionReport) -> None:
        """What now holds is what the next proposal starts from, without waiting for a sync."""

        def write(conn: Connection) -> None:
            for change in report.applied:
                status: AdStatus = "active" if change.after.status == "ACTIVE" else "paused"
                ads.set_delivery(conn, change.ad_id, status=status, daily_budget_minor=change.after.daily_budget.minor)

        await self.db.write(write)

    async def _settled(self, set_id: str, *, account_id: str) -> ExecutionReport:
        """Execute, and reconcile what stayed open, a bounded number of times."""
        treasury = self.services.treasury
        report = await treasury.execute(set_id, account_id=account_id)
        for _ in range(_SETTLE_ATTEMPTS):
            if report.settled:
                break
            await treasury.reconcile(account_id)
            report = await treasury.execute(set_id, account_id=account_id)
        return report

    async def _record(self, set_id: str, *, account_id: str) -> SetRecord:
        return await self.db.read(lambda conn: ledger.get_set(conn, set_id, account_id=account_id))

    async def _latest(self, set_id: str, *, account_id: str, run_id: str) -> SetRecord:
        """The set, or the newest edit of it."""
        found = await self.db.read(lambda conn: ledger.list_sets(conn, account_id=account_id, run_id=run_id))
        successors = {item.change_set.supersedes: item for item in found if item.change_set.supersedes}
        record = next((item for item in found if item.change_set.id == set_id), None)
        if record is None:
            raise NotFound("The run has no such proposal", where=set_id[:60])
        while record.change_set.id in successors:
            record = successors[record.change_set.id]
        return record


def _waiting(record: SetRecord) -> Line:
    """What waits for a person, with the digest that the decision must echo."""
    set_id, count = record.change_set.id, len(record.change_set.changes)
    return Line(
        kind="approval.waiting",
        who="treasury",
        text=f"{count} spend change{'s wait' if count > 1 else ' waits'} for a person. Until then nothing is spent.",
        key=f"waiting:{set_id}",
        data={"set_id": set_id, "digest": record.digest, "expires_at": record.change_set.expires_at.isoformat()},
    )


def _told(change: ChangeOutcome) -> Line:
    """Where one change stands."""
    kind, said = _SAID.get(change.state, ("change.refused", f"was not applied ({change.state})"))
    if kind == "change.applied":
        amount = "" if change.kind == "pause" else f" {change.after.daily_budget} a day"
        said = f"{_DONE[change.kind]}{amount}"
    problem = f": {change.problem.what}" if change.problem else ""
    return Line(
        kind=kind,
        who="treasury",
        text=f"{change.ad_name} {said}{problem}",
        key=f"change:{change.id}:{change.state}",
        data=change.model_dump(mode="json"),
    )


def _outcome(report: ExecutionReport) -> str:
    if report.problem is not None:
        return f"Not all was carried out: {report.problem.what}. {report.problem.fix}".strip()
    return f"{len(report.applied)} of {len(report.changes)} spend change(s) applied and read back."
