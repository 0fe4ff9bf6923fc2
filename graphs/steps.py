"""What every node uses: the run's record, its event log, and results that are made once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

from langgraph.types import interrupt

from geminivideo.accounts import Account
from geminivideo.brief import Brief
from geminivideo.canonical import digest
from geminivideo.events import EventKind, RunEvent
from graphs.services import Services
from graphs.toolbox import ctr_model, toolbox
from memory import accounts, jobs, runs
from memory.jobs import Job
from memory.runs import Run
from tools.dispatcher import Dispatcher


class Steps:
    """Base of the node groups. A node restarts from its top on resume, so each effect is keyed."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.db = services.db

    async def run(self, run_id: str) -> Run:
        """The run's record."""
        return await self.db.read(lambda conn: runs.get_run(conn, run_id))

    async def account(self, account_id: str) -> Account:
        """The run's account."""
        return await self.db.read(lambda conn: accounts.get_account(conn, account_id))

    async def brief(self, run_id: str) -> Brief:
        """The brief that the run was started with, validated again."""
        return Brief.model_validate((await self.run(run_id)).inputs["brief"])

    async def tools(self, account_id: str, *, run_id: str, predicting: bool = False) -> Dispatcher:
        """The account's tools, for this run."""
        model = await ctr_model(self.services, account_id) if predicting else None
        return toolbox(self.services, await self.account(account_id), run_id=run_id, model=model)

    async def emit(
        self,
        run_id: str,
        *,
        kind: EventKind,
        who: str,
        text: str,
        key: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> RunEvent | None:
        """Append to the run's log; with a key, once."""
        at = self.services.wall.now()
        return await self.db.write(
            lambda conn: runs.append_event(conn, run_id, kind=kind, who=who, text=text, at=at, data=data, key=key)
        )

    async def once(
        self,
        run_id: str,
        *,
        node: str,
        branch: str,
        inputs: object,
        make: Callable[[], Awaitable[Any]],
    ) -> Any:
        """What this node made of these inputs: read from the records, or made now and stored (first writer wins)."""
        key = digest(inputs, prefix=f"node/{node}/1")
        stored = await self.db.read(
            lambda conn: runs.get_node_result(conn, run_id, node=node, branch=branch, input_hash=key)
        )
        if stored is not None:
            return stored
        value = await make()
        at = self.services.wall.now()
        return await self.db.write(
            lambda conn: runs.put_node_result(
                conn, run_id, node=node, branch=branch, input_hash=key, value=value, at=at
            )
        )

    async def stored(self, run_id: str, *, node: str, branch: str) -> Any | None:
        """The newest result of a node's branch."""
        return await self.db.read(lambda conn: runs.latest_node_result(conn, run_id, node=node, branch=branch))

    async def settled_jobs(self, run_id: str) -> list[Job]:
        """The run's jobs, all ended; while one is open the run parks (a worker wakes it)."""
        found = await self.db.read(lambda conn: jobs.jobs_of_run(conn, run_id))
        if any(job.finished_at is None for job in found):
            interrupt({"waiting_for": "jobs"})
        return found

    async def finish(
        self, run_id: str, *, status: Literal["done", "failed"], outcome: str, result: Mapping[str, Any] | None = None
    ) -> None:
        """Write the run's end and its last event in one transaction."""
        now = self.services.wall.now()
        kind: EventKind = "run.finished" if status == "done" else "run.failed"

        def write(conn: Any) -> None:
            body = {"outcome": outcome, **(result or {})}
            error = None if status == "done" else {"code": "refused", "what": outcome}
            if runs.finish(conn, run_id, status=status, now=now, result=body, error=error):
                runs.append_event(conn, run_id, kind=kind, who="runner", text=outcome, at=now, data=body)

        await self.db.write(write)
