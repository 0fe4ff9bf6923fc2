"""A worker: claims job rows, runs their handlers, keeps the lease alive, reports progress, wakes the run."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection

from geminivideo.errors import GeminiVideoError, StorageError
from graphs.services import Services
from memory import jobs, runs
from memory.jobs import Job

_BACK_OFF_SECONDS = 2.0

_log = logging.getLogger(__name__)


class Progress:
    """Shared between a handler's thread and the worker: percent done, and whether to stop."""

    def __init__(self) -> None:
        self.percent = 0
        self.stopped = False

    def report(self, percent: int) -> None:
        """Note progress; it never goes back."""
        self.percent = max(self.percent, min(percent, 99))

    def cancelled(self) -> bool:
        """Whether the job was cancelled or its lease lost."""
        return self.stopped


Handler = Callable[[Job, Progress], Awaitable[dict[str, Any]]]


class Worker:
    """Runs up to `settings.renders_at_once` jobs side by side until it is cancelled."""

    def __init__(self, services: Services, *, handlers: Mapping[str, Handler], poll_seconds: float = 0.1) -> None:
        self._services = services
        self._db = services.db
        self._handlers = handlers
        self._poll_seconds = poll_seconds

    async def serve(self) -> None:
        """Work for ever."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._services.settings.renders_at_once):
                group.create_task(self._loop(), name="worker")

    async def _loop(self) -> None:
        while True:
            try:
                busy = await self.work_once()
            except Exception:  # boundary: a full disk, say; the job's lease lapses and it is taken up again
                _log.exception("a job could not be worked on")
                busy = False
                await asyncio.sleep(_BACK_OFF_SECONDS)
            if not busy:
                await asyncio.sleep(self._poll_seconds)

    async def work_once(self) -> bool:
        """Run one job if there is one; whether there was."""
        now = self._services.wall.now()
        seconds = self._services.settings.lease_seconds
        owner = self._services.owner
        if not await self._db.read(lambda conn: jobs.any_free(conn, now=now)):
            return False
        job = await self._db.write(lambda conn: jobs.claim_next(conn, owner=owner, now=now, seconds=seconds))
        if job is None:
            return False
        await self._run(job)
        return True

    async def _run(self, job: Job) -> None:
        progress = Progress()
        beating = asyncio.create_task(self._beat(job, progress))
        result: dict[str, Any] | None = None
        error: dict[str, Any] | None = None
        try:
            result = await self._handlers[job.kind](job, progress)
        except asyncio.CancelledError:  # this process is being stopped: the next worker need not wait for the lease
            progress.stopped = True
            await self._db.write(lambda conn: jobs.let_go(conn, job.id, fence=job.fence))
            raise
        except GeminiVideoError as failure:
            error = {"code": failure.code, "what": failure.what, "where": failure.where, "fix": failure.fix}
        except Exception as failure:  # boundary: one bad job must not end the worker
            _log.exception("job %s failed", job.id)
            error = {"code": "internal", "what": f"{type(failure).__name__}: {failure}", "where": job.kind, "fix": ""}
        finally:
            progress.stopped = True
            beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beating
        now = self._services.wall.now()
        await self._db.write(
            lambda conn: jobs.settle(conn, job.id, fence=job.fence, now=now, result=result, error=error)
        )

    async def _beat(self, job: Job, progress: Progress) -> None:
        shown = -1
        while True:
            await asyncio.sleep(min(1.0, self._services.settings.lease_seconds / 3))
            percent = progress.percent
            try:
                alive = await self._db.write(partial(self._note, job=job, percent=percent, say=percent > shown))
            except StorageError:
                continue  # the lease lapses if this goes on
            if not alive:
                progress.stopped = True
                return
            shown = percent

    def _note(self, conn: Connection, *, job: Job, percent: int, say: bool) -> bool:
        """Extend the lease; tell the run's log when there is news. False when the job is no longer ours."""
        now = self._services.wall.now()
        until = now + timedelta(seconds=self._services.settings.lease_seconds)
        alive = jobs.beat(conn, job.id, fence=job.fence, until=until, progress=percent)
        if alive and say:
            label = str(job.payload.get("label", job.kind))
            data = {"job_id": job.id, "percent": percent, "label": label}
            text = f"{label}: {percent}%"
            runs.append_event(conn, job.run_id, kind="render.progress", who="studio", text=text, at=now, data=data)
        return alive
