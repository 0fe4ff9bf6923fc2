"""Jobs: long work (renders) as rows with a lease and a fence, claimed by whichever worker is alive."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, and_, bindparam, insert, or_, select, update

from geminivideo.ids import new_id
from geminivideo.model import Noun
from memory.runs import lock_run, wake_run
from memory.schema import jobs

JobStatus = Literal["queued", "running", "done", "failed", "cancelled"]
MAX_ATTEMPTS = 3

_ADD = insert(jobs)
_OF_RUN = select(jobs).where(jobs.c.run_id == bindparam("the_run")).order_by(jobs.c.id)
_BY_KEY = select(jobs).where(jobs.c.run_id == bindparam("the_run"), jobs.c.key == bindparam("the_key"))


class Job(Noun):
    """One piece of long work."""

    id: str
    account_id: str
    run_id: str
    kind: str
    key: str
    payload: dict[str, Any]
    status: JobStatus
    progress: int = 0
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    attempts: int = 0
    lease_owner: str | None = None
    lease_until: datetime | None = None
    fence: int = 0
    created_at: datetime
    finished_at: datetime | None = None


def enqueue(
    conn: Connection, *, account_id: str, run_id: str, kind: str, key: str, payload: Mapping[str, Any], now: datetime
) -> Job:
    """Store a job once per (run, key); a node that restarts finds the one it made."""
    earlier = conn.execute(_BY_KEY, {"the_run": run_id, "the_key": key}).mappings().first()
    if earlier is not None:
        return _job(earlier)
    job = Job(
        id=new_id("job"),
        account_id=account_id,
        run_id=run_id,
        kind=kind,
        key=key,
        payload=dict(payload),
        status="queued",
        created_at=now,
    )
    conn.execute(_ADD, job.model_dump())
    return job


def any_free(conn: Connection, *, now: datetime) -> bool:
    """Whether a job waits for a worker (a read, so that idle workers take no write lock)."""
    return conn.execute(select(jobs.c.id).where(_free(now)).limit(1)).first() is not None


def claim_next(conn: Connection, *, owner: str, now: datetime, seconds: int) -> Job | None:
    """Take the oldest free job; one whose worker died is taken again until `MAX_ATTEMPTS`."""
    query = select(jobs).where(_free(now)).order_by(jobs.c.id).limit(1).with_for_update(skip_locked=True)
    row = conn.execute(query).mappings().first()
    if row is None:
        return None
    job = _job(row)
    if job.attempts >= MAX_ATTEMPTS:
        settle(
            conn, job.id, fence=job.fence, now=now, error={"code": "render_error", "what": "its worker died each time"}
        )
        return None
    values = {
        "status": "running",
        "lease_owner": owner,
        "lease_until": now + timedelta(seconds=seconds),
        "fence": job.fence + 1,
        "attempts": job.attempts + 1,
    }
    conn.execute(update(jobs).where(jobs.c.id == job.id, jobs.c.fence == job.fence).values(**values))
    return job.model_copy(update=values)


def beat(conn: Connection, job_id: str, *, fence: int, until: datetime, progress: int) -> bool:
    """Extend the lease and note progress (percent); False when the lease or the job is gone."""
    held = and_(jobs.c.id == job_id, jobs.c.fence == fence, jobs.c.status == "running")
    return bool(conn.execute(update(jobs).where(held).values(lease_until=until, progress=progress)).rowcount)


def settle(
    conn: Connection,
    job_id: str,
    *,
    fence: int,
    now: datetime,
    result: Mapping[str, Any] | None = None,
    error: Mapping[str, Any] | None = None,
) -> bool:
    """End a job and wake its run when it was the last one open; False when the fence is stale."""
    values = {
        "status": "done" if error is None else "failed",
        "progress": 100 if error is None else jobs.c.progress,
        "result": dict(result) if result is not None else None,
        "error": dict(error) if error is not None else None,
        "finished_at": now,
        "lease_owner": None,
        "lease_until": None,
    }
    run_id = conn.execute(select(jobs.c.run_id).where(jobs.c.id == job_id)).scalar_one_or_none()
    if run_id is None:
        return False
    lock_run(conn, run_id)  # before the job's row, as cancelling does; else two last jobs would not see each other
    held = and_(jobs.c.id == job_id, jobs.c.fence == fence, jobs.c.finished_at.is_(None))
    if not conn.execute(update(jobs).where(held).values(**values)).rowcount:
        return False
    open_jobs = select(jobs.c.id).where(jobs.c.run_id == run_id, jobs.c.finished_at.is_(None))
    if conn.execute(open_jobs).first() is None:
        wake_run(conn, run_id)
    return True


def let_go(conn: Connection, job_id: str, *, fence: int) -> None:
    """Give the job back at once, because its worker is being stopped: that is no attempt that failed."""
    held = and_(jobs.c.id == job_id, jobs.c.fence == fence, jobs.c.status == "running")
    values = {"status": "queued", "attempts": jobs.c.attempts - 1, "lease_owner": None, "lease_until": None}
    conn.execute(update(jobs).where(held).values(**values))


def jobs_of_run(conn: Connection, run_id: str) -> list[Job]:
    """Every job of a run, oldest first."""
    return [_job(row) for row in conn.execute(_OF_RUN, {"the_run": run_id}).mappings()]


def cancel_jobs(conn: Connection, run_id: str, *, now: datetime) -> None:
    """Cancel what is still open of a run; a worker notices at its next beat."""
    open_jobs = and_(jobs.c.run_id == run_id, jobs.c.finished_at.is_(None))
    conn.execute(update(jobs).where(open_jobs).values(status="cancelled", finished_at=now))


def _free(now: datetime) -> Any:
    lapsed = and_(jobs.c.status == "running", or_(jobs.c.lease_until.is_(None), jobs.c.lease_until < now))
    return or_(jobs.c.status == "queued", lapsed)


def _job(row: RowMapping) -> Job:
    return Job.model_validate(dict(row))
