"""The money half of a run: propose, wait for a person, execute. Three nodes, because a node restarts at its top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

from langgraph.types import interrupt

from geminivideo.events import EventKind
from geminivideo.spend import ChangeKind, SpendChange
from graphs.steps import Steps
from memory import ledger
from memory.ledger import SetRecord
from treasury.reports import ChangeOutcome, ExecutionReport

_SETTLE_ATTEMPTS = 5
_DONE: Mapping[ChangeKind, str] = {
    "create": "is live at",
    "budget": "now has",
    "pause": "is paused at",
    "resume": "runs again at",
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
        await self.emit(
            run_id,
            kind="approval.waiting",
            who="treasury",
            text=f"{len(changes)} spend change(s) wait for a person. Until then nothing is spent.",
            key=f"waiting:{set_id}",
            data={"set_id": set_id, "digest": record.digest, "expires_at": record.change_set.expires_at.isoformat()},
        )
        return set_id

    async def approval(self, state: SpendingState) -> SpendingState:
        """The gate: reads the ledger, and parks while the set is open. The resume value is never looked at."""
        record = await self._latest(state["set_id"], account_id=state["account_id"])
        if record.state == "proposed":
            interrupt({"waiting_for": "approval", "set_id": record.change_set.id})
        return {"set_id": record.change_set.id}

    async def execute(self, state: SpendingState) -> SpendingState:
        """Have the treasury carry out what was approved; anything else moves nothing."""
        run_id, account_id = state["run_id"], state["account_id"]
        record = await self._latest(state["set_id"], account_id=account_id)
        if record.state in {"declined", "expired", "voided"}:
            note = f" {record.note}" if record.note else ""
            return {"outcome": f"Not carried out: the proposal is {record.state}.{note}"}
        report = await self._settled(record.change_set.id, account_id=account_id)
        for change in report.changes:
            await self._tell(run_id, change)
        if report.problem is not None:
            return {"outcome": f"Not all was carried out: {report.problem.what}. {report.problem.fix}".strip()}
        return {"outcome": f"{len(report.applied)} of {len(report.changes)} spend change(s) applied and read back."}

    async def _settled(self, set_id: str, *, account_id: str) -> ExecutionReport:
        """Execute, and reconcile what stayed open, a bounded number of times; the rest is reconciled on schedule."""
        treasury = self.services.treasury
        report = await treasury.execute(set_id, account_id=account_id)
        for _ in range(_SETTLE_ATTEMPTS):
            if report.settled:
                break
            await treasury.reconcile(account_id)
            report = await treasury.execute(set_id, account_id=account_id)
        return report

    async def _tell(self, run_id: str, change: ChangeOutcome) -> None:
        amount = change.after.daily_budget
        said: tuple[EventKind, str] = ("change.refused", f"was not applied ({change.state})")
        if change.state in {"applied", "verified"}:
            said = ("change.applied", f"{_DONE[change.kind]} {amount} a day" if change.kind != "pause" else "is paused")
        elif change.state == "unknown":
            said = ("change.unknown", "has an unknown outcome; it is being read back")
        problem = f": {change.problem.what}" if change.problem else ""
        await self.emit(
            run_id,
            kind=said[0],
            who="treasury",
            text=f"{change.ad_name} {said[1]}{problem}",
            key=f"change:{change.id}:{change.state}",
            data=change.model_dump(mode="json"),
        )

    async def _record(self, set_id: str, *, account_id: str) -> SetRecord:
        return await self.db.read(lambda conn: ledger.get_set(conn, set_id, account_id=account_id))

    async def _latest(self, set_id: str, *, account_id: str) -> SetRecord:
        """The set, or the newest edit of it."""
        record = await self._record(set_id, account_id=account_id)
        run_id = record.change_set.run_id
        found = await self.db.read(lambda conn: ledger.list_sets(conn, account_id=account_id, run_id=run_id))
        successors = {item.change_set.supersedes: item for item in found if item.change_set.supersedes}
        while record.change_set.id in successors:
            record = successors[record.change_set.id]
        return record
