"""The account's past on the platform: one ad set, creative and ad for each past ad, in half-monthly campaigns."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo

from sandbox.catalogue import AdNode, AdSet, Campaign, Creative, Status, Video
from sandbox.history import PastAd


class Shelves(Protocol):
    """Where the objects of an account are kept."""

    zone: ZoneInfo
    campaigns: dict[str, Campaign]
    ad_sets: dict[str, AdSet]
    creatives: dict[str, Creative]
    videos: dict[str, Video]
    ads: dict[str, AdNode]
    ad_of_key: dict[str, str]

    def new_id(self) -> str:
        """The next id."""
        ...


def publish_past(shelves: Shelves, past: tuple[PastAd, ...]) -> None:
    """Put every past ad on the shelves, as it stands at the end of the history."""
    by_month: dict[str, str] = {}
    for plan in past:
        month = f"{plan.first_day:%Y-%m}-{'a' if plan.first_day.day <= 15 else 'b'}"
        made = _morning(plan.first_day, zone=shelves.zone)
        if month not in by_month:
            campaign = Campaign(shelves.new_id(), f"Northbrew tastings {month}", "ACTIVE", made, made)
            shelves.campaigns[campaign.id] = campaign
            by_month[month] = campaign.id
        _publish(shelves, plan, campaign_id=by_month[month], made=made)


def _publish(shelves: Shelves, plan: PastAd, *, campaign_id: str, made: datetime) -> None:
    status: Status = "ACTIVE" if plan.stopped_on is None else "PAUSED"
    touched = made if plan.stopped_on is None else _morning(plan.stopped_on, zone=shelves.zone)
    ad_set = AdSet(shelves.new_id(), campaign_id, plan.name, status, made, touched, plan.daily_budget_minor)
    ad_set.targeting = {"geo_locations": {"cities": [{"key": "2421836", "name": "Austin", "radius": 25}]}}
    creative = Creative(
        id=shelves.new_id(),
        name=plan.name,
        created=made,
        body=plan.copy_text,
        title=plan.headline,
        call_to_action=plan.call_to_action,
        link=plan.link,
        aspect=plan.aspect,
        looks=plan.colours,
    )
    if plan.length_ms is not None:
        creative.video_ids = (_video(shelves, plan, made=made, length_ms=plan.length_ms),)
    ad = AdNode(shelves.new_id(), plan.name, ad_set.id, creative.id, "ACTIVE", made, made, plan.key)
    shelves.ad_sets[ad_set.id], shelves.creatives[creative.id], shelves.ads[ad.id] = ad_set, creative, ad
    shelves.ad_of_key[plan.key] = ad.id


def _video(shelves: Shelves, plan: PastAd, *, made: datetime, length_ms: int) -> str:
    video = Video(shelves.new_id(), shelves.new_id(), made, 0, title=plan.name)
    video.sha256 = hashlib.sha256(plan.key.encode()).hexdigest()
    video.length_ms, video.aspect, video.looks = length_ms, plan.aspect, plan.colours
    video.polls = 1
    shelves.videos[video.id] = video
    return video.id


def _morning(day: date, *, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(9), tzinfo=zone).astimezone(UTC)
