"""What we read from Meta, typed. Budgets are integer minor units; times carry their zone."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field, field_validator

from geminivideo.ads import AdStatus, Count
from geminivideo.model import Noun
from geminivideo.vocabulary import CtaStyle, Format

ConfiguredStatus = Literal["ACTIVE", "PAUSED", "ARCHIVED", "DELETED"]

BUTTONS: dict[CtaStyle, str] = {
    "shop": "SHOP_NOW",
    "book": "BOOK_NOW",
    "learn": "LEARN_MORE",
    "sign_up": "SIGN_UP",
    "get_offer": "GET_OFFER",
    "subscribe": "SUBSCRIBE",
    "contact": "CONTACT_US",
}
"""Our call-to-action styles as Meta's buttons."""

_FURTHER_BUTTONS: dict[str, CtaStyle] = {
    "BOOK_TRAVEL": "book",
    "ORDER_NOW": "shop",
    "GET_QUOTE": "contact",
    "CALL_NOW": "contact",
    "REQUEST_TIME": "book",
    "APPLY_NOW": "sign_up",
    "DOWNLOAD": "sign_up",
}
STYLES: dict[str, CtaStyle] = dict(zip(BUTTONS.values(), BUTTONS, strict=True)) | _FURTHER_BUTTONS
"""Meta's buttons as our call-to-action styles."""

_PENDING = frozenset({"IN_PROCESS", "PENDING_REVIEW", "PREAPPROVED", "PENDING_BILLING_INFO"})
_GONE = frozenset({"ARCHIVED", "DELETED"})
_ASPECTS: tuple[tuple[Format, float], ...] = (("9:16", 9 / 16), ("4:5", 4 / 5), ("1:1", 1.0), ("16:9", 16 / 9))


class _Wire(BaseModel):
    """A frozen record read from the wire; fields that we did not ask for are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class MetaAccount(_Wire):
    """The ad account. `id` is without the `act_` prefix."""

    id: str = Field(validation_alias=AliasChoices("account_id"))
    name: str
    currency: str
    timezone: str = Field(validation_alias="timezone_name")


class _Delivered(_Wire):
    """What campaigns, ad sets and ads share: reconcile on `status`, alert on `effective_status`."""

    id: str
    name: str
    status: ConfiguredStatus = Field(validation_alias="configured_status")
    effective_status: str
    created_at: datetime = Field(validation_alias="created_time")

    @property
    def delivery(self) -> AdStatus:
        """Whether it delivers, in our words."""
        if self.effective_status in _GONE or self.status in _GONE:
            return "archived"
        if self.effective_status in _PENDING:
            return "pending"
        return "active" if self.effective_status == "ACTIVE" else "paused"


class MetaCampaign(_Delivered):
    """A campaign; a budget here means that its ad sets have none."""

    daily_budget_minor: int | None = Field(default=None, validation_alias="daily_budget")


class MetaAdSet(_Delivered):
    """An ad set: the place where our budgets are."""

    campaign_id: str
    daily_budget_minor: int | None = Field(default=None, validation_alias="daily_budget")


class MetaCreative(_Wire):
    """Words, button, link and picture."""

    id: str
    body: str = ""
    title: str = ""
    call_to_action: str = Field(default="", validation_alias="call_to_action_type")
    link: str = Field(default="", validation_alias="link_url")
    thumbnail_url: str = ""
    video_id: str | None = None


class MetaAd(_Delivered):
    """An ad with its creative and its ad set's budget."""

    campaign_id: str
    ad_set_id: str = Field(validation_alias="adset_id")
    ad_set: MetaAdSet = Field(validation_alias="adset")
    creative: MetaCreative


class MetaVideo(_Wire):
    """An uploaded video."""

    id: str
    title: str = ""
    length_ms: Count = Field(default=0, validation_alias="length")
    state: str = Field(default="", validation_alias=AliasPath("status", "video_status"))
    picture: str = ""
    width: Count = Field(default=0, validation_alias=AliasPath("format", 0, "width"))
    height: Count = Field(default=0, validation_alias=AliasPath("format", 0, "height"))

    @field_validator("length_ms", mode="before")
    @classmethod
    def _milliseconds(cls, value: Any) -> Any:
        return round(value * 1000) if isinstance(value, int | float) else value

    @property
    def aspect(self) -> Format | None:
        """The nearest of our formats, if the size is known."""
        if not self.width or not self.height:
            return None
        shape = self.width / self.height
        return min(_ASPECTS, key=lambda known: abs(known[1] - shape))[0]


class MetaAdDay(Noun):
    """One ad on one day of the account's calendar, as reported now (figures may change for 28 days)."""

    ad_external_id: str
    day: date
    impressions: Count
    reach: Count
    clicks: Count
    """Clicks on the link, which is what an ad is judged by (`clicks` of Meta counts every touch)."""
    spend_minor: Count
    leads: Count


class MetaAdTotal(Noun):
    """One ad over a range of days; here `reach` counts each person once."""

    ad_external_id: str
    first_day: date
    last_day: date
    impressions: Count
    reach: Count
    clicks: Count
    spend_minor: Count
    leads: Count


class Found(Noun):
    """An object that carries a change's mark in its name."""

    kind: Literal["campaign", "ad_set", "creative", "ad", "video"]
    id: str
    name: str


class MetaUpdate(Noun):
    """One absolute change of an existing object, for a batch. `campaign_id` lets batches be planned."""

    change_id: str
    entity_id: str
    campaign_id: str
    daily_budget_minor: Annotated[int, Field(strict=True, ge=1)] | None = None
    status: Literal["ACTIVE", "PAUSED"] | None = None


def marked(name: str, *, change_id: str) -> str:
    """A name that carries the change's id, so that what was made can be found again."""
    return f"{name[:200]} [{change_id}]"
