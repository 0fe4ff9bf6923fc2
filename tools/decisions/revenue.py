"""Synthetic revenue: what open CRM deals are worth today, so that budgets need not wait for the money.

Two things are learned from the account's own deals, each shrunk to a default that stands for a handful of pseudo-deals:
how likely a deal still is to be won after staying open for so many days (a discrete competing-risks life table, which
takes open deals as censored instead of dropping them), and how far its stage moves it from the others of its age.
Everything is a function of the latest record of each deal, so replaying or reordering a CRM's messages changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from geminivideo.ads import Deal, DealStage

Floats = NDArray[np.float64]

DEFAULT_WIN: dict[DealStage, float] = {
    "appointmentscheduled": 0.20, "qualifiedtobuy": 0.40, "presentationscheduled": 0.60, "contractsent": 0.90,
    "closedwon": 1.0, "closedlost": 0.0,
}  # fmt: skip
"""HubSpot's own probabilities of its default deal pipeline."""

HORIZON_DAYS = 180
"""A deal that is open for longer counts as worth nothing more."""
_PRIOR_DEALS = 20.0
_STAGE_PRIOR_DEALS = 5.0
_CLOSED: frozenset[DealStage] = frozenset({"closedwon", "closedlost"})


@dataclass(frozen=True)
class StageModel:
    """Learned win chances of an account's open deals at `as_of`."""

    by_stage: Mapping[DealStage, tuple[float, ...]]
    """P(won at last | still open after d days, in this stage), by day."""
    closed: int
    """Closed deals that it learned from."""

    def win_probability(self, deal: Deal, *, now: datetime) -> float:
        """Chance that this deal is, or will be, won."""
        if deal.stage in _CLOSED:
            return DEFAULT_WIN[deal.stage]
        return self.by_stage[deal.stage][min(_age(deal, until=now), HORIZON_DAYS)]

    def expected_minor(self, deal: Deal, *, now: datetime) -> int:
        """Expected money of the deal in minor units: all of it when won, none when lost."""
        return round(deal.amount_minor * self.win_probability(deal, now=now))


def latest(deals: Iterable[Deal]) -> tuple[Deal, ...]:
    """One record per deal, the last modified one, whatever order and however often they arrived.

    Records with the same time are ordered by their content, so that the answer never depends on arrival.
    """
    kept: dict[str, Deal] = {}
    for deal in deals:
        held = kept.get(deal.external_id)
        if held is None or _rank(deal) > _rank(held):
            kept[deal.external_id] = deal
    return tuple(kept[key] for key in sorted(kept))


def fit_stage_model(deals: Sequence[Deal], *, now: datetime) -> StageModel:
    """Learn win chances by age and stage from one account's deals; without deals it is the default."""
    known = latest(deals)
    closed = [deal for deal in known if deal.stage in _CLOSED]
    opened = [deal for deal in known if deal.stage not in _CLOSED]
    won = _by_age([_age(deal, until=deal.modified_at) for deal in closed if deal.stage == "closedwon"])
    lost = _by_age([_age(deal, until=deal.modified_at) for deal in closed if deal.stage == "closedlost"])
    censored = _by_age([_age(deal, until=now) for deal in opened])
    base = np.clip(_win_if_open(won, lost=lost, censored=censored), 1e-4, 1 - 1e-4)
    centred = np.log(base / (1 - base)) - _stage_centres(opened, now=now)
    by_stage: dict[DealStage, tuple[float, ...]] = {
        stage: tuple((1 / (1 + np.exp(-centred - _logit(chance)))).tolist())
        for stage, chance in DEFAULT_WIN.items()
        if stage not in _CLOSED
    }
    return StageModel(by_stage=by_stage, closed=len(closed))


def value_delta(before: Deal | None, *, after: Deal, model: StageModel, now: datetime) -> int:
    """What a stage move is worth in minor units; zero for a replay or for news older than what is held."""
    if before is None:
        return model.expected_minor(after, now=now)
    if _rank(after) <= _rank(before):
        return 0
    return model.expected_minor(after, now=now) - model.expected_minor(before, now=now)


def _win_if_open(won: Floats, *, lost: Floats, censored: Floats) -> Floats:
    """Backward recursion over daily hazards; the default curve enters as pseudo-deals at risk."""
    win0, lose0, alive0 = _default_hazards()
    leaving = won + lost + censored
    at_risk = np.cumsum(leaving[::-1])[::-1] - 0.5 * censored  # Actuarial: the censored count for half their last day.
    weight = _PRIOR_DEALS * alive0
    hazard_win = (won + weight * win0) / (at_risk + weight)
    hazard_lose = (lost + weight * lose0) / (at_risk + weight)
    chance = np.zeros(HORIZON_DAYS + 2)
    for day in range(HORIZON_DAYS, -1, -1):
        chance[day] = hazard_win[day] + max(0.0, 1 - hazard_win[day] - hazard_lose[day]) * chance[day + 1]
    return np.clip(chance[:-1], 0.0, 1.0)


def _default_hazards() -> tuple[Floats, Floats, Floats]:
    """Daily hazards of winning and losing and the share still open: 20% are won, and losses are known sooner.

    Lag of wins: median 14 days, 90% within 162 (Olist). Losses close in less than half the time of wins (Maven).
    """
    edges = np.arange(HORIZON_DAYS + 2, dtype=np.float64)
    won = 0.2 * _lognormal_cdf(edges, median=14.0, sigma=1.91)
    lost = 0.8 * _lognormal_cdf(edges, median=7.0, sigma=1.91)
    alive = np.maximum(1.0 - won - lost, 1e-6)[:-1]
    return np.diff(won) / alive, np.diff(lost) / alive, alive


def _lognormal_cdf(days: Floats, *, median: float, sigma: float) -> Floats:
    z = (np.log(np.maximum(days, 1e-9)) - math.log(median)) / (sigma * math.sqrt(2))
    return np.asarray([0.5 * (1 + math.erf(value)) for value in z], dtype=np.float64)


def _stage_centres(opened: Sequence[Deal], *, now: datetime) -> Floats:
    """Per age, the mean stage log-odds of open deals of about that age (kernel on log-age), shrunk to the first."""
    grid = np.log1p(np.arange(HORIZON_DAYS + 1, dtype=np.float64))
    prior = _logit(DEFAULT_WIN["appointmentscheduled"])
    if not opened:
        return np.full(HORIZON_DAYS + 1, prior)
    ages = np.log1p(np.asarray([_age(deal, until=now) for deal in opened], dtype=np.float64))
    odds = np.asarray([_logit(DEFAULT_WIN[deal.stage]) for deal in opened])
    kernel = np.exp(-0.5 * ((grid[:, None] - ages[None, :]) / 0.35) ** 2)
    total = kernel.sum(axis=1)
    return np.asarray((kernel @ odds + _STAGE_PRIOR_DEALS * prior) / (total + _STAGE_PRIOR_DEALS))


def _by_age(ages: Sequence[int]) -> Floats:
    return np.bincount(np.minimum(np.asarray(ages, dtype=np.int64), HORIZON_DAYS), minlength=HORIZON_DAYS + 1).astype(
        np.float64
    )


def _age(deal: Deal, *, until: datetime) -> int:
    return max(0, (until - deal.created_at).days)


def _rank(deal: Deal) -> tuple[datetime, str]:
    return deal.modified_at, deal.model_dump_json()


def _logit(value: float) -> float:
    return math.log(value / (1 - value))
