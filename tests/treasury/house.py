"""A whole treasury over a temporary database and the model platform."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from geminivideo.accounts import Account, AccountConfig
from geminivideo.clock import FixedClock
from geminivideo.ids import new_id
from geminivideo.money import Money
from geminivideo.principals import Principal
from geminivideo.spend import ChangeSet, PublishSpec, SpendChange, SpendState
from memory import accounts, runs
from memory.audit import Anchor
from memory.database import Database
from memory.migrate import migrate
from memory.runs import Run
from tests.treasury.model_platform import ModelPlatform
from treasury.service import Treasury

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ANN = Principal(name="ann", role="approver")
ADMIN = Principal(name="root", role="admin")


class Files:
    """Assets that are all there."""

    def path(self, asset_id: str) -> Path:
        return Path("/dev/null")


class House:
    """One account, one run, one treasury."""

    def __init__(self, db: Database, folder: Path, *, account: Account, platform: ModelPlatform) -> None:
        self.db, self.folder, self.account, self.platform = db, folder, account, platform
        self.clock = FixedClock(START)
        self.anchor = Anchor(folder / "anchors")
        self.boundaries: list[str] = []
        self.run_id = new_id("run")
        self.treasury = self.executor("one")

    def executor(self, owner: str, *, boundary: Callable[[str], None] | None = None, **more: Any) -> Treasury:
        return Treasury(
            self.db,
            writers=lambda _account: self.platform,
            readers=lambda _account: self.platform,
            assets=Files(),
            wall=self.clock,
            owner=owner,
            lease_seconds=30,
            anchor=self.anchor,
            sleep=self.sleep,
            boundary=boundary or self.boundaries.append,
            **more,
        )

    async def sleep(self, seconds: float) -> None:
        self.clock.at += timedelta(seconds=seconds)
        self.platform.land()

    async def prepare(self) -> House:
        await migrate(self.db)
        run = Run(
            id=self.run_id,
            account_id=self.account.id,
            graph="optimise",
            status="running",
            inputs={},
            code_version="1",
            created_at=START,
        )
        await self.db.write(lambda conn: accounts.insert_account(conn, account=self.account))
        await self.db.write(lambda conn: runs.create_run(conn, run=run))
        return self

    def budget(self, ad_set: str, minor: int, **more: Any) -> SpendChange:
        before = self.platform.ad_sets[ad_set]
        after = SpendState(status=before.status, daily_budget=usd(minor))
        return change(kind="budget", external_id=ad_set, before=before, after=after, **more)

    def pause(self, ad_set: str) -> SpendChange:
        before = self.platform.ad_sets[ad_set]
        after = SpendState(status="PAUSED", daily_budget=before.daily_budget)
        return change(kind="pause", external_id=ad_set, before=before, after=after)

    def resume(self, ad_set: str) -> SpendChange:
        before = self.platform.ad_sets[ad_set]
        after = SpendState(status="ACTIVE", daily_budget=before.daily_budget)
        return change(kind="resume", external_id=ad_set, before=before, after=after)

    def set_of(self, *items: SpendChange, **more: Any) -> ChangeSet:
        body: dict[str, Any] = {
            "id": new_id("ap"),
            "account_id": self.account.id,
            "simulated": self.account.simulated,
            "run_id": self.run_id,
            "changes": items,
            "policy_version": self.account.config.version,
            "code_version": "1",
            "created_at": self.clock.now(),
            "expires_at": self.clock.now() + timedelta(hours=24),
        }
        return ChangeSet(**(body | more))

    async def propose(self, *items: SpendChange, **more: Any) -> ChangeSet:
        change_set = self.set_of(*items, **more)
        await self.treasury.propose(change_set, key=change_set.id, who="test")
        return change_set

    async def approve(self, change_set: ChangeSet, principal: Principal = ANN) -> None:
        await self.treasury.decide(
            change_set.id,
            account_id=self.account.id,
            principal=principal,
            verdict="approve",
            digest=change_set.digest,
        )

    async def approved(self, *items: SpendChange, **more: Any) -> ChangeSet:
        change_set = await self.propose(*items, **more)
        await self.approve(change_set)
        return change_set

    async def execute(self, change_set: ChangeSet) -> Any:
        return await self.treasury.execute(change_set.id, account_id=self.account.id)


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD")


def change(**more: Any) -> SpendChange:
    body: dict[str, Any] = {
        "id": new_id("chg"),
        "platform": "meta",
        "ad_id": "ad_1",
        "ad_name": "Cold brew",
        "reason": "It earns more than the others.",
    }
    return SpendChange(**(body | more))


def create(
    minor: int = 5_000, *, name: str = "Fresh taps", campaign: str = "Northbrew run 1", **more: Any
) -> SpendChange:
    spec = PublishSpec(
        campaign_name=campaign,
        primary_text="Cold brew on tap.",
        headline="Book a tasting week",
        call_to_action="BOOK_NOW",
        link="https://example.com/",
        place="Austin, Texas",
        videos=(("9:16", "a" * 64), ("1:1", "b" * 64)),
        blueprint_id="bp_1",
    )
    after = SpendState(status="ACTIVE", daily_budget=usd(minor))
    return change(kind="create", external_id=None, before=None, after=after, publish=spec, ad_name=name, **more)


def account(**more: Any) -> Account:
    config = AccountConfig.model_validate(more.pop("config", {}))
    body = {"id": new_id("acc"), "name": "Northbrew", "platform": "meta", "external_id": new_id("acc")}
    return Account(**(body | {"simulated": True, "config": config, "created_at": START} | more))


async def open_house(folder: Path, **more: Any) -> House:
    db = Database(f"sqlite+aiosqlite:///{folder / 'records.db'}")
    return await House(db, folder, account=account(**more), platform=ModelPlatform()).prepare()
