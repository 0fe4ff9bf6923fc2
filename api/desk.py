"""The records and the treasury without graphs and models: what quick commands need, opened in a moment."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from geminivideo.accounts import Account
from geminivideo.clock import Clock, WallClock
from geminivideo.errors import InvalidInput
from geminivideo.settings import Settings
from memory import accounts
from memory.assets import AssetStore
from memory.database import Database
from memory.migrate import migrate
from treasury.opening import open_treasury
from treasury.service import Treasury


@dataclass(frozen=True)
class Desk:
    """Records, assets and treasury of one home."""

    settings: Settings
    db: Database
    assets: AssetStore
    treasury: Treasury
    wall: Clock


@asynccontextmanager
async def open_desk(settings: Settings) -> AsyncIterator[Desk]:
    """Open the records, bring their schema up to date, and close them at the end."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    db, assets, wall = Database(settings.records_url), AssetStore(settings.assets_path), WallClock()
    owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    try:
        await migrate(db)
        async with open_treasury(settings, db=db, assets=assets, wall=wall, owner=owner) as treasury:
            yield Desk(settings=settings, db=db, assets=assets, treasury=treasury, wall=wall)
    finally:
        await db.close()


async def choose_account(db: Database, named: str | None) -> Account:
    """The named account, or the only one there is. InvalidInput when somebody has to choose."""
    if named is not None:
        return await db.read(lambda conn: accounts.get_account(conn, named))
    found = await db.read(accounts.list_accounts)
    if len(found) == 1:
        return found[0]
    if not found:
        raise InvalidInput(
            "There is no account yet",
            where="--account",
            fix="Make a simulated one with `geminivideo account create --simulated`.",
        )
    names = ", ".join(account.id for account in found[:8])
    raise InvalidInput(f"There are {len(found)} accounts", where="--account", fix=f"Name one of: {names}.")
