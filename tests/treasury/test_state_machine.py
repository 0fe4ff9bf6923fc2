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
from hypothesis import HealthCheck, Phase, settings
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
AD_SET = st.sampled_from(AD_SETS)
VERDICT = st.sampled_from(["approve", "approve", "approve", "approve", "edit", "reject", "ask", "leave"])
CRASH = st.one_of(st.none(), st.none(), st.integers(1, 30))
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
        self.releasing = False
        self.sent: Counter[str] = Counter()
        self.growth: dict[tuple[str, object], Fraction] = defaultdict(lambda: Fraction(1))
        self.shown = dict(self.platform.ad_sets)
        self.serial = 0
        self.cap = CAPS["daily_total_max"]

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
            assert after <= self.cap, f"{row} lifted the live total to {after}"
        if self.stopped:
            assert row[0] == "status" and row[2] == "PAUSED", f"{row} while stopped"
        mark = row[-1].partition(" ")[0]
        if row[:2] != ("create", "campaign"):
            assert mark in self.approved or self.releasing, f"{row} was never approved"
        if row[0] == "budget":
            ad_set, minor = row[1], int(row[2])
            change = self.approved[mark]
            assert (ad_set, minor) == (change.external_id, change.after.daily_budget.minor)
            step = Fraction(minor, self.shown[ad_set].daily_budget.minor)
            assert step <= Fraction(120, 100), f"{row} rose by {step}"
            day = (ad_set, self.house.clock.now().date())
            self.growth[day] *= max(step, Fraction(1))
            assert self.growth[day] <= Fraction(140, 100), f"{row} has risen by {self.growth[day]} today"
        self.shown = dict(self.platform.ad_sets)

    def bring(self, *items: Any, verdict: str, crash_at: int | None) -> None:
        """Propose, mostly decide, mostly execute: separate rules alone would seldom come this far."""
        try:
            change_set = self.go(self.house.propose(*items))
        except GeminiVideoError:
            return
        self.sets.append(change_set)
        if verdict != "leave":
            self.judge(change_set, verdict)
            self.carry_out(self.sets[-1], crash_at)

    @rule(ad_set=AD_SET, percent=st.integers(60, 130), verdict=VERDICT, crash_at=CRASH)
    def budget(self, ad_set: str, percent: int, verdict: str, crash_at: int | None) -> None:
        self.serial += 1
        minor = self.platform.ad_sets[ad_set].daily_budget.minor * percent // 100 + self.serial
        self.bring(self.house.budget(ad_set, minor), verdict=verdict, crash_at=crash_at)

    @rule(percents=st.lists(st.integers(80, 121), min_size=3, max_size=3), verdict=VERDICT, crash_at=CRASH)
    def reallocation(self, percents: list[int], verdict: str, crash_at: int | None) -> None:
        items = []
        for ad_set, percent in zip(AD_SETS, percents, strict=True):
            self.serial += 1
            minor = self.platform.ad_sets[ad_set].daily_budget.minor * percent // 100 + self.serial
            items.append(self.house.budget(ad_set, minor))
        self.bring(*items, verdict=verdict, crash_at=crash_at)

    @rule(minor=st.integers(1_000, 8_500), count=st.integers(1, 2), verdict=VERDICT, crash_at=CRASH)
    def publish(self, minor: int, count: int, verdict: str, crash_at: int | None) -> None:
        self.serial += count
        ids = range(self.serial - count, self.serial)
        items = [create(minor, name=f"New {number}", ad_id=f"ad_{number}") for number in ids]
        self.bring(*items, verdict=verdict, crash_at=crash_at)

    @rule(ad_set=AD_SET, verdict=VERDICT, crash_at=CRASH)
    def switch(self, ad_set: str, verdict: str, crash_at: int | None) -> None:
        live = self.platform.ad_sets[ad_set].status == "ACTIVE"
        item = self.house.pause(ad_set) if live else self.house.resume(ad_set)
        self.bring(item, verdict=verdict, crash_at=crash_at)

    @precondition(lambda self: self.sets)
    @rule(data=st.data(), verdict=st.sampled_from(["approve", "reject", "edit"]))
    def decide_later(self, data: Any, verdict: str) -> None:
        self.judge(data.draw(st.sampled_from(self.sets[-4:])), verdict)

    def judge(self, change_set: ChangeSet, verdict: Any) -> None:
        edited = None
        if verdict == "edit":
            budgets = {c.id: usd(c.after.daily_budget.minor + 1) for c in change_set.changes if c.kind == "create"}
            edited = budgets_edited(change_set, budgets=budgets)
        where: Any = {"account_id": self.house.account.id, "principal": ANN, "digest": change_set.digest}
        try:
            shown = self.go(self.house.treasury.decide(change_set.id, verdict=verdict, edited=edited, **where))
        except GeminiVideoError:
            return
        if verdict == "approve":
            self.approved |= {change.id: change for change in change_set.changes}
        if verdict == "edit":
            successor = self.go(self.house.treasury.change_set(shown.id, account_id=self.house.account.id))
            self.sets.append(successor)
            self.judge(successor, "approve")

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
    @rule(data=st.data(), crash_at=CRASH)
    def execute(self, data: Any, crash_at: int | None) -> None:
        self.carry_out(data.draw(st.sampled_from(self.sets[-5:])), crash_at)

    def carry_out(self, change_set: ChangeSet, crash_at: int | None) -> None:
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

    @rule(ad_set=AD_SET, minor=st.integers(5_000, 12_000), live=st.booleans())
    def edit_by_hand(self, ad_set: str, minor: int, live: bool) -> None:
        self.platform.land()
        self.platform.seed(ad_set, minor, "ACTIVE" if live else "PAUSED")
        self.shown = dict(self.platform.ad_sets)

    @rule(hours=st.sampled_from([1, 5, 14, 30]))
    def wait(self, hours: int) -> None:
        self.platform.land()
        self.house.clock.at += timedelta(hours=hours)

    @rule()
    def reconcile(self) -> None:
        self.go(self.house.treasury.reconcile(self.house.account.id))

    @precondition(lambda self: self.serial > 8 and not self.stopped)
    @rule(pause_all=st.booleans())
    def stop(self, pause_all: bool) -> None:
        self.platform.land()
        self.stopped = self.releasing = True
        self.go(self.house.treasury.stop(self.house.account.id, principal=ANN, pause_all=pause_all))
        self.releasing = False

    @precondition(lambda self: self.stopped)
    @rule()
    def start(self) -> None:
        view = self.go(self.house.treasury.request_start(self.house.account.id, principal=ANN))
        where = {"account_id": self.house.account.id, "digest": view.digest, "verdict": "approve"}
        with pytest.raises(GeminiVideoError):
            self.go(self.house.treasury.decide(view.id, principal=ANN, **where))
        self.go(self.house.treasury.decide(view.id, principal=ADMIN, **where))
        self.stopped = False
        change_set = self.go(self.house.treasury.change_set(view.id, account_id=self.house.account.id))
        self.approved |= {change.id: change for change in change_set.changes}
        self.go(self.house.treasury.execute(view.id, account_id=self.house.account.id))

    @rule(cap=st.sampled_from([35_000, 50_000, 60_000, 60_000]))
    def change_caps(self, cap: int) -> None:
        config = self.house.account.config
        lower = config.model_copy(update={"caps": config.caps.model_copy(update={"daily_total_max": cap})})
        self.platform.land()  # what is on its way was measured against the caps of its day
        self.cap = cap
        self.go(self.house.db.write(lambda conn: accounts.set_config(conn, self.house.account.id, config=lower)))

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
        self.rows = rows
        assert not [row for row in rows if row.state in {"sent", "unknown", "leased"}]
        for row in rows:
            effects = [sent for sent in self.sent.elements() if sent.endswith(row.id) and "create" not in sent]
            if row.kind != "create" and row.state in {"applied", "verified"}:
                assert len(effects) == 1, (row, effects)
            elif row.kind != "create" and row.state not in {"voided", "rolled_back"}:
                assert not effects, (row, effects)
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
    max_examples=8,
    stateful_step_count=25,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking costs minutes and a trace is short
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
