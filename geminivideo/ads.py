"""A live ad: what it is, one day of its results, and its state (hashable: a state is a value)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from geminivideo.creative_dna import CreativeDna
from geminivideo.model import Noun
from geminivideo.money import Currency, Minor
from geminivideo.vocabulary import Platform

Count = Annotated[int, Field(strict=True, ge=0)]
AdStatus = Literal["active", "paused", "pending", "archived"]
DealStage = Literal[
    "appointmentscheduled",
    "qualifiedtobuy",
    "presentationscheduled",
    "contractsent",
    "closedwon",
    "closedlost",
]
"""HubSpot's default deal pipeline, in its own words."""


class Ad(Noun):
    """One ad of an account, ours or found on the platform. The budget belongs to its ad set (SPEC 2)."""

    id: str
    account_id: str
    platform: Platform
    campaign_external_id: str
    ad_set_external_id: str
    ad_external_id: str
    name: str
    status: AdStatus
    daily_budget_minor: Minor
    currency: Currency
    created_at: datetime
    copy_text: str
    call_to_action: str
    link: str = ""
    dna: CreativeDna
    run_id: str | None = None
    blueprint_id: str | None = None
    replaces_ad_id: str | None = None


class AdDay(Noun):
    """One ad's results on one day of the account's calendar, as the platform reported them last."""

    ad_id: str
    day: date
    impressions: Count
    reach: Count
    clicks: Count
    spend_minor: Count
    leads: Count = 0


class Deal(Noun):
    """A CRM deal. `ad_external_id` is the CRM's `source_ad_id`, empty where it was not captured."""

    external_id: str
    ad_external_id: str
    stage: DealStage
    amount_minor: Count
    currency: Currency
    created_at: datetime
    modified_at: datetime


class AdState(Noun):
    """One live ad's counters and value at `as_of` (business time). Frozen, so it can be a dictionary key."""

    ad_id: str
    account_id: str
    as_of: datetime
    age_days: Count
    status: AdStatus
    daily_budget_minor: Minor
    currency: Currency
    impressions: Count
    reach: Count
    clicks: Count
    spend_minor: Count
    leads: Count
    deals: Count = 0
    """CRM deals attributed to it, open or closed, rounded."""
    deal_amount_minor: Count = 0
    """Face value of those deals, open or closed."""
    pipeline_value_minor: Count
    """Expected money of its open deals (attributed, age-conditioned)."""
    revenue_minor: Count
    """Money of its won deals (attributed)."""
    predicted_ctr_ppm: Count | None = None
    """The Oracle's CTR when it was published, in clicks per million impressions."""
    days: tuple[AdDay, ...] = ()
    """The recent days, oldest first."""

    @property
    def ctr(self) -> float:
        """Clicks per impression; 0 without impressions."""
        return self.clicks / self.impressions if self.impressions else 0.0

    @property
    def frequency(self) -> float:
        """Impressions per person reached; 0 without reach."""
        return self.impressions / self.reach if self.reach else 0.0
