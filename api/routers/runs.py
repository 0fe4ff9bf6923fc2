"""Runs: start, list, look, follow, resume, cancel."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import Field, model_validator

from api.deps import AccountFilter, EngineDep, PersonDep, RunDep
from api.intake import start_campaign
from geminivideo.brief import Brief
from geminivideo.model import Noun
from memory import accounts, runs
from memory.runs import Run

router = APIRouter(prefix="/runs", tags=["runs"])
_POLL_SECONDS = 0.2
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=200)]


class RunRequest(Noun):
    """What to start: a campaign from a brief, or an optimisation of the account's live ads."""

    account_id: Annotated[str, Field(max_length=60)]
    graph: Literal["campaign", "optimise"] = "campaign"
    brief: Brief | None = None
    seed: Annotated[int | None, Field(strict=True, ge=0)] = None

    @model_validator(mode="after")
    def _one_purpose(self) -> RunRequest:
        if (self.graph == "campaign") != (self.brief is not None):
            raise ValueError("a campaign needs a brief, and an optimisation takes none")
        return self


@router.post("", status_code=202)
async def post_run(body: RunRequest, engine: EngineDep, idempotency_key: IdempotencyKey = None) -> Run:
    """Accept a run. The same Idempotency-Key answers with the same run; with another body it conflicts (409)."""
    if body.brief is not None:
        return await start_campaign(
            engine, account_id=body.account_id, brief=body.brief, seed=body.seed, idempotency_key=idempotency_key
        )
    inputs = {} if body.seed is None else {"seed": body.seed}
    return await engine.start_run(
        account_id=body.account_id, graph="optimise", inputs=inputs, idempotency_key=idempotency_key
    )


@router.get("")
async def get_runs(
    engine: EngineDep, account_id: AccountFilter = None, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> list[Run]:
    """The newest runs first."""
    db = engine.services.db
    if account_id is not None:
        await db.read(lambda conn: accounts.get_account(conn, account_id))
    return await db.read(lambda conn: runs.list_runs(conn, account_id=account_id, limit=limit))


@router.get("/{run_id}")
async def get_run(run: RunDep) -> Run:
    """One run."""
    return run


@router.post("/{run_id}/resume")
async def post_resume(run: RunDep, engine: EngineDep) -> Run:
    """Let a run that was set aside go on, under the software that runs now."""
    services = engine.services
    await services.db.write(lambda conn: runs.resume_run(conn, run.id, code_version=services.code_version))
    return await services.db.read(lambda conn: runs.get_run(conn, run.id))


@router.post("/{run_id}/cancel")
async def post_cancel(run: RunDep, engine: EngineDep, person: PersonDep) -> Run:
    """End a run; what was applied stays applied."""
    return await engine.runner.cancel(run.id, who=person.name)


@router.get("/{run_id}/events", response_class=EventSourceResponse)
async def get_events(
    run: RunDep, engine: EngineDep, last_event_id: Annotated[str | None, Header()] = None
) -> AsyncIterator[ServerSentEvent]:
    """The run's log as server-sent events. Reconnect with Last-Event-ID and nothing is lost or doubled.

    The stream ends when the run has.
    """
    seq = int(last_event_id) if last_event_id and re.fullmatch(r"[0-9]{1,9}", last_event_id) else 0
    db = engine.services.db
    while True:
        finished = (await db.read(lambda conn: runs.get_run(conn, run.id))).finished
        events = await db.read(partial(runs.events_after, run_id=run.id, seq=seq))
        for event in events:
            yield ServerSentEvent(data=event, event=event.kind, id=str(event.seq))
            seq = event.seq
        if finished and not events:
            return
        if not events:
            await asyncio.sleep(_POLL_SECONDS)
