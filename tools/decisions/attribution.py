"""Which ads a deal is owed to: exact ids first, then a time-decayed share over the ads that could have brought it.

Credits are integers in parts per million and sum to one million for every deal, so no deal counts twice or half.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from geminivideo.ads import Ad, AdDay, Deal
from geminivideo.money import split_exactly

WHOLE = 1_000_000
WINDOW_DAYS = 28
_HALF_LIFE_DAYS = 3.0
"""A lead becomes a deal within days; an older click is less likely to be its origin."""
_CLICK_WEIGHT = 0.02
"""A click without a lead is weak evidence, but better than none when leads are not reported."""


class Credit(NamedTuple):
    """A share of one deal. `ad_id` is ours; empty where the origin is no ad that we know."""

    ad_id: str
    ppm: int
    layer: Literal["exact", "time_decay", "unattributed"]


def attribute(
    deals: Sequence[Deal], *, ads: Sequence[Ad], days: Mapping[str, Sequence[AdDay]], timezone: str = "UTC"
) -> dict[str, tuple[Credit, ...]]:
    """Credits per deal external id, each summing to one million. `days` are daily rows per ad id."""
    ours = {ad.ad_external_id: ad.id for ad in ads if ad.ad_external_id}
    evidence = _evidence_by_day(days)
    zone = ZoneInfo(timezone)
    shares: dict[date, tuple[Credit, ...]] = {}
    credits: dict[str, tuple[Credit, ...]] = {}
    for deal in deals:
        if deal.ad_external_id:
            # An id of an ad that we do not know is exact too: it is somebody else's, and must not be shared out.
            known = ours.get(deal.ad_external_id, "")
            credits[deal.external_id] = (Credit(known, WHOLE, "exact" if known else "unattributed"),)
            continue
        day = _local_day(deal.created_at, zone=zone)
        if day not in shares:
            shares[day] = _decayed(evidence, day=day)
        credits[deal.external_id] = shares[day]
    return credits


def share_minor(amount_minor: int, *, credits: Sequence[Credit]) -> dict[str, int]:
    """An amount in minor units by ad id; the parts sum to the amount."""
    parts = split_exactly(amount_minor, weights=[credit.ppm for credit in credits])
    return {credit.ad_id: part for credit, part in zip(credits, parts, strict=True)}


def _evidence_by_day(days: Mapping[str, Sequence[AdDay]]) -> dict[date, dict[str, float]]:
    table: dict[date, dict[str, float]] = {}
    for ad_id in sorted(days):
        for row in days[ad_id]:
            weight = row.leads + _CLICK_WEIGHT * row.clicks
            if weight > 0:
                table.setdefault(row.day, {})[ad_id] = weight
    return table


def _decayed(evidence: Mapping[date, Mapping[str, float]], *, day: date) -> tuple[Credit, ...]:
    weights: dict[str, float] = {}
    for back in range(WINDOW_DAYS + 1):
        factor = 0.5 ** (back / _HALF_LIFE_DAYS)
        for ad_id, weight in evidence.get(day - timedelta(days=back), {}).items():
            weights[ad_id] = weights.get(ad_id, 0.0) + factor * weight
    if not weights:
        return (Credit("", WHOLE, "unattributed"),)
    order = sorted(weights)
    parts = split_exactly(WHOLE, weights=[weights[ad_id] for ad_id in order])
    return tuple(Credit(ad_id, part, "time_decay") for ad_id, part in zip(order, parts, strict=True) if part)


def _local_day(at: datetime, *, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()
