"""An account and its configuration (SPEC 6.2). Ranges are enforced here; docs/configuration.md lists them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from geminivideo.canonical import digest
from geminivideo.model import Noun
from geminivideo.money import EXPONENTS, Currency
from geminivideo.vocabulary import Platform, Vertical

_Percent = Annotated[int, Field(strict=True, ge=0, le=100)]
_Cents = Annotated[int, Field(strict=True, ge=0, le=10**13)]
_Days = Annotated[int, Field(strict=True, ge=0, le=365)]


class BlendingCurve(Noun):
    """How weight moves from click-through to value as an ad ages."""

    shape: Literal["linear", "logistic", "step"] = "logistic"
    start_hours: Annotated[int, Field(strict=True, ge=0, le=8760)] = 48
    end_hours: Annotated[int, Field(strict=True, ge=1, le=8760)] = 240


class Caps(Noun):
    """Hard limits in minor units of the account's currency. They hold even against an approved change."""

    increase_percent_per_change: _Percent = 20
    increase_percent_per_day: _Percent = 40
    create_max: _Cents = 50_000
    """Largest daily budget of one new ad."""
    daily_total_max: _Cents = 200_000
    """Largest sum of live daily budgets."""
    monthly_total_max: _Cents = 6_000_000
    changes_per_day: Annotated[int, Field(strict=True, ge=0, le=10_000)] = 200
    approval_hours: Annotated[int, Field(strict=True, ge=1, le=720)] = 24
    """An approval that nobody gives within this time is a no."""


class FatigueThresholds(Noun):
    """When an ad counts as tired (SPEC 6.5)."""

    ctr_decline_percent: _Percent = 20
    frequency_percent: Annotated[int, Field(strict=True, ge=100, le=2000)] = 350
    cpm_increase_percent: Annotated[int, Field(strict=True, ge=0, le=1000)] = 50
    min_days: _Days = 3


class IndexThresholds(Noun):
    """When an ad counts as a winner (SPEC 5)."""

    roas_percent: Annotated[int, Field(strict=True, ge=0, le=10_000)] = 300
    ctr_ppm: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] = 30_000


class AccountConfig(Noun):
    """How one advertiser wants its money handled."""

    mode: Literal["ecommerce", "service"] = "ecommerce"
    vertical: Vertical = "ecommerce"
    currency: Currency = "USD"
    timezone: str = "UTC"
    aov: _Cents = 5_000
    """Average order value, in minor units."""
    ignorance_zone_days: _Days = 3
    ignorance_zone_spend: _Cents = 10_000
    kill_roas_percent: Annotated[int, Field(strict=True, ge=0, le=10_000)] = 80
    scale_roas_percent: Annotated[int, Field(strict=True, ge=0, le=10_000)] = 200
    blending_curve: BlendingCurve = BlendingCurve()
    min_ad_budget: _Cents = 100
    max_ad_budget: _Cents = 100_000
    caps: Caps = Caps()
    fatigue: FatigueThresholds = FatigueThresholds()
    index: IndexThresholds = IndexThresholds()
    share_patterns: bool = False
    """Consent to share anonymised patterns across accounts."""

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, value: str) -> str:
        if value not in EXPONENTS:
            raise ValueError(f"unknown currency {value!r}")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"unknown time zone {value!r}") from None
        return value

    @property
    def version(self) -> str:
        """Hash of the whole configuration: the policy version of a proposal."""
        return digest(self.model_dump(mode="json"), prefix="account-config/1")[:16]


class Account(Noun):
    """One advertiser. `simulated_now` is the sandbox's time at the last sync, for simulated accounts only."""

    id: str
    name: str
    platform: Platform
    external_id: str
    """The platform's own account id, without prefix."""
    simulated: bool
    config: AccountConfig
    stopped: bool = False
    stop_reason: str = ""
    simulated_now: datetime | None = None
    created_at: datetime
