"""A blueprint: a shootable plan for one ad, in integer milliseconds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from geminivideo.brief import AssetId
from geminivideo.canonical import digest
from geminivideo.model import Noun
from geminivideo.vocabulary import (
    CtaStyle,
    Format,
    HookType,
    MusicMood,
    OfferType,
    Pacing,
    Palette,
    SceneRole,
)

MIN_MS, MAX_MS = 10_000, 20_000
"""Shortest and longest ad that the studio makes, in milliseconds."""


class Scene(Noun):
    """One shot. `headline` is on screen, `voice_over` is spoken; both are exact texts."""

    role: SceneRole
    milliseconds: Annotated[int, Field(strict=True, ge=800, le=8_000)]
    headline: Annotated[str, Field(min_length=1, max_length=90)]
    support: Annotated[str, Field(max_length=120)] = ""
    voice_over: Annotated[str, Field(max_length=240)] = ""
    footage: AssetId | None = None


class Citation(Noun):
    """A winner (or a loser to avoid) that a blueprint drew on, and what it took from it."""

    ad_id: str
    kind: Literal["winner", "loser"]
    took: str


class Author(Noun):
    """Who wrote it: the on-board model, or a language model with its prompt."""

    model: str
    prompt_id: str = ""
    prompt_version: str = ""
    prompt_sha256: str = ""


class Blueprint(Noun):
    """Hook, scenes with timing, texts, call to action and what it was learned from.

    The first scene is the hook and the last is the call to action (the end card).
    """

    id: str
    title: Annotated[str, Field(min_length=1, max_length=120)]
    hook_type: HookType
    scenes: Annotated[tuple[Scene, ...], Field(min_length=3, max_length=9)]
    cta_style: CtaStyle
    cta_text: Annotated[str, Field(min_length=1, max_length=40)]
    offer_type: OfferType = "none"
    palette: Palette = "brand"
    pacing: Pacing = "medium"
    music: MusicMood = "upbeat"
    formats: Annotated[tuple[Format, ...], Field(min_length=1)] = ("9:16", "1:1")
    primary_text: Annotated[str, Field(max_length=400)] = ""
    """The post text beside the video on the platform."""
    learned_from: tuple[Citation, ...] = ()
    author: Author
    revision: Annotated[int, Field(strict=True, ge=0)] = 0
    changes: tuple[str, ...] = ()
    """What each revision changed, and because of whom."""

    @model_validator(mode="after")
    def _shape(self) -> Blueprint:
        if self.scenes[0].role != "hook" or self.scenes[-1].role != "cta":
            raise ValueError("the first scene must be the hook and the last the call to action")
        if not MIN_MS <= self.milliseconds <= MAX_MS:
            raise ValueError(f"the ad lasts {self.milliseconds} ms; {MIN_MS} to {MAX_MS} are allowed")
        return self

    @property
    def milliseconds(self) -> int:
        """Length of the whole ad."""
        return sum(scene.milliseconds for scene in self.scenes)

    @property
    def structure(self) -> tuple[SceneRole, ...]:
        """The order of scene roles."""
        return tuple(scene.role for scene in self.scenes)

    @property
    def script(self) -> str:
        """Every word that is spoken, in order."""
        return " ".join(scene.voice_over for scene in self.scenes if scene.voice_over)

    @property
    def sha256(self) -> str:
        """Digest of the content, the id left out."""
        return digest(self.model_dump(mode="json", exclude={"id"}), prefix="blueprint/1")
