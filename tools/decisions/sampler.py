"""The sampler: tomorrow's daily budgets from what each ad has shown so far. A pure function of its arguments.

Posterior draws of every ad's worth (tools.decisions.belief) become budgets by equalising the worth of the last unit
spent under concave delivery and wear. Most of the plan follows the posterior mean; a part follows the average of the
draws' own best budgets (Thompson sampling with divisible money), which keeps an ad going while it may yet be good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np

from geminivideo.accounts import AccountConfig
from geminivideo.ads import AdState
from geminivideo.errors import InvalidInput
from geminivideo.model import Noun
from geminivideo.money import Currency, Money
from tools.decisions.belief import Belief, believe, blend_weight
from tools.decisions.delivery import spread_budget

Action = Literal["scale", "raise", "hold", "lower", "pause", "off"]

DRAWS = 200
SURE = 0.95
"""Probability of missing the kill threshold that it takes to pause an ad."""
PROVEN = 0.80
"""Probability of reaching the scale threshold that makes an ad a proven one."""
LEARNING_DAYS, LEARNING_EVENTS = 7, 50
"""An ad set learns until it has had 50 events in 7 days; larger edits are said to start it over."""


@dataclass(frozen=True)
class Tuning:
    """The sampler's own knobs, set on development seeds of the simulation."""

    explore: float = 0.1
    """Share of the plan that follows the draws' own best budgets."""
    days_ahead: float = 14.0
    """Days of wear that a budget is charged with."""
    steady: float = 0.03
    """Changes below this share of the budget are not worth a person's attention."""
    learning_cut: float = 1.0
    """Largest cut in one step, as a share of the budget, while the platform learns."""
    unproven_share: float = 0.6
    """Largest share of the total for an ad that is not proven."""


class Allocated(Noun):
    """One ad's share of the plan, with the numbers behind it. Money in minor units per day."""

    ad_id: str
    action: Action
    before_minor: int
    budget_minor: int
    p_best: float
    """Chance that money earns most here, all ads at equal budgets."""
    value_minor: int
    """Expected money per day, at full lag, that the new budget brings."""
    value_low_minor: int
    value_high_minor: int
    """80% interval of it."""
    roas_percent: int
    """Expected return on ad spend at the new budget."""
    p_below_kill: float
    """Chance that the return on ad spend is below the kill threshold."""
    p_above_scale: float
    ctr_ppm: int
    """Posterior CTR today, wear included."""
    in_ignorance_zone: bool
    learning: bool
    value_weight: float
    """Place on the blending curve: 0 judged by clicks, 1 judged by money."""
    reason: str


class Allocation(Noun):
    """The whole plan. `total_minor` is what the budgets sum to; `asked_minor` is what was to be spent."""

    ads: tuple[Allocated, ...]
    asked_minor: int
    total_minor: int
    currency: Currency
    seed: int
    as_of: datetime
    notes: tuple[str, ...] = ()


def allocate(
    states: Sequence[AdState],
    *,
    config: AccountConfig,
    total_minor: int,
    seed: int,
    now: datetime,
    background: Sequence[AdState] = (),
    tuning: Tuning | None = None,
) -> Allocation:
    """Daily budgets that sum to min(total, what the caps let the ads reach).

    Active ads of `states` get budgets; the others, and `background` (ads of the account that are not to be touched),
    only inform the pooled rates. Raises InvalidInput for a negative total, mixed currencies or an ad given twice.
    """
    _check(states, total=total_minor, config=config)
    knobs = tuning or Tuning()
    live = [s for s in states if s.status == "active" and s.daily_budget_minor > 0]
    idle = [s for s in states if s.status != "active" or s.daily_budget_minor <= 0]
    rows: list[Allocated] = [_off(state) for state in idle]
    if live:
        rng = np.random.default_rng(seed)
        belief = believe(live, others=[*idle, *background], config=config, now=now, rng=rng, draws=DRAWS)
        facts = _facts(live, belief=belief, config=config)
        budgets = _budgets(live, facts=facts, belief=belief, config=config, total=total_minor, knobs=knobs)
        rows += _explained(live, budgets=budgets, facts=facts, belief=belief, config=config)
    by_id = {row.ad_id: row for row in rows}
    reached = sum(row.budget_minor for row in rows)
    return Allocation(
        ads=tuple(by_id[state.ad_id] for state in states),
        asked_minor=total_minor,
        total_minor=reached,
        currency=config.currency,
        seed=seed,
        as_of=now,
        notes=_notes(reached, asked=total_minor, config=config),
    )


def in_ignorance_zone(state: AdState, *, config: AccountConfig) -> bool:
    """Whether the ad is too young, or has spent too little, to be stopped for poor results."""
    return state.age_days < config.ignorance_zone_days or state.spend_minor < config.ignorance_zone_spend


