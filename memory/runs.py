"""Runs, their events and what their nodes made.

A run is done when its row says so. Until then whoever holds its lease drives it; a run that waits for a person or
for jobs is parked and costs nothing. Events are numbered under the run's row, so readers resume after a number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import Connection, Integer, RowMapping, and_, bindparam, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from geminivideo.errors import Conflict, NotFound
from geminivideo.events import EventKind, RunEvent
from geminivideo.model import Noun
from memory.schema import change_sets, jobs, node_results, run_events, runs
from memory.types import UtcTime

RunStatus = Literal[
    "queued", "running", "waiting_jobs", "waiting_approval", "waiting_platform", "parked", "done", "failed", "cancelled"
]  # fmt: skip
GraphName = Literal["campaign", "optimise", "refresh"]
FINISHED: frozenset[RunStatus] = frozenset({"done", "failed", "cancelled"})

# Built once: a run asks these dozens of times, and building them costs more than SQLite's answer.
_GET_RUN = select(runs).where(runs.c.id == bindparam("the_run"))
_NOW = bindparam("now", type_=UtcTime)
_FREE = or_(
    runs.c.status == "queued",
    and_(runs.c.status == "running", or_(runs.c.lease_until.is_(None), runs.c.lease_until < _NOW)),
    and_(runs.c.status == "waiting_platform", or_(runs.c.wake_at.is_(None), runs.c.wake_at <= _NOW)),
)
_CLAIMABLE = select(runs.c.id).where(runs.c.id == bindparam("the_run"), _FREE)
_TAKE = (
    update(runs)
    .where(runs.c.id == bindparam("the_run"), _FREE)
    .values(
        status="running",
        lease_owner=bindparam("owner"),
        lease_until=bindparam("until", type_=UtcTime),
        fence=runs.c.fence + 1,
    )
    .returning(*runs.c)
)
_OPEN_JOB = select(jobs.c.id).where(jobs.c.run_id == bindparam("the_run"), jobs.c.finished_at.is_(None)).limit(1)
_SET_IN = select(change_sets.c.id).where(
    change_sets.c.run_id == bindparam("the_run"), change_sets.c.state == bindparam("the_state")
)
_KNOWN_KEYS = select(run_events.c.key).where(
    run_events.c.run_id == bindparam("the_run"), run_events.c.key.in_(bindparam("the_keys", expanding=True))
)
_LOCK_RUN = select(runs.c.id).where(runs.c.id == bindparam("the_run")).with_for_update()
_TAKE_NUMBERS = (
    update(runs)
    .where(runs.c.id == bindparam("the_run"))
    .values(last_seq=runs.c.last_seq + bindparam("count", type_=Integer))
    .returning(runs.c.last_seq)
)
_ADD_EVENTS = insert(run_events)
_NODE = (node_results.c.run_id == bindparam("the_run"), node_results.c.node == bindparam("the_node"))
_NODE_RESULT = select(node_results.c.value).where(
    *_NODE, node_results.c.branch == bindparam("the_branch"), node_results.c.input_hash == bindparam("the_hash")
)
_RESULTS_OF = select(node_results.c.branch, node_results.c.input_hash).where(*_NODE)
_NEWEST_RESULTS = (
    select(node_results.c.branch, node_results.c.value)
    .where(*_NODE, node_results.c.branch.in_(bindparam("the_branches", expanding=True)))
    .order_by(node_results.c.at)
)
_ADD_RESULT_SQLITE = sqlite.insert(node_results).on_conflict_do_nothing()
_ADD_RESULT_POSTGRES = postgresql.insert(node_results).on_conflict_do_nothing()


class Run(Noun):
    """One execution of a graph."""

    id: str
    account_id: str
    graph: GraphName
    status: RunStatus
    inputs: dict[str, Any]
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    code_version: str
    idempotency_key: str | None = None
    lease_owner: str | None = None
    lease_until: datetime | None = None
    fence: int = 0
    wake_at: datetime | None = None
    last_seq: int = Field(default=0, ge=0)
    created_at: datetime
    finished_at: datetime | None = None

    @property
    def finished(self) -> bool:
        """Whether the row says that nothing is left to do."""
        return self.status in FINISHED


class Line(Noun):
    """One event to be written; with a key, once per run."""

    kind: EventKind
    who: str
    text: str
    data: dict[str, Any] = Field(default_factory=dict)
    key: str | None = None


def create_run(conn: Connection, *, run: Run) -> tuple[Run, bool]:
    """Store a run. A known idempotency key returns the earlier run and False; other inputs under it conflict."""
    if run.idempotency_key is not None:
        earlier = _by_key(conn, run.account_id, run.idempotency_key)
        if earlier is not None:
            return _same_request(earlier, run), False
    savepoint = conn.begin_nested()
    try:
        conn.execute(insert(runs).values(**run.model_dump()))
        savepoint.commit()
    except IntegrityError:
        savepoint.rollback()
        earlier = _by_key(conn, run.account_id, run.idempotency_key or "")
        if earlier is None:
            raise
        return _same_request(earlier, run), False
    return run, True


def knows_key(conn: Connection, *, account_id: str, key: str) -> bool:
    """Whether a run was started under this idempotency key."""
    return _by_key(conn, account_id, key) is not None


def get_run(conn: Connection, run_id: str, *, account_id: str | None = None) -> Run:
    """The run, or NotFound; with an account, a foreign run answers like an absent one."""
    row = conn.execute(_GET_RUN, {"the_run": run_id}).mappings().first()
    if row is None or (account_id is not None and row["account_id"] != account_id):
        raise NotFound("There is no such run", where=run_id[:60], fix="See `geminivideo runs list`.")
    return _run(row)


def list_runs(
    conn: Connection, *, account_id: str | None = None, graph: str | None = None, limit: int = 50
) -> list[Run]:
    """The newest runs first."""
    query = select(runs).order_by(runs.c.id.desc()).limit(limit)
    if graph is not None:
        query = query.where(runs.c.graph == graph)
    if account_id is not None:
        query = query.where(runs.c.account_id == account_id)
    return [_run(row) for row in conn.execute(query).mappings()]


def claimable(conn: Connection, *, now: datetime, limit: int = 20) -> list[str]:
    """Ids of runs that wait for a driver: queued, due again, or running under a lease that has run out."""
    query = select(runs.c.id).where(_FREE).order_by(runs.c.id).limit(limit)
    return list(conn.execute(query, {"now": now}).scalars())


def is_claimable(conn: Connection, run_id: str, *, now: datetime) -> bool:
    """Whether this run waits for a driver (a read, so that whoever waits takes no write lock)."""
    return conn.execute(_CLAIMABLE, {"the_run": run_id, "now": now}).first() is not None


def claim(conn: Connection, run_id: str, *, owner: str, now: datetime, seconds: int) -> int | None:
    """Take the run's lease: its new fence, or None when somebody else holds it or there is nothing to drive."""
    taken = take(conn, run_id, owner=owner, now=now, seconds=seconds)
    return taken.fence if taken else None


