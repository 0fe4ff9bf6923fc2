"""Whether an ad's results are proof or luck: winner, loser, or not yet known. Pure.

CTR has a Jeffreys interval (Brown, Cai & DasGupta 2001). ROAS has one too: value counted in average orders is
taken as Poisson, so `orders + 1/2` is the shape of a gamma distribution. Both are 90% intervals: the truth lies
beyond a given end once in twenty times.

Inside its ignorance zone nothing is proven about an ad, either way: among hundreds of ads that were barely
shown, some always look brilliant. Outside it, a winner's lower end passes the account's threshold (ROAS 3.0,
CTR 3% by default). Where nobody reaches 3% the best must still be found: an ad also wins when it is in the top
quartile of the account's CTRs and its lower end is 20% above the account's mean. A loser's return is below the
kill threshold with 95% probability, or it is the mirror image of the relative winner. Money outweighs clicks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from scipy.special import betaincinv, gammaincinv  # type: ignore[import-untyped]

from geminivideo.accounts import AccountConfig
from geminivideo.ads import Ad, AdState
from geminivideo.vocabulary import Vertical
from memory.winners import IndexedAd, Kind

TAIL = 0.05
MARGIN_PERCENT = 20
MIN_ADS = 8
"""Fewer ads than this have no meaningful mean and quartiles: only the absolute thresholds hold."""

_PPM = 1_000_000
_SURELY = "with 95% probability"


@dataclass(frozen=True, kw_only=True)
class Results:
    """What an ad has done so far. `value_minor`: revenue plus expected pipeline, attributed to it."""

    impressions: int
    clicks: int
    spend_minor: int
    value_minor: int
    age_days: int
    maturity_percent: int = 100
    """Share of its eventual value that has had time to arrive: young ads with slow sales are not losers."""


@dataclass(frozen=True, kw_only=True)
class AccountBase:
    """What is usual in the account: mean CTR and quartiles of its ads' CTRs, in parts per million."""

    ads: int
    mean_ppm: int
    lower_quartile_ppm: int
    upper_quartile_ppm: int


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Winner, loser or neither, with the numbers and one plain sentence."""

    kind: Kind | None
    why: str
    ctr_ppm: int
    ctr_low_ppm: int
    ctr_high_ppm: int
    roas_percent: int | None
    roas_low_percent: int | None
    roas_high_percent: int | None


def results_of(state: AdState, *, maturity_percent: int = 100) -> Results:
    """The part of an ad's state that proves something."""
    return Results(
        impressions=state.impressions,
        clicks=state.clicks,
        spend_minor=state.spend_minor,
        value_minor=state.revenue_minor + state.pipeline_value_minor,
        age_days=state.age_days,
        maturity_percent=maturity_percent,
    )


