"""Ways to divide a campaign's daily total, all under the same caps, cadence and starting point.

A policy sees what a sync sees. It answers with budgets (minor units, zero pauses) that sum to no more than the total.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.scenario import Campaign, Past, move_past_to, states
from tools.decisions.ad_state import assemble
from tools.decisions.delivery import read_delivery, spread_budget
from tools.decisions.optimise import plan
from tools.decisions.sampler import Tuning

Floats = NDArray[np.float64]
Policy = Callable[[int, Campaign], list[int]]
"""(day, campaign) to budgets."""

TEST_DAYS = 6
"""Length of the test of test-then-commit: the strongest of 2 to 8 days on development seeds."""


def even_split(day: int, campaign: Campaign) -> list[int]:
    """Leave the even split alone."""
    return campaign.budgets()


def thompson(seed: int) -> Policy:
    """Plain Thompson sampling: independent Gamma posteriors of leads per spend, money by the chance of being best."""

    def decide(day: int, campaign: Campaign) -> list[int]:
        leads, spend = _evidence(campaign)
        rng = np.random.default_rng([seed, day, 1])
        # The prior is worth one lead at the campaign's mean cost of a lead.
        cost = max(spend.sum(), 1.0) / max(leads.sum(), 1.0)
        draws = rng.gamma(1.0 + leads, 1.0 / (spend + cost), size=(2_000, leads.size))
        chance = np.bincount(draws.argmax(axis=1), minlength=leads.size) / len(draws)
        return towards(chance, campaign=campaign)

    return decide


def test_then_commit(test_days: int = TEST_DAYS) -> Policy:
    """Even split for the test, then everything (as fast as the caps allow) to the ad with the most leads per spend."""
    chosen: list[int] = []

    def decide(day: int, campaign: Campaign) -> list[int]:
        if day < test_days:
            return campaign.budgets()
        if not chosen:
            leads, spend = _evidence(campaign)
            chosen.append(int((leads / np.maximum(spend, 1.0)).argmax()))
        target = np.zeros(len(campaign.keys))
        target[chosen[0]] = 1.0
        return towards(target, campaign=campaign)

    return decide


def system(seed: int, *, past: Past, tuning: Tuning | None = None) -> Policy:
    """What we ship: states assembled from what a sync would hold, then `plan`."""

    def decide(day: int, campaign: Campaign) -> list[int]:
        move_past_to(past, now=campaign.world.now)
        ours, background = states(campaign, past=past)
        settings = campaign.settings
        made = plan(
            ours, config=settings.config, seed=seed * 1_000 + day, now=campaign.world.now, background=background,
            total_minor=settings.total_minor, tuning=tuning,
        )  # fmt: skip
        return [row.budget_minor for row in made.allocation.ads]

    return decide


def told(*, leads_only: bool) -> Policy:
    """Our own planner with the world's truth in place of what it believes: shows what is lost for want of evidence.

    `leads_only`: told each ad's exact click and lead rates from the first day, but not what its leads are worth.
    """

    def decide(day: int, campaign: Campaign) -> list[int]:
        settings, world = campaign.settings, campaign.world
        ads = assemble(campaign.live_ads(), days=campaign.rows(), deals=[], config=settings.config, now=world.now)
        truths = [world.truth(key) for key in campaign.keys]
        value = np.exp([t.ctr_traits + t.ctr_hidden + t.conversion_traits + t.conversion_hidden for t in truths])
        if not leads_only:
            expected = [world.expected_day(key, daily_budget_minor=1_000) for key in campaign.keys]
            value = value * np.asarray([e.value_minor / e.leads for e in expected])
        before = np.asarray(campaign.budgets(), dtype=np.float64)
        high = np.floor(before * (100 + settings.config.caps.increase_percent_per_change) / 100)
        low = np.minimum(before, float(settings.config.min_ad_budget))
        budgets = spread_budget(
            value[None], delivery=read_delivery(ads), low=low, high=high, total=float(settings.total_minor),
            days_ahead=Tuning().days_ahead,
        )  # fmt: skip
        return [int(value) for value in budgets[0]]

    return decide


def towards(target: Floats, *, campaign: Campaign) -> list[int]:
    """The budgets nearest in proportion to `target` that the caps allow, summing to the total where reachable."""
    settings = campaign.settings
    before = np.asarray(campaign.budgets(), dtype=np.float64)
    high = np.floor(before * (100 + settings.config.caps.increase_percent_per_change) / 100)
    low = np.minimum(before, float(settings.config.min_ad_budget))
    total = min(float(settings.total_minor), float(high.sum()))
    bottom, top = 0.0, 1e18
    weight = np.maximum(target, 1e-9)
    for _ in range(120):
        middle = np.sqrt(max(bottom, 1e-6) * top)
        bottom, top = (bottom, middle) if np.clip(middle * weight, low, high).sum() > total else (middle, top)
    return [int(value) for value in np.clip(bottom * weight, low, high)]


def _evidence(campaign: Campaign) -> tuple[Floats, Floats]:
    """(leads, spend) per ad so far, as they are reported."""
    rows = [campaign.world.rows(key) for key in campaign.keys]
    leads = [float(sum(row.leads for row in days)) for days in rows]
    spend = [float(sum(row.spend_minor for row in days)) for days in rows]
    return np.asarray(leads), np.asarray(spend)
