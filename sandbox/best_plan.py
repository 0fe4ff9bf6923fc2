"""The best plan under the same limits, computed with the world's truth: what perfect knowledge would have earned.

All days' budgets at once, by sequential quadratic programming on the world's own expectation (delivery, wear, weekday),
from the same even split, with the same total, the same cap on increases and the same first free day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import LinearConstraint, minimize  # type: ignore[import-untyped]

from sandbox import response
from sandbox.world import World

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Truth:
    """The world's expectation in arrays: (days,) prices, (n,) odds and audiences, (days, n) money per click."""

    cpm: Floats
    odds: Floats
    audience: Floats
    per_click: Floats
    pace: float

    @classmethod
    def of(cls, world: World, *, keys: Sequence[str], days: Sequence[date]) -> Truth:
        """Read from the world before anything is delivered, through its public expectation."""
        economics = world.economics
        truths = [world.truth(key) for key in keys]
        base = response.log_odds(economics.base_ctr)
        per_click = [
            [(e := world.expected_day(key, daily_budget_minor=1_000, day=day)).value_minor / e.clicks for key in keys]
            for day in days
        ]
        shown = [world.expected_day(keys[0], daily_budget_minor=1_000, day=day).impressions for day in days]
        pace = _PACE
        spend = 1_000 * pace
        flat = 1_000.0 * spend * (1.0 + spend / response.RETURN_KNEE_MINOR) ** -response.RETURN_EXPONENT
        return cls(
            cpm=flat / np.asarray(shown),
            odds=np.exp([base + t.ctr_traits + t.ctr_hidden for t in truths]),
            audience=np.asarray([t.audience for t in truths]),
            per_click=np.asarray(per_click),
            pace=pace,
        )

    def value(self, budgets: Floats) -> tuple[float, Floats]:
        """Expected money of budgets (days, n), and its gradient."""
        spend = np.maximum(budgets, 0.0) * self.pace
        knee, power = response.RETURN_KNEE_MINOR, response.RETURN_EXPONENT
        crowd = 1.0 + spend / knee
        shown = 1_000.0 * spend / self.cpm[:, None] * crowd**-power
        shown_slope = 1_000.0 / self.cpm[:, None] * crowd**-power * (1.0 - power * spend / knee / crowd) * self.pace
        before = np.cumsum(shown, axis=0) - shown
        exposure = 1.0 + (before + shown / 2) / self.audience
        odds = self.odds * exposure**response.WEAR_EXPONENT
        rate = odds / (1.0 + odds)
        rate_slope = response.WEAR_EXPONENT * odds / exposure / self.audience / (1.0 + odds) ** 2
        worth = self.per_click
        later = worth * shown * rate_slope
        after = np.cumsum(later[::-1], axis=0)[::-1] - later
        gradient = (worth * (rate + shown / 2 * rate_slope) + after) * shown_slope
        return float((worth * shown * rate).sum()), np.asarray(gradient)


def best_budgets(truth: Truth, *, first: Sequence[int], total: int, increase_percent: int, days: int) -> Floats:
    """(days, n) budgets; row 0 is the common start."""
    start = np.asarray(first, dtype=np.float64)
    count = start.size
    scale = float(total)
    grown = 1.0 + increase_percent / 100
    free = days - 1
    if free <= 0:
        return np.tile(start, (days, 1))
    sums, growth = np.zeros((free, free * count)), np.eye(free * count)
    for day in range(free):
        sums[day, day * count : (day + 1) * count] = 1.0
        for ad in range(count):
            if day:
                growth[day * count + ad, (day - 1) * count + ad] = -grown
    limit = np.zeros(free * count)
    limit[:count] = grown * start / scale

    def loss(flat: Floats) -> tuple[float, Floats]:
        budgets = np.vstack([start, scale * flat.reshape(free, count)])
        value, gradient = truth.value(budgets)
        return -value / unit, -(gradient[1:] * scale / unit).ravel()

    unit = truth.value(np.tile(start, (days, 1)))[0]
    found = minimize(
        loss, np.tile(start / scale, free), jac=True, method="SLSQP", bounds=[(0.0, 1.0)] * (free * count),
        constraints=[
            LinearConstraint(sums, -np.inf, 1.0),
            LinearConstraint(growth, -np.inf, limit),  # pyright: ignore[reportArgumentType]  the stub knows scalars only
        ],
        options={"maxiter": 150, "ftol": 1e-7},
    )  # fmt: skip
    return np.vstack([start, scale * np.clip(found.x, 0.0, 1.0).reshape(free, count)])


_PACE = 0.98
"""Mean share of a budget that the world spends; checked against the world by a test."""
