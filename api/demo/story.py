"""The demo's story: a simulated account, a campaign run with its approval, 14 simulated days, a report."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from api.engine import Engine, open_engine
from api.sandbox_process import Sandbox, start_sandbox
from geminivideo.accounts import Account, AccountConfig, Caps
from geminivideo.brief import Brief
from geminivideo.errors import GeminiVideoError
from geminivideo.events import RunEvent
from geminivideo.principals import Principal
from geminivideo.settings import Settings
from geminivideo.spend import Verdict
from memory import accounts, runs
from memory.runs import Run
from tools.briefs.load import load_brief
from treasury.views import ApprovalView

SEED = 7
"""The simulated world of the demo. Another `--seed` is another market, account and luck."""
DAYS = 14
ACCOUNT_ID = "acc_demo"

Decide = Callable[[ApprovalView], Awaitable[tuple[Principal, Verdict]]]
"""A person, or the demo's stand-in, looks at an approval."""


@dataclass
class Watcher:
    """What the demo tells whoever watches: headings, events of runs, and notes."""

    heading: Callable[[str], None]
    event: Callable[[RunEvent], None]
    note: Callable[[str], None]


@dataclass
class Played:
    """What happened, for the report and the result document."""

    account: Account
    brief: Brief
    campaign: Run
    runs: list[Run] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    days: list[date] = field(default_factory=list)

    @property
    def all_runs(self) -> list[Run]:
        """The campaign and every run after it, in order."""
        return [self.campaign, *self.runs]


@dataclass(frozen=True)
class Stage:
    """The opened demo: engine and sandbox."""

    engine: Engine
    sandbox: Sandbox
    home: Path
    seed: int


@asynccontextmanager
async def open_stage(home: Path, *, base: Settings, seed: int = SEED) -> AsyncIterator[Stage]:
    """Start afresh in `home`, which belongs to the demo alone, and touch nothing else."""
    _clear(home)
    async with start_sandbox(data=home / "sandbox", seed=seed) as sandbox:
        about = await sandbox.get("")
        settings = base.model_copy(
            update={
                "home": home / "home",
                "database_url": "",
                "sandbox_url": sandbox.url,
                "meta_base_url": "",
                "hubspot_base_url": "",
                "meta_access_token": SecretStr(about["access_token"]),
                "meta_app_secret": SecretStr(about["app_secret"]),
                "hubspot_access_token": SecretStr(about["access_token"]),
            }
        )
        async with open_engine(settings) as engine:
            yield Stage(engine=engine, sandbox=sandbox, home=home, seed=seed)


async def play(stage: Stage, *, brief_path: Path, footage: Path | None, decide: Decide, watch: Watcher) -> Played:
    """The whole story. Every decision goes through `decide`."""
    clock = _Timer()
    watch.heading("1  An account with 90 days of history")
    account = await _create_account(stage)
    brief = await asyncio.to_thread(
        load_brief,
        brief_path,
        assets=stage.engine.services.assets,
        footage_dir=footage,
        today=(await stage.sandbox.now()).date(),
    )
    first = await _run(stage, account, graph="optimise", key="demo:sync", decide=decide, watch=watch)
    clock.lap("history")
    watch.heading("2  From brief to judged blueprints and rendered ads")
    inputs = {"brief": brief.model_dump(mode="json"), "seed": stage.seed}
    campaign = await _run(
        stage, account, graph="campaign", key="demo:campaign", decide=decide, watch=watch, inputs=inputs
    )
    clock.lap("campaign")
    played = Played(account=account, brief=brief, campaign=campaign, runs=[first])
    if campaign.status == "done":
        watch.heading(f"3  {DAYS} simulated days: deliver, sync, attribute, allocate, propose, approve, apply")
        for number in range(1, DAYS + 1):
            await _day(stage, played, number=number, decide=decide, watch=watch)
        clock.lap("simulated_days")
    played.timings = clock.laps
    return played


