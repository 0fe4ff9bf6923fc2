"""Is an ad tired? A trend in its own daily results that is larger than their noise, against its own start."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from geminivideo.accounts import AccountConfig
from geminivideo.ads import AdDay, AdState
from geminivideo.model import Noun

Status = Literal["HEALTHY", "FATIGUING", "SATURATED", "AUDIENCE_EXHAUSTED"]
Severity = Literal["none", "watch", "act", "critical"]

WARNING_DAYS = 10
"""A healthy ad that is forecast to be tired within so many days is put on watch."""
_DAY_NOISE = 0.11
"""Sd of log CTR from day to day beyond counting noise (daily ads, median of 61 arms)."""
_USUAL_SLOPE, _USUAL_SPREAD = -0.01, 0.025
"""Prior of the change of log CTR per day: the published wear curve at one to three weeks per exposure of everybody."""
_CERTAIN = 1.645
"""One-sided 95%."""
_CRITICAL = 2.0
"""A decline of so many times the threshold is critical."""
_STALL = 0.25
"""Reach per impression lower by this share than at the start: the same people are met again."""


class Fatigue(Noun):
    """The verdict on one ad, with its evidence in plain sentences."""

    ad_id: str
    status: Status
    severity: Severity
    ctr_decline_percent: int
    """Fitted decline of CTR from its first days to now; negative when it rose."""
    evidence: tuple[str, ...]
    days_left: int | None
    """Days until the decline reaches the threshold; 0 when it has, None when no trend leads there."""


def assess(state: AdState, *, config: AccountConfig) -> Fatigue:
    """Judge one ad by its daily rows (needs `config.fatigue.min_days` of them; fewer is HEALTHY, and says so)."""
    rules = config.fatigue
    rows = [row for row in state.days if row.impressions > 0]
    if len(rows) < max(rules.min_days, 2):
        return Fatigue(
            ad_id=state.ad_id,
            status="HEALTHY",
            severity="none",
            ctr_decline_percent=0,
            evidence=(f"{len(rows)} days of results; it takes {rules.min_days} to judge.",),
            days_left=None,
        )
    slope, error = _trend(rows)
    span = (rows[-1].day - rows[0].day).days
    decline = 1.0 - math.exp(slope * span)
    certain = slope + _CERTAIN * error < 0
    limit = rules.ctr_decline_percent / 100
    tired = certain and decline >= limit
    left = _days_left(slope, decline=decline, limit=limit) if certain else None
    evidence = [_trend_text(rows, decline=decline, certain=certain)]
    saturated = state.frequency >= rules.frequency_percent / 100
    if saturated:
        limit_text = f"{rules.frequency_percent / 100:.1f} is the limit"
        evidence.append(f"Each person has seen it {state.frequency:.1f} times ({limit_text}).")
    stall = _reach_stall(rows)
    exhausted = stall >= _STALL and certain
    if exhausted:
        evidence.append(f"An impression reaches {100 * stall:.0f}% fewer people than at first: the audience is spent.")
    dearer = _cpm_increase(rows)
    if dearer >= rules.cpm_increase_percent / 100:
        evidence.append(f"A thousand impressions cost {100 * dearer:.0f}% more than at first, at no larger budget.")
    status = _status(tired=tired, saturated=saturated, exhausted=exhausted)
    return Fatigue(
        ad_id=state.ad_id,
        status=status,
        severity=_severity(status, decline=decline if certain else 0.0, limit=limit, left=left),
        ctr_decline_percent=round(100 * decline),
        evidence=tuple(evidence),
        days_left=0 if status != "HEALTHY" else left,
    )


def _trend(rows: Sequence[AdDay]) -> tuple[float, float]:
    """Posterior mean and standard deviation of the slope of log CTR per day (weighted least squares and a prior)."""
    clicks = np.asarray([row.clicks for row in rows], dtype=np.float64)
    shown = np.asarray([row.impressions for row in rows], dtype=np.float64)
    day = np.asarray([(row.day - rows[0].day).days for row in rows], dtype=np.float64)
    rate = (clicks.sum() + 0.5) / (shown.sum() + 50.0)
    # Expected, not observed, clicks in the variance: a day with few clicks must not weigh less for being bad.
    weight = 1.0 / (1.0 / (shown * rate + 0.5) + _DAY_NOISE**2)
    y = np.log((clicks + 0.5) / (shown + 0.5 / rate))
    centred = day - np.average(day, weights=weight)
    spread = float((weight * centred**2).sum())
    # A few days of few clicks can show any slope; the prior says which slopes ads have, and yields to evidence.
    precision = spread + _USUAL_SPREAD**-2
    return float((weight * centred * y).sum() + _USUAL_SLOPE * _USUAL_SPREAD**-2) / precision, precision**-0.5


def _days_left(slope: float, *, decline: float, limit: float) -> int | None:
    if decline >= limit:
        return 0
    if slope >= 0 or limit >= 1:
        return None
    # Wear slows down as it goes on, so the straight line on the log scale warns early rather than late.
    return max(1, math.ceil((math.log(1 - limit) - math.log(1 - decline)) / slope))


def _reach_stall(rows: Sequence[AdDay]) -> float:
    """How much lower reach per impression is in the last third than in the first, 0 to 1."""
    third = max(1, len(rows) // 3)
    first, last = (_ratio(part, top="reach") for part in (rows[:third], rows[-third:]))
    return max(0.0, 1.0 - last / first) if first > 0 else 0.0


def _cpm_increase(rows: Sequence[AdDay]) -> float:
    """Growth of the price of impressions, unless the budget grew too: a larger budget buys dearer impressions."""
    third = max(1, len(rows) // 3)
    early, late = rows[:third], rows[-third:]
    spend_early, spend_late = (sum(row.spend_minor for row in part) / len(part) for part in (early, late))
    first, last = _ratio(early, top="spend_minor"), _ratio(late, top="spend_minor")
    if first <= 0 or spend_late > 1.1 * spend_early:
        return 0.0
    return last / first - 1.0


def _ratio(rows: Sequence[AdDay], *, top: Literal["reach", "spend_minor"]) -> float:
    shown = sum(row.impressions for row in rows)
    return sum(row.reach if top == "reach" else row.spend_minor for row in rows) / shown if shown else 0.0


def _status(*, tired: bool, saturated: bool, exhausted: bool) -> Status:
    if exhausted and tired:
        return "AUDIENCE_EXHAUSTED"
    if saturated:
        return "SATURATED"
    return "FATIGUING" if tired else "HEALTHY"


def _severity(status: Status, *, decline: float, limit: float, left: int | None) -> Severity:
    if status == "HEALTHY":
        return "watch" if left is not None and left <= WARNING_DAYS else "none"
    if decline >= _CRITICAL * limit or status == "AUDIENCE_EXHAUSTED":
        return "critical"
    return "act" if decline >= limit else "watch"


def _trend_text(rows: Sequence[AdDay], *, decline: float, certain: bool) -> str:
    size = f"CTR has {'fallen' if decline >= 0 else 'risen'} by {100 * abs(decline):.0f}% over {len(rows)} days"
    return f"{size}, more than chance explains." if certain else f"{size}, which may be chance."
