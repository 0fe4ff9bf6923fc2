"""What a language model is asked to write: small schemas, checked by code and then turned into nouns.

The model gives words and order; time, footage, claims, ids and format are ours.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from itertools import combinations
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from agents.claims import unsupported_by_scene
from agents.director import DirectorContext
from agents.onboard.compose import HOOK_MAX_MS, Line, timing
from agents.onboard.material import offer_type_of
from agents.wording import clean, content_words, script_overlap, spoken_words, words
from geminivideo.blueprint import Author, Blueprint, Citation, Scene
from geminivideo.brief import AssetId, Brief
from geminivideo.judgement import Recalled, Score
from geminivideo.vocabulary import HookType, MusicMood, OfferType, Pacing, Palette, SceneRole

_Points = Annotated[int, Field(ge=0, le=100)]
RULES = (
    "- The first scene has role hook, the last has role cta; 4 to 7 scenes.",
    "- The voice-over of all scenes together has 24 to 44 words; the hook's at most 6.",
    "- A headline has at most 7 words, small text (support) at most 10; support may be empty.",
    "- Claims, numbers, prices and superlatives only as the brief states them; add none of your own.",
    "- No web addresses, no emoji, no words in capitals; say nothing about who the viewer is (age, health, money).",
    "- cta_text is the button: at most 4 words, beginning with a verb.",
    "- primary_text stands beside the video: at most 300 characters.",
)


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WireScene(_Wire):
    """One shot in the model's words."""

    role: SceneRole
    headline: Annotated[str, Field(min_length=1, max_length=90)]
    support: Annotated[str, Field(max_length=120)]
    voice_over: Annotated[str, Field(max_length=240)]


class WireCite(_Wire):
    """An ad that it drew on."""

    ad_id: str
    took: Annotated[str, Field(max_length=200)]


class WireBlueprint(_Wire):
    """A blueprint in the model's words."""

    title: Annotated[str, Field(min_length=1, max_length=120)]
    hook_type: HookType
    scenes: Annotated[list[WireScene], Field(min_length=3, max_length=9)]
    cta_text: Annotated[str, Field(min_length=1, max_length=40)]
    palette: Palette
    pacing: Pacing
    music: MusicMood
    primary_text: Annotated[str, Field(max_length=400)]
    cites: list[WireCite]


class WireBlueprints(_Wire):
    """The Director's answer."""

    blueprints: list[WireBlueprint]


class WireRevision(_Wire):
    """The Director's answer to criticism."""

    blueprint: WireBlueprint
    changes: list[str]


class WireCriterion(_Wire):
    """Points for one criterion."""

    name: str
    points: _Points


class WireScore(_Wire):
    """A judge's answer."""

    overall: _Points
    criteria: list[WireCriterion]
    reasons: Annotated[list[str], Field(min_length=1)]
    defects: list[str]


def set_problems(wires: Sequence[WireBlueprint], *, context: DirectorContext, count: int) -> list[str]:
    """What our rules find in a set of blueprints, as sentences for the model."""
    found = [] if len(wires) == count else [f"There are {len(wires)} blueprints, {count} were asked for."]
    for number, wire in enumerate(wires, start=1):
        found += [f"Blueprint {number}: {problem}" for problem in problems(wire, context=context)]
    for (i, a), (j, b) in combinations(enumerate(wires, start=1), 2):
        if a.hook_type == b.hook_type:
            found.append(f"Blueprints {i} and {j} share the hook type {a.hook_type}.")
        if [s.role for s in a.scenes] == [s.role for s in b.scenes]:
            found.append(f"Blueprints {i} and {j} share the order of scene roles.")
        if script_overlap(_script(a), _script(b)) >= 0.5:
            found.append(f"Blueprints {i} and {j} say nearly the same; use other words and points.")
    return found


def problems(wire: WireBlueprint, *, context: DirectorContext) -> list[str]:
    """What our rules find in one blueprint."""
    found = []
    if wire.scenes[0].role != "hook" or wire.scenes[-1].role != "cta":
        found.append("the first scene must be the hook and the last the call to action.")
    if any(not clean(scene.headline) for scene in wire.scenes) or not clean(wire.cta_text):
        found.append("each scene and the button need words.")
    if spoken_words(wire.scenes[0].voice_over) > 7:
        found.append("the hook's voice-over must have at most 6 words.")
    if not found and _times(wire) is None:
        said = sum(spoken_words(scene.voice_over) for scene in wire.scenes)
        found.append(f"the voice-over has {said} words; 24 to 44 fit into 10 to 20 seconds.")
    found += [
        f"scene {n} has a headline of more than 9 words."
        for n, s in enumerate(wire.scenes, 1)
        if len(words(s.headline)) > 9
    ]
    if not found:
        draft = to_blueprint(wire, context=context, author=Author(model="check"), footage=())
        for scene, claims in unsupported_by_scene(draft, brief=context.brief).items():
            place = f"scene {scene}" if scene else "the post text or button"
            found.append(f"{place} claims {', '.join(claims)}, which the brief does not state.")
    return found