def is_learning(state: AdState) -> bool:
    """Whether the platform is still learning whom to show it to."""
    recent = sum(row.leads for row in state.days[-LEARNING_DAYS:])
    return state.age_days < LEARNING_DAYS and recent < LEARNING_EVENTS


@dataclass(frozen=True)
class _Fact:
    """What the plan and its explanation need to know of one live ad."""

    p_best: float
    p_below_kill: float
    p_above_scale: float
    ignorant: bool
    learning: bool
    killed: bool
    proven: bool


def _facts(live: Sequence[AdState], *, belief: Belief, config: AccountConfig) -> list[_Fact]:
    now = np.asarray([s.daily_budget_minor for s in live], dtype=np.float64)
    roas = 100 * belief.money(now) / now
    equal = belief.money(np.full(len(live), now.mean()))
    best = np.bincount(equal.argmax(axis=1), minlength=len(live)) / len(equal)
    facts = []
    for index, state in enumerate(live):
        below = float((roas[:, index] < config.kill_roas_percent).mean())
        above = float((roas[:, index] >= config.scale_roas_percent).mean())
        ignorant = in_ignorance_zone(state, config=config)
        # Without a lead, a deal or many clicks, money per click is a guess, and a guess stops nothing.
        seen = state.leads > 0 or state.deals > 0 or state.clicks >= 100
        facts.append(
            _Fact(
                p_best=float(best[index]),
                p_below_kill=below,
                p_above_scale=above,
                ignorant=ignorant,
                learning=is_learning(state),
                killed=below >= SURE and not ignorant and seen,
                proven=above >= PROVEN and not ignorant,
            )
        )
    return facts


def _budgets(
    live: Sequence[AdState], *, facts: Sequence[_Fact], belief: Belief, config: AccountConfig, total: int, knobs: Tuning
) -> list[int]:
    low, high = _bounds(live, facts=facts, config=config, total=total, knobs=knobs)
    room = min(total, sum(high))
    target = _target(belief, low=low, high=high, total=room, knobs=knobs)
    before = [s.daily_budget_minor for s in live]
    keep = [
        lo <= b <= hi and abs(t - b) <= knobs.steady * b for t, b, lo, hi in zip(target, before, low, high, strict=True)
    ]
    pinned_low = [b if k else lo for k, b, lo in zip(keep, before, low, strict=True)]
    pinned_high = [b if k else hi for k, b, hi in zip(keep, before, high, strict=True)]
    if sum(pinned_low) <= room <= sum(pinned_high):
        low, high = pinned_low, pinned_high
        target = _target(belief, low=low, high=high, total=room, knobs=knobs)
    return _exact(target, low=low, high=high, total=room)


