"""Drives runs: holds the lease, invokes the graph until the run's own row says done, parks it when it waits.

`get_state(...).next == ()` does not mean finished (a crash between two writes leaves work), so it is never asked:
the graph is invoked again with no input until the row is finished or waits for a person or a worker.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph.state import CompiledStateGraph

from geminivideo.errors import GeminiVideoError, StorageError
from graphs.services import Services
from memory import jobs, runs
from memory.runs import Run

_NO_PROGRESS_LIMIT = 3


class Runner:
    """One process's driver of runs. Several may live; each run has one lease."""

    def __init__(
        self, services: Services, *, graphs: Mapping[str, CompiledStateGraph[Any]], saver: AsyncSqliteSaver
    ) -> None:
        self._services = services
        self._db = services.db
        self._graphs = graphs
        self._saver = saver

    async def drive(self, run_id: str) -> Run:
        """Claim the run and drive it until it ends or waits; its record. A run held elsewhere is returned as it is."""
        fence = await self._claim(run_id)
        if fence is None:
            return await self._get(run_id)
        beating = asyncio.create_task(self._beat(run_id, fence=fence), name=f"heartbeat-{run_id}")
        try:
            await self._advance(run_id, fence=fence)
        finally:
            beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beating
        return await self._get(run_id)

    async def cancel(self, run_id: str, *, who: str) -> Run:
        """End the run: what was applied stays, open jobs are cancelled, a waiting approval expires."""
        now = self._services.wall.now()

        def write(conn: Any) -> None:
            if runs.finish(conn, run_id, status="cancelled", now=now, result={"outcome": f"cancelled by {who}"}):
                jobs.cancel_jobs(conn, run_id, now=now)
                runs.append_event(conn, run_id, kind="run.cancelled", who=who, text="The run was cancelled.", at=now)

        await self._db.write(write)
        return await self._get(run_id)

    async def _advance(self, run_id: str, *, fence: int) -> None:
        run = await self._get(run_id)
        if run.code_version != self._services.code_version:
            await self._set_aside(run, fence=fence)
            return
        idle = 0
        while not run.finished:
            before = run.last_seq
            try:
                await self._invoke(run)
            except GeminiVideoError as error:
                await self._fail(run_id, fence=fence, error=error)
                return
            run = await self._get(run_id)
            if run.finished or await self._db.write(partial(runs.park, run_id=run_id, fence=fence)) != "queued":
                return
            idle = idle + 1 if run.last_seq == before else 0
            if idle >= _NO_PROGRESS_LIMIT:
                await self._fail(run_id, fence=None, error=_stuck(run))
                return
            again = await self._claim(run_id)
            if again is None:
                return
            fence = again

    async def _invoke(self, run: Run) -> None:
        graph = self._graphs[run.graph]
        config: RunnableConfig = {"configurable": {"thread_id": f"{run.account_id}:{run.id}"}}
        started = await self._saver.aget_tuple(config) is not None
        state = None if started else {"run_id": run.id, "account_id": run.account_id}
        await graph.ainvoke(state, config, durability="sync")

    async def _claim(self, run_id: str) -> int | None:
        now = self._services.wall.now()
        seconds = self._services.settings.lease_seconds
        return await self._db.write(
            lambda conn: runs.claim(conn, run_id, owner=self._services.owner, now=now, seconds=seconds)
        )

    async def _beat(self, run_id: str, *, fence: int) -> None:
        seconds = self._services.settings.lease_seconds
        while True:
            await asyncio.sleep(seconds / 3)
            until = self._services.wall.now() + timedelta(seconds=seconds)
            await self._db.write(partial(runs.renew, run_id=run_id, owner=self._services.owner, until=until))

    async def _set_aside(self, run: Run, *, fence: int) -> None:
        error = {
            "code": "other_version",
            "what": "The run was started by another version of this software",
            "fix": f"Check it, then `geminivideo runs resume {run.id}`: finished steps are not repeated.",
        }
        await self._db.write(lambda conn: runs.set_aside(conn, run.id, fence=fence, error=error))

    async def _fail(self, run_id: str, *, fence: int | None, error: GeminiVideoError) -> None:
        now = self._services.wall.now()
        body = {"code": error.code, "what": error.what, "where": error.where, "fix": error.fix}

        def write(conn: Any) -> None:
            if isinstance(error, StorageError) and fence is not None:
                runs.set_aside(conn, run_id, fence=fence, error=body)
            elif runs.finish(conn, run_id, status="failed", now=now, error=body):
                runs.append_event(conn, run_id, kind="run.failed", who="runner", text=str(error), at=now, data=body)

        await self._db.write(write)

    async def _get(self, run_id: str) -> Run:
        return await self._db.read(lambda conn: runs.get_run(conn, run_id))


def _stuck(run: Run) -> GeminiVideoError:
    return GeminiVideoError("The run makes no progress", where=run.id, fix=f"See `geminivideo runs show {run.id}`.")
