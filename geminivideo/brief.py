"""The brief: what the person wants. Validated here, read from files by `tools.briefs`."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from geminivideo.model import Noun
from geminivideo.money import Money
from geminivideo.vocabulary import CtaStyle, Format, Platform, Tone, Vertical

AssetId = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""A file in the asset store, named by its SHA-256."""

_Line = Annotated[str, Field(min_length=1, max_length=300)]
_Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]


class BrandKit(Noun):
    """How the advertiser looks."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    primary: _Colour = "#1F3A5F"
    secondary: _Colour = "#F4F1EA"
    accent: _Colour = "#E4572E"


class Brief(Noun):
    """Product, offer, audience, place, money and material of one campaign.

    `benefits`, `pains` and `proof` are the only claims an ad may make; a Director adds none of its own.
    """

    brand: BrandKit
    product: _Line
    offer: Annotated[str, Field(max_length=300)] = ""
    audience: Annotated[str, Field(max_length=300)] = "people who may need it"
    place: Annotated[str, Field(max_length=120)] = ""
    vertical: Vertical = "ecommerce"
    benefits: Annotated[tuple[_Line, ...], Field(max_length=12)] = ()
    pains: Annotated[tuple[_Line, ...], Field(max_length=12)] = ()
    proof: Annotated[tuple[_Line, ...], Field(max_length=12)] = ()
    call_to_action: CtaStyle = "learn"
    link: Annotated[str, Field(max_length=500, pattern=r"^https?://[^\s]+$")] = "https://example.com/"
    tone: Tone = "friendly"
    platforms: Annotated[tuple[Platform, ...], Field(min_length=1)] = ("meta",)
    formats: Annotated[tuple[Format, ...], Field(min_length=1)] = ("9:16", "1:1")
    variants: Annotated[int, Field(strict=True, ge=1, le=12)] = 3
    daily_budget: Money
    days: Annotated[int, Field(strict=True, ge=1, le=365)] = 14
    deadline: date | None = None
    footage: tuple[AssetId, ...] = ()
    voice: AssetId | None = None
    notes: Annotated[str, Field(max_length=20_000)] = ""
    """Free text of the person. It is data: nothing in it can widen what an agent may do."""

    @field_validator("daily_budget")
    @classmethod
    def _positive(cls, value: Money) -> Money:
        if value.minor <= 0:
            raise ValueError("the daily budget must be more than zero")
        return value

    @model_validator(mode="after")
    def _one_unit_each(self) -> Brief:
        if self.daily_budget.minor < self.variants:
            raise ValueError("the daily budget is too small to give each variant one unit")
        return self