def take(conn: Connection, run_id: str, *, owner: str, now: datetime, seconds: int) -> Run | None:
    """The same; the run under its new lease."""
    terms = {"the_run": run_id, "now": now, "owner": owner, "until": now + timedelta(seconds=seconds)}
    row = conn.execute(_TAKE, terms).mappings().first()
    return _run(row) if row else None


def renew(conn: Connection, run_id: str, *, owner: str, until: datetime, fence: int | None = None) -> bool:
    """Extend the owner's lease (heartbeat), under this fence if one is given; False when it was lost."""
    held = and_(runs.c.id == run_id, runs.c.lease_owner == owner, runs.c.status == "running")
    if fence is not None:
        held = and_(held, runs.c.fence == fence)
    return bool(conn.execute(update(runs).where(held).values(lease_until=until)).rowcount)


def park(conn: Connection, run_id: str, *, fence: int, retry_at: datetime | None = None) -> RunStatus:
    """Give the lease back. What the run waits for is read from the facts, so that no wake-up is lost.

    An approved set that could not be carried out yet is taken up again at `retry_at`.
    """
    lock_run(conn, run_id)
    status: RunStatus = "queued"
    if conn.execute(_OPEN_JOB, {"the_run": run_id}).first():
        status = "waiting_jobs"
    elif _has_set(conn, run_id, "proposed"):
        status = "waiting_approval"
    elif retry_at is not None and _has_set(conn, run_id, "approved"):
        status = "waiting_platform"
    wake_at = retry_at if status == "waiting_platform" else None
    conn.execute(_held(run_id, fence).values(status=status, wake_at=wake_at, lease_owner=None, lease_until=None))
    return status


