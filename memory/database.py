"""The records database. One way to write: `Database.write(fn)`.

On SQLite a single writer takes what is queued, opens one `BEGIN IMMEDIATE`, runs each function in its own
savepoint and commits once (group commit); a plain BEGIN loses read-then-write updates. On Postgres functions run
side by side and take row locks. Functions are synchronous over a SQLAlchemy Core connection, may be run again,
and must have no effect outside that connection.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from geminivideo.errors import GeminiVideoError, StorageError

T = TypeVar("T")
_BATCH = 64
_PG_RETRIES = 8
_PG_RETRYABLE = frozenset({"40001", "40P01"})  # serialization failure, deadlock


@dataclass(frozen=True)
class _Write(Generic[T]):
    fn: Callable[[Connection], T]
    done: asyncio.Future[T]


class Database:
    """Records in SQLite (WAL) or Postgres behind the same two methods. Bound to one event loop."""

    def __init__(self, url: str, *, readers: int = 4) -> None:
        self.url = url
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self._where = parsed.render_as_string(hide_password=True)
        if self.is_sqlite and parsed.database and parsed.database != ":memory:":
            _make_folder(Path(parsed.database).parent)
        self._readers = _engine(url, size=readers, begin="BEGIN" if self.is_sqlite else None)
        self._writers = _engine(url, size=1, begin="BEGIN IMMEDIATE") if self.is_sqlite else self._readers
        self._queue: asyncio.Queue[_Write[Any]] = asyncio.Queue()
        self._writer: asyncio.Task[None] | None = None

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """Run a reading function on a pooled connection."""
        try:
            async with self._readers.connect() as conn:
                return await conn.run_sync(fn)
        except SQLAlchemyError as error:
            raise self._storage_error(error) from error

    async def write(self, fn: Callable[[Connection], T]) -> T:
        """Run a writing function in a transaction; it is durable when this returns."""
        if not self.is_sqlite:
            return await self._write_postgres(fn)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._drain(), name="database-writer")
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        await self._queue.put(_Write(fn, done))
        return await done

    async def close(self) -> None:
        """Stop the writer and close every connection."""
        if self._writer is not None:
            self._writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writer
        await self._writers.dispose()
        await self._readers.dispose()

    async def _drain(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while len(batch) < _BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await self._commit(batch)

    async def _commit(self, batch: list[_Write[Any]]) -> None:
        try:
            async with self._writers.connect() as conn:
                outcomes = await conn.run_sync(_run_batch, [item.fn for item in batch])
        except SQLAlchemyError as error:
            outcomes = [(None, self._storage_error(error))] * len(batch)
        except asyncio.CancelledError:
            for item in batch:
                item.done.cancel()
            raise
        for item, (value, failure) in zip(batch, outcomes, strict=True):
            if item.done.done():
                continue
            if failure is None:
                item.done.set_result(value)
            else:
                item.done.set_exception(
                    self._storage_error(failure) if isinstance(failure, SQLAlchemyError) else failure
                )

    async def _write_postgres(self, fn: Callable[[Connection], T]) -> T:
        for attempt in range(_PG_RETRIES):
            try:
                async with self._writers.begin() as conn:
                    return await conn.run_sync(fn)
            except DBAPIError as error:
                again = getattr(error.orig, "sqlstate", None) in _PG_RETRYABLE
                if not again or attempt == _PG_RETRIES - 1:
                    raise self._storage_error(error) from error
            except SQLAlchemyError as error:
                raise self._storage_error(error) from error
        raise AssertionError("the loop above returns or raises")

    def _storage_error(self, error: SQLAlchemyError) -> GeminiVideoError:
        text = str(error.orig) if isinstance(error, DBAPIError) else type(error).__name__
        fix = "Check that the database is reachable and its schema is current (`geminivideo doctor`)."
        if "full" in text or "disk I/O" in text or "readonly" in text:
            fix = "Free some disk space or choose another GEMINIVIDEO_HOME; nothing was changed."
        elif "locked" in text:
            fix = "Another process holds the database for long; try again."
        return StorageError(f"The database refused: {text.splitlines()[0]}", where=self._where, fix=fix)


def _run_batch(conn: Connection, fns: list[Callable[[Connection], Any]]) -> list[tuple[Any, BaseException | None]]:
    """One transaction for all; a function that raises is rolled back alone."""
    outcomes: list[tuple[Any, BaseException | None]] = []
    with conn.begin():
        for fn in fns:
            savepoint = conn.begin_nested()
            try:
                value = fn(conn)
                savepoint.commit()
                outcomes.append((value, None))
            except Exception as error:  # boundary: handed to the caller that queued it
                savepoint.rollback()
                outcomes.append((None, error))
    return outcomes


def _engine(url: str, *, size: int, begin: str | None) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=size, max_overflow=0 if begin else 8, pool_timeout=60)
    if begin is not None:

        @event.listens_for(engine.sync_engine, "connect")
        def _configure(dbapi_connection: Any, _record: Any) -> None:
            dbapi_connection.isolation_level = None  # we open transactions ourselves, below
            cursor = dbapi_connection.cursor()
            for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        @event.listens_for(engine.sync_engine, "begin")
        def _begin(conn: Connection) -> None:
            conn.exec_driver_sql(begin)

    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StorageError(
            f"Cannot make the folder: {error.strerror}",
            where=str(folder),
            fix="Choose another GEMINIVIDEO_HOME.",
        ) from error
