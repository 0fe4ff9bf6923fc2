"""The treasury against a model: any order of proposals, decisions, faults, crashes, edits by hand and clock jumps."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections import Counter, defaultdict
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from geminivideo.errors import GeminiVideoError
from geminivideo.spend import ChangeSet
from memory import accounts
from memory.database import Database
from memory.migrate import migrate
from tests.treasury.house import ADMIN, ANN, House, account, create, usd
from tests.treasury.model_platform import Fault, ModelPlatform
from treasury.approvals import budgets_edited

CAPS = {
    "increase_percent_per_change": 20,
    "increase_percent_per_day": 40,
    "create_max": 8_000,
    "daily_total_max": 60_000,
    "monthly_total_max": 10_000_000,
    "changes_per_day": 12,
}
AD_SETS = ("s1", "s2", "s3")
_TEMPLATE: dict[str, Path] = {}


class Crash(BaseException):
    """`kill -9` as seen from inside."""


def template() -> Path:
    """A migrated database, made once: the machine starts from a copy."""
    if "path" not in _TEMPLATE:
        path = Path(tempfile.mkdtemp()) / "template.db"

        async def make() -> None:
            db = Database(f"sqlite+aiosqlite:///{path}")
            await migrate(db)
            await db.close()

        asyncio.run(make())
        _TEMPLATE["path"] = path
    return _TEMPLATE["path"]


class Machine(RuleBasedStateMachine):
    """One account on the model platform."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(template(), self.folder / "records.db")
        self.house = self.go(self.open())
        self.platform = self.house.platform
        self.platform.on_effect = self.effect
        self.sets: list[ChangeSet] = []
        self.approved: dict[str, Any] = {}
        self.stopped = False
        self.sent: Counter[str] = Counter()
        self.growth: dict[tuple[str, object], Fraction] = defaultdict(lambda: Fraction(1))
        self.shown = dict(self.platform.ad_sets)
        self.serial = 0

    async def open(self) -> House:
        db = Database(f"sqlite+aiosqlite:///{self.folder / 'records.db'}")
        house = House(db, self.folder, account=account(config={"caps": CAPS}), platform=ModelPlatform())
        for position, name in enumerate(AD_SETS):
            house.platform.seed(name, 10_000 + position)
        return await house.prepare()

    def go(self, coroutine: Any) -> Any:
        return self.runner.run(coroutine)

    def effect(self, row: tuple[str, ...], before: int, after: int) -> None:
        """Every write that reaches the platform, at the moment it takes place."""
        self.sent[":".join(row)] += 1
        if after > before:
            assert after <= CAPS["daily_total_max"], f"{row} lifted the live total to {after}"
        if self.stopped:
            assert row[0] == "status" and row[2] == "PAUSED", f"{row} while stopped"
        if row[0] == "budget":
            ad_set, minor = row[1], int(row[2])
            assert self.is_approved(ad_set, minor), f"{row} was never approved"
            step = Fraction(minor, self.shown[ad_set].daily_budget.minor)
            assert step <= Fraction(120, 100), f"{row} rose by {step}"
            day = (ad_set, self.house.clock.now().date())
            self.growth[day] *= max(step, Fraction(1))
            assert self.growth[day] <= Fraction(140, 100), f"{row} has risen by {self.growth[day]} today"
        if row[:2] == ("create", "ad_set"):
            assert any(change.id in row[2] for change in self.approved.values()), f"{row} was never approved"
        self.shown = dict(self.platform.ad_sets)

    def is_approved(self, ad_set: str, minor: int) -> bool:
        return any(
            change.external_id == ad_set and change.after.daily_budget.minor == minor
            for change in self.approved.values()
        )

    def propose(self, *items: Any) -> None:
        with contextlib.suppress(GeminiVideoError):
            self.sets.append(self.go(self.house.propose(*items)))

    @rule(ad_set=st.sampled_from(AD_SETS), percent=st.integers(40, 160))
    def propose_budget(self, ad_set: str, percent: int) -> None:
        self.serial += 1
        minor = self.platform.ad_sets[ad_set].daily_budget.minor * percent // 100 + self.serial % 7
        self.propose(self.house.budget(ad_set, max(minor, 1)))

    @rule(one=st.sampled_from(AD_SETS[:2]), percent=st.integers(90, 125))
    def propose_shift(self, one: str, percent: int) -> None:
        minor = self.platform.ad_sets[one].daily_budget.minor
        other = self.platform.ad_sets["s3"].daily_budget.minor
        self.propose(self.house.budget(one, minor * percent // 100 + 1), self.house.budget("s3", max(other * 9 // 10, 1)))

    @rule(minor=st.integers(1_000, 9_000))
    def propose_create(self, minor: int) -> None:
        self.serial += 1
        self.propose(create(minor, name=f"New {self.serial}", ad_id=f"ad_{self.serial}"))

    @rule(ad_set=st.sampled_from(AD_SETS))
    def propose_switch(self, ad_set: str) -> None:
        live = self.platform.ad_sets[ad_set].status == "ACTIVE"
        self.propose(self.house.pause(ad_set) if live else self.house.resume(ad_set))

    @precondition(lambda self: self.sets)
    @rule(data=st.data(), verdict=st.sampled_from(["approve", "approve", "approve", "reject", "ask", "edit"]))
    def decide(self, data: Any, verdict: str) -> None:
        change_set = data.draw(st.sampled_from(self.sets[-4:]))
        edited = None
        if verdict == "edit":
            budgets = {c.id: usd(c.after.daily_budget.minor + 1) for c in change_set.changes if c.kind == "create"}
            edited = budgets_edited(change_set, budgets=budgets)
        try:
            shown = self.go(
                self.house.treasury.decide(
                    change_set.id,
                    account_id=self.house.account.id,
                    principal=ANN,
                    verdict=verdict,
                    digest=change_set.digest,
                    edited=edited,
                )
            )
        except GeminiVideoError:
            return
        if verdict == "approve":
            self.approved |= {change.id: change for change in change_set.changes}
        if verdict == "edit":
            self.sets.append(
                self.go(self.house.treasury.change_set(shown.id, account_id=self.house.account.id))
            )

    @precondition(lambda self: self.sets)
    @rule(data=st.data())
    def decide_on_another_digest(self, data: Any) -> None:
        change_set = data.draw(st.sampled_from(self.sets))
        with pytest.raises(GeminiVideoError):
            self.go(
                self.house.treasury.decide(
                    change_set.id,
                    account_id=self.house.account.id,
                    principal=ANN,
                    verdict="approve",
                    digest="0" * 64,
                )
            )

    @precondition(lambda self: self.sets)
    @rule(data=st.data(), crash_at=st.one_of(st.none(), st.integers(1, 25)))
    def execute(self, data: Any, crash_at: int | None) -> None:
        change_set = data.draw(st.sampled_from(self.sets[-5:]))
        calls = 0

        def boundary(_name: str) -> None:
            nonlocal calls
            calls += 1
            if calls == crash_at:
                raise Crash

        treasury = self.house.executor("two", boundary=boundary)
        with contextlib.suppress(GeminiVideoError, Crash):
            self.go(treasury.execute(change_set.id, account_id=self.house.account.id))

    @rule(kind=st.sampled_from(["lost_before", "lost_after", "late", "throttled", "transient", "invalid"]))
    def plant_fault(self, kind: str) -> None:
        if len(self.platform.faults) < 2:
            self.platform.faults.append(Fault(kind))

    @rule(ad_set=st.sampled_from(AD_SETS), minor=st.integers(5_000, 12_000), live=st.booleans())
    def edit_by_hand(self, ad_set: str, minor: int, live: bool) -> None:
        self.platform.land()
        self.platform.seed(ad_set, minor, "ACTIVE" if live else "PAUSED")
        self.shown = dict(self.platform.ad_sets)

    @rule(hours=st.sampled_from([1, 5, 20, 30]))
    def wait(self, hours: int) -> None:
        self.platform.land()
        self.house.clock.at += timedelta(hours=hours)

    @rule()
    def reconcile(self) -> None:
        self.go(self.house.treasury.reconcile(self.house.account.id))

    @rule(pause_all=st.booleans())
    def stop(self, pause_all: bool) -> None:
        self.platform.land()
        self.stopped = True
        self.go(self.house.treasury.stop(self.house.account.id, principal=ANN, pause_all=pause_all))

    @precondition(lambda self: self.stopped)
    @rule()
    def start(self) -> None:
        view = self.go(self.house.treasury.request_start(self.house.account.id, principal=ANN))
        where = {"account_id": self.house.account.id, "digest": view.digest, "verdict": "approve"}
        with pytest.raises(GeminiVideoError):
            self.go(self.house.treasury.decide(view.id, principal=ANN, **where))
        self.go(self.house.treasury.decide(view.id, principal=ADMIN, **where))
        self.stopped = False
        self.go(self.house.treasury.execute(view.id, account_id=self.house.account.id))

    @rule(cap=st.integers(30_000, 60_000))
    def change_caps(self, cap: int) -> None:
        config = self.house.account.config
        lower = config.model_copy(update={"caps": config.caps.model_copy(update={"daily_total_max": cap})})
        self.go(
            self.house.db.write(lambda conn: accounts.set_config(conn, self.house.account.id, config=lower))
        )

    @invariant()
    def nothing_takes_effect_twice(self) -> None:
        doubled = [row for row, count in self.sent.items() if count > 1 and row.startswith("create")]
        assert not doubled

    def teardown(self) -> None:
        try:
            self.go(self.finish())
        finally:
            self.go(self.house.db.close())
            self.runner.close()
            shutil.rmtree(self.folder)

    async def finish(self) -> None:
        """With the faults gone, everything is found out about, and ledger and platform agree."""
        self.platform.faults.clear()
        self.platform.land()
        treasury, account_id = self.house.treasury, self.house.account.id
        for _ in range(2):
            self.house.clock.at += timedelta(minutes=2)
            await treasury.reconcile(account_id)
        rows = await treasury.ledger(account_id)
        assert not [row for row in rows if row.state in {"sent", "unknown", "leased"}]
        took = Counter(
            f"budget:{row.external_id}:{row.after_minor}"
            for row in rows
            if row.kind == "budget" and row.state in {"applied", "verified"}
        )
        happened = Counter({row: count for row, count in self.sent.items() if row.startswith("budget:")})
        assert set(took) <= set(happened)
        assert not took - happened
        report = await treasury.audit_verify(account_id)
        assert report.intact, report
        await self.audit_tells_the_same_story(rows)

    async def audit_tells_the_same_story(self, rows: Any) -> None:
        from memory import audit

        log = await self.house.db.read(
            lambda conn: audit.entries(conn, account_id=self.house.account.id, limit=100_000)
        )
        told = {e.body["change_id"]: e.body["to"] for e in log if e.kind.startswith("change.") and "to" in e.body}
        assert all(told.get(row.id, "proposed") == row.state for row in rows)


TestTreasury = Machine.TestCase
TestTreasury.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