def _bounds(
    live: Sequence[AdState], *, facts: Sequence[_Fact], config: AccountConfig, total: int, knobs: Tuning
) -> tuple[list[int], list[int]]:
    """Per ad the least and the most for tomorrow. Increases are capped; decreases and pauses are free."""
    low, high = [], []
    fair = total // len(live)
    for state, fact in zip(live, facts, strict=True):
        now = state.daily_budget_minor
        most = min(now * (100 + config.caps.increase_percent_per_change) // 100, config.max_ad_budget)
        if not fact.proven:
            most = min(most, max(now, fair, int(knobs.unproven_share * total)))
        least = min(config.min_ad_budget, now, most, fair)
        if fact.learning:
            least = max(least, min(int(now * (1 - knobs.learning_cut)), most, fair))
        low.append(0 if fact.killed else least)
        high.append(0 if fact.killed else most)
    return low, high


def _target(belief: Belief, *, low: Sequence[int], high: Sequence[int], total: int, knobs: Tuning) -> list[float]:
    """Budgets within bounds that sum to the total, before rounding."""
    by_draw, by_mean = (
        spread_budget(
            value,
            delivery=belief.delivery,
            low=np.asarray(low, dtype=np.float64),
            high=np.asarray(high, dtype=np.float64),
            total=float(total),
            days_ahead=knobs.days_ahead,
        ).mean(axis=0)
        for value in (belief.value, belief.mean[None])
    )
    return [float(budget) for budget in knobs.explore * by_draw + (1 - knobs.explore) * by_mean]


def _exact(target: Sequence[float], *, low: Sequence[int], high: Sequence[int], total: int) -> list[int]:
    """Integers near the target, within bounds, that sum to the total exactly (it lies between the bounds' sums)."""
    parts = [min(hi, max(lo, int(value))) for value, lo, hi in zip(target, low, high, strict=True)]
    while gap := total - sum(parts):
        sign = 1 if gap > 0 else -1
        room = [hi - p if sign > 0 else p - lo for p, lo, hi in zip(parts, low, high, strict=True)]
        movable = sorted((i for i in range(len(parts)) if room[i]), key=lambda i: (sign * (parts[i] - target[i]), i))
        each = max(1, abs(gap) // len(movable))
        left = abs(gap)
        for index in movable:
            step = min(each, room[index], left)
            parts[index] += sign * step
            left -= step
    return parts


def _explained(
    live: Sequence[AdState], *, budgets: Sequence[int], facts: Sequence[_Fact], belief: Belief, config: AccountConfig
) -> list[Allocated]:
    money = belief.money(np.asarray(budgets, dtype=np.float64))
    low, high = np.quantile(money, (0.1, 0.9), axis=0)
    ctr = belief.ctr * belief.delivery.wear()
    rows = []
    for index, (state, budget, fact) in enumerate(zip(live, budgets, facts, strict=True)):
        mean = float(money[:, index].mean())
        action = _action(state.daily_budget_minor, after=budget, fact=fact)
        roas = round(100 * mean / budget) if budget else 0
        rows.append(
            Allocated(
                ad_id=state.ad_id,
                action=action,
                before_minor=state.daily_budget_minor,
                budget_minor=budget,
                p_best=round(fact.p_best, 4),
                value_minor=round(mean),
                value_low_minor=round(float(low[index])),
                value_high_minor=round(float(high[index])),
                roas_percent=roas,
                p_below_kill=round(fact.p_below_kill, 4),
                p_above_scale=round(fact.p_above_scale, 4),
                ctr_ppm=min(1_000_000, round(1e6 * float(ctr[index]))),
                in_ignorance_zone=fact.ignorant,
                learning=fact.learning,
                value_weight=round(blend_weight(config.blending_curve, age_days=state.age_days), 4),
                reason=_reason(state, action=action, budget=budget, fact=fact, roas=roas, config=config),
            )
        )
    return rows


def _action(before: int, *, after: int, fact: _Fact) -> Action:
    if after == 0:
        return "pause"
    if after > before:
        return "scale" if fact.proven else "raise"
    return "hold" if after == before else "lower"


def _reason(state: AdState, *, action: Action, budget: int, fact: _Fact, roas: int, config: AccountConfig) -> str:
    was, new = (str(Money(minor=m, currency=state.currency)) for m in (state.daily_budget_minor, budget))
    shown = f"{state.clicks} clicks, {state.leads} leads and {state.deals} deals so far"
    chance = f"{100 * fact.p_best:.0f}% chance of being the best ad"
    if action == "pause":
        return (
            f"Pause: {100 * fact.p_below_kill:.0f}% sure that it returns less than {config.kill_roas_percent}% "
            f"of its spend ({shown})."
        )
    young = " It is still too young to be judged hard." if fact.ignorant else ""
    if action in ("raise", "scale"):
        proven = "it has proven itself" if action == "scale" else "its money works harder than the others'"
        return f"From {was} to {new}: {proven}, {chance}, expected return {roas}% ({shown}).{young}"
    if action == "lower":
        return f"From {was} to {new}: the same money earns more in other ads, {chance} ({shown}).{young}"
    return f"Stay at {was}: no change worth making, {chance} ({shown}).{young}"


def _off(state: AdState) -> Allocated:
    return Allocated(
        ad_id=state.ad_id, action="off", before_minor=state.daily_budget_minor, budget_minor=0, p_best=0.0,
        value_minor=0, value_low_minor=0, value_high_minor=0, roas_percent=0, p_below_kill=0.0, p_above_scale=0.0,
        ctr_ppm=0, in_ignorance_zone=False, learning=False, value_weight=0.0, reason="It is not running.",
    )  # fmt: skip


def _notes(reached: int, *, asked: int, config: AccountConfig) -> tuple[str, ...]:
    if reached == asked:
        return ()
    got, want = (str(Money(minor=m, currency=config.currency)) for m in (reached, asked))
    return (
        f"{got} of {want} a day can be placed: an ad's budget grows by at most "
        f"{config.caps.increase_percent_per_change}% per change and ends at its own maximum.",
    )


def _check(states: Sequence[AdState], *, total: int, config: AccountConfig) -> None:
    if total < 0:
        raise InvalidInput("The total to allocate is negative", where="total_minor")
    if any(state.currency != config.currency for state in states):
        raise InvalidInput(f"Not every ad is in {config.currency}", where="currency", fix="Allocate per currency.")
    if len({state.ad_id for state in states}) != len(states):
        raise InvalidInput("An ad was given twice", where="states")
