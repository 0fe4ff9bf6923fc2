"""Sync: ads, daily results and deals as the platforms report them now, into the records.

The last 28 days are read again each time, because platforms restate them; deals are read with an overlap, because a
CRM's search index lags. Both are harmless to repeat. Creative DNA is extracted here, by our own code.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from geminivideo.accounts import Account
from geminivideo.ads import Ad, AdDay, Deal
from geminivideo.model import Noun
from memory import accounts, ads
from memory.database import Database
from platforms.hubspot import HubSpotReader
from platforms.meta import MetaAd, MetaReader, MetaVideo
from tools.decisions.creative_dna import dna_of_ad

RESTATED_DAYS = 28
HISTORY_DAYS = 90
DEALS_AGAIN = timedelta(days=2)
"""Deals are read again from so long before the newest known one. A simulated day is delivered whole when it ends, so
its deals appear dated up to a day back, behind deals that were read before; a search index in trouble does alike."""
_AT_ONCE = 8
"""Thumbnails fetched side by side."""


class SyncReport(Noun):
    """What one sync brought."""

    ads: int
    new_ads: int
    days: int
    deals: int
    business_now: datetime


async def sync_account(
    db: Database, account: Account, *, reader: MetaReader, crm: HubSpotReader, now: datetime
) -> SyncReport:
    """Read everything that may have changed, then store it in one transaction. `now`: business time at the platform."""
    kept = await db.read(lambda conn: {ad.ad_external_id: ad for ad in ads.list_ads(conn, account_id=account.id)})
    found = await reader.ads()
    described = await _describe(account, [item for item in found if item.id not in kept], reader=reader)
    moved = [_moved(kept[item.id], item) for item in found if item.id in kept]
    ids = {external: ad.id for external, ad in kept.items()} | {ad.ad_external_id: ad.id for ad in described}
    today = now.astimezone(ZoneInfo(account.config.timezone)).date()
    since = today - timedelta(days=RESTATED_DAYS if kept else HISTORY_DAYS)
    rows = await reader.insights(since=since, until=today, currency=account.config.currency)
    days = [
        AdDay(ad_id=ids[row.ad_external_id], **row.model_dump(exclude={"ad_external_id"}))
        for row in rows
        if row.ad_external_id in ids
    ]
    last = await db.read(
        lambda conn: max((d.modified_at for d in ads.list_deals(conn, account_id=account.id)), default=None)
    )
    again = None if last is None else last - DEALS_AGAIN
    deals = [Deal.model_validate(deal.model_dump()) for deal in await crm.search_deals(modified_since=again)]

    def write(conn: Connection) -> None:
        ads.upsert_ads(conn, [*described, *moved])
        ads.upsert_days(conn, days, account_id=account.id, synced_at=now)
        ads.upsert_deals(conn, deals, account_id=account.id)
        accounts.set_simulated_now(conn, account.id, now=now)

    await db.write(write)
    return SyncReport(ads=len(found), new_ads=len(described), days=len(days), deals=len(deals), business_now=now)


async def _describe(account: Account, items: Sequence[MetaAd], *, reader: MetaReader) -> list[Ad]:
    """New ads with their creative DNA, from words, button, video and picture."""
    wanted = [item.creative.video_id for item in items if item.creative.video_id]
    videos = await reader.videos(wanted) if wanted else {}
    limit = asyncio.Semaphore(_AT_ONCE)

    async def one(item: MetaAd) -> Ad:
        async with limit:
            picture = await reader.thumbnail(item.creative.thumbnail_url) if item.creative.thumbnail_url else None
        return await asyncio.to_thread(
            _ad, account, item, video=videos.get(item.creative.video_id or ""), picture=picture
        )

    return list(await asyncio.gather(*(one(item) for item in items)))


def _ad(account: Account, item: MetaAd, *, video: MetaVideo | None, picture: bytes | None) -> Ad:
    creative = item.creative
    text = "\n".join(part for part in (creative.title, creative.body) if part)
    dna = dna_of_ad(
        text,
        call_to_action=creative.call_to_action,
        media="video" if creative.video_id else "image",
        aspect=(video.aspect if video else None) or "9:16",
        duration_ms=video.length_ms if video and video.length_ms else None,
        thumbnail=picture,
    )
    return Ad(
        id=ad_id(account, external_id=item.id),
        account_id=account.id,
        platform=account.platform,
        campaign_external_id=item.campaign_id,
        ad_set_external_id=item.ad_set_id,
        ad_external_id=item.id,
        name=item.name,
        status=item.delivery,
        daily_budget_minor=item.ad_set.daily_budget_minor or 0,
        currency=account.config.currency,
        created_at=item.created_at,
        copy_text=text,
        call_to_action=creative.call_to_action,
        link=creative.link,
        dna=dna,
    )


def _moved(ad: Ad, item: MetaAd) -> Ad:
    budget = item.ad_set.daily_budget_minor
    return ad.model_copy(
        update={
            "status": item.delivery,
            "daily_budget_minor": ad.daily_budget_minor if budget is None else budget,
        }
    )


def ad_id(account: Account, *, external_id: str) -> str:
    """Our id of an ad that was found on the platform: the same whenever it is found."""
    hashed = hashlib.sha256(f"{account.id}\n{account.platform}\n{external_id}".encode()).digest()
    return "ad_" + base64.b32encode(hashed).decode().lower()[:26]