async def _day(stage: Stage, played: Played, *, number: int, decide: Decide, watch: Watcher) -> None:
    now = await stage.sandbox.advance(days=1)
    played.days.append(now.date())
    watch.note(f"day {number} of {DAYS}")
    key = f"demo:day:{number}"
    played.runs.append(
        await _run(
            stage, played.account, graph="optimise", key=key, decide=decide, watch=watch, inputs={"seed": number}
        )
    )
    queued = await stage.engine.services.db.read(
        lambda conn: [run for run in runs.list_runs(conn, account_id=ACCOUNT_ID) if run.status == "queued"]
    )
    for run in sorted(queued, key=lambda run: run.id):
        watch.note("a tired ad gets a new variant")
        played.runs.append(await _follow(stage, run, decide=decide, watch=watch))


async def _run(
    stage: Stage,
    account: Account,
    *,
    graph: Any,
    key: str,
    decide: Decide,
    watch: Watcher,
    inputs: dict[str, Any] | None = None,
) -> Run:
    run = await stage.engine.start_run(account_id=account.id, graph=graph, inputs=inputs or {}, idempotency_key=key)
    return await _follow(stage, run, decide=decide, watch=watch)


async def _follow(stage: Stage, run: Run, *, decide: Decide, watch: Watcher) -> Run:
    """Drive a run to its end, showing its log, and answer its approvals."""
    showing = asyncio.create_task(_show(stage, run.id, watch=watch))
    try:
        while True:
            run = await stage.engine.drive(run.id)
            if run.status != "waiting_approval":
                break
            for view in await stage.engine.services.treasury.pending(run.account_id):
                if view.run_id == run.id:
                    await _answer(stage, view, decide=decide)
    finally:
        await showing
    if run.status in {"failed", "parked"}:
        error = run.error or {}
        raise GeminiVideoError(
            str(error.get("what", "The run failed")),
            where=str(error.get("where", run.id)),
            fix=str(error.get("fix", "")),
        )
    return run


async def _answer(stage: Stage, view: ApprovalView, *, decide: Decide) -> None:
    person, verdict = await decide(view)
    await stage.engine.services.treasury.decide(
        view.id, account_id=view.account_id, principal=person, verdict=verdict, digest=view.digest
    )


async def _show(stage: Stage, run_id: str, *, watch: Watcher) -> None:
    seen = 0
    db = stage.engine.services.db
    while True:
        run = await db.read(lambda conn: runs.get_run(conn, run_id))
        events = await db.read(partial(runs.events_after, run_id=run_id, seq=seen))
        for event in events:
            watch.event(event)
            seen = event.seq
        if not events and (run.finished or run.status == "parked"):
            return
        await asyncio.sleep(0.1)


async def _create_account(stage: Stage) -> Account:
    services = stage.engine.services
    about = await stage.sandbox.get("")
    account = Account(
        id=ACCOUNT_ID,
        name="Northbrew (simulated)",
        platform="meta",
        external_id=str(about["account_id"]).removeprefix("act_"),
        simulated=True,
        config=AccountConfig(
            mode="service",
            vertical="local_services",
            currency=about["currency"],
            timezone=about["timezone"],
            aov=90_000,
            caps=Caps(),
        ),
        simulated_now=await stage.sandbox.now(),
        created_at=services.wall.now(),
    )
    await services.db.write(lambda conn: accounts.insert_account(conn, account=account))
    return account


class _Timer:
    def __init__(self) -> None:
        self._last = time.perf_counter()
        self.laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        """Note the seconds since the last lap."""
        now = time.perf_counter()
        self.laps[name] = round(now - self._last, 2)
        self._last = now


def _clear(home: Path) -> None:
    """Remove an earlier demo; a folder that is not one is left alone."""
    marker = home / ".geminivideo-demo"
    if home.exists() and any(home.iterdir()):
        if not marker.exists():
            raise GeminiVideoError(
                "The folder is not an earlier demo's; nothing was touched", where=str(home), fix="Choose another --out."
            )
        shutil.rmtree(home)
    home.mkdir(parents=True, exist_ok=True)
    marker.touch()
