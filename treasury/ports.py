"""What the executor needs of an advertising platform, and of the machine it runs on.

Every id is the platform's own. Errors are those of `geminivideo.errors`: a write that may or may not have happened
raises OutcomeUnknown; PlatformThrottled and PlatformTransient from a write mean that it certainly did not happen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, Protocol

from geminivideo.money import Money
from geminivideo.spend import DeliveryStatus, PublishSpec, SpendState
from geminivideo.vocabulary import Format

Part = Literal["campaign", "video", "creative", "ad_set", "ad"]
"""A thing that a create makes on the platform."""
Boundary = Callable[[str], None]
"""Called at every commit and at every platform send and receive, with the boundary's name."""


def no_boundary(_name: str) -> None:
    """The default: nothing happens at a boundary."""


class Assets(Protocol):
    """Where rendered files lie."""

    def path(self, asset_id: str) -> Path:
        """The file of an asset; NotFound if absent."""
        ...


class AdReader(Protocol):
    """Reads what the platform shows now."""

    async def spend_states(self) -> Mapping[str, SpendState | None]:
        """Configured status and daily budget of every ad set that is not deleted or archived.

        Other holders of a budget (campaigns) are in it too, under their own ids; None is one whose daily spend
        cannot be told (a lifetime budget).
        """
        ...

    async def spend_state(self, ad_set_id: str) -> SpendState | None:
        """The same for one ad set; None when it is not there or has no daily budget."""
        ...

    async def find(self, part: Part, *, mark: str) -> str | None:
        """The id of the account's thing whose name carries this mark (the oldest, if there are several)."""
        ...


class AdWriter(Protocol):
    """Writes. Everything is created paused, under a name that carries `mark`, by which it is found again."""

    async def create_campaign(self, *, mark: str, name: str) -> str:
        """A paused campaign without a budget of its own."""
        ...

    async def upload_video(self, *, mark: str, name: str, path: Path) -> str:
        """A video file."""
        ...

    async def create_creative(self, *, mark: str, name: str, videos: Mapping[Format, str], spec: PublishSpec) -> str:
        """An ad creative from uploaded videos (the first leads) and the texts of `spec`."""
        ...

    async def create_ad_set(
        self, *, mark: str, name: str, campaign_id: str, daily_budget: Money, spec: PublishSpec
    ) -> str:
        """A paused ad set that carries the budget."""
        ...

    async def create_ad(self, *, mark: str, name: str, ad_set_id: str, creative_id: str) -> str:
        """A paused ad."""
        ...

    async def set_budget(self, ad_set_id: str, *, mark: str, budget: Money) -> None:
        """Set an ad set's daily budget, absolutely."""
        ...

    async def set_status(self, entity_id: str, *, mark: str, status: DeliveryStatus) -> None:
        """Set the configured status of a campaign, ad set or ad."""
        ...
