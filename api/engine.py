"""The engine of one process: services, graphs, runner and worker together. `serve` and the CLI both use it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from agents.roster import Roster
from geminivideo.clock import Clock
from geminivideo.ids import new_id
from geminivideo.settings import Settings
from graphs.registry import compile_graphs
from graphs.runner import Runner
from graphs.services import Services, open_services
from memory import accounts, runs
from memory.checkpoints import open_checkpoints
from memory.runs import GraphName, Run
from treasury.ports import Boundary, no_boundary
from workers.handlers import handlers
from workers.worker import Handler, Worker

_POLL_SECONDS = 0.2
_HOUSEKEEPING_SECONDS = 20

_log = logging.getLogger(__name__)


class Engine:
    """Starts runs and drives them. Work of a crashed process is picked up when its lease has run out."""

    def __init__(self, services: Services, *, runner: Runner, worker: Worker) -> None:
        self.services = services
        self.runner = runner
        self._worker = worker
        self._driving: set[str] = set()

    async def start_run(
        self,
        *,
        account_id: str,
        graph: GraphName,
        inputs: Mapping[str, Any],
        idempotency_key: str | None = None,
    ) -> Run:
        """Accept a run durably; a known key returns the run that it started before."""
        await self.services.db.read(lambda conn: accounts.get_account(conn, account_id))
        run = Run(
            id=new_id("run"),
            account_id=account_id,
            graph=graph,
            status="queued",
            inputs=dict(inputs),
            code_version=self.services.code_version,
            idempotency_key=idempotency_key,
            created_at=self.services.wall.now(),
        )
        stored, _ = await self.services.db.write(lambda conn: runs.create_run(conn, run=run))
        return stored

    async def drive(self, run_id: str) -> Run:
        """Drive one run until it ends or waits for a person; its jobs are worked on meanwhile."""
        run = await self.services.db.read(lambda conn: runs.get_run(conn, run_id))
        await self.services.treasury.expire(run.account_id)
        async with self.working():
            while True:
                run = await self.runner.drive(run_id)
                if run.finished or run.status in {"waiting_approval", "parked"}:
                    return run
                await asyncio.sleep(_POLL_SECONDS)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """A worker runs inside this block."""
        worker = asyncio.create_task(self._worker.serve(), name="worker")
        try:
            yield
        finally:
            worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await worker

    async def supervise(self) -> None:
        """Drive whatever is claimable, for ever. One task per run; a run that waits holds no task."""
        async with self.working(), asyncio.TaskGroup() as group:
            group.create_task(self._keep_house(), name="housekeeping")
            while True:
                with _logged("looking for runs"):
                    await self._drive_claimable(group)
                await asyncio.sleep(_POLL_SECONDS)

    async def _drive_claimable(self, group: asyncio.TaskGroup) -> None:
        now = self.services.wall.now()
        for run_id in await self.services.db.read(partial(runs.claimable, now=now)):
            if run_id not in self._driving:
                self._driving.add(run_id)
                group.create_task(self._drive_one(run_id), name=f"drive-{run_id}")

    async def _drive_one(self, run_id: str) -> None:
        try:
            with _logged(f"driving {run_id}"):
                await self.runner.drive(run_id)
        finally:
            self._driving.discard(run_id)

    async def _keep_house(self) -> None:
        """What nobody answered in time is a no, and what is unknown is read back, without anybody asking."""
        while True:
            with _logged("housekeeping"):
                for account in await self.services.db.read(accounts.list_accounts):
                    with _logged(f"reconciling {account.id}"):
                        await self.services.treasury.reconcile(account.id)
            await asyncio.sleep(_HOUSEKEEPING_SECONDS)


@contextlib.contextmanager
def _logged(doing: str) -> Iterator[None]:
    """Boundary: one failure, a full disk say, is logged and tried again later; it does not end the process."""
    try:
        yield
    except Exception:
        _log.exception("%s failed", doing)


@asynccontextmanager
async def open_engine(
    settings: Settings,
    *,
    wall: Clock | None = None,
    boundary: Boundary = no_boundary,
    make_handlers: Callable[[Services], Mapping[str, Handler]] = handlers,
    roster: Roster | None = None,
) -> AsyncIterator[Engine]:
    """Open everything that a process needs, and close it.

    `make_handlers` says how each kind of job is done, `roster` who is at work (the settings say it otherwise).
    """
    async with (
        open_services(settings, wall=wall, boundary=boundary, roster=roster) as services,
        open_checkpoints(settings.checkpoints_path) as saver,
    ):
        runner = Runner(services, graphs=compile_graphs(services, saver=saver), saver=saver)
        yield Engine(services, runner=runner, worker=Worker(services, handlers=make_handlers(services)))