def to_blueprint(
    wire: WireBlueprint, *, context: DirectorContext, author: Author, footage: tuple[AssetId, ...]
) -> Blueprint:
    """The model's words as a blueprint: cleaned, timed by our code, with our id, formats and footage."""
    times = _times(wire) or ()
    scenes = tuple(
        Scene(
            role=scene.role,
            milliseconds=ms,
            headline=clean(scene.headline),
            support=clean(scene.support),
            voice_over=clean(scene.voice_over),
            footage=footage[at % len(footage)] if footage and at < len(wire.scenes) - 1 else None,
        )
        for at, (scene, ms) in enumerate(zip(wire.scenes, times, strict=True))
    )
    blueprint = Blueprint(
        id="bp_0",
        title=clean(wire.title) or "Untitled",
        hook_type=wire.hook_type,
        scenes=scenes,
        cta_style=context.brief.call_to_action,
        cta_text=clean(wire.cta_text),
        offer_type=_offer_type(wire, brief=context.brief),
        palette=wire.palette,
        pacing=wire.pacing,
        music=wire.music,
        formats=context.brief.formats,
        primary_text=clean(wire.primary_text),
        learned_from=_citations(wire, context=context),
        author=author,
    )
    mark = hashlib.sha256(f"{blueprint.sha256}/{context.seed}/{context.namespace}".encode()).hexdigest()
    return blueprint.model_copy(update={"id": f"bp_{mark[:26]}"})


def to_score(wire: WireScore, *, judge: str, model: str) -> Score:
    """A model's score as ours; its texts are cleaned and cut, since they come from outside."""
    return Score(
        judge=judge,
        model=model,
        overall=wire.overall,
        criteria={clean(item.name)[:40]: item.points for item in wire.criteria[:10]},
        reasons=tuple(clean(text)[:300] for text in wire.reasons[:5]),
        defects=tuple(clean(text)[:300] for text in wire.defects[:8]),
    )


def to_wire(blueprint: Blueprint) -> WireBlueprint:
    """A blueprint as the model sees it."""
    scenes = [
        WireScene(role=s.role, headline=s.headline, support=s.support, voice_over=s.voice_over)
        for s in blueprint.scenes
    ]
    cites = [WireCite(ad_id=c.ad_id, took=c.took[:200]) for c in blueprint.learned_from if c.kind == "winner"]
    return WireBlueprint(
        title=blueprint.title, hook_type=blueprint.hook_type, scenes=scenes, cta_text=blueprint.cta_text,
        palette=blueprint.palette, pacing=blueprint.pacing, music=blueprint.music,
        primary_text=blueprint.primary_text, cites=cites,
    )  # fmt: skip


def brief_text(brief: Brief) -> str:
    """The brief as data for a model. Money, footage and links stay out: no answer may depend on them."""
    kept = brief.model_dump(
        mode="json",
        exclude={"daily_budget", "footage", "voice", "link", "platforms", "days", "deadline", "variants"},
    )
    return json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True)


def ads_text(ads: Sequence[Recalled]) -> str:
    """Recalled ads as data for a model, one JSON object a line."""
    rows = [
        {"id": ad.ad_id, "copy": clean(ad.copy_text)[:500],
         "opening": clean(ad.dna.opening)[:120], "hook": ad.dna.hook_type,
         "clicked_percent": f"{ad.ctr_ppm / 10_000:.2f}", "impressions": ad.impressions, "vertical": ad.vertical}
        for ad in ads
    ]  # fmt: skip
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) or "(none)"


def _script(wire: WireBlueprint) -> str:
    return " ".join(scene.voice_over for scene in wire.scenes)


def _times(wire: WireBlueprint) -> tuple[int, ...] | None:
    lines = tuple(Line(s.role, "", clean(s.headline), clean(s.voice_over), clean(s.support)) for s in wire.scenes)
    times = timing(lines, pacing=wire.pacing)
    return (min(times[0], HOOK_MAX_MS), *times[1:]) if times else None


def _offer_type(wire: WireBlueprint, *, brief: Brief) -> OfferType:
    said = content_words(" ".join(f"{s.headline} {s.support} {s.voice_over}" for s in wire.scenes))
    want = content_words(brief.offer)
    return offer_type_of(brief.offer) if want and len(want & said) >= len(want) / 2 else "none"


def _citations(wire: WireBlueprint, *, context: DirectorContext) -> tuple[Citation, ...]:
    known = {ad.ad_id: ad for ad in (*context.winners, *context.losers)}
    return tuple(
        Citation(ad_id=cite.ad_id, kind=known[cite.ad_id].kind, took=clean(cite.took)[:200])
        for cite in wire.cites
        if cite.ad_id in known
    )
