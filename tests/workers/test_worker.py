from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agents.onboard.director import OnboardDirector
from agents.roster import Roster
from geminivideo.accounts import Account, AccountConfig
from geminivideo.errors import RenderError
from geminivideo.ids import new_id
from geminivideo.settings import Settings
from graphs.services import Services, open_services
from memory import accounts, jobs, runs
from memory.jobs import Job
from memory.runs import Run
from tests.graphs.stand_ins import ShiftedClock
from workers.worker import Handler, Progress, Worker

ACCOUNT = "acc_1"


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
async def services(tmp_path: Path, clock: ShiftedClock) -> AsyncIterator[Services]:
    settings = Settings(home=tmp_path / "home", lease_seconds=30)
    async with open_services(settings, wall=clock, roster=Roster(director=OnboardDirector(), judges=())) as opened:
        account = Account(
            id=ACCOUNT,
            name="A",
            platform="meta",
            external_id="1",
            simulated=True,
            config=AccountConfig(),
            created_at=clock.now(),
        )
        await opened.db.write(lambda conn: accounts.insert_account(conn, account=account))
        yield opened


async def _job(services: Services) -> Job:
    """A job of a run that waits for it."""
    run = Run(
        id=new_id("run"),
        account_id=ACCOUNT,
        graph="campaign",
        status="queued",
        inputs={},
        code_version="1",
        created_at=services.wall.now(),
    )
    await services.db.write(lambda conn: runs.create_run(conn, run=run))
    now = services.wall.now()
    job = await services.db.write(
        lambda conn: jobs.enqueue(
            conn, account_id=ACCOUNT, run_id=run.id, kind="render", key="r", payload={"label": "Cut"}, now=now
        )
    )
    fence = await services.db.write(lambda conn: runs.claim(conn, run.id, owner="x", now=now, seconds=30))
    await services.db.write(lambda conn: runs.park(conn, run.id, fence=fence or 0))
    return job


async def _look(services: Services, job: Job) -> tuple[Job, Run]:
    return await services.db.read(lambda conn: (jobs.jobs_of_run(conn, job.run_id)[0], runs.get_run(conn, job.run_id)))


def _worker(services: Services, handler: Handler) -> Worker:
    return Worker(services, handlers={"render": handler})


async def test_a_finished_job_keeps_its_result_and_wakes_the_run(services: Services) -> None:
    async def render(job: Job, progress: Progress) -> dict[str, Any]:
        progress.report(40)
        return {"asset_id": "a"}

    job = await _job(services)
    assert await _worker(services, render).work_once()
    found, run = await _look(services, job)
    assert (found.status, found.progress, found.result, run.status) == ("done", 100, {"asset_id": "a"}, "queued")
    assert not await _worker(services, render).work_once(), "nothing is left to do"


@pytest.mark.parametrize("error", [RenderError("no ffmpeg", fix="Install it."), ZeroDivisionError("nobody foresaw it")])
async def test_a_failing_job_is_named_and_wakes_the_run_too(services: Services, error: Exception) -> None:
    async def render(job: Job, progress: Progress) -> dict[str, Any]:
        raise error

    job = await _job(services)
    assert await _worker(services, render).work_once()
    found, run = await _look(services, job)
    assert (found.status, run.status) == ("failed", "queued")
    assert str(error.args[0]) in (found.error or {})["what"]


async def test_a_stopped_worker_gives_its_job_back_at_once(services: Services) -> None:
    begun = asyncio.Event()

    async def render(job: Job, progress: Progress) -> dict[str, Any]:
        begun.set()
        await asyncio.Event().wait()
        return {}

    job = await _job(services)
    working = asyncio.create_task(_worker(services, render).work_once())
    await begun.wait()
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    found, run = await _look(services, job)
    assert (found.status, found.attempts, run.status) == ("queued", 0, "waiting_jobs")


async def test_a_job_whose_worker_died_is_taken_again_and_given_up_after_three_deaths(
    services: Services, clock: ShiftedClock
) -> None:
    job = await _job(services)
    for attempt in range(1, jobs.MAX_ATTEMPTS + 1):
        now = clock.now()
        taken = await services.db.write(lambda conn, at=now: jobs.claim_next(conn, owner="dead", now=at, seconds=30))
        assert taken is not None
        assert taken.attempts == attempt
        clock.ahead += timedelta(seconds=31)

    async def render(job: Job, progress: Progress) -> dict[str, Any]:
        raise AssertionError("it is not tried again")

    assert not await _worker(services, render).work_once()
    found, run = await _look(services, job)
    assert (found.status, run.status) == ("failed", "queued")


async def test_a_worker_that_lost_its_job_cannot_end_it(services: Services, clock: ShiftedClock) -> None:
    job = await _job(services)

    async def render(job: Job, progress: Progress) -> dict[str, Any]:
        clock.ahead += timedelta(seconds=31)
        now = clock.now()
        await services.db.write(lambda conn: jobs.claim_next(conn, owner="other", now=now, seconds=30))
        return {"asset_id": "stale"}

    assert await _worker(services, render).work_once()
    found, _ = await _look(services, job)
    assert (found.status, found.lease_owner, found.result) == ("running", "other", None)
