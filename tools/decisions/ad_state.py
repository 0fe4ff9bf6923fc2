"""Ad states from what a sync stored: ads, their daily rows, the CRM's deals, at one business time.

The optimise graph and the in-process simulation both call `assemble`, so that one seed gives the same cents both ways.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from geminivideo.accounts import AccountConfig
from geminivideo.ads import Ad, AdDay, AdState, Deal
from tools.decisions.attribution import WHOLE, Credit, attribute, share_minor
from tools.decisions.revenue import StageModel, fit_stage_model, latest

RECENT_DAYS = 28
"""Daily rows that a state carries."""


@dataclass
class _Value:
    pipeline: int = 0
    revenue: int = 0
    deals_ppm: int = 0
    amount: int = 0


class _Totals(NamedTuple):
    impressions: int
    reach: int
    clicks: int
    spend: int
    leads: int


@dataclass
class _Book:
    by_ad: dict[str, _Value] = field(default_factory=dict)

    def add(self, deal: Deal, *, credits: Sequence[Credit], model: StageModel, now: datetime) -> None:
        parts = share_minor(model.expected_minor(deal, now=now), credits=credits)
        amounts = share_minor(deal.amount_minor, credits=credits)
        for credit in credits:
            value = self.by_ad.setdefault(credit.ad_id, _Value())
            value.deals_ppm += credit.ppm
            value.amount += amounts[credit.ad_id]
            if deal.stage == "closedwon":
                value.revenue += parts[credit.ad_id]
            else:
                value.pipeline += parts[credit.ad_id]


def assemble(
    ads: Sequence[Ad],
    *,
    days: Iterable[AdDay],
    deals: Sequence[Deal],
    config: AccountConfig,
    now: datetime,
    predicted_ctr_ppm: Mapping[str, int] | None = None,
    lifetime_reach: Mapping[str, int] | None = None,
) -> tuple[AdState, ...]:
    """The state of every ad, in the order given. Rows of today or later, and deals not made yet, are left out.

    Deals in a foreign currency are left out too: there is no honest rate to add them at. `lifetime_reach` is people
    reached at least once, by ad id; without it the days' reach is summed, which counts a person once a day.
    """
    today = now.astimezone(ZoneInfo(config.timezone)).date()
    rows = _rows_by_ad(days, before=today)
    known = [d for d in latest(deals) if d.currency == config.currency and d.created_at <= now]
    model = fit_stage_model(known, now=now)
    credits = attribute(known, ads=ads, days=rows, timezone=config.timezone)
    book = _Book()
    for deal in known:
        book.add(deal, credits=credits[deal.external_id], model=model, now=now)
    predicted, people = predicted_ctr_ppm or {}, lifetime_reach or {}
    empty = _Value()
    return tuple(
        _state(
            ad,
            rows=rows.get(ad.id, ()),
            value=book.by_ad.get(ad.id, empty),
            now=now,
            predicted=predicted.get(ad.id),
            reach=people.get(ad.id),
        )
        for ad in ads
    )


def _rows_by_ad(days: Iterable[AdDay], *, before: date) -> dict[str, tuple[AdDay, ...]]:
    table: dict[str, dict[date, AdDay]] = {}
    for row in days:
        if row.day < before:
            table.setdefault(row.ad_id, {})[row.day] = row
    return {ad_id: tuple(sorted(rows.values(), key=lambda row: row.day)) for ad_id, rows in table.items()}


def _state(
    ad: Ad, *, rows: Sequence[AdDay], value: _Value, now: datetime, predicted: int | None, reach: int | None
) -> AdState:
    totals = _totals(rows)
    return AdState(
        ad_id=ad.id,
        account_id=ad.account_id,
        as_of=now,
        age_days=max(0, (now - ad.created_at).days),
        status=ad.status,
        daily_budget_minor=ad.daily_budget_minor,
        currency=ad.currency,
        impressions=totals.impressions,
        reach=totals.reach if reach is None else min(reach, totals.impressions),
        clicks=totals.clicks,
        spend_minor=totals.spend,
        leads=totals.leads,
        deals=(value.deals_ppm + WHOLE // 2) // WHOLE,
        deal_amount_minor=value.amount,
        pipeline_value_minor=value.pipeline,
        revenue_minor=value.revenue,
        predicted_ctr_ppm=predicted,
        days=tuple(rows[-RECENT_DAYS:]),
    )


def _totals(rows: Sequence[AdDay]) -> _Totals:
    return _Totals(
        impressions=sum(row.impressions for row in rows),
        reach=sum(row.reach for row in rows),
        clicks=sum(row.clicks for row in rows),
        spend=sum(row.spend_minor for row in rows),
        leads=sum(row.leads for row in rows),
    )
