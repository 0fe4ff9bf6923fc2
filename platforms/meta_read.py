"""Reading one Meta ad account."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import Any, Literal

import httpx2

from geminivideo.clock import Clock
from geminivideo.errors import InvalidInput, PlatformInvalid
from geminivideo.money import Money
from platforms.graph import GraphClient, GraphCredentials, parsed
from platforms.http import Json
from platforms.meta_types import (
    Found,
    MetaAccount,
    MetaAd,
    MetaAdDay,
    MetaAdSet,
    MetaAdTotal,
    MetaCampaign,
    MetaVideo,
)

_STATUS = "id,name,configured_status,effective_status,created_time"
_CAMPAIGN = f"{_STATUS},daily_budget"
_AD_SET = f"{_STATUS},daily_budget,campaign_id"
_CREATIVE = "id,body,title,call_to_action_type,link_url,thumbnail_url,video_id"
_AD = f"{_STATUS},campaign_id,adset_id,adset{{{_AD_SET}}},creative{{{_CREATIVE}}}"
_VIDEO = "id,title,length,status,picture,format"
_INSIGHT = "ad_id,impressions,reach,inline_link_clicks,spend,actions"
_LEAD = "lead"
"""The one action type that we count: types overlap and must never be added up."""
_IDS_AT_ONCE = 50
_THUMBNAIL_BYTES = 4 << 20
_EDGES = {"campaign": "campaigns", "ad_set": "adsets", "ad": "ads"}

Kind = Literal["campaign", "ad_set", "creative", "ad", "video"]


class MetaReader:
    """What one ad account holds and how it does. `account_id` without the `act_` prefix."""

    def __init__(
        self,
        *,
        base_url: str,
        account_id: str,
        credentials: GraphCredentials,
        timeout_seconds: float = 30.0,
        transport: httpx2.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
        client: GraphClient | None = None,
    ) -> None:
        self._act = f"act_{account_id}"
        self._client = client or GraphClient(
            base_url=base_url,
            credentials=credentials,
            timeout_seconds=timeout_seconds,
            transport=transport,
            clock=clock,
        )

    async def account(self) -> MetaAccount:
        """The account's name, currency and time zone."""
        row = await self._client.read(self._act, params={"fields": "account_id,name,currency,timezone_name"})
        return parsed(MetaAccount, row, where="Meta, the ad account")

    async def campaigns(self) -> tuple[MetaCampaign, ...]:
        """Every campaign."""
        rows = self._client.pages(f"{self._act}/campaigns", params={"fields": _CAMPAIGN})
        return tuple([parsed(MetaCampaign, row, where="Meta, campaigns") async for row in rows])

    async def ad_sets(self) -> tuple[MetaAdSet, ...]:
        """Every ad set."""
        rows = self._client.pages(f"{self._act}/adsets", params={"fields": _AD_SET})
        return tuple([parsed(MetaAdSet, row, where="Meta, ad sets") async for row in rows])

    async def ads(self) -> tuple[MetaAd, ...]:
        """Every ad, with its creative and its ad set."""
        rows = self._client.pages(f"{self._act}/ads", params={"fields": _AD})
        return tuple([parsed(MetaAd, row, where="Meta, ads") async for row in rows])

    async def ad_set(self, ad_set_id: str) -> MetaAdSet:
        """One ad set as it stands now: what an approval is checked against, and what is read back."""
        row = await self._client.read(ad_set_id, params={"fields": _AD_SET})
        return parsed(MetaAdSet, row, where=f"Meta, ad set {ad_set_id}")

    async def campaign(self, campaign_id: str) -> MetaCampaign:
        """One campaign as it stands now."""
        row = await self._client.read(campaign_id, params={"fields": _CAMPAIGN})
        return parsed(MetaCampaign, row, where=f"Meta, campaign {campaign_id}")

    async def ad(self, ad_id: str) -> MetaAd:
        """One ad as it stands now."""
        row = await self._client.read(ad_id, params={"fields": _AD})
        return parsed(MetaAd, row, where=f"Meta, ad {ad_id}")

    async def ads_of(self, ad_set_id: str) -> tuple[MetaAd, ...]:
        """The ads of one ad set."""
        rows = self._client.pages(f"{ad_set_id}/ads", params={"fields": _AD})
        return tuple([parsed(MetaAd, row, where="Meta, ads") async for row in rows])

    async def ad_sets_by_id(self, ids: Sequence[str]) -> dict[str, MetaAdSet]:
        """Several ad sets as they stand now, fifty to a call."""
        found = await self._by_id(ids, fields=_AD_SET)
        return {key: parsed(MetaAdSet, row, where=f"Meta, ad set {key}") for key, row in found.items()}

    async def videos(self, ids: Sequence[str]) -> dict[str, MetaVideo]:
        """Length, shape and state of videos, fifty to a call."""
        found = await self._by_id(ids, fields=_VIDEO)
        return {key: parsed(MetaVideo, row, where=f"Meta, video {key}") for key, row in found.items()}

    async def thumbnail(self, url: str) -> bytes:
        """A creative's picture (at most 4 MiB), fetched without credentials."""
        return await self._client.http.download(url, limit_bytes=_THUMBNAIL_BYTES)

    async def insights(
        self, *, since: date, until: date, currency: str, ad_ids: Sequence[str] = ()
    ) -> tuple[MetaAdDay, ...]:
        """One row per ad and day with impressions, both ends included. Read 28 days back: figures change."""
        rows = self._insights(since=since, until=until, ad_ids=ad_ids, more={"time_increment": "1"})
        return tuple([_day(row, currency=currency) async for row in rows])

    async def totals(
        self, *, since: date, until: date, currency: str, ad_ids: Sequence[str] = ()
    ) -> tuple[MetaAdTotal, ...]:
        """One row per ad over the whole range, with people counted once."""
        rows = self._insights(since=since, until=until, ad_ids=ad_ids, more={})
        return tuple([_total(row, currency=currency) async for row in rows])

    async def find_by_name(self, kind: Kind, needle: str) -> tuple[Found, ...]:
        """Objects whose name holds the needle (a change id): how a create of unknown outcome is found again."""
        if not needle.strip():
            raise InvalidInput("Nothing to search for", where="find_by_name")
        rows = self._named(kind, needle)
        return tuple([Found(kind=kind, id=row["id"], name=name) async for row, name in rows if needle in name])

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.http.aclose()

    async def _named(self, kind: Kind, needle: str) -> AsyncIterator[tuple[Json, str]]:
        if kind == "video":
            params: dict[str, Any] = {"fields": "id,title", "title": needle}
            async for row in self._client.pages(f"{self._act}/advideos", params=params):
                yield row, str(row.get("title", ""))
            return
        # Creatives cannot be filtered by name on that edge: the list is walked.
        params = {"fields": "id,name"}
        if kind != "creative":
            params["filtering"] = [{"field": "name", "operator": "CONTAIN", "value": needle}]
        edge = _EDGES.get(kind, "adcreatives")
        async for row in self._client.pages(f"{self._act}/{edge}", params=params, limit=200):
            yield row, str(row.get("name", ""))

    def _insights(
        self, *, since: date, until: date, ad_ids: Sequence[str], more: dict[str, Any]
    ) -> AsyncIterator[Json]:
        params: dict[str, Any] = {
            "level": "ad",
            "fields": _INSIGHT,
            "time_range": {"since": since.isoformat(), "until": until.isoformat()},
            **more,
        }
        if ad_ids:
            params["filtering"] = [{"field": "ad.id", "operator": "IN", "value": list(ad_ids)}]
        return self._client.pages(f"{self._act}/insights", params=params, limit=500)

    async def _by_id(self, ids: Sequence[str], *, fields: str) -> dict[str, Json]:
        found: dict[str, Json] = {}
        unique = list(dict.fromkeys(ids))
        for start in range(0, len(unique), _IDS_AT_ONCE):
            chosen = ",".join(unique[start : start + _IDS_AT_ONCE])
            found |= await self._client.read("", params={"ids": chosen, "fields": fields})
        return found


