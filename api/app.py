"""The HTTP API v1: routers, problem details, and the engine that drives runs while the server lives."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import APIRouter, Depends, FastAPI

from api import problems
from api.deps import get_person
from api.engine import Engine, open_engine
from api.examples import add_examples
from api.guard import Guard
from api.keys import load_key
from api.routers import accounts, allocations, approvals, assets, chat, health, ledger, predictions, runs, winners
from geminivideo.settings import Settings

_PRIVATE = (accounts, allocations, approvals, assets, chat, ledger, predictions, runs, winners)


Opener = Callable[[Settings], AbstractAsyncContextManager[Engine]]


def create_app(settings: Settings, *, drive: bool = True, opener: Opener = open_engine) -> FastAPI:
    """The application. With `drive=False` it accepts and shows, and leaves driving runs to another process."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opener(settings) as engine:
            app.state.engine = engine
            supervisor = asyncio.create_task(engine.supervise(), name="supervisor") if drive else None
            try:
                yield
            finally:
                if supervisor is not None:
                    supervisor.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await supervisor

    app = FastAPI(
        title="GeminiVideo",
        version="1",
        summary="From a brief to approved, published, optimised video ads. Nothing is spent without an approval.",
        lifespan=lifespan,
        openapi_url="/api/v1/openapi.json",
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.settings = settings
    app.state.key = load_key(settings.home)
    v1 = APIRouter(prefix="/api/v1", responses=problems.RESPONSES)
    v1.include_router(health.router)
    for module in _PRIVATE:
        v1.include_router(module.router, dependencies=[Depends(get_person)])
    app.include_router(v1)
    app.add_middleware(Guard, host=settings.host)
    problems.install(app)
    add_examples(app)
    return app
