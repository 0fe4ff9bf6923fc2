"""Creative DNA: typed features of a creative, the same for an ad that we wrote and one that we only read."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from geminivideo.model import Noun
from geminivideo.vocabulary import CtaStyle, Format, HookType, Media, OfferType, Pacing

_Percent = Annotated[int, Field(strict=True, ge=0, le=100)]
_Count = Annotated[int, Field(strict=True, ge=0)]


class CreativeDna(Noun):
    """Features of a creative. `None` means that it could not be read from what we were given."""

    hook_type: HookType
    cta_style: CtaStyle
    offer_type: OfferType
    media: Media = "video"
    aspect: Format = "9:16"
    duration_ms: _Count | None = None
    pacing: Pacing | None = None
    words: _Count
    headline_words: _Count
    has_number: bool
    has_question: bool
    second_person: bool
    urgency: bool
    social_proof: bool
    warmth: _Percent | None = None
    """0 cold … 100 warm colours of the thumbnail or palette."""
    brightness: _Percent | None = None
    contrast: _Percent | None = None
    opening: str = ""
    """The first words on screen or in the copy: what a viewer meets first."""
