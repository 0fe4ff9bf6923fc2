"""What only the world knows of an ad: drawn once, from the seed, the ad's key and its visible traits."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geminivideo.creative_dna import CreativeDna
from sandbox import response
from sandbox.chance import normal, uniforms
from sandbox.deals import AMOUNT_HIGH, AMOUNT_LOW
from sandbox.response import Economics
from sandbox.traits import effects_of

_AUDIENCE_SPREAD = 0.35
"""Sd of log audience between ad sets (assumption)."""


@dataclass(frozen=True)
class AdTruth:
    """What only the world knows of an ad: log-odds and logs around the account's means, and its audience."""

    ctr_traits: float
    ctr_hidden: float
    conversion_traits: float
    conversion_hidden: float
    win_log_odds: float
    log_amount: float
    mean_amount: float
    audience: float


def draw_truth(
    key: str, *, seed: int, economics: Economics, traits: CreativeDna | None, audience: float | None
) -> AdTruth:
    """The ad's qualities: a visible part from its traits, and a hidden part that nothing else depends on."""
    e, u, effects = economics, uniforms(seed, key, "truth"), effects_of(seed)
    click, other = normal(u[0]), normal(u[1])
    convert = e.rho * click + math.sqrt(1.0 - e.rho**2) * other
    log_amount = math.log(e.deal_median_minor) + response.AMOUNT_SPREAD * normal(u[3])
    mean_amount = response.clipped_lognormal_mean(
        log_amount, sigma=response.DEAL_SPREAD, low=AMOUNT_LOW, high=AMOUNT_HIGH
    )
    clicks, leads = response.CTR_SPREAD, response.CONVERSION_SPREAD
    return AdTruth(
        ctr_traits=clicks * math.sqrt(e.ctr_trait_share) * effects.standard(traits, outcome="click"),
        ctr_hidden=clicks * math.sqrt(1.0 - e.ctr_trait_share) * click,
        conversion_traits=leads * math.sqrt(e.conversion_trait_share) * effects.standard(traits, outcome="lead"),
        conversion_hidden=leads * math.sqrt(1.0 - e.conversion_trait_share) * convert,
        win_log_odds=response.log_odds(e.win_rate) + response.WIN_SPREAD * normal(u[2]),
        log_amount=log_amount,
        mean_amount=mean_amount,
        audience=audience or e.audience_median * math.exp(_AUDIENCE_SPREAD * normal(u[4])),
    )
