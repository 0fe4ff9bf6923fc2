"""HubSpot's deals, read through the search. Its index lags, so windows overlap and rows are deduplicated."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import get_args

import httpx2
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from geminivideo.ads import Count, DealStage
from geminivideo.clock import Clock, WallClock
from geminivideo.errors import (
    InvalidInput,
    PlatformAuth,
    PlatformError,
    PlatformInvalid,
    PlatformPermission,
    PlatformThrottled,
    PlatformTransient,
)
from geminivideo.model import Noun
from geminivideo.money import Money, check_currency
from platforms.http import Json, PlatformHttp

OVERLAP = timedelta(hours=2)
"""How far a window reaches back: the search index may show a change late."""
_SEARCH_PATH = "/crm/v3/objects/deals/search"
"""HubSpot also publishes dated paths; this one is kept as a parameter of the reader."""
_PAGE = 100
_MOST = 10_000
"""A search shows this many results; beyond it the window is narrowed by time."""
_PROPERTIES = ("amount", "dealstage", "deal_currency_code", "createdate", "hs_lastmodifieddate", "source_ad_id")
_STAGES = frozenset(get_args(DealStage))


class HubSpotDeal(Noun):
    """A deal as HubSpot shows it now. `ad_external_id` is empty where it was not captured."""

    external_id: str
    ad_external_id: str
    stage: DealStage
    amount_minor: Count
    currency: str
    created_at: datetime
    modified_at: datetime


class _Properties(BaseModel):
    model_config = ConfigDict(extra="ignore")

    amount: str | None = None
    dealstage: str | None = None
    deal_currency_code: str | None = None
    createdate: datetime
    hs_lastmodifieddate: datetime
    source_ad_id: str | None = None


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str
    properties: _Properties


class _Page(BaseModel):
    model_config = ConfigDict(extra="ignore")

    total: int
    results: list[_Row]
    paging: dict[str, dict[str, str]] = Field(default_factory=dict)


class HubSpotReader:
    """Reads deals. `currency` is the account's, for deals without a currency of their own."""

    def __init__(
        self,
        *,
        base_url: str,
        token: SecretStr,
        currency: str,
        search_path: str = _SEARCH_PATH,
        timeout_seconds: float = 30.0,
        transport: httpx2.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._currency, self._path = check_currency(currency), search_path
        now = clock or WallClock()
        secret = token.get_secret_value()
        self._http = PlatformHttp(
            platform="HubSpot",
            base_url=base_url.rstrip("/"),
            classify=lambda status, body, headers: classify(status, body, headers, now=now.now()),
            headers={"Authorization": f"Bearer {secret}"},
            secrets=(secret,),
            timeout_seconds=timeout_seconds,
            transport=transport,
            clock=now,
            pause=pause,
        )

    async def search_deals(self, *, modified_since: datetime | None = None) -> tuple[HubSpotDeal, ...]:
        """Deals modified since then (and an overlap before it), oldest change first, each once in its last state."""
        since = (modified_since or datetime(2000, 1, 1, tzinfo=UTC)) - OVERLAP
        newest: dict[str, HubSpotDeal] = {}
        while True:
            rows, complete = await self._window(since)
            for row in rows:
                held = newest.get(row.external_id)
                if held is None or row.modified_at >= held.modified_at:
                    newest[row.external_id] = row
            if complete:
                return tuple(sorted(newest.values(), key=lambda deal: (deal.modified_at, deal.external_id)))
            if rows[-1].modified_at <= since:
                raise PlatformInvalid("Too many deals changed in one instant to be read", where="HubSpot, deals")
            since = rows[-1].modified_at

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _window(self, since: datetime) -> tuple[list[HubSpotDeal], bool]:
        """Up to ten thousand deals from `since` on, and whether that was all."""
        found: list[HubSpotDeal] = []
        after = ""
        while True:
            reply = await self._http.read(self._path, method="POST", body=_query(since, after=after))
            page = _parsed(reply.json)
            found += [_deal(row, currency=self._currency) for row in page.results]
            after = page.paging.get("next", {}).get("after", "")
            if not after:
                return found, True
            if int(after) + _PAGE > _MOST:
                return found, False


def classify(status: int, body: Json, headers: Mapping[str, str], *, now: datetime) -> PlatformError | None:
    """What a HubSpot answer means."""
    if status < 400:
        return None
    said = str(body.get("message", ""))[:300] if isinstance(body, dict) else ""
    what = f"HubSpot says {status}: {said}"
    if status == 401:
        return PlatformAuth(what, fix="Connect HubSpot again: the token is missing, expired or revoked.")
    if status == 403:
        return PlatformPermission(what, fix="Give the token the scope crm.objects.deals.read.")
    if status == 429:
        seconds = headers.get("retry-after", "")
        wait = timedelta(seconds=int(seconds)) if seconds.isdigit() else timedelta(seconds=10)
        return PlatformThrottled(what, retry_at=now + wait)
    return PlatformTransient(what) if status >= 500 else PlatformInvalid(what)


def _query(since: datetime, *, after: str) -> dict[str, object]:
    moment = str(int(since.timestamp() * 1000))
    changed = {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": moment}
    ours = {"propertyName": "pipeline", "operator": "EQ", "value": "default"}
    query: dict[str, object] = {
        "filterGroups": [{"filters": [changed, ours]}],
        "sorts": [{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}],
        "properties": list(_PROPERTIES),
        "limit": _PAGE,
    }
    return query | ({"after": after} if after else {})


def _parsed(body: Json) -> _Page:
    try:
        return _Page.model_validate(body)
    except ValidationError as error:
        place = ".".join(map(str, error.errors(include_url=False, include_input=False)[0]["loc"]))
        raise PlatformInvalid(f"HubSpot sent deals that cannot be read: {place}", where="HubSpot, deals") from None


def _deal(row: _Row, *, currency: str) -> HubSpotDeal:
    shown = row.properties
    if shown.dealstage not in _STAGES:
        raise PlatformInvalid(
            f"HubSpot's deal {row.id[:40]} is in the stage {str(shown.dealstage)[:40]!r}",
            where="HubSpot, deals",
            fix="Only the stages of HubSpot's default deal pipeline are understood.",
        )
    try:
        money = Money.parse(shown.amount or "0", currency=shown.deal_currency_code or currency)
        return HubSpotDeal.model_validate(
            {
                "external_id": row.id,
                "ad_external_id": shown.source_ad_id or "",
                "stage": shown.dealstage,
                "amount_minor": money.minor,
                "currency": money.currency,
                "created_at": shown.createdate,
                "modified_at": shown.hs_lastmodifieddate,
            }
        )
    except (InvalidInput, ValidationError):
        raise PlatformInvalid(f"HubSpot's deal {row.id[:40]} has no readable amount", where="HubSpot, deals") from None
