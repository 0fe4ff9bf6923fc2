"""How spend turns into impressions and how impressions wear an ad out: the two reasons not to bet on one ad."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geminivideo.ads import AdState

Floats = NDArray[np.float64]

RETURNS = 0.80
"""Impressions grow with spend to this power: measured exponents of clicks on cost are .73 to .92."""
WEAR = 0.43
"""Click odds fall with (1 + exposures per person) to this power (Meta's published fatigue curve)."""
_AUDIENCES = np.asarray([8e3, 14e3, 25e3, 45e3, 80e3, 140e3, 250e3, 1e6])
_AUDIENCE_GUESS = 60e3
_DAY_NOISE = 0.11
"""Sd of log CTR from day to day beyond counting noise (daily ads: median of 61 arms .113)."""
_PSEUDO_DAYS = 2.0


@dataclass(frozen=True)
class Delivery:
    """Per ad, aligned with the states that it was read from."""

    efficiency: Floats
    """(n,) impressions per spend^RETURNS."""
    worn: Floats
    """(n,) impressions so far."""
    audience: float
    """Impressions that count as one exposure per person, estimated over the account."""
    fresh_clicks: Floats
    """(n,) clicks, discounted for day-to-day noise."""
    fresh_impressions: Floats
    """(n,) impressions in units of a fresh ad's, discounted alike."""

    def wear(self) -> Floats:
        """(n,) factor on today's CTR against the fresh ad's."""
        return np.asarray((1.0 + self.worn / self.audience) ** -WEAR)


def read_delivery(states: Sequence[AdState]) -> Delivery:
    """Efficiency, wear and fresh-CTR evidence from the states' daily rows (their totals where rows are missing)."""
    rows = _Rows.of(states)
    count = len(states)
    spend = np.bincount(rows.ad, weights=rows.spend**RETURNS, minlength=count)
    shown = np.bincount(rows.ad, weights=rows.impressions, minlength=count)
    pooled = shown.sum() / spend.sum() if spend.sum() > 0 else 1.0
    typical = spend.sum() / max(1, rows.ad.size) if spend.sum() > 0 else 1.0
    efficiency = (shown + _PSEUDO_DAYS * typical * pooled) / (spend + _PSEUDO_DAYS * typical)
    audience = _fit_audience(rows)
    fresh = rows.impressions * (1.0 + rows.before / audience) ** -WEAR
    clicks = np.bincount(rows.ad, weights=rows.clicks, minlength=count)
    days = np.maximum(np.bincount(rows.ad, minlength=count), 1)
    discount = 1.0 / (1.0 + clicks * _DAY_NOISE**2 / days)
    return Delivery(
        efficiency=efficiency,
        worn=np.asarray([state.impressions for state in states], dtype=np.float64),
        audience=audience,
        fresh_clicks=clicks * discount,
        fresh_impressions=np.bincount(rows.ad, weights=fresh, minlength=count) * discount,
    )


@dataclass(frozen=True)
class _Rows:
    """Every ad-day in flat arrays; `before` is the impressions that the ad had on average before a view of that day."""

    ad: NDArray[np.int64]
    impressions: Floats
    clicks: Floats
    spend: Floats
    before: Floats

    @classmethod
    def of(cls, states: Sequence[AdState]) -> _Rows:
        table: list[tuple[int, int, int, int, float]] = []
        for index, state in enumerate(states):
            seen = state.impressions - sum(row.impressions for row in state.days)
            for row in state.days:
                if row.impressions:
                    table.append((index, row.impressions, row.clicks, row.spend_minor, seen + row.impressions / 2))
                seen += row.impressions
            if not state.days and state.impressions:
                table.append((index, state.impressions, state.clicks, state.spend_minor, state.impressions / 2))
        columns = np.asarray(table, dtype=np.float64).reshape(len(table), 5).T
        return cls(columns[0].astype(np.int64), columns[1], columns[2], columns[3], np.maximum(columns[4], 0.0))


def _fit_audience(rows: _Rows) -> float:
    """Exposure scale whose wear curve explains best how clicks spread over each ad's own days.

    Conditioning on an ad's total leaves its level out, so good ads that ran longer cannot bend the curve.
    """
    if not rows.ad.size:
        return _AUDIENCE_GUESS
    count = int(rows.ad.max()) + 1
    clicks = np.bincount(rows.ad, weights=rows.clicks, minlength=count)
    days = np.maximum(np.bincount(rows.ad, minlength=count), 1)
    trust = (1.0 / (1.0 + clicks * _DAY_NOISE**2 / days))[rows.ad]
    scores = np.empty(_AUDIENCES.size)
    for index, audience in enumerate(_AUDIENCES):
        fresh = rows.impressions * (1.0 + rows.before / audience) ** -WEAR
        share = fresh / np.bincount(rows.ad, weights=fresh, minlength=count)[rows.ad]
        scores[index] = float((trust * rows.clicks * np.log(share)).sum())
    scores -= 0.5 * (np.log(_AUDIENCES / _AUDIENCE_GUESS) / 0.7) ** 2
    chance = np.exp(scores - scores.max())
    return float(np.exp((chance * np.log(_AUDIENCES)).sum() / chance.sum()))


def spread_budget(
    value: Floats,
    *,
    delivery: Delivery,
    low: Floats,
    high: Floats,
    total: float,
    days_ahead: float,
    returns: float = RETURNS,
) -> Floats:
    """Budgets that equalise the worth of the last unit spent, within bounds; shapes (s, n) values to (s, n) budgets.

    `value` is money per fresh impression. The worth of a unit falls with the budget because delivery is concave and
    because an ad that is shown more is worn out sooner (over `days_ahead` days at that budget).
    """
    scale = np.log(np.maximum(value * delivery.efficiency * returns, 1e-300))
    bottom, top = np.full(value.shape[0], -60.0), np.full(value.shape[0], 60.0)
    log_low, log_high = np.log(np.maximum(low, 1e-3)), np.log(np.maximum(high, 1e-3))
    budgets = np.broadcast_to(low, value.shape).astype(np.float64)
    for _ in range(36):
        price = (bottom + top) / 2
        budgets = _budgets_at(
            scale - price[:, None],
            delivery=delivery,
            log_low=log_low,
            log_high=log_high,
            ahead=days_ahead,
            returns=returns,
        )
        over = budgets.sum(axis=1) > total
        bottom, top = np.where(over, price, bottom), np.where(over, top, price)
    return np.clip(budgets, low, high)


def _budgets_at(
    level: Floats, *, delivery: Delivery, log_low: Floats, log_high: Floats, ahead: float, returns: float
) -> Floats:
    """Solve level = (1-returns) u + wear log(1 + (worn + ahead * eff e^(returns u)) / audience) for u = log budget."""
    u = np.clip(level / (1.0 - returns), log_low, log_high)
    for _ in range(4):
        shown = ahead * delivery.efficiency * np.exp(returns * u)
        crowd = 1.0 + (delivery.worn + shown) / delivery.audience
        gap = level - (1.0 - returns) * u - WEAR * np.log(crowd)
        slope = (1.0 - returns) + WEAR * returns * shown / delivery.audience / crowd
        u = np.clip(u + gap / slope, log_low, log_high)
    return np.exp(u)