def let_go(conn: Connection, run_id: str, *, fence: int) -> None:
    """Give the lease back at once, because the driver is being stopped: the next one need not wait for it to lapse."""
    conn.execute(_held(run_id, fence).values(status="queued", wake_at=None, lease_owner=None, lease_until=None))


def lock_run(conn: Connection, run_id: str) -> None:
    """Hold the run's row until the transaction ends, so that parking and waking see each other.

    On SQLite there is one writer at a time, and nothing to hold.
    """
    if conn.dialect.name != "sqlite":
        conn.execute(_LOCK_RUN, {"the_run": run_id})


def set_aside(conn: Connection, run_id: str, *, fence: int, error: Mapping[str, Any]) -> None:
    """Park the run until a person resumes it, with the reason."""
    conn.execute(_held(run_id, fence).values(status="parked", error=dict(error), lease_owner=None, lease_until=None))


def wake_run(conn: Connection, run_id: str) -> None:
    """Something the run waited for has happened."""
    lock_run(conn, run_id)
    waiting = ("waiting_jobs", "waiting_approval", "waiting_platform")
    where = and_(runs.c.id == run_id, runs.c.status.in_(waiting))
    conn.execute(update(runs).where(where).values(status="queued", wake_at=None))


def resume_run(conn: Connection, run_id: str, *, code_version: str) -> None:
    """A person lets a parked run go on, under the code that runs now."""
    values = {"status": "queued", "code_version": code_version, "error": None}
    conn.execute(update(runs).where(runs.c.id == run_id, runs.c.status == "parked").values(**values))


def finish(
    conn: Connection,
    run_id: str,
    *,
    status: Literal["done", "failed", "cancelled"],
    now: datetime,
    result: Mapping[str, Any] | None = None,
    error: Mapping[str, Any] | None = None,
) -> bool:
    """Mark the run finished; False when it already was."""
    values = {
        "status": status,
        "finished_at": now,
        "result": dict(result) if result is not None else None,
        "error": dict(error) if error is not None else None,
        "lease_owner": None,
        "lease_until": None,
    }
    where = and_(runs.c.id == run_id, runs.c.status.not_in(FINISHED))
    return bool(conn.execute(update(runs).where(where).values(**values)).rowcount)


