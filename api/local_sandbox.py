"""The home's own sandbox: started for simulated accounts when no other is configured, shared by its processes.

Whoever holds the lock owns the process and ends it. One that outlived a killed owner is taken over.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from pydantic import SecretStr

from api.engine import Engine, open_engine
from api.sandbox_process import Sandbox, start_sandbox
from geminivideo.errors import PlatformError
from geminivideo.settings import Settings
from memory import accounts
from memory.database import Database
from memory.migrate import migrate

SEED = 7
_WAIT_SECONDS = 30


@asynccontextmanager
async def open_house(settings: Settings, *, simulated: bool | None = None) -> AsyncIterator[Engine]:
    """The engine, with a sandbox where simulated accounts need one (`simulated`: whether to, instead of looking)."""
    needed = await needs_sandbox(settings) if simulated is None else simulated
    async with with_sandbox(settings, needed=needed) as complete, open_engine(complete) as engine:
        yield engine


@asynccontextmanager
async def with_sandbox(settings: Settings, *, needed: bool) -> AsyncIterator[Settings]:
    """The settings with a sandbox's address and tokens; as they are when none is needed."""
    if settings.sandbox_url or not needed:
        yield await with_tokens(settings)
        return
    async with _shared(settings.home / "sandbox") as url:
        yield await with_tokens(settings.model_copy(update={"sandbox_url": url}))


async def with_tokens(settings: Settings) -> Settings:
    """Fill in the sandbox's own tokens where none are set."""
    if not settings.sandbox_url or settings.meta_access_token.get_secret_value():
        return settings
    about = await Sandbox(settings.sandbox_url.rstrip("/")).get("")
    token, secret = SecretStr(about["access_token"]), SecretStr(about["app_secret"])
    return settings.model_copy(
        update={"meta_access_token": token, "meta_app_secret": secret, "hubspot_access_token": token}
    )


async def needs_sandbox(settings: Settings) -> bool:
    """Whether this home has a simulated account."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    db = Database(settings.records_url)
    try:
        await migrate(db)
        return any(account.simulated for account in await db.read(accounts.list_accounts))
    finally:
        await db.close()


@asynccontextmanager
async def _shared(folder: Path) -> AsyncIterator[str]:
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True, mode=0o700)
    address = folder / "address.json"
    with _try_lock(folder / "owner.lock") as ours:
        if not ours:
            yield await _wait_for(address)
        elif (left := await _alive(address)) is not None:
            try:
                yield left.url
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(left.pid, signal.SIGTERM)
        else:
            async with start_sandbox(data=folder / "world", seed=SEED) as sandbox:
                note = json.dumps({"url": sandbox.url, "pid": sandbox.pid})
                await asyncio.to_thread(address.write_text, note)
                yield sandbox.url


@contextmanager
def _try_lock(path: Path) -> Iterator[bool]:
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held = True
    except BlockingIOError:
        held = False
    try:
        yield held
    finally:
        os.close(handle)


async def _alive(address: Path) -> Sandbox | None:
    try:
        noted = json.loads(await asyncio.to_thread(address.read_text))
        sandbox = Sandbox(str(noted["url"]), pid=int(noted["pid"]))
        await sandbox.now()
    except (OSError, ValueError, KeyError, PlatformError):
        return None
    return sandbox


async def _wait_for(address: Path) -> str:
    for _ in range(_WAIT_SECONDS * 5):
        if (sandbox := await _alive(address)) is not None:
            return sandbox.url
        await asyncio.sleep(0.2)
    raise PlatformError(
        "Another process holds the sandbox and it does not answer", where=str(address.parent), fix="End that process."
    )
