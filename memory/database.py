"""The records database. One way to write: `Database.write(fn)`.

On SQLite a single writer takes what is queued, opens one `BEGIN IMMEDIATE`, runs every function and commits once
(group commit; a function that raises is rolled back alone); a plain BEGIN loses read-then-write updates. On Postgres
functions run side by side and take row locks. Functions are synchronous over a SQLAlchemy Core connection, may be run
again, and must have no effect outside that connection.

SQLite is called on threads of our own, a whole transaction at a time: the asynchronous driver changes threads several
times per statement, which cost more than the statements did. Postgres is SQLAlchemy's asyncio throughout.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from geminivideo.errors import GeminiVideoError, StorageError

T = TypeVar("T")
_BATCH = 64
_ALONG_SECONDS = 0.2
_PG_RETRIES = 8
_PG_RETRYABLE = frozenset({"40001", "40P01"})  # serialization failure, deadlock


_log = logging.getLogger(__name__)


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
        self._readers: _Threads | _Pool
        self._writers: _Threads | _Pool
        if self.is_sqlite:
            self._readers = _Threads(url, size=readers, begin="BEGIN")
            self._writers = _Threads(url, size=1, begin="BEGIN IMMEDIATE")
        else:
            self._readers = self._writers = _Pool(url, size=readers)
        self._queue: asyncio.Queue[_Write[Any]] = asyncio.Queue()
        self._along: list[_Write[None]] = []
        self._along_tasks: set[asyncio.Task[None]] = set()
        self._writer: asyncio.Task[None] | None = None

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """Run a reading function on a pooled connection."""
        try:
            return await self._readers.run(fn)
        except SQLAlchemyError as error:
            raise self._storage_error(error) from error

    async def write(self, fn: Callable[[Connection], T]) -> T:
        """Run a writing function in a transaction; it is durable when this returns."""
        if not self.is_sqlite:
            return await self._write_postgres(fn)
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._push(_Write(fn, done))
        return await done

    def write_along(self, fn: Callable[[Connection], None]) -> None:
        """Queue something that need not be durable before what is written next: it goes in that transaction or earlier.

        Without a next write it is written a moment later. A failure is logged.
        """
        if not self.is_sqlite:
            task = asyncio.create_task(self._write_postgres(fn), name="database-along")
            self._along_tasks.add(task)
            task.add_done_callback(self._along_tasks.discard)
            task.add_done_callback(self._along_done)
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.add_done_callback(self._along_done)
        self._along.append(_Write(fn, done))
        if len(self._along) == 1:
            asyncio.get_running_loop().call_later(_ALONG_SECONDS, self._wake_writer)

    async def close(self) -> None:
        """Write what is queued, stop the writer and close every connection."""
        if self._along:
            await self.write(lambda _conn: None)
        await asyncio.gather(*self._along_tasks, return_exceptions=True)
        if self._writer is not None:
            self._writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writer
        await self._writers.close()
        await self._readers.close()

    def _push(self, write: _Write[Any]) -> None:
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._drain(), name="database-writer")
        self._queue.put_nowait(write)

    def _wake_writer(self) -> None:
        if self._along:
            self._push(self._along.pop(0))

    @staticmethod
    def _along_done(done: asyncio.Future[None]) -> None:
        if not done.cancelled() and done.exception() is not None:
            _log.error("a record could not be written: %s", done.exception())

    async def _drain(self) -> None:
        while True:
            first = await self._queue.get()
            batch = [*self._along, first]
            self._along.clear()
            while len(batch) < _BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await self._commit(batch)

    async def _commit(self, batch: list[_Write[Any]]) -> None:
        try:
            outcomes = await self._writers.run(lambda conn: _run_batch(conn, [item.fn for item in batch]))
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
                return await self._writers.run(fn, commit=True)
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
    """One transaction for all. If one of them raises, all are run again, each in a savepoint of its own."""
    try:
        with conn.begin():
            return [(fn(conn), None) for fn in fns]
    except Exception as error:  # boundary: handed to the caller that queued it
        if len(fns) == 1:
            return [(None, error)]
    with conn.begin():
        return [_run_alone(conn, fn) for fn in fns]


def _run_alone(conn: Connection, fn: Callable[[Connection], Any]) -> tuple[Any, BaseException | None]:
    savepoint = conn.begin_nested()
    try:
        value = fn(conn)
        savepoint.commit()
    except Exception as error:  # boundary: handed to the caller that queued it
        savepoint.rollback()
        return None, error
    return value, None


class _Threads:
    """An engine over Python's own SQLite, and the threads that use it."""

    def __init__(self, url: str, *, size: int, begin: str) -> None:
        plain = make_url(url).set(drivername="sqlite")
        self._engine = create_engine(
            plain, pool_size=size, max_overflow=0, pool_timeout=60, connect_args={"check_same_thread": False}
        )
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="records")

        @event.listens_for(self._engine, "connect")
        def _configure(dbapi_connection: Any, _record: Any) -> None:
            dbapi_connection.isolation_level = None  # we open transactions ourselves, below
            cursor = dbapi_connection.cursor()
            for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        @event.listens_for(self._engine, "begin")
        def _begin(conn: Connection) -> None:
            conn.exec_driver_sql(begin)

    async def run(self, fn: Callable[[Connection], T], *, commit: bool = False) -> T:
        """`fn` over a connection, on one of our threads."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, fn, commit)

    async def close(self) -> None:
        """Wait for what is running, then close."""
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()

    def _run(self, fn: Callable[[Connection], T], commit: bool) -> T:
        with self._engine.begin() if commit else self._engine.connect() as conn:
            return fn(conn)


class _Pool:
    """An asynchronous engine with its pool."""

    def __init__(self, url: str, *, size: int) -> None:
        self._engine = create_async_engine(url, pool_size=size, max_overflow=8, pool_timeout=60)

    async def run(self, fn: Callable[[Connection], T], *, commit: bool = False) -> T:
        """`fn` over a connection, in a greenlet."""
        async with self._engine.begin() if commit else self._engine.connect() as conn:
            return await conn.run_sync(fn)

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StorageError(
            f"Cannot make the folder: {error.strerror}",
            where=str(folder),
            fix="Choose another GEMINIVIDEO_HOME.",
        ) from error