def append_event(
    conn: Connection,
    run_id: str,
    *,
    kind: EventKind,
    who: str,
    text: str,
    at: datetime,
    data: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> RunEvent | None:
    """Add one event. With a key it is written once, however often its node is restarted."""
    line = Line(kind=kind, who=who, text=text, data=dict(data or {}), key=key)
    written = append_lines(conn, run_id, lines=[line], at=at)
    return written[0] if written else None


def append_lines(conn: Connection, run_id: str, *, lines: Sequence[Line], at: datetime) -> list[RunEvent]:
    """Add events under consecutive numbers; a line whose key is there already is left out."""
    fresh = [line for line in lines if line.key is None]
    if len(fresh) < len(lines):
        lock_run(conn, run_id)  # before the keys are read, so that two writers cannot both find one missing
        known = _known_keys(conn, run_id, [line.key for line in lines if line.key is not None])
        fresh = [line for line in lines if line.key is None or line.key not in known]
    return append_new_lines(conn, run_id, lines=fresh, at=at)


def append_new_lines(conn: Connection, run_id: str, *, lines: Sequence[Line], at: datetime) -> list[RunEvent]:
    """The same for lines whose keys are certainly new, as those of a result that this transaction stored first."""
    if not lines:
        return []
    last = conn.execute(_TAKE_NUMBERS, {"the_run": run_id, "count": len(lines)}).scalar_one_or_none()
    if last is None:
        raise NotFound("There is no such run", where=run_id[:60])
    events = [
        RunEvent(run_id=run_id, seq=seq, at=at, kind=line.kind, who=line.who, text=line.text, data=line.data)
        for seq, line in enumerate(lines, start=last - len(lines) + 1)
    ]
    rows = [dict(event) | {"key": line.key} for event, line in zip(events, lines, strict=True)]
    conn.execute(_ADD_EVENTS, rows)
    return events


def events_after(conn: Connection, run_id: str, *, seq: int = 0, limit: int = 500) -> list[RunEvent]:
    """Events with a number above `seq`, in order."""
    query = (
        select(run_events)
        .where(run_events.c.run_id == run_id, run_events.c.seq > seq)
        .order_by(run_events.c.seq)
        .limit(limit)
    )
    columns = tuple(RunEvent.model_fields)
    return [RunEvent.model_validate({name: row[name] for name in columns}) for row in conn.execute(query).mappings()]


def get_node_result(conn: Connection, run_id: str, *, node: str, branch: str, input_hash: str) -> Any | None:
    """What this node made of these inputs before, or None."""
    where = _of(run_id, node) | {"the_branch": branch, "the_hash": input_hash}
    return conn.execute(_NODE_RESULT, where).scalar_one_or_none()


def put_node_result(
    conn: Connection, run_id: str, *, node: str, branch: str, input_hash: str, value: Any, at: datetime
) -> tuple[Any, bool]:
    """Store what a node made; the first writer wins. What is stored then, and whether it is this value."""
    row = {"run_id": run_id, "node": node, "branch": branch, "input_hash": input_hash, "value": value, "at": at}
    add = _ADD_RESULT_SQLITE if conn.dialect.name == "sqlite" else _ADD_RESULT_POSTGRES
    if conn.execute(add, row).rowcount:
        return value, True
    return get_node_result(conn, run_id, node=node, branch=branch, input_hash=input_hash), False


def node_results_of(conn: Connection, run_id: str, *, node: str) -> set[tuple[str, str]]:
    """(branch, input hash) of every result of a node."""
    return {(branch, input_hash) for branch, input_hash in conn.execute(_RESULTS_OF, _of(run_id, node))}


def latest_node_result(conn: Connection, run_id: str, *, node: str, branch: str) -> Any | None:
    """The newest value of a node's branch, whatever its inputs were."""
    return latest_node_results(conn, run_id, node=node, branches=[branch])[branch]


def latest_node_results(conn: Connection, run_id: str, *, node: str, branches: Sequence[str]) -> dict[str, Any | None]:
    """The newest value of each branch; None where there is none."""
    where = {**_of(run_id, node), "the_branches": list(branches)}
    found: dict[str, Any | None] = dict.fromkeys(branches)
    found.update((branch, value) for branch, value in conn.execute(_NEWEST_RESULTS, where))  # the newest comes last
    return found


def _held(run_id: str, fence: int) -> Any:
    return update(runs).where(runs.c.id == run_id, runs.c.fence == fence, runs.c.status == "running")


def _of(run_id: str, node: str) -> dict[str, str]:
    return {"the_run": run_id, "the_node": node}


def _known_keys(conn: Connection, run_id: str, keys: Sequence[str]) -> set[str]:
    if not keys:
        return set()
    return set(conn.execute(_KNOWN_KEYS, {"the_run": run_id, "the_keys": list(keys)}).scalars())


def _has_set(conn: Connection, run_id: str, state: str) -> bool:
    return conn.execute(_SET_IN, {"the_run": run_id, "the_state": state}).first() is not None


def _by_key(conn: Connection, account_id: str, key: str) -> Run | None:
    query = select(runs).where(runs.c.account_id == account_id, runs.c.idempotency_key == key)
    row = conn.execute(query).mappings().first()
    return _run(row) if row else None


def _same_request(earlier: Run, run: Run) -> Run:
    if (earlier.graph, earlier.inputs) != (run.graph, run.inputs):
        raise Conflict(
            "This idempotency key was used for another request",
            where=(run.idempotency_key or "")[:60],
            fix="Use a new key for a new request.",
        )
    return earlier


def _run(row: RowMapping) -> Run:
    return Run.model_validate(dict(row))
