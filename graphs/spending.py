"""The money half of a run: propose, wait for a person, execute. Three nodes, because a node restarts at its top."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

from langgraph.types import interrupt

from geminivideo.errors import GeminiVideoError
from geminivideo.spend import SpendChange
from graphs.steps import Steps
from memory import ledger
from memory.ledger import SetRecord


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
        tool = self.services.toolbox(account_id, run_id=run_id)
        set_id: str = await tool.call(
            "propose_changes",
            {
                "changes": [change.model_dump(mode="json") for change in changes],
                "evidence": list(evidence),
                "key": key,
            },
            caller="graph",
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
        try:
            report = await self.services.treasury.execute(record.change_set.id, account_id=account_id)
        except GeminiVideoError as error:
            await self.emit(
                run_id, kind="change.refused", who="treasury", text=str(error), key=f"refused:{record.change_set.id}"
            )
            return {"outcome": f"Not carried out: {error.what}."}
        for result in report.results:
            await self._report(run_id, result)
        return {"outcome": report.sentence}

    async def _report(self, run_id: str, result: Any) -> None:
        kind = {"verified": "change.applied", "applied": "change.applied", "unknown": "change.unknown"}
        await self.emit(
            run_id,
            kind=kind.get(result.state, "change.refused"),  # type: ignore[arg-type]
            who="treasury",
            text=result.sentence,
            key=f"change:{result.change_id}:{result.state}",
            data={"change_id": result.change_id, "state": result.state, "ad_id": result.ad_id},
        )

    async def _record(self, set_id: str, *, account_id: str) -> SetRecord:
        return await self.db.read(lambda conn: ledger.get_set(conn, set_id, account_id=account_id))

    async def _latest(self, set_id: str, *, account_id: str) -> SetRecord:
        """The set, or the newest edit of it."""
        record = await self._record(set_id, account_id=account_id)
        while True:
            successor = await self.db.read(
                lambda conn, known=record: ledger.successor_of(conn, known.change_set.id, account_id=account_id)
            )
            if successor is None:
                return record
            record = successor
