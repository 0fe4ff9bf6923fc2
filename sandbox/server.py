"""The sandbox as a web application: one world, the platforms' wires in front of it, and its own controls."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response

from geminivideo.errors import InvalidInput
from sandbox.faults import Faults
from sandbox.journal import Journal
from sandbox.pictures import thumbnail
from sandbox.simulation import Simulation
from sandbox.wire.control import ControlPlane
from sandbox.wire.hubspot import HubSpotWire
from sandbox.wire.meta import MetaWire, Secrets
from sandbox.world import WorldConfig


def create_app(
    config: WorldConfig,
    *,
    data: Path | None = None,
    history_days: int = 90,
    history_ads: int = 220,
    secrets: Secrets | None = None,
) -> FastAPI:
    """The sandbox. With a data folder its state outlives the process; another world's folder is refused."""
    if data is not None:
        _claim(data, config=config, history=(history_days, history_ads))
    journal = Journal(data / "journal.jsonl" if data is not None else None)
    media = data / "media" if data is not None else None
    sim = Simulation(config, history_days=history_days, history_ads=history_ads, media=media)
    for op in journal.operations():
        sim.apply(op)
    keys = secrets or Secrets()
    faults = Faults(seed=config.seed)
    meta = MetaWire(sim=sim, journal=journal, faults=faults, secrets=keys)
    hubspot = HubSpotWire(sim=sim, faults=faults, token=keys.access_token)
    app = FastAPI(title="GeminiVideo sandbox (simulated)", openapi_url="/sandbox/openapi.json", docs_url=None)
    app.state.simulation, app.state.journal = sim, journal
    app.include_router(ControlPlane(meta).router())
    app.add_api_route(
        "/crm/v3/objects/deals/search", hubspot.search, methods=["POST"], include_in_schema=False, response_model=None
    )
    app.add_api_route("/cdn/{name}.png", _picture_route(sim), include_in_schema=False, response_model=None)

    async def graph(request: Request, path: str = "") -> Response:
        return await meta.handle(request, path)

    methods = ["GET", "POST", "DELETE"]
    app.add_api_route("/v26.0", graph, methods=methods, include_in_schema=False, response_model=None)
    app.add_api_route("/v26.0/{path:path}", graph, methods=methods, include_in_schema=False, response_model=None)
    return app


def _picture_route(sim: Simulation) -> Any:
    draw = lru_cache(maxsize=512)(thumbnail)

    async def picture(name: str) -> Response:
        node = sim.creatives.get(name) or sim.videos.get(name)
        if node is None:
            raise HTTPException(404)
        return Response(draw(node.looks, aspect=node.aspect), media_type="image/png")

    return picture


def _claim(data: Path, *, config: WorldConfig, history: tuple[int, int]) -> None:
    (data / "media").mkdir(parents=True, exist_ok=True)
    wanted = {
        "seed": config.seed,
        "start": config.start.isoformat(),
        "currency": config.currency,
        "timezone": config.timezone,
        "history": list(history),
    }
    path = data / "world.json"
    if not path.exists():
        path.write_text(json.dumps(wanted) + "\n")
        return
    held = json.loads(path.read_text())
    if held != wanted:
        raise InvalidInput(
            f"The folder holds another world (seed {held.get('seed')}, start {held.get('start')})",
            where=str(data),
            fix="Use the same --seed and --start, or another --data folder.",
        )
