"""The executor's view of one Meta ad account: reading and writing clients behind the treasury's ports."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import cast

from geminivideo.accounts import Account
from geminivideo.errors import InvalidInput, PlatformInvalid, PlatformTransient
from geminivideo.money import Money
from geminivideo.settings import Settings
from geminivideo.spend import DeliveryStatus, PublishSpec, SpendState
from geminivideo.vocabulary import CtaStyle, Format
from platforms.addresses import meta_address, meta_credentials
from platforms.meta import (
    BUTTONS,
    GraphRefusal,
    MetaAdSet,
    MetaCampaign,
    MetaReader,
    MetaVideo,
)
from platforms.meta_writer import CreativeContent, MetaWriter
from treasury.ports import Part

_LOOKS = 60
_LOOK_SECONDS = 0.2
"""An uploaded video is looked at up to a minute and a half, ever more slowly, until Meta has taken it in."""
_GONE = frozenset({"ARCHIVED", "DELETED"})
_NO_SUCH_OBJECT = (100, 33)


class MetaPort:
    """AdReader and AdWriter over Meta's wire. Money is in the account's currency."""

    def __init__(
        self,
        *,
        reader: MetaReader,
        writer: MetaWriter,
        currency: str,
        page_id: str,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._reader, self._writer = reader, writer
        self._currency, self._page_id, self._sleep = currency, page_id, sleep

    async def spend_states(self) -> Mapping[str, SpendState | None]:
        """Ad sets with their daily budgets, and campaigns that hold the budget for theirs."""
        campaigns, ad_sets = await asyncio.gather(self._reader.campaigns(), self._reader.ad_sets())
        holders: list[MetaCampaign | MetaAdSet] = [item for item in campaigns if item.daily_budget_minor is not None]
        held = {item.id for item in holders}
        # An ad set whose campaign holds the budget spends nothing of its own; its campaign is in the list.
        holders += [item for item in ad_sets if item.campaign_id not in held]
        return {item.id: self._state(item) for item in holders if _counts(item)}

    async def spend_state(self, ad_set_id: str) -> SpendState | None:
        """One ad set (or a campaign that holds a budget); None when it is gone."""
        try:
            found: MetaAdSet | MetaCampaign = await self._reader.ad_set(ad_set_id)
        except GraphRefusal as error:
            if (error.number, error.subcode) == _NO_SUCH_OBJECT:
                return None
            found = await self._reader.campaign(ad_set_id)
        return None if found.status in _GONE else self._state(found)

    async def find(self, part: Part, *, mark: str) -> str | None:
        """The oldest thing of this kind whose name ends in the mark."""
        found = await self._reader.find_by_name(part, f"[{mark}]")
        return min((item.id for item in found), key=lambda text: (len(text), text), default=None)

    async def create_campaign(self, *, mark: str, name: str) -> str:
        """A paused campaign; its ad sets carry the budgets."""
        return await self._writer.create_campaign(change_id=mark, name=name)

    async def upload_video(self, *, mark: str, name: str, path: Path) -> str:
        """A video file, in pieces."""
        return await self._writer.upload_video(path, change_id=mark, title=name)

    async def create_creative(self, *, mark: str, name: str, videos: Mapping[Format, str], spec: PublishSpec) -> str:
        """A creative around the first video, the other cuts beside it; waits until Meta has taken them in."""
        if not self._page_id:
            raise InvalidInput("No page is configured to publish for", where="GEMINIVIDEO_META_PAGE_ID")
        first, *others = videos.values()
        taken_in = await self._taken_in([first, *others])
        content = CreativeContent(
            page_id=self._page_id,
            video_id=first,
            image_url=taken_in[first].picture,
            message=spec.primary_text,
            title=spec.headline,
            button=BUTTONS.get(cast(CtaStyle, spec.call_to_action), spec.call_to_action),
            link=spec.link,
            other_video_ids=tuple(others),
        )
        return await self._writer.create_creative(change_id=mark, name=name, content=content)

    async def create_ad_set(
        self, *, mark: str, name: str, campaign_id: str, daily_budget: Money, spec: PublishSpec
    ) -> str:
        """A paused ad set with its daily budget."""
        return await self._writer.create_ad_set(
            change_id=mark,
            name=name,
            campaign_id=campaign_id,
            daily_budget_minor=self._minor(daily_budget),
            place=spec.place,
            page_id=self._page_id,
        )

    async def create_ad(self, *, mark: str, name: str, ad_set_id: str, creative_id: str) -> str:
        """A paused ad."""
        return await self._writer.create_ad(change_id=mark, name=name, ad_set_id=ad_set_id, creative_id=creative_id)

    async def set_budget(self, ad_set_id: str, *, mark: str, budget: Money) -> None:
        """The daily budget, set absolutely."""
        await self._writer.set_budget(change_id=mark, ad_set_id=ad_set_id, minor=self._minor(budget))

    async def set_status(self, entity_id: str, *, mark: str, status: DeliveryStatus) -> None:
        """The configured status."""
        await self._writer.set_status(change_id=mark, entity_id=entity_id, status=status)

    async def aclose(self) -> None:
        """Close both clients."""
        await self._reader.aclose()
        await self._writer.aclose()

    async def _taken_in(self, video_ids: list[str]) -> Mapping[str, MetaVideo]:
        for look in range(_LOOKS):
            found = await self._reader.videos(video_ids)
            states = {found[key].state if key in found else "missing" for key in video_ids}
            if states == {"ready"}:
                return found
            if "error" in states:
                raise PlatformInvalid("Meta could not process the video", where=video_ids[0], fix="Render it again.")
            await self._sleep(min(_LOOK_SECONDS * 1.1**look, 3.0))
        raise PlatformTransient("Meta has not taken the video in yet", where=video_ids[0], fix="Execute again later.")

    def _state(self, item: MetaAdSet | MetaCampaign) -> SpendState | None:
        if item.daily_budget_minor is None:
            return None
        status: DeliveryStatus = "ACTIVE" if item.status == "ACTIVE" else "PAUSED"
        return SpendState(status=status, daily_budget=Money(minor=item.daily_budget_minor, currency=self._currency))

    def _minor(self, money: Money) -> int:
        if money.currency != self._currency:
            raise InvalidInput(f"The ad account is in {self._currency}, the amount in {money.currency}")
        return money.minor


class MetaPorts:
    """One port per account, made when it is first asked for. The only place that constructs a writing client."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._ports: dict[str, MetaPort] = {}

    def __call__(self, account: Account) -> MetaPort:
        """The account's port. InvalidInput when no address is configured for this kind of account."""
        if account.id not in self._ports:
            self._ports[account.id] = self._open(account)
        return self._ports[account.id]

    async def aclose(self) -> None:
        """Close every client."""
        for port in self._ports.values():
            await port.aclose()
        self._ports.clear()

    def _open(self, account: Account) -> MetaPort:
        if account.platform != "meta":
            raise InvalidInput(f"Publishing to {account.platform} is not there yet", where=account.id)
        settings, base_url = self._settings, meta_address(self._settings, account)
        credentials = meta_credentials(settings)
        return MetaPort(
            reader=MetaReader(base_url=base_url, account_id=account.external_id, credentials=credentials),
            writer=MetaWriter(base_url=base_url, account_id=account.external_id, credentials=credentials),
            currency=account.config.currency,
            # The sandbox's world has one page; any id stands for it.
            page_id=settings.meta_page_id or (account.external_id if account.simulated else ""),
        )


def _counts(item: MetaAdSet | MetaCampaign) -> bool:
    """Gone things spend nothing; a paused one without a daily budget neither."""
    return item.status not in _GONE and (item.daily_budget_minor is not None or item.status == "ACTIVE")
