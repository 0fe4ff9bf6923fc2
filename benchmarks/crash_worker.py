"""The process that is killed: the shipped engine, which resumes what is unfinished and then starts run after run.

`python -m benchmarks.crash_worker --plan FILE [--kill-at NAME:COUNT] [--finish]`. With `--kill-at` it sends itself
SIGKILL at that occurrence of that boundary: a ledger commit, a platform send or receive (the treasury tells), a
commit within a graph's node, a job or the runner, or a checkpoint. `--finish` resumes and exits.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.config import get_config
from pydantic import SecretStr
from sqlalchemy import Connection

from api.engine import Engine, open_engine
from benchmarks.crash_rendering import token_handlers
from benchmarks.instant_agents import instant_roster
from geminivideo.blueprint import Blueprint
from geminivideo.principals import Principal
from geminivideo.settings import Settings
from memory import runs
from memory.database import Database
from memory.runs import Run

T = TypeVar("T")
ACCOUNT = "acc_crash"
PERSON = Principal(name="crash:person", role="approver")
_PAUSE_SECONDS = 0.1


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crash_worker")
    parser.add_argument("--plan", type=Path, required=True)
    parser.add_argument("--kill-at", default="")
    parser.add_argument("--finish", action="store_true")
    options = parser.parse_args()
    work(options.plan, options.kill_at, options.finish)


def work(plan_path: Path, kill_at: str, finish: bool) -> None:
    """Work until killed, or until everything has ended. What goes wrong is told in `stderr.log` beside the plan."""
    errors = os.open(plan_path.parent / "stderr.log", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.dup2(errors, 2)
    bell = Bell(kill_at)
    watch_commits(bell)
    plan = json.loads(plan_path.read_text())
    asyncio.run(_work(plan, bell=bell, folder=plan_path.parent, finish=finish))


class Bell:
    """Counts the boundaries as they are passed, and ends the process at the chosen one."""

    def __init__(self, kill_at: str) -> None:
        name, _, count = kill_at.rpartition(":")
        self._name, self._count = name, int(count) if name else 0
        self.passed: Counter[str] = Counter()

    def __call__(self, name: str) -> None:
        """A boundary was passed."""
        self.passed[name] += 1
        if name == self._name and self.passed[name] == self._count:
            os.kill(os.getpid(), signal.SIGKILL)


def watch_commits(bell: Bell) -> None:
    """Ring after each commit of the records and of the checkpoints, by the node that made it. This process only."""
    write, put, put_writes = Database.write, AsyncSqliteSaver.aput, AsyncSqliteSaver.aput_writes

    async def watched_write(self: Database, fn: Callable[[Connection], T]) -> T:
        value = await write(self, fn)
        bell(f"commit.{_where()}")
        return value

    async def watched_put(self: AsyncSqliteSaver, *arguments: Any) -> Any:
        value = await put(self, *arguments)
        bell("checkpoint.put")
        return value

    async def watched_writes(self: AsyncSqliteSaver, *arguments: Any) -> None:
        await put_writes(self, *arguments)
        bell("checkpoint.writes")

    Database.write = watched_write  # type: ignore[method-assign]
    AsyncSqliteSaver.aput = watched_put  # type: ignore[method-assign, assignment]
    AsyncSqliteSaver.aput_writes = watched_writes  # type: ignore[method-assign, assignment]


def _where() -> str:
    """The node in which we are, else the task."""
    try:
        return str(get_config()["metadata"]["langgraph_node"])
    except (RuntimeError, KeyError):
        task = asyncio.current_task()
        return "job" if task is not None and task.get_name() == "worker" else "driver"


async def _work(plan: dict[str, Any], *, bell: Bell, folder: Path, finish: bool) -> None:
    written = [Blueprint.model_validate(item) for item in plan["blueprints"]]
    log = Log(folder / "progress.jsonl")
    async with open_engine(
        settings_of(plan), boundary=bell, make_handlers=token_handlers, roster=instant_roster(written)
    ) as engine:
        log.add("open")
        await _resume(engine)
        log.add("resumed")
        number = len(await _all_runs(engine))
        while not finish:
            before = Counter(bell.passed)
            await _new_run(engine, plan, number=number, log=log)
            log.add("ended", passed=bell.passed - before)
            number += 1
    log.add("closed")


async def _new_run(engine: Engine, plan: dict[str, Any], *, number: int, log: Log) -> None:
    """A campaign first, then budget changes and campaigns in turn."""
    graph: Any = "campaign" if number % 2 == 1 else "optimise"
    inputs: dict[str, Any] = {"seed": number}
    if graph == "campaign":
        inputs["brief"] = plan["brief"]
    else:
        url = f"{plan['sandbox_url']}/sandbox/advance"
        await asyncio.to_thread(lambda: httpx2.post(url, json={"days": 1}, timeout=60).raise_for_status())
    run = await engine.start_run(account_id=ACCOUNT, graph=graph, inputs=inputs)
    log.add("accepted", run=run.id)
    await _to_the_end(engine, run.id)


async def _resume(engine: Engine) -> None:
    """Everything that a killed process has left, and what came of it (a refresh), one run after the other."""
    while left := sorted(run.id for run in await _all_runs(engine) if not run.finished):
        for run_id in left:
            await _to_the_end(engine, run_id)


async def _to_the_end(engine: Engine, run_id: str) -> None:
    while not (run := await engine.drive(run_id)).finished:
        if run.status == "parked":  # a person looks at the reason and lets it go on
            await engine.services.db.write(
                lambda conn: runs.resume_run(conn, run_id, code_version=engine.services.code_version)
            )
        for view in await engine.services.treasury.pending(ACCOUNT):
            await engine.services.treasury.decide(
                view.id, account_id=ACCOUNT, principal=PERSON, verdict="approve", digest=view.digest
            )
        await asyncio.sleep(_PAUSE_SECONDS)


async def _all_runs(engine: Engine) -> list[Run]:
    return await engine.services.db.read(lambda conn: runs.list_runs(conn, account_id=ACCOUNT, limit=10_000))


class Log:
    """What this process told, one line each, on disk before it goes on."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, what: str, **more: Any) -> None:
        """Append one line and force it to disk."""
        with self._path.open("a") as file:
            file.write(json.dumps({"pid": os.getpid(), "at": round(time.time(), 3), "what": what, **more}) + "\n")
            file.flush()
            os.fsync(file.fileno())


def settings_of(plan: dict[str, Any]) -> Settings:
    """The settings of a lane: its own home, leases that lapse soon."""
    token = SecretStr(plan["access_token"])
    return Settings(
        home=Path(plan["home"]),
        sandbox_url=plan["sandbox_url"],
        meta_access_token=token,
        meta_app_secret=SecretStr(plan["app_secret"]),
        hubspot_access_token=token,
        lease_seconds=2,
    )


if __name__ == "__main__":
    main()