def _day(row: Json, *, currency: str) -> MetaAdDay:
    return MetaAdDay(**_figures(row, currency=currency), day=_date(row, "date_start"))


def _total(row: Json, *, currency: str) -> MetaAdTotal:
    first, last = _date(row, "date_start"), _date(row, "date_stop")
    return MetaAdTotal(**_figures(row, currency=currency), first_day=first, last_day=last)


def _figures(row: Json, *, currency: str) -> dict[str, Any]:
    """Numbers come as strings; money in major units becomes exact minor units."""
    try:
        actions = {str(a["action_type"]): int(a["value"]) for a in row.get("actions", []) if a["action_type"] == _LEAD}
        return {
            "ad_external_id": str(row["ad_id"]),
            "impressions": int(row.get("impressions", "0")),
            "reach": int(row.get("reach", "0")),
            "clicks": int(row.get("inline_link_clicks", "0")),
            "spend_minor": Money.parse(row.get("spend", "0"), currency=currency).minor,
            "leads": actions.get(_LEAD, 0),
        }
    except (KeyError, TypeError, ValueError, AttributeError, InvalidInput) as error:
        raise PlatformInvalid(f"Meta sent figures that cannot be read: {error}", where="Meta, insights") from None


def _date(row: Json, name: str) -> date:
    try:
        return date.fromisoformat(row[name])
    except (KeyError, TypeError, ValueError):
        raise PlatformInvalid(f"Meta sent a row without {name}", where="Meta, insights") from None
