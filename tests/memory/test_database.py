from __future__ import annotations

import asyncio
import multiprocessing
import resource
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from geminivideo.errors import StorageError
from memory.database import Database
from memory.migrate import HEAD, migrate

VERSIONS = [path.name for path in Path("memory/migrations/versions").glob("[0-9]*.py")]


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/records.db")
    await database.write(lambda conn: conn.execute(text("CREATE TABLE counter (n INTEGER NOT NULL)")))
    await database.write(lambda conn: conn.execute(text("INSERT INTO counter VALUES (0)")))
    yield database
    await database.close()


def _add_one(conn: Connection) -> int:
    n = int(conn.execute(text("SELECT n FROM counter")).scalar_one())
    conn.execute(text("UPDATE counter SET n = :n"), {"n": n + 1})
    return n + 1


def _count(conn: Connection) -> int:
    return int(conn.execute(text("SELECT n FROM counter")).scalar_one())


async def test_a_failing_write_is_rolled_back_alone_and_its_neighbours_are_kept(db: Database) -> None:
    def fail(conn: Connection) -> None:
        _add_one(conn)
        raise ValueError("no")

    outcomes = await asyncio.gather(db.write(_add_one), db.write(fail), db.write(_add_one), return_exceptions=True)
    assert isinstance(outcomes[1], ValueError)
    assert await db.read(_count) == 2


async def test_an_sql_error_names_the_cause_and_the_place(db: Database) -> None:
    with pytest.raises(StorageError, match="no such table: nowhere"):
        await db.write(lambda conn: conn.execute(text("INSERT INTO nowhere VALUES (1)")))


async def test_a_full_database_refuses_the_write_and_keeps_what_was_there(db: Database) -> None:
    await db.write(_add_one)
    pages = await db.read(lambda conn: int(conn.execute(text("PRAGMA page_count")).scalar_one()))

    def fill(conn: Connection) -> None:
        conn.execute(text(f"PRAGMA max_page_count = {pages}"))
        conn.execute(text("CREATE TABLE big (b BLOB)"))
        for _ in range(200):
            conn.execute(text("INSERT INTO big VALUES (randomblob(4096))"))

    with pytest.raises(StorageError, match="full"):
        await db.write(fill)
    assert await db.read(_count) == 1


def _fill_disk(path: str, queue: multiprocessing.Queue[str]) -> None:
    async def main() -> str:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        database = Database(f"sqlite+aiosqlite:///{path}")
        try:
            await migrate(database)
            await database.write(lambda conn: conn.execute(text("CREATE TABLE big (b BLOB)")))
            for _ in range(200):
                await database.write(lambda conn: conn.execute(text("INSERT INTO big VALUES (randomblob(8192))")))
            return "no error"
        except StorageError as error:
            return error.fix
        finally:
            await database.close()

    queue.put(asyncio.run(main()))


def test_a_full_disk_is_a_storage_error_that_says_what_to_do(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    queue: multiprocessing.Queue[str] = context.Queue()
    process = context.Process(target=_fill_disk, args=(str(tmp_path / "records.db"), queue))
    process.start()
    assert "disk space" in queue.get(timeout=60)
    process.join(timeout=30)


def _increment(path: str, times: int) -> None:
    async def main() -> None:
        database = Database(f"sqlite+aiosqlite:///{path}")
        for _ in range(times):
            await database.write(_add_one)
        await database.close()

    asyncio.run(main())


async def test_two_processes_lose_none_of_600_read_then_write_updates(db: Database, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_increment, args=(str(tmp_path / "records.db"), 300)) for _ in range(2)]
    for worker in workers:
        worker.start()
    await asyncio.to_thread(lambda: [worker.join(timeout=120) for worker in workers])
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert await db.read(_count) == 600


async def test_the_schema_is_at_the_newest_migration_and_matches_the_tables(tmp_path: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    from memory.schema import metadata

    database = Database(f"sqlite+aiosqlite:///{tmp_path}/fresh.db")
    await migrate(database)
    assert max(VERSIONS).startswith(HEAD)
    differences = await database.read(lambda conn: compare_metadata(MigrationContext.configure(conn), metadata))
    assert differences == []
    await database.close()
