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
from functools import cache
from pathlib import Path

from agents.roster import Roster, build_roster
from geminivideo.accounts import Account
from geminivideo.clock import Clock, WallClock
from geminivideo.errors import InvalidInput
from geminivideo.settings import Settings
from memory.assets import AssetStore
from memory.database import Database
from memory.embeddings import Embedder
from memory.migrate import migrate
from memory.winners import WinnerIndex
from platforms.hubspot import HubSpotReader
from platforms.meta import MetaReader
from treasury.service import Treasury, open_treasury


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
    owner: str
    code_version: str

    def reader(self, account: Account) -> MetaReader:
        """A reading client of the account's ad platform."""
        base_url = self.settings.meta_base_url or _sandbox(self.settings, account)
        return MetaReader(base_url, account_id=account.external_id, token=self.settings.meta_access_token)

    def crm(self, account: Account) -> HubSpotReader:
        """A reading client of the account's CRM."""
        base_url = self.settings.hubspot_base_url or _sandbox(self.settings, account)
        return HubSpotReader(base_url, token=self.settings.hubspot_access_token)


@asynccontextmanager
async def open_services(settings: Settings, *, wall: Clock | None = None) -> AsyncIterator[Services]:
    """Open the stores under `settings.home`, bring the schema up to date, and close everything at the end."""
    clock = wall or WallClock()
    owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    assets = AssetStore(settings.assets_path)
    embedder = Embedder()
    db = Database(settings.records_url)
    try:
        await migrate(db)
        yield Services(
            settings=settings,
            db=db,
            wall=clock,
            assets=assets,
            embedder=embedder,
            index=WinnerIndex(settings.index_path, embedder),
            roster=build_roster(settings, embed=embedder.embed),
            treasury=open_treasury(settings, db=db, assets=assets, wall=clock, owner=owner),
            owner=owner,
            code_version=await asyncio.to_thread(code_version),
        )
    finally:
        await db.close()


@cache
def code_version() -> str:
    """Hash of the graphs and prompts: what a waiting approval was asked by."""
    root = Path(__file__).resolve().parent.parent
    files = sorted([*(root / "graphs").glob("*.py"), *(root / "prompts").glob("*.md")])
    whole = hashlib.sha256()
    for file in files:
        whole.update(file.name.encode() + b"\0" + file.read_bytes())
    return whole.hexdigest()[:16]


def _sandbox(settings: Settings, account: Account) -> str:
    if not account.simulated:
        raise InvalidInput(
            "No platform address is configured for a real account",
            where="GEMINIVIDEO_META_BASE_URL",
            fix="Set it to the Graph API's base URL.",
        )
    if not settings.sandbox_url:
        raise InvalidInput(
            "The sandbox is not running",
            where="GEMINIVIDEO_SANDBOX_URL",
            fix="Start it with `python -m sandbox` and set the variable to the address it prints.",
        )
    return settings.sandbox_url
