"""One lane of the crash benchmark: a sandbox that lives on, a home, and engine processes that are killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.context import ForkServerProcess as EngineProcess
from pathlib import Path
from typing import Any

import httpx2

from agents.director import DirectorContext
from agents.onboard.director import OnboardDirector
from api.engine import open_engine
from benchmarks.crash_rendering import token_handlers
from benchmarks.crash_worker import ACCOUNT, settings_of, work
from benchmarks.instant_agents import instant_roster
from geminivideo.accounts import Account, AccountConfig, Caps
from geminivideo.brief import Brief
from memory import accounts

BRIEF = Brief.model_validate(
    {
        "brand": {"name": "Northbrew"},
        "product": "cold brew on tap for offices",
        "offer": "a free tasting week for your whole office",
        "place": "Austin, Texas",
        "vertical": "local_services",
        "benefits": ["fresh keg every Monday", "no machine to clean", "ready in 5 seconds"],
        "pains": ["line at the coffee machine", "cold stale pot by 10 am"],
        "proof": ["4.9 stars from 312 offices", "delivered to 312 Austin offices"],
        "call_to_action": "book",
        "formats": ["9:16"],
        "variants": 1,
        "daily_budget": {"minor": 3_000, "currency": "USD"},
    }
)
_LOOK_SECONDS = 0.02
_PROCESSES = multiprocessing.get_context("forkserver")
"""Each process is forked from a clean server that has done nothing but import, which saves seconds per process."""
_PROCESSES.set_forkserver_preload(["benchmarks.crash_worker"])
_LONGEST_SECONDS = 60.0
"""A process that does not come to its boundary within this time is killed where it is."""


@dataclass
class Lane:
    """Folders, the sandbox's address, and what the process last told."""

    folder: Path
    plan: dict[str, Any]

    @property
    def home(self) -> Path:
        """The engine's home."""
        return Path(self.plan["home"])

    @property
    def journal(self) -> Path:
        """What the sandbox took in."""
        return self.folder / "sandbox" / "journal.jsonl"

    def told(self) -> list[dict[str, Any]]:
        """The processes' log."""
        path = self.folder / "progress.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    async def killed_at(self, kill_at: str) -> str:
        """Let a process run until it kills itself at this boundary; the phase that was hit."""
        process = self._start(kill_at)
        await _ended(process, within=_LONGEST_SECONDS)
        if process.exitcode is None:
            return await self._kill(process)
        if process.exitcode != -signal.SIGKILL:
            raise RuntimeError(f"the process ended by itself ({process.exitcode}), see {self.folder / 'stderr.log'}")
        return kill_at.rpartition(":")[0] + self._recovering(process)

    async def killed_after(self, seconds: float) -> str:
        """Kill a process this long after it has opened its records; what it was doing."""
        process = self._start()
        while not any(line["pid"] == process.pid for line in self.told()):
            if process.exitcode is not None:
                raise RuntimeError(f"the process ended by itself, see {self.folder / 'stderr.log'}")
            await asyncio.sleep(_LOOK_SECONDS)
        await asyncio.sleep(seconds)
        return await self._kill(process)

    async def finish(self) -> None:
        """Let a last process resume what is left."""
        process = self._start(finish=True)
        await _ended(process, within=_LONGEST_SECONDS)
        if process.exitcode != 0:
            raise RuntimeError(f"the last process failed ({process.exitcode}), see {self.folder / 'stderr.log'}")

    async def _kill(self, process: EngineProcess) -> str:
        process.kill()
        await _ended(process, within=_LONGEST_SECONDS)
        return "random" + (self._recovering(process) or ", in a run")

    def _recovering(self, process: EngineProcess) -> str:
        """Whether the process had not yet resumed what the one before it left."""
        resumed = any(line["pid"] == process.pid and line["what"] == "resumed" for line in self.told())
        return "" if resumed else ", in recovery"

    def _start(self, kill_at: str = "", *, finish: bool = False) -> EngineProcess:
        process = _PROCESSES.Process(target=work, args=(self.folder / "plan.json", kill_at, finish), daemon=True)
        process.start()
        return process


async def _ended(process: EngineProcess, *, within: float) -> None:
    """Wait until the process has ended, at most so many seconds."""
    await asyncio.to_thread(process.join, within)


@asynccontextmanager
async def open_lane(folder: Path, *, seed: int) -> AsyncIterator[Lane]:
    """A sandbox with a little history, an account with room under its caps, and the first sync."""
    await asyncio.to_thread(folder.mkdir, parents=True)
    async with _sandbox(folder / "sandbox", seed=seed) as url:
        plan = await _plan(folder, url=url)
        lane = Lane(folder, plan)
        await asyncio.to_thread((folder / "plan.json").write_text, json.dumps(plan))
        await _prepare(plan)
        yield lane


@asynccontextmanager
async def _sandbox(data: Path, *, seed: int) -> AsyncIterator[str]:
    arguments = ("-m", "sandbox", "--ads", "24", "--days", "20", "--seed", str(seed), "--data", str(data))
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    try:
        line = await process.stdout.readline() if process.stdout else b""
        yield str(json.loads(line)["url"])
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _plan(folder: Path, *, url: str) -> dict[str, Any]:
    about = await asyncio.to_thread(lambda: httpx2.get(f"{url}/sandbox", timeout=60).json())
    written = await OnboardDirector().write_blueprints(DirectorContext(brief=BRIEF, seed=1), count=BRIEF.variants + 2)
    return {
        "home": str((folder / "home").resolve()),
        "sandbox_url": url,
        "brief": BRIEF.model_dump(mode="json"),
        "blueprints": [item.model_dump(mode="json") for item in written],
        **{name: about[name] for name in ("access_token", "app_secret", "account_id", "timezone", "currency", "now")},
    }


async def _prepare(plan: dict[str, Any]) -> None:
    caps = Caps(daily_total_max=10**10, monthly_total_max=10**12, changes_per_day=10_000)
    config = AccountConfig(
        mode="service", vertical="local_services", currency=plan["currency"], timezone=plan["timezone"], caps=caps
    )
    async with open_engine(settings_of(plan), make_handlers=token_handlers, roster=instant_roster(())) as engine:
        account = Account(
            id=ACCOUNT,
            name="Northbrew",
            platform="meta",
            external_id=str(plan["account_id"]).removeprefix("act_"),
            simulated=True,
            config=config,
            simulated_now=datetime.fromisoformat(plan["now"]),
            created_at=engine.services.wall.now(),
        )
        await engine.services.db.write(lambda conn: accounts.insert_account(conn, account=account))
        run = await engine.start_run(account_id=ACCOUNT, graph="optimise", inputs={})
        await engine.drive(run.id)
