"""Factories for LangGraph's own development server (`langgraph dev` reads `langgraph.json`).

The graphs are built without a checkpointer: that server brings its own. Settings come from the environment, as for
every other process. A run is started with `{"account_id": ..., "brief": {...}}` (optimise: without a brief) and gets
a record like any other; the answer to its interrupts is never believed, so that it is enough to resume with anything
once a person has decided (`geminivideo approvals`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from langgraph.graph.state import StateGraph

from geminivideo.settings import Settings
from graphs.campaign import build_campaign
from graphs.optimise import build_optimise
from graphs.refresh import build_refresh
from graphs.services import Services, open_services
from workers.handlers import handlers
from workers.worker import Worker


@asynccontextmanager
async def campaign() -> AsyncIterator[StateGraph[Any]]:
    """The campaign graph."""
    async with _built(build_campaign) as graph:
        yield graph


@asynccontextmanager
async def optimise() -> AsyncIterator[StateGraph[Any]]:
    """The optimise graph."""
    async with _built(build_optimise) as graph:
        yield graph


@asynccontextmanager
async def refresh() -> AsyncIterator[StateGraph[Any]]:
    """The refresh graph."""
    async with _built(build_refresh) as graph:
        yield graph


@asynccontextmanager
async def _built(build: Callable[[Services], StateGraph[Any]]) -> AsyncIterator[StateGraph[Any]]:
    """A graph over services of its own. The jobs that its run has left are worked off before the call returns."""
    settings = await asyncio.to_thread(Settings)
    async with open_services(settings) as services:
        yield build(services)
        worker = Worker(services, handlers=handlers(services))
        while await worker.work_once():
            pass
