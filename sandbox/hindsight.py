"""What other budgets would have earned: the same ads, market and days, replayed under many draws of luck.

Only the world can say this, because it knows its truth; a real platform never could.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from geminivideo.money import split_exactly
from sandbox.best_plan import Truth, best_budgets
from sandbox.world import World

Plan = Mapping[date, Mapping[str, int]]
"""Daily budgets in minor units, by day and ad."""


def compare(world: World, *, keys: Sequence[str], increase_percent: int, repeats: int) -> dict[str, Any]:
    """The budgets as they were, an even split, and the best plan under the same limits, each at full lag.

    `value` is the money that the delivered impressions are expected to bring, `net` is value minus spend. Ranges are
    90% over `repeats` draws of luck in delivery and clicks, the same draws for every plan; `gain_with_luck_of_deals`
    adds the luck of which leads come and which deals close, which no budget can do anything about.
    """
    lived = world.budgets_by_day(keys)
    days = list(lived)
    if not days:
        return {"days": 0}
    launched = [key for key in keys if key in lived[days[0]]]
    total = sum(lived[days[0]].values())
    plans: dict[str, Plan] = {
        "system": lived,
        "even_split": _even(launched, total=total, days=days),
        "best_possible": _best(world, launched, first=lived[days[0]], total=total, days=days, percent=increase_percent),
    }
    start = _start(world, days[0])
    earned = {
        name: [_earn(world, plan, keys=keys, start=start, luck=luck) for luck in range(1, repeats + 1)]
        for name, plan in plans.items()
    }
    gain = _differences(earned, "net")
    return {
        "days": len(days),
        "repeats": repeats,
        **{name: {key: _mean(draws, key) for key in ("value", "spend", "net")} for name, draws in earned.items()},
        "gain_over_even_split": {"mean": round(statistics.fmean(gain)), **_range(gain)},
        "gain_with_luck_of_deals": _range(_differences(earned, "realised_net")),
        "share_of_repeats_ahead": round(sum(item > 0 for item in gain) / len(gain), 3),
        "budgets": {day.isoformat(): dict(row) for day, row in lived.items()},
    }


def _differences(earned: Mapping[str, Sequence[Mapping[str, int]]], key: str) -> list[int]:
    return [mine[key] - even[key] for mine, even in zip(earned["system"], earned["even_split"], strict=True)]


def _earn(world: World, plan: Plan, *, keys: Sequence[str], start: datetime, luck: int) -> dict[str, int]:
    twin = world.twin(keys=keys, start=start, luck=luck)
    for budgets in plan.values():
        for key in keys:
            twin.set_budget(key, minor=max(budgets.get(key, 0), 1))
            twin.set_active(key, active=budgets.get(key, 0) > 0)
        twin.advance_day()
    value, spend = twin.full_lag_value_minor(), twin.spend_minor()
    realised = twin.full_lag_value_minor(realised=True)
    return {"value": value, "spend": spend, "net": value - spend, "realised_net": realised - spend}


def _even(keys: Sequence[str], *, total: int, days: Sequence[date]) -> Plan:
    parts = split_exactly(total, weights=[1.0] * len(keys))
    return {day: dict(zip(keys, parts, strict=True)) for day in days}


def _best(
    world: World, keys: Sequence[str], *, first: Mapping[str, int], total: int, days: Sequence[date], percent: int
) -> Plan:
    """The best plan with the world's truth, from the same start and under the same cap on increases."""
    truth = Truth.of(world, keys=keys, days=days)
    table = best_budgets(
        truth, first=[first[key] for key in keys], total=total, increase_percent=percent, days=len(days)
    )
    return {day: dict(zip(keys, map(int, row), strict=True)) for day, row in zip(days, table, strict=True)}


def _start(world: World, day: date) -> datetime:
    return world.now - timedelta(days=(world.today - day).days)


def _mean(draws: Sequence[Mapping[str, int]], key: str) -> int:
    return round(statistics.fmean(draw[key] for draw in draws))


def _range(values: Sequence[int]) -> dict[str, int]:
    cuts = statistics.quantiles(values, n=20, method="inclusive") if len(values) > 1 else [values[0]] * 19
    return {"low": round(cuts[0]), "high": round(cuts[-1])}
