"""Ads, their daily results and the CRM's deals, as the platforms reported them last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from geminivideo.ads import Ad, AdDay, AdStatus, Deal
from geminivideo.errors import NotFound
from memory.schema import ad_days, ads, deals

_CHUNK = 400


def upsert_ads(conn: Connection, items: Sequence[Ad]) -> None:
    """Store ads; one known by its platform id keeps our id, its origin and its creative DNA."""
    rows = [item.model_dump() | {"dna": item.dna.model_dump(mode="json")} for item in items]
    keys = ("account_id", "platform", "ad_external_id")
    _upsert(conn, ads, rows=rows, keys=keys, changing=("name", "status", "daily_budget_minor"))


def insert_ad(conn: Connection, ad: Ad) -> str:
    """Store an ad that we published, once; the id under which it is known.

    A sync may have found it on the platform before we came to remember it: then that row keeps its id and its
    results, and learns where the ad came from.
    """
    same = (ads.c.account_id == ad.account_id, ads.c.platform == ad.platform)
    known = select(ads.c.id).where(*same, or_(ads.c.id == ad.id, ads.c.ad_external_id == ad.ad_external_id))
    earlier = conn.execute(known).scalar_one_or_none()
    row = ad.model_dump() | {"dna": ad.dna.model_dump(mode="json")}
    if earlier is None:
        conn.execute(insert(ads).values(**row))
        return ad.id
    origin = ("run_id", "blueprint_id", "replaces_ad_id", "dna", "copy_text", "call_to_action", "link")
    conn.execute(update(ads).where(ads.c.id == earlier).values({name: row[name] for name in origin}))
    return str(earlier)


def get_ad(conn: Connection, ad_id: str, *, account_id: str) -> Ad:
    """The ad, or NotFound; another account's ad answers like an absent one."""
    row = conn.execute(select(ads).where(ads.c.id == ad_id, ads.c.account_id == account_id)).mappings().first()
    if row is None:
        raise NotFound("There is no such ad", where=ad_id[:60])
    return _ad(row)


def list_ads(conn: Connection, *, account_id: str, status: AdStatus | None = None, ours: bool = False) -> list[Ad]:
    """The account's ads, oldest first; `ours` keeps those that a run of ours published."""
    query = select(ads).where(ads.c.account_id == account_id).order_by(ads.c.created_at, ads.c.id)
    if status is not None:
        query = query.where(ads.c.status == status)
    if ours:
        query = query.where(ads.c.run_id.is_not(None))
    return [_ad(row) for row in conn.execute(query).mappings()]


def set_delivery(conn: Connection, ad_id: str, *, status: AdStatus, daily_budget_minor: int) -> None:
    """Note what the platform shows now for the ad's ad set."""
    conn.execute(update(ads).where(ads.c.id == ad_id).values(status=status, daily_budget_minor=daily_budget_minor))


def upsert_days(conn: Connection, items: Sequence[AdDay], *, account_id: str, synced_at: datetime) -> None:
    """Store daily results; a day that the platform restated is replaced."""
    rows = [item.model_dump() | {"account_id": account_id, "synced_at": synced_at} for item in items]
    changing = ("impressions", "reach", "clicks", "spend_minor", "leads", "synced_at")
    _upsert(conn, ad_days, rows=rows, keys=("ad_id", "day"), changing=changing)


def days_of_ads(conn: Connection, *, account_id: str, since: date | None = None) -> dict[str, list[AdDay]]:
    """Daily results by ad id, each oldest first."""
    query = select(ad_days).where(ad_days.c.account_id == account_id).order_by(ad_days.c.ad_id, ad_days.c.day)
    if since is not None:
        query = query.where(ad_days.c.day >= since)
    found: dict[str, list[AdDay]] = {}
    for row in conn.execute(query).mappings():
        item = AdDay.model_validate({name: row[name] for name in AdDay.model_fields})
        found.setdefault(item.ad_id, []).append(item)
    return found


def upsert_deals(conn: Connection, items: Sequence[Deal], *, account_id: str) -> None:
    """Store deals; an older version never overwrites a newer one, so replays and disorder are harmless."""
    known = {deal.external_id: deal.modified_at for deal in list_deals(conn, account_id=account_id)}
    fresh = {
        deal.external_id: deal
        for deal in sorted(items, key=lambda deal: deal.modified_at)
        if deal.external_id not in known or deal.modified_at >= known[deal.external_id]
    }
    rows = [deal.model_dump() | {"account_id": account_id} for deal in fresh.values()]
    changing = ("ad_external_id", "stage", "amount_minor", "currency", "modified_at")
    _upsert(conn, deals, rows=rows, keys=("account_id", "external_id"), changing=changing)


def list_deals(conn: Connection, *, account_id: str) -> list[Deal]:
    """The account's deals, oldest first."""
    query = select(deals).where(deals.c.account_id == account_id).order_by(deals.c.created_at, deals.c.external_id)
    return [
        Deal.model_validate({name: row[name] for name in Deal.model_fields}) for row in conn.execute(query).mappings()
    ]


def _upsert(
    conn: Connection, table: Table, *, rows: list[dict[str, Any]], keys: tuple[str, ...], changing: tuple[str, ...]
) -> None:
    if not rows:
        return
    dialect: Any = sqlite if conn.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table)
    statement = statement.on_conflict_do_update(
        index_elements=list(keys), set_={name: statement.excluded[name] for name in changing}
    )
    for start in range(0, len(rows), _CHUNK):
        conn.execute(statement, rows[start : start + _CHUNK])


def _ad(row: RowMapping) -> Ad:
    return Ad.model_validate(dict(row))
