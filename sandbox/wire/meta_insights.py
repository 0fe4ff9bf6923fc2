"""Insights: one row per ad and day, every number a string, spend in major units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from geminivideo.money import Money
from sandbox.catalogue import AdNode
from sandbox.graph_error import invalid
from sandbox.simulation import Simulation
from sandbox.wire.params import Call, choice, structure, text
from sandbox.world import DayRow

_ALL_CLICKS_SHARE = 5
"""`clicks` counts every click: one in so many more than the clicks on the link (assumption)."""
_PRESETS = {"today": (0, 0), "yesterday": (1, 1), "last_7d": (7, 1), "last_14d": (14, 1), "last_30d": (30, 1),
            "last_90d": (90, 1), "maximum": (1_200, 0)}  # fmt: skip


@dataclass(frozen=True)
class Insight:
    """One row before it is written out: an ad's figures over a span of days."""

    ad: AdNode
    row: DayRow
    first: date
    last: date


def insight_rows(sim: Simulation, call: Call, *, ads: list[AdNode]) -> list[Insight]:
    """Rows for these ads, oldest day first."""
    if choice(call.params, "level", among=("account", "campaign", "adset", "ad"), default="ad") != "ad":
        raise invalid("This sandbox reports at level=ad only")
    first, last = _range(call, today=sim.world.today)
    daily = text(call.params, "time_increment", default="all_days") == "1"
    return list(_daily(sim, ads, first=first, last=last) if daily else _totals(sim, ads, first=first, last=last))


def show_insight(sim: Simulation, call: Call, insight: Insight) -> dict[str, Any]:
    """The fields that were asked for, and the dates."""
    fields = [name for name in text(call.params, "fields", default="impressions,spend").split(",") if name]
    return _project(_row(sim, insight), fields=fields)


def _range(call: Call, *, today: date) -> tuple[date, date]:
    given = structure(call.params, "time_range")
    if given is not None:
        try:
            first, last = date.fromisoformat(given["since"]), date.fromisoformat(given["until"])
        except (KeyError, TypeError, ValueError):
            raise invalid("time_range must be {'since':YYYY-MM-DD,'until':YYYY-MM-DD}") from None
        if first > last:
            raise invalid("Invalid parameter", subcode=1487534, title="Invalid time range")
        return first, last
    preset = choice(call.params, "date_preset", among=tuple(_PRESETS), default="last_30d")
    back, until = _PRESETS[preset]
    return today - timedelta(days=back), today - timedelta(days=until)


def _daily(sim: Simulation, ads: list[AdNode], *, first: date, last: date) -> Iterator[Insight]:
    found = [
        (row.day, index, ad, row)
        for index, ad in enumerate(ads)
        if ad.world_key is not None
        for row in sim.world.rows(ad.world_key)
        if first <= row.day <= last and row.impressions
    ]
    for day, _, ad, row in sorted(found, key=lambda item: item[:2]):
        yield Insight(ad, row, day, day)


def _totals(sim: Simulation, ads: list[AdNode], *, first: date, last: date) -> Iterator[Insight]:
    for ad in ads:
        if ad.world_key is None:
            continue
        days = [row for row in sim.world.rows(ad.world_key) if first <= row.day <= last and row.impressions]
        if days:
            total = DayRow(
                day=days[0].day,
                impressions=sum(row.impressions for row in days),
                reach=sim.world.reach_between(ad.world_key, first=first, last=last),
                clicks=sum(row.clicks for row in days),
                spend_minor=sum(row.spend_minor for row in days),
                leads=sum(row.leads for row in days),
            )
            yield Insight(ad, total, first, last)


def _row(sim: Simulation, insight: Insight) -> dict[str, Any]:
    ad, row = insight.ad, insight.row
    ad_set = sim.ad_sets[ad.ad_set_id]
    clicks = row.clicks + row.clicks // _ALL_CLICKS_SHARE
    spend = Money(minor=row.spend_minor, currency=sim.config.currency).major
    shown = Decimal(row.impressions)
    return {
        "account_id": sim.account_id,
        "account_currency": sim.config.currency,
        "campaign_id": ad_set.campaign_id,
        "adset_id": ad_set.id,
        "ad_id": ad.id,
        "ad_name": ad.name,
        "impressions": str(row.impressions),
        "reach": str(row.reach),
        "frequency": f"{shown / max(1, row.reach):.6f}",
        "clicks": str(clicks),
        "inline_link_clicks": str(row.clicks),
        "ctr": f"{100 * Decimal(clicks) / shown:.6f}",
        "inline_link_click_ctr": f"{100 * Decimal(row.clicks) / shown:.6f}",
        "cpm": f"{1000 * spend / shown:.6f}",
        "spend": str(spend),
        "actions": _actions(row),
        "date_start": insight.first.isoformat(),
        "date_stop": insight.last.isoformat(),
    }


def _actions(row: DayRow) -> list[dict[str, str]] | None:
    """Actions overlap: `lead` holds what `onsite_conversion.lead_grouped` holds, so they must not be added up."""
    counts = {"link_click": row.clicks, "lead": row.leads, "onsite_conversion.lead_grouped": row.leads}
    found = [{"action_type": kind, "value": str(count)} for kind, count in counts.items() if count]
    return found or None


def _project(row: dict[str, Any], *, fields: list[str]) -> dict[str, Any]:
    unknown = [name for name in fields if name not in row]
    if unknown:
        raise invalid(f"{unknown[0][:60]} is not valid for fields param.")
    wanted = [*fields, "date_start", "date_stop"]
    return {name: row[name] for name in dict.fromkeys(wanted) if row[name] is not None}
