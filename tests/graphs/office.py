"""A whole engine over a real sandbox process: account, runs, a person who decides, and what the platform saw."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
from pydantic import SecretStr

from api.engine import Engine, open_engine
from benchmarks.crash_rendering import token_handlers
from geminivideo.accounts import Account, AccountConfig, Caps
from geminivideo.brief import Brief
from geminivideo.clock import WallClock
from geminivideo.events import RunEvent
from geminivideo.principals import Principal
from geminivideo.settings import Settings
from geminivideo.spend import SpendChange, Verdict
from graphs.services import Services
from memory import accounts, runs
from memory.runs import Run
from treasury.views import ApprovalView
from workers.worker import Handler

ANN = Principal(name="ann", role="approver")
ACCOUNT = "acc_north"
BRIEF = Brief.model_validate(
    {
        "brand": {"name": "Northbrew", "primary": "#2B1A12", "secondary": "#F6EBDD", "accent": "#E8A33D"},
        "product": "cold brew on tap for offices",
        "offer": "a free tasting week for your whole office",
        "audience": "office managers at 20-200 person companies",
        "place": "Austin, Texas",
        "vertical": "local_services",
        "benefits": ["fresh keg every Monday", "no machine to clean", "ready in 5 seconds"],
        "pains": ["line at the coffee machine", "cold stale pot by 10 am"],
        "proof": ["4.9 stars from 312 offices", "delivered to 312 Austin offices"],
        "call_to_action": "book",
        "link": "https://northbrew.example/tasting",
        "formats": ["9:16"],
        "variants": 2,
        "daily_budget": {"minor": 6_000, "currency": "USD"},
    }
)
ROOMY = Caps(daily_total_max=10**10, monthly_total_max=10**12, changes_per_day=10_000)


@contextmanager
def sandbox_process(data: Path, *, ads: int = 24, seed: int = 7) -> Iterator[str]:
    """A small world behind a real server; its address. `ads` in its history, which is 20 days long."""
    command = [sys.executable, "-m", "sandbox", "--seed", str(seed), "--ads", str(ads), "--days", "20"]
    command += ["--data", str(data)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        yield str(json.loads(line)["url"])
    finally:
        process.terminate()
        process.wait(10)


def settings_for(url: str, *, home: Path, **more: Any) -> Settings:
    about = httpx2.get(f"{url}/sandbox", timeout=30).json()
    token = SecretStr(about["access_token"])
    return Settings(
        home=home,
        sandbox_url=url,
        meta_access_token=token,
        meta_app_secret=SecretStr(about["app_secret"]),
        hubspot_access_token=token,
        **more,
    )


@dataclass
class Office:
    """One engine, one account, and the sandbox's control plane."""

    engine: Engine
    settings: Settings

    @property
    def services(self) -> Services:
        return self.engine.services

    async def start(self, graph: Any = "campaign", *, key: str | None = None, **inputs: Any) -> Run:
        body = {"brief": BRIEF.model_dump(mode="json")} | inputs if graph != "optimise" else inputs
        return await self.engine.start_run(account_id=ACCOUNT, graph=graph, inputs=body, idempotency_key=key)

    async def waiting(self, graph: Any = "campaign", **inputs: Any) -> tuple[Run, ApprovalView]:
        """Start a run and drive it to its approval."""
        run = await self.engine.drive((await self.start(graph, **inputs)).id)
        assert run.status == "waiting_approval", (run.status, run.error)
        return run, await self.approval(run.id)

    async def approval(self, run_id: str) -> ApprovalView:
        (view,) = [item for item in await self.services.treasury.pending(ACCOUNT) if item.run_id == run_id]
        return view

    async def decide(self, view: ApprovalView, verdict: Verdict = "approve", **more: Any) -> ApprovalView:
        return await self.services.treasury.decide(
            view.id, account_id=ACCOUNT, principal=ANN, verdict=verdict, digest=view.digest, **more
        )

    async def finished(self, graph: Any = "campaign", **inputs: Any) -> Run:
        """A run from start to end, approved."""
        run, view = await self.waiting(graph, **inputs)
        await self.decide(view)
        return await self.engine.drive(run.id)

    async def run(self, run_id: str) -> Run:
        return await self.services.db.read(lambda conn: runs.get_run(conn, run_id))

    async def events(self, run_id: str, *, after: int = 0) -> list[RunEvent]:
        return await self.services.db.read(lambda conn: runs.events_after(conn, run_id, seq=after))

    async def kinds(self, run_id: str) -> Counter[str]:
        return Counter(event.kind for event in await self.events(run_id))

    async def changes(self, set_id: str) -> tuple[SpendChange, ...]:
        return (await self.services.treasury.change_set(set_id, account_id=ACCOUNT)).changes

    def writes(self, mark: str) -> list[dict[str, Any]]:
        """What the platform took in under this mark (a change's id, or a run's for its campaign)."""
        page = httpx2.get(f"{self.settings.sandbox_url}/sandbox/journal", timeout=30).json()
        return [entry for entry in page["entries"] if entry["change"] == mark and entry["committed"]]

    def made(self, mark: str) -> Counter[str]:
        """What the platform made under this mark, by the last part of its path."""
        return Counter(
            entry["path"].rsplit("/", 1)[-1] for entry in self.writes(mark) if "id" in (entry["outcome"]["body"] or {})
        )

    def plant(self, **fault: Any) -> None:
        """Plant a fault in the sandbox."""
        httpx2.post(f"{self.settings.sandbox_url}/sandbox/faults", json=fault, timeout=30).raise_for_status()

    def heal(self) -> None:
        """Take all faults away."""
        httpx2.delete(f"{self.settings.sandbox_url}/sandbox/faults", timeout=30).raise_for_status()

    def advance(self, days: int) -> None:
        httpx2.post(f"{self.settings.sandbox_url}/sandbox/advance", json={"days": days}, timeout=60).raise_for_status()


@asynccontextmanager
async def open_office(
    settings: Settings, *, handlers: Callable[[Services], Mapping[str, Handler]] = token_handlers, **more: Any
) -> AsyncIterator[Office]:
    async with open_engine(settings, make_handlers=handlers, **more) as engine:
        yield Office(engine, settings)


async def prepare(settings: Settings) -> None:
    """An account with synced history and a trained model, kept in `settings.home` as a template."""
    about = httpx2.get(f"{settings.sandbox_url}/sandbox", timeout=30).json()
    config = AccountConfig(
        mode="service",
        vertical="local_services",
        currency=about["currency"],
        timezone=about["timezone"],
        aov=90_000,
        caps=ROOMY,
    )
    account = Account(
        id=ACCOUNT,
        name="Northbrew",
        platform="meta",
        external_id=str(about["account_id"]).removeprefix("act_"),
        simulated=True,
        config=config,
        simulated_now=datetime.fromisoformat(about["now"]),
        created_at=WallClock().now(),
    )
    async with open_office(settings) as office:
        await office.services.db.write(lambda conn: accounts.insert_account(conn, account=account))
        synced = await office.engine.drive((await office.start("optimise")).id)
        assert synced.status == "done", synced.error


def copy_home(template: Path, home: Path) -> Path:
    shutil.copytree(template, home)
    return home
