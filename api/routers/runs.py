"""Runs: start, list, look, follow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import Field

from api.deps import EngineDep, PersonDep
from geminivideo.brief import Brief
from geminivideo.model import Noun
from memory import runs
from memory.runs import Run

router = APIRouter(prefix="/runs", tags=["runs"])
_POLL_SECONDS = 0.2


class RunRequest(Noun):
    """A brief for an account."""

    account_id: str
    brief: Brief
    seed: Annotated[int | None, Field(strict=True, ge=0)] = None


@router.post("", status_code=202)
async def post_run(
    body: RunRequest,
    engine: EngineDep,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> Run:
    """Accept a campaign run. The same Idempotency-Key answers with the same run; with another body it conflicts."""
    inputs = {"brief": body.brief.model_dump(mode="json")}
    if body.seed is not None:
        inputs["seed"] = body.seed
    return await engine.start_run(
        account_id=body.account_id, graph="campaign", inputs=inputs, idempotency_key=idempotency_key
    )


@router.get("")
async def get_runs(
    engine: EngineDep, account_id: str | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> list[Run]:
    """The newest runs first."""
    return await engine.services.db.read(lambda conn: runs.list_runs(conn, account_id=account_id, limit=limit))


@router.get("/{run_id}")
async def get_run(run_id: str, engine: EngineDep) -> Run:
    """One run."""
    return await engine.services.db.read(lambda conn: runs.get_run(conn, run_id))


@router.post("/{run_id}/cancel")
async def post_cancel(run_id: str, engine: EngineDep, person: PersonDep) -> Run:
    """End a run; what was applied stays applied."""
    await engine.services.db.read(lambda conn: runs.get_run(conn, run_id))
    return await engine.runner.cancel(run_id, who=person.name)


@router.get("/{run_id}/events", response_class=EventSourceResponse)
async def get_events(
    run_id: str, engine: EngineDep, last_event_id: Annotated[str | None, Header()] = None
) -> AsyncIterator[ServerSentEvent]:
    """The run's log as server-sent events. Reconnect with Last-Event-ID and nothing is lost or doubled.

    The stream ends when the run has.
    """
    seq = int(last_event_id) if last_event_id and last_event_id.isdigit() else 0
    db = engine.services.db
    await db.read(lambda conn: runs.get_run(conn, run_id))
    while True:
        finished = (await db.read(lambda conn: runs.get_run(conn, run_id))).finished
        events = await db.read(lambda conn, seen=seq: runs.events_after(conn, run_id, seq=seen))
        for event in events:
            yield ServerSentEvent(data=event, event=event.kind, id=str(event.seq))
            seq = event.seq
        if finished and not events:
            return
        if not events:
            await asyncio.sleep(_POLL_SECONDS)
