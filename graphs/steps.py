"""What every node uses: the run's record, its event log, and results that are made once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal

from langgraph.config import get_config
from langgraph.types import interrupt
from pydantic import ValidationError
from sqlalchemy import Connection

from geminivideo.accounts import Account
from geminivideo.brief import Brief
from geminivideo.canonical import digest
from geminivideo.errors import InvalidInput
from geminivideo.events import EventKind
from graphs.recent import Recent
from graphs.services import Services
from graphs.state import StartState
from graphs.toolbox import account_and_model, toolbox
from memory import accounts, jobs, runs
from memory.jobs import Job
from memory.runs import GraphName, Line, Run
from tools.decisions.ctr_model import CtrModel
from tools.dispatcher import Dispatcher

Lines = Callable[[Any], Sequence[Line]]


class Steps:
    """Base of the node groups. A node restarts from its top on resume, so each effect is keyed.

    What a run was started with never changes, so it is read once; everything that can change is read each time.
    """

    graph: ClassVar[GraphName]
    """Which graph these nodes belong to."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.db = services.db
        self._briefs = Recent[str, Brief]()
        self._models = Recent[str, CtrModel](size=8)
        self._toolboxes = Recent[tuple[str, str, str], Dispatcher]()

    async def run(self, run_id: str) -> Run:
        """The run's record."""
        return await self.db.read(lambda conn: runs.get_run(conn, run_id))

    async def opened(self, state: StartState) -> Run:
        """The run that this graph was started for. From LangGraph's own server it is made here, once per thread."""
        if "run_id" in state:
            return await self.run(state["run_id"])
        account_id, graph = str(state.get("account_id", "")), self.graph
        await self.account(account_id)
        inputs = {name: value for name, value in state.items() if name not in {"run_id", "account_id"}}
        if graph != "optimise":
            check_brief(inputs.get("brief"), where="brief")
        thread = str(get_config()["configurable"]["thread_id"])
        run = Run(
            id=f"run_{digest([account_id, thread], prefix='thread/1')[:26]}",
            account_id=account_id,
            graph=graph,
            status="parked",
            inputs=inputs,
            error=_driven_elsewhere(thread),
            code_version=self.services.code_version,
            idempotency_key=f"thread:{thread}",
            created_at=self.services.wall.now(),
        )
        stored, _ = await self.db.write(lambda conn: runs.create_run(conn, run=run))
        return stored

    async def account(self, account_id: str) -> Account:
        """The run's account."""
        return await self.db.read(lambda conn: accounts.get_account(conn, account_id))

    async def brief(self, run_id: str) -> Brief:
        """The brief that the run was started with, validated again. InvalidInput where it cannot be used."""
        return await self._briefs.get(run_id, make=lambda: self._read_brief(run_id))

    async def brief_of(self, run: Run) -> Brief:
        """The same for a run that is at hand."""

        async def check() -> Brief:
            return check_brief(run.inputs.get("brief"), where=run.id)

        return await self._briefs.get(run.id, make=check)

    async def tools(self, account_id: str, *, run_id: str, predicting: bool = False) -> Dispatcher:
        """The account's tools, for this run."""
        account, model = await account_and_model(self.services, account_id, loaded=self._models, predicting=predicting)
        key = (run_id, account.config.version, model.version if model else "")

        async def make() -> Dispatcher:
            return toolbox(self.services, account, run_id=run_id, model=model)

        return await self._toolboxes.get(key, make=make)

    async def emit(self, run_id: str, *lines: Line) -> None:
        """Append to the run's log in one transaction; a line with a key once."""
        await self.record(run_id, lines=lines)

    async def record(
        self, run_id: str, *, lines: Sequence[Line] = (), store: Callable[[Connection], None] | None = None
    ) -> None:
        """Store something and say so, in one transaction: a reader of the log never hears of what is not there."""
        at = self.services.wall.now()

        def write(conn: Connection) -> None:
            if store is not None:
                store(conn)
            if lines:
                runs.append_lines(conn, run_id, lines=lines, at=at)

        await self.db.write(write)

    async def once(
        self,
        run_id: str,
        *,
        node: str,
        branch: str,
        inputs: object,
        make: Callable[[], Awaitable[Any]],
        lines: Lines | None = None,
        keep: Callable[[Connection, Any], None] | None = None,
    ) -> Any:
        """What this node made of these inputs: read from the records, or made now and stored (first writer wins).

        `lines` tells the log about the value and `keep` stores what else follows from it, in the same transaction.
        """
        key = input_hash(node, inputs)
        stored = await self.db.read(
            lambda conn: runs.get_node_result(conn, run_id, node=node, branch=branch, input_hash=key)
        )
        if stored is not None:
            return stored
        made = await make()
        return await self.put(run_id, node=node, branch=branch, key=key, made=made, lines=lines, keep=keep)

    async def put(
        self,
        run_id: str,
        *,
        node: str,
        branch: str,
        key: str,
        made: Any,
        lines: Lines | None = None,
        keep: Callable[[Connection, Any], None] | None = None,
    ) -> Any:
        """Store what a node has made, unless another has been faster; what is stored then."""
        at = self.services.wall.now()

        def write(conn: Connection) -> Any:
            value, ours = runs.put_node_result(
                conn, run_id, node=node, branch=branch, input_hash=key, value=made, at=at
            )
            if ours and keep is not None:
                keep(conn, value)
            if ours and lines is not None:
                runs.append_new_lines(conn, run_id, lines=lines(value), at=at)
            return value

        return await self.db.write(write)

    async def stored(self, run_id: str, *, node: str, branch: str) -> Any | None:
        """The newest result of a node's branch."""
        return await self.db.read(lambda conn: runs.latest_node_result(conn, run_id, node=node, branch=branch))

    async def settled_jobs(self, run_id: str) -> list[Job]:
        """The run's jobs, all ended; while one is open the run parks (a worker wakes it), whatever it is told."""
        while True:
            found = await self.db.read(lambda conn: jobs.jobs_of_run(conn, run_id))
            if all(job.finished_at is not None for job in found):
                return found
            interrupt({"waiting_for": "jobs"})

    async def finish(
        self,
        run_id: str,
        *,
        status: Literal["done", "failed"],
        outcome: str,
        result: Mapping[str, Any] | None = None,
        store: Callable[[Connection], None] | None = None,
    ) -> None:
        """Write the run's end, its last event and what else is to be kept in one transaction."""
        now = self.services.wall.now()
        kind: EventKind = "run.finished" if status == "done" else "run.failed"

        def write(conn: Connection) -> None:
            if store is not None:
                store(conn)
            body = {"outcome": outcome, **(result or {})}
            error = None if status == "done" else {"code": "refused", "what": outcome}
            if runs.finish(conn, run_id, status=status, now=now, result=body, error=error):
                runs.append_event(conn, run_id, kind=kind, who="runner", text=outcome, at=now, data=body)

        await self.db.write(write)

    async def _read_brief(self, run_id: str) -> Brief:
        run = await self.run(run_id)
        return check_brief(run.inputs.get("brief"), where=run_id)


def check_brief(value: object, *, where: str) -> Brief:
    """A brief from outside. InvalidInput names its first fault."""
    try:
        return Brief.model_validate(value)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise InvalidInput(
            f"The brief cannot be used: {'.'.join(map(str, fault['loc'])) or 'brief'}: {fault['msg']}",
            where=where,
            fix="Start a new run with a complete brief (`geminivideo run BRIEF`).",
        ) from error


def _driven_elsewhere(thread: str) -> dict[str, str]:
    return {
        "code": "driven_elsewhere",
        "what": f"The run belongs to thread {thread} of LangGraph's own server and is driven there",
        "fix": "`geminivideo runs resume` takes it over.",
    }


def input_hash(node: str, inputs: object) -> str:
    """Under which a node's result for these inputs is kept."""
    return digest(inputs, prefix=f"node/{node}/1")
