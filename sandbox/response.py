"""How the simulated market answers. Pure functions and the figures they rest on, each with its source.

"decisions.md" is the project's facts file of measured figures; data sets are named by folder. Figures that
nobody measured are marked as assumptions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sandbox.chance import between, log_between, normal_cdf, uniforms

CTR_SPREAD = 0.28
"""Sd of log-odds CTR between ads of one account. Upworthy within one test: .26 (decisions.md 5.2; .251
recomputed); between subjects .65. An account's ads differ by more than a headline, by less than a subject."""

CONVERSION_SPREAD = 0.38
"""Sd of log leads per click between ads: kag_facebook within (campaign, age, gender), binomial noise removed,
437 ads."""

WIN_SPREAD = 0.18
"""Sd of log-odds that a lead is won, between ads: kag_facebook approved per total conversion, same method
(.18 to .20)."""

AMOUNT_SPREAD = 0.15
"""Sd of log deal size between ads (assumption: small, because one company sells one service)."""

DEAL_SPREAD = 0.45
"""Sd of log deal size within an ad. crm_maven_pipeline: .10 within a product, 1.6 over its products; one
service in a few sizes lies between (assumption)."""

RHO_RANGE = (-0.5, 0.2)
"""Correlation of hidden click and conversion quality, drawn per seed. kag_facebook, noise removed: -.50 (ads
that draw more clicks convert worse); the range allows for accounts where it is milder."""

CTR_DAY_NOISE = 0.113
"""Sd of log CTR from day to day: online_ads_daily, median of 61 arms, weekly mean and count noise removed."""

CPM_DAY_NOISE = 0.06
CPM_MARKET_NOISE = 0.10
"""Sd of log CPM per ad and day, and of the market per day (assumptions, of the size of the CTR's day noise)."""

WEAR_EXPONENT = -0.43
"""Click odds ~ (N+1)^-0.43 with N earlier exposures (decisions.md 1, Meta fatigue)."""

RETURN_EXPONENT = 0.30
RETURN_KNEE_MINOR = 3_000
"""Impressions ~ spend * (1 + spend/knee)^-0.30: almost linear at small budgets, spend^0.7 at large ones, the
concave curve of decisions.md 3 (daily ads). The knee is $30 a day (assumption)."""

WEEKDAY_TRAFFIC = (1.079, 1.228, 1.026, 1.007, 0.960, 0.859, 0.840)
"""Monday to Sunday: bat_traffic_share, pooled over 114 regions."""

HOUR_TRAFFIC = (
    0.343, 0.230, 0.190, 0.200, 0.247, 0.336, 0.482, 0.701, 1.049, 1.442, 1.693, 1.759,
    1.745, 1.716, 1.662, 1.598, 1.510, 1.400, 1.295, 1.184, 1.047, 0.902, 0.737, 0.533,
)  # fmt: skip
"""Midnight to eleven at night, relative: bat_traffic_share, pooled."""

WEEKDAY_PRICE_EXPONENT = -0.25
"""More traffic makes impressions cheaper (assumption)."""

WIN_LAG_MEDIAN_DAYS, WIN_LAG_SIGMA, LAG_LIMIT_DAYS = 14.0, 1.91, 180.0
"""Lead to won, log-normal: median 14 d and p90 162 d give sigma 1.91; cut at 180 d it shows 39, 55, 72, 92 % of
wins on days 7, 14, 30, 90 where Olist showed 37, 55, 72, 89 (decisions.md 3, pipeline lag)."""

LOSS_LAG_MEDIAN_DAYS = 7.0
"""Losses are known earlier: crm_maven_pipeline medians 14 d (lost), 57 d (won); the ratio rounded up to a half."""

REACH_SHAPE = 2.0
"""Heterogeneity of people's time on the platform: shape of a negative-binomial reach curve (assumption)."""

DAILY_ACTIVE_SHARE = 0.30
"""Share of an audience that can be met on one day (assumption)."""

UNTRACED_SHARE = 0.12
"""Share of CRM deals that lose the ad's id on the way (assumption)."""

