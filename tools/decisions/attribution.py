"""Which ads a deal is owed to: exact ids first, then a time-decayed share over the ads that could have brought it.

Credits are integers in parts per million and sum to one million for every deal, so no deal counts twice or half.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from geminivideo.ads import Ad, AdDay, Deal
from geminivideo.money import split_exactly

WHOLE = 1_000_000
WINDOW_DAYS = 28
"""A deal made longer than this after the last day on record is owed to nobody."""
_FADE = 0.5 ** (1 / 3.0)
"""A lead becomes a deal within days, so the plausibility of an older click halves every three days."""
_LEAST = 0.01
"""Ads below this share of the most plausible one are left out."""
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
    evidence = _Evidence(days)
    zone = ZoneInfo(timezone)
    credits: dict[str, tuple[Credit, ...]] = {}
    for deal in deals:
        if deal.ad_external_id:
            # An id of an ad that we do not know is exact too: it is somebody else's, and must not be shared out.
            known = ours.get(deal.ad_external_id, "")
            credits[deal.external_id] = (Credit(known, WHOLE, "exact" if known else "unattributed"),)
            continue
        credits[deal.external_id] = evidence.shares(deal.created_at.astimezone(zone).date())
    return credits


def share_minor(amount_minor: int, *, credits: Sequence[Credit]) -> dict[str, int]:
    """An amount in minor units by ad id; the parts sum to the amount."""
    if len(credits) == 1:
        return {credits[0].ad_id: amount_minor}
    parts = split_exactly(amount_minor, weights=[credit.ppm for credit in credits])
    return {credit.ad_id: part for credit, part in zip(credits, parts, strict=True)}


class _Evidence:
    """Decayed weights per day: each day's is the day before's, faded, plus what the ads did on it."""

    def __init__(self, days: Mapping[str, Sequence[AdDay]]) -> None:
        self._ads = sorted(days)
        dates = [row.day for rows in days.values() for row in rows]
        self._first = min(dates, default=date.min)
        span = (max(dates) - self._first).days + 1 if dates else 0
        table = np.zeros((span, len(self._ads)))
        for column, ad_id in enumerate(self._ads):
            for row in days[ad_id]:
                table[(row.day - self._first).days, column] += row.leads + _CLICK_WEIGHT * row.clicks
        for index in range(1, span):
            table[index] += _FADE * table[index - 1]
        self._table = table
        self._shares: dict[date, tuple[Credit, ...]] = {}

    def shares(self, day: date) -> tuple[Credit, ...]:
        """Credits of a deal made on that day, from what ran on it and before."""
        if day not in self._shares:
            self._shares[day] = self._share_out(day)
        return self._shares[day]

    def _share_out(self, day: date) -> tuple[Credit, ...]:
        place = min((day - self._first).days, len(self._table) - 1)
        late = (day - self._first).days - place
        if place < 0 or late > WINDOW_DAYS:
            return (Credit("", WHOLE, "unattributed"),)
        weights = self._table[place]
        plausible = np.flatnonzero(weights > _LEAST * weights.max(initial=0.0))
        if not plausible.size:
            return (Credit("", WHOLE, "unattributed"),)
        parts = split_exactly(WHOLE, weights=weights[plausible].tolist())
        return tuple(
            Credit(self._ads[index], part, "time_decay") for index, part in zip(plausible, parts, strict=True) if part
        )
