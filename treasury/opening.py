"""The one place that gives the treasury its platform clients, writing ones among them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from geminivideo.clock import Clock
from geminivideo.settings import Settings
from memory.assets import AssetStore
from memory.audit import Anchor
from memory.database import Database
from treasury.meta_port import MetaPorts
from treasury.ports import Boundary, no_boundary
from treasury.service import Treasury


@asynccontextmanager
async def open_treasury(
    settings: Settings,
    *,
    db: Database,
    assets: AssetStore,
    wall: Clock,
    owner: str,
    boundary: Boundary = no_boundary,
) -> AsyncIterator[Treasury]:
    """The treasury of this process; its clients are closed at the end."""
    ports = MetaPorts(settings)
    try:
        yield Treasury(
            db,
            writers=ports,
            readers=ports,
            assets=assets,
            wall=wall,
            owner=owner,
            lease_seconds=settings.lease_seconds,
            anchor=Anchor(settings.home / "audit"),
            boundary=boundary,
        )
    finally:
        await ports.aclose()