LATE_LEADS = (0.82, 0.91, 0.95, 0.97, 0.98, 0.99, 1.0)
"""Cumulative share of leads that come 0, 1, … 6 days after the click and are booked back on the click's day
(figures change after the fact: platforms.md; the shares are an assumption)."""


def _cumulative_hours() -> tuple[float, ...]:
    total, edges, running = sum(HOUR_TRAFFIC), [], 0.0
    for share in HOUR_TRAFFIC:
        running += share
        edges.append(running / total)
    return tuple(edges)


HOUR_EDGES = _cumulative_hours()


@dataclass(frozen=True)
class Economics:
    """What one account's market is like. Money in minor units of a two-decimal currency."""

    base_ctr: float
    cpm_minor: float
    leads_per_click: float
    win_rate: float
    deal_median_minor: float
    audience_median: float
    rho: float
    """Correlation of hidden click quality and hidden conversion quality."""
    ctr_trait_share: float
    """Share of the variance of log-odds CTR that visible traits carry."""
    conversion_trait_share: float


def draw_economics(seed: int) -> Economics:
    """A market for this seed: about $20-40 per lead, deals of $400-2000, ROAS around 1 to 3."""
    first, second = uniforms(seed, "economics"), uniforms(seed, "economics", 2)
    return Economics(
        base_ctr=log_between(first[0], low=0.0105, high=0.0155),
        cpm_minor=between(first[1], low=1_100.0, high=1_450.0),
        leads_per_click=log_between(first[2], low=0.030, high=0.044),
        # Olist win rates: social 5.6 %, paid search 12.3 % (decisions.md 3); a booked tasting is a warm lead.
        win_rate=between(first[3], low=0.08, high=0.14),
        deal_median_minor=between(first[4], low=62_000.0, high=90_000.0),
        audience_median=log_between(first[5], low=32_000.0, high=55_000.0),
        rho=between(first[6], low=RHO_RANGE[0], high=RHO_RANGE[1]),
        ctr_trait_share=between(first[7], low=0.10, high=0.20),
        conversion_trait_share=between(second[0], low=0.04, high=0.12),
    )


def impressions_of(spend_minor: float, *, cpm_minor: float) -> float:
    """Impressions that a day's spend buys: the price per thousand rises with the budget."""
    saturation: float = (1.0 + spend_minor / RETURN_KNEE_MINOR) ** -RETURN_EXPONENT
    return 1_000.0 * spend_minor / cpm_minor * saturation


def wear(prior: float, *, audience: float) -> float:
    """Factor on the click odds after `prior` impressions: who comes next has seen it prior/audience times."""
    return float((1.0 + prior / audience) ** WEAR_EXPONENT)


def reached(impressions: float, *, audience: float) -> float:
    """People behind that many impressions in an audience of this size."""
    missed: float = (1.0 + impressions / (REACH_SHAPE * audience)) ** -REACH_SHAPE
    return audience * (1.0 - missed)


def logistic(log_odds: float) -> float:
    """Probability from log-odds."""
    return 1.0 / (1.0 + math.exp(-log_odds))


def log_odds(probability: float) -> float:
    """Log-odds from a probability."""
    return math.log(probability / (1.0 - probability))


def lag_days(standard: float, *, median: float) -> float:
    """Days of a log-normal lag cut at LAG_LIMIT_DAYS, from its standard normal quantile."""
    return min(LAG_LIMIT_DAYS, median * math.exp(WIN_LAG_SIGMA * standard))


def lag_ceiling(median: float) -> float:
    """Probability mass of the lag below LAG_LIMIT_DAYS."""
    return normal_cdf(math.log(LAG_LIMIT_DAYS / median) / WIN_LAG_SIGMA)


def clipped_lognormal_mean(log_median: float, *, sigma: float, low: float, high: float) -> float:
    """Mean of a log-normal that is pushed back into [low, high]."""
    under = (math.log(low) - log_median) / sigma
    over = (math.log(high) - log_median) / sigma
    inside = math.exp(log_median + sigma**2 / 2) * (normal_cdf(over - sigma) - normal_cdf(under - sigma))
    return low * normal_cdf(under) + inside + high * (1.0 - normal_cdf(over))
