"""Brings the records database to the current schema. `python -m memory.migrate "message" 0002` drafts the next."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from memory.database import Database

_ALEMBIC = threading.Lock()
"""Alembic keeps what it works on in its modules: one upgrade at a time per process, whatever the database."""
HEAD = "0001"
"""The newest migration. A test holds it equal to the newest file."""


async def migrate(db: Database) -> None:
    """Upgrade to `HEAD` if it is not there yet; the whole upgrade is one transaction."""
    if await db.read(_current) == HEAD:
        return
    while not _ALEMBIC.acquire(blocking=False):  # noqa: ASYNC110 (the lock is shared by event loops)
        await asyncio.sleep(0.01)
    try:
        await db.write(_upgrade)
    finally:
        _ALEMBIC.release()


def _current(conn: Connection) -> str | None:
    return MigrationContext.configure(conn).get_current_revision()


def _config(conn: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = conn
    return config


def _upgrade(conn: Connection) -> None:
    command.upgrade(_config(conn), "head")


async def _draft(message: str, *, revision: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        db = Database(f"sqlite+aiosqlite:///{folder}/draft.db")
        await db.write(_upgrade)
        await db.write(lambda conn: command.revision(_config(conn), message, autogenerate=True, rev_id=revision))
        await db.close()


if __name__ == "__main__":
    asyncio.run(_draft(sys.argv[1], revision=sys.argv[2]))
