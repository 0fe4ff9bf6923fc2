"""The day's plan: budgets and pauses that stay within the caps, and the ads that need a fresh variant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from geminivideo.accounts import AccountConfig
from geminivideo.ads import AdState
from geminivideo.model import Noun
from geminivideo.money import Currency
from tools.decisions.fatigue import Fatigue, assess
from tools.decisions.sampler import Allocated, Allocation, Tuning, allocate

PlanKind = Literal["budget", "pause"]


class PlannedChange(Noun):
    """One change of one ad that waits to be proposed. A pause keeps the budget and stops delivery."""

    kind: PlanKind
    ad_id: str
    before_minor: int
    after_minor: int
    reason: str


class BudgetPlan(Noun):
    """What to propose today. The sum of live budgets after it is `daily_after_minor`, never above the total."""

    changes: tuple[PlannedChange, ...]
    """Decreases and pauses first, so that the live total is never exceeded on the way."""
    refresh: tuple[str, ...]
    """Ads that are tired enough to be replaced by a fresh variant, most tired first."""
    allocation: Allocation
    fatigue: tuple[Fatigue, ...]
    daily_before_minor: int
    daily_after_minor: int
    currency: Currency


def plan(
    states: Sequence[AdState],
    *,
    config: AccountConfig,
    seed: int,
    now: datetime,
    background: Sequence[AdState] = (),
    total_minor: int | None = None,
    tuning: Tuning | None = None,
) -> BudgetPlan:
    """Allocation and fatigue of the active ads, as changes that the treasury's caps will accept.

    `total_minor` is the agreed daily total; without it the total stays what it is. It is never exceeded, nor are the
    account's caps on the daily total and on the number of changes.
    """
    active = [state for state in states if state.status == "active"]
    before = sum(state.daily_budget_minor for state in active)
    total = min(before if total_minor is None else total_minor, max(config.caps.daily_total_max, 0))
    allocation = allocate(
        states, config=config, total_minor=total, seed=seed, now=now, background=background, tuning=tuning
    )
    fatigue = tuple(assess(state, config=config) for state in active)
    changes = _changes(allocation.ads, limit=config.caps.changes_per_day)
    tired = sorted(
        (f for f in fatigue if f.severity in ("act", "critical")), key=lambda f: (-f.ctr_decline_percent, f.ad_id)
    )
    return BudgetPlan(
        changes=changes,
        refresh=tuple(f.ad_id for f in tired),
        allocation=allocation,
        fatigue=fatigue,
        daily_before_minor=before,
        daily_after_minor=before + sum(change.after_minor - change.before_minor for change in changes),
        currency=config.currency,
    )


def _changes(rows: Sequence[Allocated], *, limit: int) -> tuple[PlannedChange, ...]:
    moved = [row for row in rows if row.action not in ("off", "hold")]
    ordered = sorted(moved, key=lambda row: (row.budget_minor - row.before_minor, row.ad_id))
    # Cut from the end: what is left out are increases, so the total can only end lower.
    return tuple(
        PlannedChange(
            kind="pause" if row.action == "pause" else "budget",
            ad_id=row.ad_id,
            before_minor=row.before_minor,
            after_minor=row.budget_minor,
            reason=row.reason,
        )
        for row in ordered[:limit]
    )
