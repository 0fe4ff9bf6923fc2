"""Writing to one Meta ad account. Only the treasury constructs this.

Creates are made paused and carry the change's id in their name; budgets are set absolutely; nothing is retried.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx2

from geminivideo.clock import Clock
from geminivideo.errors import OutcomeUnknown, PlatformError
from platforms.graph import GraphClient, GraphCredentials
from platforms.http import Json, Reply
from platforms.meta_batch import BatchOutcome, batch_items, read_batch
from platforms.meta_types import MetaUpdate, marked
from platforms.meta_upload import UploadSession, upload


@dataclass(frozen=True)
class CreativeContent:
    """What a creative says and shows. `other_video_ids` are further cuts of the same ad, by placement."""

    page_id: str
    video_id: str
    image_url: str
    message: str
    title: str
    button: str
    link: str
    other_video_ids: tuple[str, ...] = ()


class MetaWriter:
    """Each method sends one write and raises: refused (known), transient (not sent) or OutcomeUnknown."""

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

    async def create_campaign(self, *, change_id: str, name: str, objective: str = "OUTCOME_LEADS") -> str:
        """A paused campaign whose ad sets carry the budgets; returns its id."""
        data = {
            "name": marked(name, change_id=change_id),
            "objective": objective,
            "buying_type": "AUCTION",
            "special_ad_categories": [],
            "is_adset_budget_sharing_enabled": False,
            "status": "PAUSED",
        }
        return await self._create("campaigns", data, change_id=change_id)

    async def create_ad_set(
        self,
        *,
        change_id: str,
        name: str,
        campaign_id: str,
        daily_budget_minor: int,
        place: str,
        page_id: str,
        optimization_goal: str = "LEAD_GENERATION",
    ) -> str:
        """A paused ad set with its daily budget (minor units), aimed at people near `place`; returns its id."""
        data = {
            "name": marked(name, change_id=change_id),
            "campaign_id": campaign_id,
            "daily_budget": str(daily_budget_minor),
            "billing_event": "IMPRESSIONS",
            "optimization_goal": optimization_goal,
            "bid_strategy": "LOWEST_COST_WITHOUT_CAP",
            "promoted_object": {"page_id": page_id},
            "targeting": {"geo_locations": _geography(place)},
            "status": "PAUSED",
        }
        return await self._create("adsets", data, change_id=change_id)

    async def create_creative(self, *, change_id: str, name: str, content: CreativeContent) -> str:
        """A creative around an uploaded video; returns its id."""
        video = {
            "video_id": content.video_id,
            "image_url": content.image_url,
            "message": content.message,
            "title": content.title,
            "call_to_action": {"type": content.button, "value": {"link": content.link}},
        }
        data: dict[str, Any] = {
            "name": marked(name, change_id=change_id),
            "object_story_spec": {"page_id": content.page_id, "video_data": video},
        }
        if content.other_video_ids:
            cuts = (content.video_id, *content.other_video_ids)
            data["asset_feed_spec"] = {"videos": [{"video_id": video_id} for video_id in cuts]}
        return await self._create("adcreatives", data, change_id=change_id)

    async def create_ad(self, *, change_id: str, name: str, ad_set_id: str, creative_id: str) -> str:
        """A paused ad; returns its id."""
        data = {
            "name": marked(name, change_id=change_id),
            "adset_id": ad_set_id,
            "creative": {"creative_id": creative_id},
            "status": "PAUSED",
        }
        return await self._create("ads", data, change_id=change_id)

    async def upload_video(
        self,
        path: Path,
        *,
        change_id: str,
        title: str,
        session: UploadSession | None = None,
        on_session: Callable[[UploadSession], None] | None = None,
    ) -> str:
        """Send a file in pieces; returns the video's id. With a `session` it goes on where that one stopped."""
        name = marked(title, change_id=change_id)
        return await upload(
            self._client, account=self._act, path=path, title=name, session=session, on_session=on_session
        )

    async def set_budget(self, *, change_id: str, ad_set_id: str, minor: int) -> None:
        """Set an ad set's daily budget, in minor units."""
        await self._update(ad_set_id, {"daily_budget": str(minor)}, change_id=change_id)

    async def set_status(self, *, change_id: str, entity_id: str, status: Literal["ACTIVE", "PAUSED"]) -> None:
        """Let a campaign, ad set or ad run, or pause it."""
        await self._update(entity_id, {"status": status}, change_id=change_id)

    async def batch(self, updates: Sequence[MetaUpdate]) -> tuple[BatchOutcome, ...]:
        """Up to fifty updates in one call, each with its own outcome; an item without an answer is unknown."""
        items = batch_items(updates)
        try:
            reply = await self._client.write("", data={"batch": items})
        except OutcomeUnknown as error:
            return tuple(BatchOutcome(u.change_id, "unknown", error) for u in updates)
        return read_batch(reply.json, updates, now=self._client.http.clock.now())

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.http.aclose()

    async def _create(self, edge: str, data: dict[str, Any], *, change_id: str) -> str:
        reply = await self._client.write(f"{self._act}/{edge}", data=data, change_id=change_id)
        return _created_id(reply, edge=edge)

    async def _update(self, entity_id: str, data: dict[str, Any], *, change_id: str) -> None:
        reply = await self._client.write(entity_id, data=data, change_id=change_id)
        if not _succeeded(reply.json):
            raise _odd(f"update of {entity_id}")


def _created_id(reply: Reply, *, edge: str) -> str:
    made = reply.json.get("id") if isinstance(reply.json, dict) else None
    if not isinstance(made, str) or not made:
        raise _odd(f"create on {edge}")
    return made


def _succeeded(body: Json) -> bool:
    return isinstance(body, dict) and (body.get("success") is True or isinstance(body.get("id"), str))


def _odd(what: str) -> PlatformError:
    return OutcomeUnknown(f"Meta answered a {what} without saying that it was done", where="Meta")


def _geography(place: str) -> dict[str, Any]:
    if not place:
        return {"countries": ["US"]}
    return {"custom_locations": [{"address_string": place, "radius": 25, "distance_unit": "mile"}]}
