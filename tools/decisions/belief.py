"""What is believed of the ads at this moment: draws of what a fresh impression of each is worth in money."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from geminivideo.accounts import AccountConfig, BlendingCurve
from geminivideo.ads import AdState
from tools.decisions.delivery import RETURNS, Delivery, Floats, read_delivery
from tools.decisions.posterior import Link, fit_link

_LEAD_MATURITY = (0.85, 0.93, 0.97)
"""Share of a day's leads that are reported one, two, three days later (delayed conversions)."""


@dataclass(frozen=True)
class Belief:
    """Draws over the ads that may get money, (draws, n), and what they came from."""

    value: Floats
    """Money per fresh impression, at full lag, in minor units."""
    mean: Floats
    """(n,) its mean."""
    ctr: Floats
    """(n,) posterior mean of the fresh CTR."""
    delivery: Delivery

    def money(self, budget: Floats) -> Floats:
        """(draws, n) money per day that budgets (n,) bring, with the wear that the ads have now."""
        shown = self.delivery.efficiency * budget**RETURNS
        return np.asarray(self.value * shown * self.delivery.wear())


def blend_weight(curve: BlendingCurve, *, age_days: int) -> float:
    """Weight of money against clicks at an age, 0 to 1."""
    hours, start, end = 24.0 * age_days, float(curve.start_hours), float(max(curve.end_hours, curve.start_hours + 1))
    place = (hours - start) / (end - start)
    if curve.shape == "step":
        return float(place >= 1.0)
    if curve.shape == "linear":
        return min(1.0, max(0.0, place))
    return 1.0 / (1.0 + math.exp(-8.0 * (place - 0.5)))


def believe(
    live: Sequence[AdState],
    *,
    others: Sequence[AdState],
    config: AccountConfig,
    now: datetime,
    rng: np.random.Generator,
    draws: int,
) -> Belief:
    """Draws for the live ads; the others only pool.

    The clicks' link feeds the leads' link: on some accounts the ads that draw more clicks convert worse, and the
    account's own history says how much.
    """
    known = [*live, *others]
    count = len(live)
    delivery = read_delivery(known)
    is_live = np.asarray([float(i < count) for i in range(len(known))])
    ones = np.ones(len(known))
    clicks = _click_link(known, delivery=delivery, is_live=is_live)
    centre = float(clicks.mean.mean())
    leads, exposure = _lead_counts(known, now=now, config=config)
    lead = fit_link(
        leads, exposure=exposure, design=np.column_stack([ones, clicks.mean - centre, is_live]),
        effect_mean=(math.log(0.03), 0.0, 0.0), effect_sd=(1.5, 0.5, 0.3), spread_guess=0.35,
    )  # fmt: skip
    amount, won = _money_links(known, ones=ones, config=config)
    clicks, lead, amount, won = (link.first(count) for link in (clicks, lead, amount, won))
    by_click = clicks.draw(rng, draws=draws)
    design = np.stack([np.ones_like(by_click), by_click - centre, np.ones_like(by_click)], axis=2)
    value = by_click + lead.draw(rng, draws=draws, design=design)
    value = value + amount.draw(rng, draws=draws) + won.draw(rng, draws=draws)
    # Log-normal mean in closed form: the mean of the draws would add its own noise to equal ads.
    passed_on = (1.0 + lead.lean * lead.effects[1]) ** 2
    spread = passed_on * clicks.variance + lead.variance + amount.variance + won.variance
    middle = clicks.mean + lead.mean + amount.mean + won.mean
    return Belief(
        value=np.exp(value),
        mean=np.exp(middle + spread / 2),
        ctr=np.exp(clicks.mean),
        delivery=_first(delivery, count=count),
    )


def _click_link(known: Sequence[AdState], *, delivery: Delivery, is_live: Floats) -> Link:
    """Fresh CTR. The prediction made before an ad ran enters as an effect whose slope the results keep correcting."""
    base = float(delivery.fresh_clicks.sum() + 1.0) / float(delivery.fresh_impressions.sum() + 100.0)
    predicted = [s.predicted_ctr_ppm for s in known]
    told = [math.log(p / 1e6) for p in predicted if p]
    centre = sum(told) / len(told) if told else 0.0
    lift = np.asarray([math.log(p / 1e6) - centre if p else 0.0 for p in predicted])
    return fit_link(
        delivery.fresh_clicks, exposure=delivery.fresh_impressions,
        design=np.column_stack([np.ones(len(known)), lift, is_live]),
        effect_mean=(math.log(base), 0.9, 0.0), effect_sd=(1.0, 0.4, 0.3), spread_guess=0.28,
    )  # fmt: skip


def _lead_counts(known: Sequence[AdState], *, now: datetime, config: AccountConfig) -> tuple[Floats, Floats]:
    """(leads, clicks), the latest days' clicks counted only as far as their leads can have come in yet.

    An account that reports no leads at all is judged by its deals instead.
    """
    use_deals = not any(s.leads for s in known)
    count = np.asarray([s.deals if use_deals else s.leads for s in known], dtype=np.float64)
    clicks = [float(s.clicks) for s in known]
    today = now.astimezone(ZoneInfo(config.timezone)).date()
    for index, state in enumerate(known):
        for row in state.days[-len(_LEAD_MATURITY) :]:
            back = (today - row.day).days - 1
            if 0 <= back < len(_LEAD_MATURITY):
                clicks[index] -= (1.0 - _LEAD_MATURITY[back]) * row.clicks
    return count, np.maximum(np.asarray(clicks), count)


def _money_links(known: Sequence[AdState], *, ones: Floats, config: AccountConfig) -> tuple[Link, Link]:
    """Size of a deal, and the chance (at full lag) that it is won. Their evidence counts as the blending curve says."""
    weight = np.asarray([blend_weight(config.blending_curve, age_days=s.age_days) for s in known])
    deals = np.asarray([s.deals for s in known], dtype=np.float64)
    face = np.asarray([s.deal_amount_minor for s in known], dtype=np.float64)
    worth = np.asarray([s.pipeline_value_minor + s.revenue_minor for s in known], dtype=np.float64)
    typical = float(face.sum() / deals.sum()) if deals.sum() and face.sum() else float(max(config.aov, 1))
    design = ones[:, None]
    # Deal sizes vary by about half their mean, so one deal tells as much about the mean as four Poisson counts.
    amount = fit_link(
        4.0 * weight * face / typical, exposure=4.0 * weight * deals, design=design,
        effect_mean=(0.0,), effect_sd=(0.7,), spread_guess=0.15,
    )  # fmt: skip
    win = fit_link(
        weight * worth / typical, exposure=weight * face / typical, design=design,
        effect_mean=(math.log(0.2) if config.mode == "service" else 0.0,), effect_sd=(0.7,), spread_guess=0.18,
    )  # fmt: skip
    return replace(amount, own=amount.own + math.log(typical)), win


def _first(delivery: Delivery, *, count: int) -> Delivery:
    return replace(
        delivery,
        efficiency=delivery.efficiency[:count],
        worn=delivery.worn[:count],
        fresh_clicks=delivery.fresh_clicks[:count],
        fresh_impressions=delivery.fresh_impressions[:count],
    )
