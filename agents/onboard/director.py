"""The on-board Director: it searches a creative grammar. It is not a language model, and says so."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import get_args

from agents.director import DirectorContext
from agents.onboard.compose import Line
from agents.onboard.evidence import Evidence, read_evidence
from agents.onboard.grammar import TONES
from agents.onboard.material import Material, make_material
from agents.onboard.revision import revise_blueprint
from agents.onboard.search import Draft, candidates, select
from agents.wording import capital, clean, script_overlap, sentence
from geminivideo.blueprint import Author, Blueprint, Citation, Scene
from geminivideo.brief import AssetId, Brief
from geminivideo.errors import InvalidInput
from geminivideo.judgement import CouncilVerdict, OracleVerdict, Prediction, Recalled
from geminivideo.vocabulary import MusicMood, Palette

ON_BOARD_DIRECTOR = "on-board grammar (not a language model)"
Predict = Callable[[Blueprint], Prediction]
_STEP = {"hook": "the opening", "cta": "the call to action"}
_TURNS, _ENOUGH = 3, 3
"""A set that stays shorter than three is searched again in a wider pool, twice at most."""
_PREDICTED = 14
"""How many of the best drafts a predictor is asked about."""


class OnboardDirector:
    """Writes by searching the grammar; `predict` (if given) joins the score of the best drafts."""

    name = ON_BOARD_DIRECTOR

    def __init__(self, *, predict: Predict | None = None) -> None:
        self._predict = predict

    async def write_blueprints(self, context: DirectorContext, *, count: int) -> tuple[Blueprint, ...]:
        """Up to `count` blueprints that share neither hook type nor scene order."""
        return await asyncio.to_thread(compose_blueprints, context, count=count, predict=self._predict)

    async def revise(
        self,
        blueprint: Blueprint,
        *,
        criticism: CouncilVerdict,
        oracle: OracleVerdict | None,
        context: DirectorContext,
    ) -> Blueprint:
        """The blueprint with the named defects mended and a changelog."""
        return await asyncio.to_thread(
            revise_blueprint,
            blueprint,
            criticism=criticism,
            oracle=oracle,
            context=context,
            predict=self._predict,
        )


def compose_blueprints(
    context: DirectorContext, *, count: int, predict: Predict | None = None
) -> tuple[Blueprint, ...]:
    """The pure core: search, choose a varied set, give out the footage. At most one blueprint per hook type."""
    if count < 1:
        raise InvalidInput("A set needs at least one blueprint", where="count", fix="Ask for 1 or more.")
    material, evidence = make_material(context.brief), read_evidence(context)
    if material.product is None:
        raise InvalidInput(
            "The brief's product says nothing that can be shown",
            where="product",
            fix="Name the product in words.",
        )
    chosen: list[Draft] = []
    drafts: list[Draft] = []
    for turn in range(_TURNS):
        drafts += candidates(brief=context.brief, material=material, evidence=evidence, seed=context.seed, turn=turn)
        bonus = _predicted(drafts, context=context, material=material, evidence=evidence, predict=predict)
        chosen = select(drafts, count=count, bonus=bonus)
        if len(chosen) >= min(count, _ENOUGH):
            break
    if not chosen:
        raise InvalidInput(
            "The brief's texts are too long or too odd to be said in 20 seconds", where="brief",
            fix="Give a product of up to 90 characters, and benefits or an offer of up to 15 words each.",
        )  # fmt: skip
    footage = share_footage([d.structure for d in chosen], assets=context.brief.footage)
    return tuple(
        build_blueprint(draft, context=context, material=material, evidence=evidence, position=at, footage=clips)
        for at, (draft, clips) in enumerate(zip(chosen, footage, strict=True))
    )


def _predicted(
    drafts: Sequence[Draft],
    *,
    context: DirectorContext,
    material: Material,
    evidence: Evidence,
    predict: Predict | None,
) -> Callable[[Draft], float]:
    if predict is None:
        return lambda _: 0.0
    lifts: dict[tuple[Line, ...], float] = {}
    for draft in drafts[:_PREDICTED]:
        blueprint = build_blueprint(
            draft, context=context, material=material, evidence=evidence, position=0, footage=()
        )
        guess = predict(blueprint)
        lifts[draft.lines] = max(-0.5, min(0.5, guess.ctr_ppm / max(guess.base_rate_ppm, 1) - 1))
    return lambda draft: 0.8 * lifts.get(draft.lines, 0.0)


def build_blueprint(
    draft: Draft,
    *,
    context: DirectorContext,
    material: Material,
    evidence: Evidence,
    position: int,
    footage: tuple[AssetId, ...],
) -> Blueprint:
    """A draft as a blueprint, with looks, citations and an id that its content, seed and namespace decide."""
    brief = context.brief
    music, palette = _looks(brief, evidence=evidence, position=position)
    blueprint = Blueprint(
        id="bp_0",
        title=draft.lines[0].headline[:120],
        hook_type=draft.hook,
        scenes=_scenes(draft, footage=footage),
        cta_style=brief.call_to_action,
        cta_text=draft.lines[-1].button,
        offer_type=material.offer_type if _mentions_offer(draft, material=material) else "none",
        palette=palette,
        pacing=draft.pacing,
        music=music,
        formats=brief.formats,
        primary_text=post_text(draft.lines, material=material),
        learned_from=cite(draft, evidence=evidence),
        author=Author(model=ON_BOARD_DIRECTOR),
    )
    mark = hashlib.sha256(f"{blueprint.sha256}/{context.seed}/{context.namespace}".encode()).hexdigest()
    return blueprint.model_copy(update={"id": f"bp_{mark[:26]}"})


def _scenes(draft: Draft, *, footage: tuple[AssetId, ...]) -> tuple[Scene, ...]:
    last = len(draft.lines) - 1
    return tuple(
        Scene(
            role=line.role,
            milliseconds=ms,
            headline=line.headline,
            support=line.support,
            voice_over=line.voice,
            footage=footage[at % len(footage)] if footage and at < last else None,
        )
        for at, (line, ms) in enumerate(zip(draft.lines, draft.times, strict=True))
    )


def share_footage(
    structures: Sequence[Sequence[str]], *, assets: tuple[AssetId, ...]
) -> tuple[tuple[AssetId, ...], ...]:
    """Which clips each blueprint gets: half of them get footage, those that show most first; never all."""
    if not assets:
        return tuple(() for _ in structures)
    shows = [sum(role in ("demo", "solution", "benefit") for role in s) for s in structures]
    order = sorted(range(len(structures)), key=lambda at: (-shows[at], at))
    with_clips = order[: max(1, len(structures) // 2)]
    turns = {at: turn * max(1, len(assets) // 2) % len(assets) for turn, at in enumerate(with_clips)}
    return tuple((*assets[turns[at] :], *assets[: turns[at]]) if at in turns else () for at in range(len(structures)))


def _looks(brief: Brief, *, evidence: Evidence, position: int) -> tuple[MusicMood, Palette]:
    _, music, by_tone = TONES[brief.tone]
    moods: tuple[MusicMood, ...] = get_args(MusicMood)
    mood = music if position % 2 == 0 else moods[(moods.index(music) + 1) % len(moods)]
    palettes: tuple[Palette, ...] = ("brand", evidence.palette or by_tone, "brand", by_tone)
    return mood, palettes[position % len(palettes)]


def _mentions_offer(draft: Draft, *, material: Material) -> bool:
    offer = material.offer
    texts = " ".join(f"{line.headline} {line.support} {line.voice}" for line in draft.lines)
    return offer is not None and script_overlap(offer.text, texts) > 0 and material.offer_head.lower() in texts.lower()


def post_text(lines: Sequence[Line], *, material: Material) -> str:
    """The text beside the video: the opening, what it is, a claim that the ad makes, the offer."""
    product = material.product.text if material.product else ""
    hook = next((line.headline for line in lines if line.role == "hook"), "")
    hook = next((line.claim for line in lines if line.pattern == "stat_num"), hook)
    opening = hook if hook.endswith(("?", ".")) else sentence(hook)
    claims = [line.claim for line in lines if line.claim and line.role in ("benefit", "proof", "demo")]
    parts = [opening, f"{material.brand}: {product}."]
    parts += [sentence(claim) for claim in claims[:2] if claim.lower() not in opening.lower()]
    if material.offer and material.offer.text.lower() not in opening.lower():
        parts.append(sentence(material.offer.bare if material.offer.shape == "noun" else material.offer.title))
    while len(text := " ".join(parts)) > 400 and len(parts) > 1:
        parts.pop()
    return clean(capital(text))[:400]


def cite(draft: Draft, *, evidence: Evidence) -> tuple[Citation, ...]:
    """What the draft took from which ad, and which losers it keeps away from."""
    made = [Citation(ad_id=ad.ad_id, kind="winner", took=took) for ad, w, order in evidence.winners
            if (took := _took(draft, ad=ad, order=order, weight=w))]  # fmt: skip
    shunned = [
        Citation(
            ad_id=ad.ad_id,
            kind="loser",
            took=f"avoided: its {ad.dna.hook_type.replace('_', ' ')} opening{_said(ad)}",
        )
        for ad, _, _ in evidence.losers
        if ad.dna.hook_type != draft.hook
    ]
    return (*made[:3], *shunned[:2])


def _took(draft: Draft, *, ad: Recalled, order: tuple[str, ...], weight: float) -> str:
    if weight <= 0:
        return ""
    taken = []
    if ad.dna.hook_type == draft.hook:
        taken.append(f"the {draft.hook.replace('_', ' ')} opening{_said(ad)}")
    steps = set(pairwise(draft.structure))
    shared = [f"from {_STEP.get(a, a)} to {_STEP.get(b, b)}" for a, b in pairwise(order) if (a, b) in steps]
    if shared:
        taken.append(f"the step {' and '.join(shared[:2])}")
    if ad.dna.pacing == draft.pacing and taken:
        taken.append(f"the {draft.pacing} pace")
    clicks = f"{ad.ctr_ppm / 10_000:.1f}% of {ad.impressions:,} impressions were clicked"
    return f"{' and '.join(taken)} ({clicks})" if taken else ""


def _said(ad: Recalled) -> str:
    opening = clean(ad.dna.opening)[:60]
    return f" (“{opening}”)" if opening else ""
