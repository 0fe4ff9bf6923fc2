"""What the graphs are given: stores, clients, agents and the treasury, composed once per process.

`open_services` is the only place that turns `Settings` into things.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from agents.roster import Roster, build_roster
from geminivideo.accounts import Account
from geminivideo.clock import Clock, WallClock
from geminivideo.settings import Settings
from graphs.clients import Clients
from memory.assets import AssetStore
from memory.database import Database
from memory.embeddings import Embedder
from memory.migrate import migrate
from memory.winners import WinnerIndex
from platforms.hubspot import HubSpotReader
from platforms.meta import MetaReader
from treasury.opening import open_treasury
from treasury.ports import Boundary, no_boundary
from treasury.service import Treasury


@dataclass(frozen=True)
class Services:
    """Everything a node may use. `owner` names this process in leases."""

    settings: Settings
    db: Database
    wall: Clock
    assets: AssetStore
    embedder: Embedder
    index: WinnerIndex
    roster: Roster
    treasury: Treasury
    clients: Clients
    owner: str
    code_version: str

    def reader(self, account: Account) -> MetaReader:
        """A reading client of the account's ad platform."""
        return self.clients.reader(account)

    def crm(self, account: Account) -> HubSpotReader:
        """A reading client of the account's CRM."""
        return self.clients.crm(account)

    async def business_now(self, account: Account) -> datetime:
        """The account's business time as the outside world has it: the sandbox's clock for a simulated account."""
        if not account.simulated:
            return self.wall.now()
        return await self.clients.simulated_now(account)


@asynccontextmanager
async def open_services(
    settings: Settings,
    *,
    wall: Clock | None = None,
    boundary: Boundary = no_boundary,
    roster: Roster | None = None,
) -> AsyncIterator[Services]:
    """Open the stores under `settings.home`, bring the schema up to date, and close everything at the end."""
    clock = wall or WallClock()
    owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    stores = await asyncio.to_thread(_open_stores, settings)
    at_work = roster
    if at_work is None:
        at_work = await asyncio.to_thread(build_roster, settings, embed=stores.embedder.embed)
    try:
        await migrate(stores.db)
        async with open_treasury(
            settings, db=stores.db, assets=stores.assets, wall=clock, owner=owner, boundary=boundary
        ) as treasury:
            yield Services(
                settings=settings,
                db=stores.db,
                wall=clock,
                assets=stores.assets,
                embedder=stores.embedder,
                index=stores.index,
                roster=at_work,
                treasury=treasury,
                clients=stores.clients,
                owner=owner,
                code_version=await asyncio.to_thread(code_version),
            )
    finally:
        await stores.clients.aclose()
        await at_work.aclose()
        await stores.db.close()


@dataclass(frozen=True)
class _Stores:
    assets: AssetStore
    embedder: Embedder
    index: WinnerIndex
    db: Database
    clients: Clients


def _open_stores(settings: Settings) -> _Stores:
    """Everything that looks at the disk while it is made. Blocking."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    embedder = Embedder()
    return _Stores(
        assets=AssetStore(settings.assets_path),
        embedder=embedder,
        index=WinnerIndex(settings.index_path, embedder),
        db=Database(settings.records_url),
        clients=Clients(settings),
    )


@cache
def code_version() -> str:
    """Hash of the graphs and prompts: what a waiting approval was asked by."""
    root = Path(__file__).resolve().parent.parent
    files = sorted([*(root / "graphs").glob("*.py"), *(root / "prompts").glob("*.md")])
    whole = hashlib.sha256()
    for file in files:
        whole.update(file.name.encode() + b"\0" + file.read_bytes())
    return whole.hexdigest()[:16]
