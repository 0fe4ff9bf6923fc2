"""Driving a run while somebody watches its log."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial

from api.engine import Engine
from geminivideo.events import RunEvent
from memory import runs
from memory.runs import Run
from treasury.views import ApprovalView

_POLL_SECONDS = 0.15


async def drive_watched(
    engine: Engine, run_id: str, *, show: Callable[[RunEvent], None], seen: int = 0
) -> tuple[Run, int]:
    """Drive the run until it ends or waits, and show each event once; the run, and the last event's number.

    When another process drives it, its events are shown all the same.
    """
    driving = asyncio.create_task(engine.drive(run_id), name=f"watched-{run_id}")
    try:
        while True:
            ended = driving.done()
            events = await engine.services.db.read(partial(runs.events_after, run_id=run_id, seq=seen))
            for event in events:
                show(event)
                seen = event.seq
            if ended and not events:
                return await driving, seen
            if not events:
                await asyncio.wait({driving}, timeout=_POLL_SECONDS)
    finally:
        driving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await driving


async def waiting_set(engine: Engine, run: Run) -> ApprovalView | None:
    """The approval that this run waits for, if it does."""
    for view in await engine.services.treasury.pending(run.account_id):
        if view.run_id == run.id:
            return view
    return None
