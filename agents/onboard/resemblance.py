"""Likeness to ads with results: embeddings of the words and shared traits, towards winners and away from losers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from agents.defects import defect
from agents.director import DirectorContext
from agents.onboard.evidence import Evidence, copy_order, read_evidence
from agents.onboard.marks import Marks
from agents.wording import content_words, script_overlap
from geminivideo.blueprint import Blueprint
from geminivideo.creative_dna import CreativeDna
from geminivideo.judgement import Recalled

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts to unit vectors, one row each."""
_LIKE_A_LOSER = 0.72
"""Cosine (or word overlap) of an opening to a losing ad's opening from which it counts as the same idea."""


def mark_resemblance(blueprint: Blueprint, *, context: DirectorContext, embed: Embed | None) -> Marks:
    """Three criteria from 0 to 100: words like winners', traits like winners', distance from losers."""
    marks = Marks()
    if not context.winners and not context.losers:
        marks.give("likeness_to_winners", 50)
        marks.say("No past ads were recalled, so this seat knows nothing for or against it")
        return marks
    evidence = read_evidence(context)
    near_won, near_lost = (
        _nearness(blueprint, context.winners, embed),
        _nearness(blueprint, context.losers, embed),
    )
    _likeness(marks, near_won, near_lost, context=context)
    _traits(marks, blueprint, evidence=evidence)
    _apart(marks, blueprint, near_lost, context=context, embed=embed)
    return marks


def _text(blueprint: Blueprint) -> str:
    return f"{blueprint.scenes[0].headline} {blueprint.primary_text} {blueprint.script}"


def _nearness(blueprint: Blueprint, ads: Sequence[Recalled], embed: Embed | None) -> list[float]:
    """Cosine to each ad's copy; without an embedder, the share of common content words."""
    texts = [ad.copy_text for ad in ads]
    if not texts:
        return []
    if embed is None:
        return [script_overlap(_text(blueprint), text) for text in texts]
    vectors = embed([_text(blueprint), *texts])
    return [float(v) for v in vectors[1:] @ vectors[0]]


def _likeness(marks: Marks, won: list[float], lost: list[float], *, context: DirectorContext) -> None:
    best = max(won, default=0.0)
    gap = (sum(won) / len(won) if won else 0.0) - (sum(lost) / len(lost) if lost else 0.0)
    marks.give("likeness_to_winners", 30 + 60 * max(best, 0.0) + 120 * gap)
    if won:
        ad = context.winners[won.index(best)]
        marks.say(f"Closest to winner {ad.ad_id} ({ad.ctr_ppm / 10_000:.1f}% clicked; likeness {best:.2f})")


def _traits(marks: Marks, blueprint: Blueprint, *, evidence: Evidence) -> None:
    hook = evidence.hooks[blueprint.hook_type]
    steps = list(pairwise(blueprint.structure))
    order = sum(max(-1.0, min(1.0, evidence.pairs.get(step, 0.0))) for step in steps) / len(steps)
    shared = [_alike(blueprint, ad.dna) for ad, _, _ in evidence.winners]
    apart = [_alike(blueprint, ad.dna) for ad, _, _ in evidence.losers]
    lean = (sum(shared) / len(shared) if shared else 0.5) - (sum(apart) / len(apart) if apart else 0.5)
    marks.give("winning_traits", 50 + 45 * hook + 50 * order + 40 * lean, weight=1.5)
    name = blueprint.hook_type.replace("_", " ")
    marks.say(f"Winners open with a {name}", when=hook > 0.15)
    marks.say(f"Losers open with a {name} more than winners do", when=hook < -0.1)
    if hook < -0.4:
        marks.fault(defect("unlike_winners", f"Scene 1: {name} openings lost before; word it closer to what won."))


def _alike(blueprint: Blueprint, dna: CreativeDna) -> float:
    """Share of readable traits that agree."""
    text = f"{blueprint.script} {blueprint.primary_text}"
    checks = [
        dna.cta_style == blueprint.cta_style,
        dna.offer_type == blueprint.offer_type,
        dna.has_number == any(c.isdigit() for c in text),
        dna.has_question == ("?" in text),
        dna.social_proof == ("proof" in blueprint.structure),
    ]
    if dna.pacing is not None:
        checks.append(dna.pacing == blueprint.pacing)
    if dna.duration_ms:
        checks.append(abs(dna.duration_ms - blueprint.milliseconds) < 4_000)
    return sum(checks) / len(checks)


def _apart(
    marks: Marks, blueprint: Blueprint, near: list[float], *, context: DirectorContext, embed: Embed | None
) -> None:
    opening = blueprint.scenes[0].headline
    closest = _opening_nearness(opening, context.losers, embed)
    worst = max(closest, default=0.0)
    copied = max((_order_overlap(blueprint, ad) for ad in context.losers), default=0.0)
    marks.give(
        "apart_from_losers",
        100 - 70 * max(0.0, worst - 0.2) - 30 * max(0.0, max(near, default=0.0) - 0.5) - 15 * copied,
    )
    if worst >= _LIKE_A_LOSER:
        ad = context.losers[closest.index(worst)]
        marks.fault(
            defect(
                "like_loser",
                f"Scene 1 “{opening}” opens like {ad.ad_id}, which lost; open with another idea.",
            )
        )


def _opening_nearness(opening: str, ads: Sequence[Recalled], embed: Embed | None) -> list[float]:
    texts = [ad.dna.opening or ad.copy_text[:60] for ad in ads]
    if not texts:
        return []
    shared = [script_overlap(opening, text) if content_words(text) else 0.0 for text in texts]
    if embed is None:
        return shared
    vectors = embed([opening, *texts])
    return [max(float(cosine), word) for cosine, word in zip(vectors[1:] @ vectors[0], shared, strict=True)]


def _order_overlap(blueprint: Blueprint, ad: Recalled) -> float:
    return float(copy_order(ad.copy_text) == blueprint.structure)
