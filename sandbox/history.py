"""The simulated account's past, planned: what each ad said and showed, when it ran, on what budget."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from geminivideo.creative_dna import CreativeDna
from geminivideo.errors import InvalidInput
from geminivideo.vocabulary import CTA_STYLES, HOOK_TYPES, CtaStyle, Format, HookType, Media, OfferType, Pacing
from sandbox.chance import pick, uniforms
from sandbox.copywriting import ANGLES, BODIES, CALLS, HEADLINES, HOOKS, META_CTA, OFFERS, PLACES, PROOFS

LINK = "https://northbrew.example/tasting"

_OFFER_EDGES: tuple[tuple[OfferType, float], ...] = (
    ("none", 0.26), ("free_trial", 0.46), ("discount", 0.62), ("free_gift", 0.73), ("guarantee", 0.83),
    ("bundle", 0.91), ("urgency", 1.0),
)  # fmt: skip
_SHAPES: tuple[tuple[Media, Format, float], ...] = (
    ("video", "9:16", 0.38), ("video", "1:1", 0.58), ("video", "4:5", 0.70), ("video", "16:9", 0.75),
    ("image", "1:1", 0.91), ("image", "4:5", 1.0),
)  # fmt: skip
_STILL_RUNNING: tuple[tuple[int, int, float | None], ...] = (
    (58, 1_200, None), (33, 2_000, None), (24, 2_400, None), (17, 1_800, None), (12, 2_600, None),
    (8, 5_200, 27_000.0), (5, 2_200, None), (3, 1_600, None),
)  # fmt: skip
"""(days old, daily budget in minor units, audience) of the ads that still run now. The one of eight days
spends much on a small audience, so it tires within the days to come."""

_Plan = tuple[int, int | None, int, float | None]
"""(first day, day it was stopped, daily budget in minor units, audience)."""

_PACINGS: tuple[Pacing, ...] = ("slow", "medium", "fast")
_COLOURS: tuple[tuple[int, int, int], ...] = (
    (43, 26, 18), (246, 235, 221), (232, 163, 61), (196, 84, 48), (36, 62, 92), (88, 142, 170), (70, 120, 84),
    (20, 22, 28), (250, 214, 120), (150, 60, 70), (205, 225, 232), (120, 96, 78),
)  # fmt: skip
_URGENT = re.compile(r"\b(only|ends|last chance|left|soon|today|now)\b", re.IGNORECASE)
_SOCIAL = re.compile(r"\b(trusted|rated|loved|companies pour|offices in|said)\b|\"", re.IGNORECASE)
_SECOND = re.compile(r"\b(you|your|yours|you're)\b", re.IGNORECASE)


@dataclass(frozen=True)
class PastAd:
    """One past ad: what the platform can show of it, and the traits that only the world is told."""

    key: str
    name: str
    copy_text: str
    headline: str
    call_to_action: str
    link: str
    media: Media
    aspect: Format
    length_ms: int | None
    colours: tuple[tuple[int, int, int], tuple[int, int, int]]
    daily_budget_minor: int
    audience: float | None
    first_day: date
    stopped_on: date | None
    dna: CreativeDna


def plan_history(*, seed: int, first: date, days: int, ads: int) -> tuple[PastAd, ...]:
    """`ads` past ads over `days` from `first`, oldest first; the copies are all different."""
    running = _STILL_RUNNING[-min(len(_STILL_RUNNING), ads) :]
    spans = sorted(_ended_span(seed, index=index, days=days) for index in range(ads - len(running)))
    plans: list[_Plan] = [
        (start, end, _small_budget(seed, index=index), None) for index, (start, end) in enumerate(spans)
    ]
    plans += [(max(0, days - age), None, budget, audience) for age, budget, audience in running]
    seen: set[str] = set()
    ordered = sorted(plans, key=lambda plan: plan[0])
    return tuple(_write(seed, index=index, seen=seen, first=first, plan=plan) for index, plan in enumerate(ordered))


def _ended_span(seed: int, *, index: int, days: int) -> tuple[int, int]:
    u = uniforms(seed, "span", index)
    length = min(days - 1, 5 + int(17 * u[0]))
    start = int(u[1] * (days - length))
    return start, start + length


def _small_budget(seed: int, *, index: int) -> int:
    return 800 + 200 * int(17 * uniforms(seed, "budget", index)[0])


@dataclass(frozen=True)
class _Script:
    """What an ad says, and the luck that is left for how it looks."""

    hook: HookType
    cta: CtaStyle
    offer: OfferType
    text: str
    headline: str
    opening: str
    luck: tuple[float, ...]


def _write(seed: int, *, index: int, seen: set[str], first: date, plan: _Plan) -> PastAd:
    start, end, budget, audience = plan
    script = _script(seed, index=index, seen=seen)
    media, aspect, _ = _SHAPES[pick(script.luck[0], cumulative=tuple(edge for _, _, edge in _SHAPES))]
    length = 10_000 + 100 * int(100 * script.luck[1]) if media == "video" else None
    w = uniforms(seed, "look", index)
    colours = (_COLOURS[int(w[0] * len(_COLOURS))], _COLOURS[int(w[1] * len(_COLOURS))])
    pacing = _PACINGS[int(3 * w[2])] if media == "video" else None
    begin = first + timedelta(days=start)
    return PastAd(
        key=f"past-{index + 1:03d}",
        name=f"Northbrew {begin:%y%m%d} {index + 1:03d}",
        copy_text=script.text,
        headline=script.headline,
        call_to_action=META_CTA[script.cta],
        link=LINK,
        media=media,
        aspect=aspect,
        length_ms=length,
        colours=colours,
        daily_budget_minor=budget,
        audience=audience,
        first_day=begin,
        stopped_on=None if end is None else first + timedelta(days=end),
        dna=_dna(script, media=media, aspect=aspect, length=length, pacing=pacing, colours=colours),
    )


def _script(seed: int, *, index: int, seen: set[str]) -> _Script:
    """A copy that none of the earlier ads has; the words are drawn again until it is new."""
    for attempt in range(1_000):
        u, v = uniforms(seed, "copy", index, attempt), uniforms(seed, "copy", index, attempt, 2)
        hook = HOOK_TYPES[int(u[0] * len(HOOK_TYPES))]
        cta = CTA_STYLES[int(u[1] * len(CTA_STYLES))]
        offer = _OFFER_EDGES[pick(u[2], cumulative=tuple(edge for _, edge in _OFFER_EDGES))][0]
        angle = ANGLES[int(u[3] * len(ANGLES))]
        text, headline, opening = _compose(hook=hook, cta=cta, offer=offer, angle=angle, luck=(*u[4:], *v))
        if text not in seen:
            seen.add(text)
            return _Script(hook, cta, offer, text, headline, opening, v[6:])
    raise InvalidInput("So many different ads cannot be written", where="history", fix="Ask for fewer ads.")


def _compose(
    *, hook: HookType, cta: CtaStyle, offer: OfferType, angle: str, luck: tuple[float, ...]
) -> tuple[str, str, str]:
    """(copy, headline, opening). Proof comes three times in ten, between body and offer."""
    words = {
        "place": PLACES[int(luck[0] * len(PLACES))],
        "n": str(400 + 50 * int(luck[1] * 20)),
        "firms": str(60 + 10 * int(luck[2] * 15)),
        "left": str(3 + int(luck[3] * 7)),
    }
    bodies, offers, calls = BODIES[angle], OFFERS[offer], CALLS[cta]
    opening = HOOKS[hook][angle]
    parts = [
        opening,
        bodies[int(luck[4] * len(bodies))],
        PROOFS[int(luck[5] * len(PROOFS) / 0.3)] if luck[5] < 0.3 else "",
        offers[int(luck[6] * len(offers))],
        calls[int(luck[7] * len(calls))],
    ]
    text = " ".join(part for part in parts if part).format(**words)
    headline = HEADLINES[angle][int(luck[8] * 2)]
    return " ".join(text.split()), headline.format(**words), " ".join(opening.format(**words).split())


def _dna(
    script: _Script,
    *,
    media: Media,
    aspect: Format,
    length: int | None,
    pacing: Pacing | None,
    colours: tuple[tuple[int, int, int], tuple[int, int, int]],
) -> CreativeDna:
    text = script.text
    red, green, blue = (sum(colour[i] for colour in colours) / 2 for i in range(3))
    light = [0.299 * r + 0.587 * g + 0.114 * b for r, g, b in colours]
    return CreativeDna(
        hook_type=script.hook,
        cta_style=script.cta,
        offer_type=script.offer,
        media=media,
        aspect=aspect,
        duration_ms=length,
        pacing=pacing,
        words=len(text.split()),
        headline_words=len(script.headline.split()),
        has_number=any(letter.isdigit() for letter in text),
        has_question="?" in text,
        second_person=bool(_SECOND.search(text)),
        urgency=bool(_URGENT.search(text)),
        social_proof=bool(_SOCIAL.search(text)),
        warmth=min(100, max(0, round(50 + (red - blue) / 2.55))),
        brightness=round((0.299 * red + 0.587 * green + 0.114 * blue) / 2.55),
        contrast=min(100, round(abs(light[0] - light[1]) / 2.55)),
        opening=script.opening,
    )
