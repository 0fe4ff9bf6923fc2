from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from geminivideo.accounts import Account, AccountConfig
from geminivideo.errors import Conflict, NotFound
from geminivideo.ids import new_id
from memory import accounts, jobs, runs
from memory.database import Database
from memory.migrate import migrate
from memory.runs import Run

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/records.db")
    await migrate(database)
    account = Account(
        id="acc_1", name="A", platform="meta", external_id="1", simulated=True, config=AccountConfig(), created_at=NOW
    )
    await database.write(lambda conn: accounts.insert_account(conn, account=account))
    yield database
    await database.close()


async def _run(db: Database, *, key: str | None = None, inputs: dict[str, str] | None = None) -> Run:
    run = Run(
        id=new_id("run"),
        account_id="acc_1",
        graph="campaign",
        status="queued",
        inputs=inputs or {},
        code_version="1",
        idempotency_key=key,
        created_at=NOW,
    )
    stored, _ = await db.write(lambda conn: runs.create_run(conn, run=run))
    return stored


async def test_the_same_idempotency_key_gives_the_same_run_and_other_inputs_conflict(db: Database) -> None:
    first = await _run(db, key="k", inputs={"a": "1"})
    assert (await _run(db, key="k", inputs={"a": "1"})).id == first.id
    with pytest.raises(Conflict):
        await _run(db, key="k", inputs={"a": "2"})


async def test_another_accounts_run_answers_like_an_absent_one(db: Database) -> None:
    run = await _run(db)
    with pytest.raises(NotFound) as foreign:
        await db.read(lambda conn: runs.get_run(conn, run.id, account_id="acc_2"))
    with pytest.raises(NotFound) as absent:
        await db.read(lambda conn: runs.get_run(conn, "run_nothing", account_id="acc_2"))
    assert foreign.value.what == absent.value.what


async def test_a_lease_has_one_holder_until_it_runs_out(db: Database) -> None:
    run = await _run(db)
    claim = lambda who, at: db.write(lambda conn: runs.claim(conn, run.id, owner=who, now=at, seconds=30))  # noqa: E731
    assert await claim("a", NOW) == 1
    assert await claim("b", NOW + timedelta(seconds=29)) is None
    assert await claim("b", NOW + timedelta(seconds=31)) == 2
    assert await db.write(lambda conn: runs.renew(conn, run.id, owner="a", until=NOW)) is False


async def test_parking_reads_what_the_run_waits_for_so_no_wake_up_is_lost(db: Database) -> None:
    run = await _run(db)
    job = await db.write(
        lambda conn: jobs.enqueue(conn, account_id="acc_1", run_id=run.id, kind="render", key="r", payload={}, now=NOW)
    )
    fence = await db.write(lambda conn: runs.claim(conn, run.id, owner="a", now=NOW, seconds=30))
    assert fence is not None
    assert await db.write(lambda conn: runs.park(conn, run.id, fence=fence)) == "waiting_jobs"
    claimed = await db.write(lambda conn: jobs.claim_next(conn, owner="w", now=NOW, seconds=30))
    assert claimed is not None and claimed.id == job.id
    await db.write(lambda conn: jobs.settle(conn, job.id, fence=claimed.fence, now=NOW, result={}))
    assert (await db.read(lambda conn: runs.get_run(conn, run.id))).status == "queued"


async def test_events_are_numbered_without_gaps_and_a_keyed_event_is_written_once(db: Database) -> None:
    run = await _run(db)

    async def emit(key: str | None) -> None:
        await db.write(lambda conn: runs.append_event(conn, run.id, kind="learned", who="x", text="t", at=NOW, key=key))

    for key in (None, "a", "a", "b", "a", None):
        await emit(key)
    events = await db.read(lambda conn: runs.events_after(conn, run.id))
    assert [event.seq for event in events] == [1, 2, 3, 4]
    assert [event.seq for event in await db.read(lambda conn: runs.events_after(conn, run.id, seq=2))] == [3, 4]


async def test_a_finished_run_stays_finished(db: Database) -> None:
    run = await _run(db)
    assert await db.write(lambda conn: runs.finish(conn, run.id, status="done", now=NOW, result={"outcome": "ok"}))
    assert not await db.write(lambda conn: runs.finish(conn, run.id, status="failed", now=NOW))
    assert (await db.read(lambda conn: runs.get_run(conn, run.id))).status == "done"


async def test_a_job_whose_worker_dies_is_taken_again_and_given_up_after_three_attempts(db: Database) -> None:
    run = await _run(db)
    await db.write(
        lambda conn: jobs.enqueue(conn, account_id="acc_1", run_id=run.id, kind="render", key="r", payload={}, now=NOW)
    )
    for attempt in range(jobs.MAX_ATTEMPTS):
        at = NOW + timedelta(minutes=attempt)
        job = await db.write(lambda conn, at=at: jobs.claim_next(conn, owner="w", now=at, seconds=30))
        assert job is not None and job.attempts == attempt + 1
        assert await db.write(lambda conn, at=at: jobs.claim_next(conn, owner="v", now=at, seconds=30)) is None
    late = NOW + timedelta(hours=1)
    assert await db.write(lambda conn: jobs.claim_next(conn, owner="w", now=late, seconds=30)) is None
    assert (await db.read(lambda conn: jobs.jobs_of_run(conn, run.id)))[0].status == "failed"
