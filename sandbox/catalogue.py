"""What an ad account holds: campaigns, ad sets, creatives, videos and ads, as the platform keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Status = Literal["ACTIVE", "PAUSED", "ARCHIVED", "DELETED"]
STATUSES: tuple[Status, ...] = ("ACTIVE", "PAUSED", "ARCHIVED", "DELETED")
Colour = tuple[int, int, int]


@dataclass(slots=True)
class Campaign:
    """A campaign; a daily budget here excludes budgets on its ad sets."""

    id: str
    name: str
    status: Status
    created: datetime
    updated: datetime
    objective: str = "OUTCOME_LEADS"
    daily_budget: int | None = None
    special_ad_categories: tuple[str, ...] = ()


@dataclass(slots=True)
class AdSet:
    """An ad set with its daily budget in minor units. `budget_moves` are the times it was changed."""

    id: str
    campaign_id: str
    name: str
    status: Status
    created: datetime
    updated: datetime
    daily_budget: int | None = None
    billing_event: str = "IMPRESSIONS"
    optimization_goal: str = "LEAD_GENERATION"
    bid_strategy: str = "LOWEST_COST_WITHOUT_CAP"
    targeting: dict[str, Any] = field(default_factory=dict)
    budget_moves: list[datetime] = field(default_factory=list)


@dataclass(slots=True)
class Video:
    """An uploaded video. `received` counts bytes until `sha256` is known at the end."""

    id: str
    session_id: str
    created: datetime
    size: int
    received: int = 0
    title: str = ""
    sha256: str | None = None
    length_ms: int = 0
    aspect: str = "9:16"
    looks: tuple[Colour, Colour] = ((128, 128, 128), (96, 96, 96))
    polls: int = 0

    @property
    def finished(self) -> bool:
        """Whether the upload was closed."""
        return self.sha256 is not None


@dataclass(slots=True)
class Creative:
    """Words, button, link and picture of an ad."""

    id: str
    name: str
    created: datetime
    body: str
    title: str
    call_to_action: str
    link: str
    video_ids: tuple[str, ...] = ()
    spec: dict[str, Any] = field(default_factory=dict)
    aspect: str = "1:1"
    looks: tuple[Colour, Colour] = ((128, 128, 128), (96, 96, 96))


@dataclass(slots=True)
class AdNode:
    """An ad in its ad set. `world_key` is its name in the simulated world once it has run."""

    id: str
    name: str
    ad_set_id: str
    creative_id: str
    status: Status
    created: datetime
    updated: datetime
    world_key: str | None = None


Node = Campaign | AdSet | Video | Creative | AdNode
