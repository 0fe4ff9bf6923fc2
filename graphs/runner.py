"""Drives runs: holds the lease, invokes the graph until the run's own row says done, parks it when it waits.

`get_state(...).next == ()` does not mean finished (a crash between two writes leaves work), so it is never asked:
the graph is invoked again with no input until the row is finished or waits for a person, a worker or the platform.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph.state import CompiledStateGraph
from sqlalchemy import Connection

from geminivideo.errors import Conflict, GeminiVideoError, Refused, StorageError
from geminivideo.principals import Principal
from graphs.services import Services
from memory import jobs, runs
from memory.runs import Run

_NO_PROGRESS_LIMIT = 3
_BEAT_SECONDS = 2.0
"""A driver notices at the latest after this that its run was cancelled or taken over."""
RETRY_SECONDS = 20
"""How long a run waits before it asks a platform again that did not answer."""

_log = logging.getLogger(__name__)


@dataclass
class _Lease:
    """The lease under which a run is driven now. It gets a new fence each time that the run is taken up again."""

    run_id: str
    fence: int
    lost: bool = False


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
        taken = await self._claim(run_id)
        if taken is None:
            return await self._get(run_id)
        await self._hold(taken)
        run = await self._get(run_id)
        if run.status == "cancelled":  # it may have proposed something at the very moment
            await self._withdraw(run, who="runner")
        return run

    async def cancel(self, run_id: str, *, who: str) -> Run:
        """End the run: what was applied stays, open jobs are cancelled, a waiting proposal is declined."""
        now = self._services.wall.now()

        def write(conn: Connection) -> None:
            if runs.finish(conn, run_id, status="cancelled", now=now, result={"outcome": f"cancelled by {who}"}):
                jobs.cancel_jobs(conn, run_id, now=now)
                runs.append_event(conn, run_id, kind="run.cancelled", who=who, text="The run was cancelled.", at=now)

        await self._db.write(write)
        run = await self._get(run_id)
        if run.status == "cancelled":
            await self._withdraw(run, who=who)
        return run

    async def _hold(self, run: Run) -> None:
        """Drive under a heartbeat. Without the lease nothing more is driven: somebody else may be at it."""
        lease = _Lease(run.id, run.fence)
        driving = asyncio.create_task(self._advance(run, lease=lease), name=f"advance-{lease.run_id}")
        beating = asyncio.create_task(self._beat(lease, driving=driving), name=f"heartbeat-{lease.run_id}")
        try:
            await driving
        except asyncio.CancelledError:
            this = asyncio.current_task()
            if lease.lost and not (this and this.cancelling()):
                return
            driving.cancel()
            await asyncio.wait({driving})
            await self._db.write(partial(runs.let_go, run_id=lease.run_id, fence=lease.fence))
            raise
        finally:
            beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beating

    async def _advance(self, run: Run, *, lease: _Lease) -> None:
        if run.code_version != self._services.code_version:
            await self._set_aside(lease, error=_other_version(run))
            return
        idle = 0
        while not run.finished:
            before = run.last_seq
            try:
                await self._invoke(run)
            except GeminiVideoError as error:
                await self._fail(lease, error=error)
                return
            run = await self._park(lease)
            if run.status != "queued":
                return
            idle = idle + 1 if run.last_seq == before else 0
            if idle >= _NO_PROGRESS_LIMIT:
                await self._fail(lease, error=_stuck(run))
                return
            again = await self._claim(lease.run_id)
            if again is None:
                return
            run, lease.fence = again, again.fence

    async def _invoke(self, run: Run) -> None:
        graph = self._graphs[run.graph]
        config: RunnableConfig = {"configurable": {"thread_id": f"{run.account_id}:{run.id}"}}
        try:
            started = await self._saver.aget_tuple(config) is not None
            state = None if started else {"run_id": run.id, "account_id": run.account_id}
            await graph.ainvoke(state, config, durability="sync")
        except GeminiVideoError:
            raise
        except sqlite3.Error as error:  # ours are StorageError already: this is the checkpoints' file
            raise StorageError(
                f"The checkpoints cannot be used: {error}",
                where=str(self._services.settings.checkpoints_path),
                fix=f"Free disk space, or move the file away, then `geminivideo runs resume {run.id}`: "
                "no result is lost with it.",
            ) from error
        except Exception as error:  # boundary: one run's fault must not end the process that drives the others
            _log.exception("run %s failed", run.id)
            raise GeminiVideoError(f"A step failed: {type(error).__name__}: {error}", where=run.id) from error

    async def _claim(self, run_id: str) -> Run | None:
        now = self._services.wall.now()
        if not await self._db.read(lambda conn: runs.is_claimable(conn, run_id, now=now)):
            return None
        seconds = self._services.settings.lease_seconds
        return await self._db.write(
            lambda conn: runs.take(conn, run_id, owner=self._services.owner, now=now, seconds=seconds)
        )

    async def _park(self, lease: _Lease) -> Run:
        """Give the lease back, unless the run has ended; the run as it then is."""
        retry_at = self._services.wall.now() + timedelta(seconds=RETRY_SECONDS)

        def write(conn: Connection) -> Run:
            if not runs.get_run(conn, lease.run_id).finished:
                runs.park(conn, lease.run_id, fence=lease.fence, retry_at=retry_at)
            return runs.get_run(conn, lease.run_id)

        return await self._db.write(write)

    async def _beat(self, lease: _Lease, *, driving: asyncio.Task[None]) -> None:
        seconds = self._services.settings.lease_seconds
        owner = self._services.owner
        while True:
            await asyncio.sleep(min(_BEAT_SECONDS, seconds / 3))
            until = self._services.wall.now() + timedelta(seconds=seconds)
            fence = lease.fence
            renew = partial(runs.renew, run_id=lease.run_id, owner=owner, until=until, fence=fence)
            try:
                held = await self._db.write(renew)
            except StorageError:
                continue  # the lease lapses if this goes on
            if not held and fence == lease.fence and await self._taken(lease):
                lease.lost = True
                driving.cancel()
                return

    async def _taken(self, lease: _Lease) -> bool:
        """Whether the run ended or is driven elsewhere; while we take it up again ourselves it is neither."""
        run = await self._get(lease.run_id)
        return run.finished or (run.fence > lease.fence and run.lease_owner != self._services.owner)

    async def _withdraw(self, run: Run, *, who: str) -> None:
        """Decline what a cancelled run has proposed: nobody would carry it out."""
        treasury = self._services.treasury
        person = Principal(name=who, role="approver")
        for view in await treasury.history(run.account_id, run_id=run.id):
            with contextlib.suppress(Conflict, Refused):  # decided or expired meanwhile
                if view.state == "proposed":
                    await treasury.decide(
                        view.id,
                        account_id=run.account_id,
                        principal=person,
                        verdict="reject",
                        digest=view.digest,
                        reason="The run was cancelled.",
                    )

    async def _set_aside(self, lease: _Lease, *, error: Mapping[str, Any]) -> None:
        await self._db.write(lambda conn: runs.set_aside(conn, lease.run_id, fence=lease.fence, error=error))

    async def _fail(self, lease: _Lease, *, error: GeminiVideoError) -> None:
        body = {"code": error.code, "what": error.what, "where": error.where, "fix": error.fix}
        if isinstance(error, StorageError):  # not the run's fault: a person mends it and resumes
            await self._set_aside(lease, error=body)
            return
        now = self._services.wall.now()

        def write(conn: Connection) -> None:
            if runs.finish(conn, lease.run_id, status="failed", now=now, error=body):
                jobs.cancel_jobs(conn, lease.run_id, now=now)
                text = str(error)
                runs.append_event(conn, lease.run_id, kind="run.failed", who="runner", text=text, at=now, data=body)

        await self._db.write(write)

    async def _get(self, run_id: str) -> Run:
        return await self._db.read(lambda conn: runs.get_run(conn, run_id))


def _other_version(run: Run) -> dict[str, Any]:
    return {
        "code": "other_version",
        "what": "The run was started by another version of this software",
        "fix": f"Check it, then `geminivideo runs resume {run.id}`: finished steps are not repeated.",
    }


def _stuck(run: Run) -> GeminiVideoError:
    return GeminiVideoError("The run makes no progress", where=run.id, fix=f"See `geminivideo runs show {run.id}`.")