def account_base(results: Sequence[Results]) -> AccountBase:
    """The account's usual CTR, from its ads that were shown at all."""
    shown = [each for each in results if each.impressions > 0]
    rates = sorted(_rate_ppm(each) for each in shown)
    impressions = sum(each.impressions for each in shown)
    clicks = sum(_clicks(each) for each in shown)
    return AccountBase(
        ads=len(shown),
        mean_ppm=clicks * _PPM // impressions if impressions else 0,
        lower_quartile_ppm=rates[(len(rates) - 1) // 4] if rates else 0,
        upper_quartile_ppm=rates[(3 * (len(rates) - 1) + 3) // 4] if rates else 0,
    )


def ctr_interval_ppm(*, impressions: int, clicks: int) -> tuple[int, int]:
    """The 90% Jeffreys interval of a CTR, in parts per million, rounded outwards."""
    clicks = min(clicks, impressions)
    misses = impressions - clicks
    low = float(betaincinv(clicks + 0.5, misses + 0.5, TAIL)) if clicks else 0.0
    high = float(betaincinv(clicks + 0.5, misses + 0.5, 1 - TAIL)) if misses else 1.0
    return math.floor(low * _PPM), math.ceil(high * _PPM)


def roas_interval_percent(results: Results, *, order_minor: int) -> tuple[int, int] | None:
    """The 90% interval of value over spend, in percent; None without spend, order value or any maturity."""
    ripe_spend = results.spend_minor * results.maturity_percent / 100
    if ripe_spend <= 0 or order_minor <= 0:
        return None
    shape = results.value_minor / order_minor + 0.5
    percent_per_order = 100 * order_minor / ripe_spend
    low = float(gammaincinv(shape, TAIL)) * percent_per_order if results.value_minor else 0.0
    return math.floor(low), math.ceil(float(gammaincinv(shape, 1 - TAIL)) * percent_per_order)


def judge(results: Results, *, base: AccountBase, config: AccountConfig) -> Verdict:
    """What these results prove, under the account's thresholds."""
    low, high = ctr_interval_ppm(impressions=results.impressions, clicks=results.clicks)
    roas = roas_interval_percent(results, order_minor=config.aov)
    kind, why = _finding(results, ctr=(low, high), roas=roas, base=base, config=config)
    return Verdict(
        kind=kind,
        why=why,
        ctr_ppm=_rate_ppm(results),
        ctr_low_ppm=low,
        ctr_high_ppm=high,
        roas_percent=results.value_minor * 100 // results.spend_minor if results.spend_minor else None,
        roas_low_percent=roas[0] if roas else None,
        roas_high_percent=roas[1] if roas else None,
    )


def sort_out(
    ads: Sequence[Ad], *, states: Mapping[str, AdState], config: AccountConfig, now: datetime
) -> tuple[list[IndexedAd], list[str]]:
    """The account's ads to remember, and the ids of those to forget because nothing is proven (any more).

    `states` by ad id; an ad without a state is forgotten. `now` is stamped on what is remembered.
    """
    results = {ad_id: results_of(state) for ad_id, state in states.items()}
    base = account_base(list(results.values()))
    verdicts = {ad_id: judge(each, base=base, config=config) for ad_id, each in results.items()}
    remember = [
        _indexed(ad, kind=verdict.kind, known=results[ad.id], verdict=verdict, vertical=config.vertical, now=now)
        for ad in ads
        if (verdict := verdicts.get(ad.id)) and verdict.kind
    ]
    kept = {item.ad_id for item in remember}
    return remember, [ad.id for ad in ads if ad.id not in kept]


_Finding = tuple[Kind | None, str]


def _finding(
    results: Results,
    *,
    ctr: tuple[int, int],
    roas: tuple[int, int] | None,
    base: AccountBase,
    config: AccountConfig,
) -> _Finding:
    rate = _rate_ppm(results)
    unknown = (None, f"A CTR of {_percent(rate)} on {results.impressions} impressions proves nothing yet.")
    if _ignorant(results, config=config):
        return unknown
    return (
        (_by_money(roas, config=config) if roas else None)
        or _by_threshold(ctr[0], config=config)
        or (_by_comparison(rate, ctr=ctr, base=base) if base.ads >= MIN_ADS else None)
        or unknown
    )


def _by_money(roas: tuple[int, int], *, config: AccountConfig) -> _Finding | None:
    low, high = roas
    wins, loses = config.index.roas_percent, config.kill_roas_percent
    if low > wins:
        return "winner", f"Its ROAS is {_SURELY} above {_times(low)}; {_times(wins)} wins."
    if high < loses:
        return "loser", f"Its ROAS is {_SURELY} below {_times(high)}; under {_times(loses)} loses."
    return None


def _by_threshold(low: int, *, config: AccountConfig) -> _Finding | None:
    wins = config.index.ctr_ppm
    if low > wins:
        return "winner", f"Its CTR is {_SURELY} above {_percent(low)}; {_percent(wins)} wins."
    return None


def _by_comparison(rate: int, *, ctr: tuple[int, int], base: AccountBase) -> _Finding | None:
    low, high = ctr
    usual = f"the account's mean of {_percent(base.mean_ppm)}"
    if low * 100 > base.mean_ppm * (100 + MARGIN_PERCENT) and rate >= base.upper_quartile_ppm:
        return "winner", f"Its CTR is {_SURELY} above {_percent(low)}, {MARGIN_PERCENT}% over {usual}."
    if high * 100 < base.mean_ppm * (100 - MARGIN_PERCENT) and rate <= base.lower_quartile_ppm:
        return "loser", f"Its CTR is {_SURELY} below {_percent(high)}, {MARGIN_PERCENT}% under {usual}."
    return None


def _ignorant(results: Results, *, config: AccountConfig) -> bool:
    return results.age_days < config.ignorance_zone_days or results.spend_minor < config.ignorance_zone_spend


def _indexed(ad: Ad, *, kind: Kind, known: Results, verdict: Verdict, vertical: Vertical, now: datetime) -> IndexedAd:
    return IndexedAd(
        ad_id=ad.id,
        kind=kind,
        copy_text=ad.copy_text,
        dna=ad.dna,
        impressions=known.impressions,
        clicks=_clicks(known),
        ctr_ppm=verdict.ctr_ppm,
        ctr_low_ppm=verdict.ctr_low_ppm,
        roas_percent=verdict.roas_percent,
        vertical=vertical,
        platform=ad.platform,
        indexed_at=now,
    )


def _clicks(results: Results) -> int:
    return min(results.clicks, results.impressions)


def _rate_ppm(results: Results) -> int:
    return _clicks(results) * _PPM // results.impressions if results.impressions else 0


def _percent(ppm: int) -> str:
    return f"{ppm / 10_000:.2f}%"


def _times(percent: int) -> str:
    return f"{percent / 100:.2f}"
