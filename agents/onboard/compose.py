"""From patterns and phrases to lines, from lines to times. Every choice is the search's; nothing is random."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from agents.onboard.grammar import (
    AFTERS,
    CTA_SPOKEN,
    CTA_TEXTS,
    END_CARDS,
    HOOKS,
    PACE,
    SCENES,
    Pattern,
)
from agents.onboard.material import Material
from agents.onboard.phrases import Phrase, make_phrase
from agents.wording import capital, sentence, split_phrase, spoken_words, word_set, words
from geminivideo.blueprint import MAX_MS, MIN_MS
from geminivideo.vocabulary import HookType, Pacing, SceneRole

HOOK_MAX_MS = 2_500
HOOK_MAX_SPOKEN = 7
SCENE_MAX_SPOKEN = 17
HEADLINE_WORDS = 7
_SCENE_MIN_MS, _SCENE_MAX_MS = 1_700, 6_500
_READ_WORDS_PER_SECOND = 3.2
_NUM = re.compile(r"[$€£]?\d[\d,]*(?:\.\d+)?(?![-/\w])%?\+?(?:\s[^\W\d_][\w’'-]*){1,3}")
_GOES_ON = word_set("for with that which who at in on from by when while without after before because so and to")
_NUM_ENDS = word_set(
    "you we they i it is are can have from in for of by on at with to per a an and or off since every "
    "each that who which after before"
)


@dataclass(frozen=True, eq=False)
class Line:
    """One scene's texts, the pattern behind them and the claim that they use up. Compared by identity."""

    role: SceneRole
    pattern: str
    headline: str
    voice: str
    support: str = ""
    claim: str = ""
    weight: float = 1.0
    button: str = ""

    @property
    def on_screen(self) -> str:
        """All text that is seen."""
        return f"{self.headline} {self.support}".strip()


@lru_cache(maxsize=256)
def hook_lines(hook: HookType, *, material: Material) -> tuple[Line, ...]:
    """Every opening of this type that the brief can feed and a voice can say in time."""
    made = [line for pattern in HOOKS[hook] for line in _lines(pattern, "hook", material)]
    fit = [line for line in made if spoken_words(line.voice) <= HOOK_MAX_SPOKEN]
    return tuple(line for line in fit if len(words(line.headline)) <= HEADLINE_WORDS + 1)


def body_lines(role: SceneRole, *, material: Material, used: frozenset[str], after: bool = False) -> list[Line]:
    """Every line for a body scene whose claim is not used up; `after` answers a before-and-after opening."""
    return [line for line in _body_lines(role, material=material, after=after) if line.claim not in used]


@lru_cache(maxsize=256)
def _body_lines(role: SceneRole, *, material: Material, after: bool) -> tuple[Line, ...]:
    patterns = AFTERS if after else SCENES[role]
    made = [line for pattern in patterns for line in _lines(pattern, role, material)]
    return tuple(line for line in made if spoken_words(line.voice) <= SCENE_MAX_SPOKEN)


@lru_cache(maxsize=64)
def end_lines(*, material: Material, offer_said: bool) -> tuple[Line, ...]:
    """Every end card: the offer when there is one, what to do, and who asks."""
    made: list[Line] = []
    for spoken in CTA_SPOKEN[material.cta]:
        for pattern in END_CARDS:
            said = spoken.format(brand=material.brand)
            twice = "{brand}" in spoken and "{brand}" in pattern.voice
            made += [replace(line, claim="") for line in _lines(pattern, "cta", material, cta_spoken=said) if not twice]
    buttons = [text.format(brand=material.brand) for text in CTA_TEXTS[material.cta]]
    buttons = [text for text in buttons if len(text) <= 22] or [CTA_TEXTS[material.cta][0]]
    full = [line for line in made if line.pattern.startswith("end_offer")]
    # An offer that was said is only recalled; one that was not is given whole, with its conditions.
    pool = full if full and not offer_said else [line for line in made if line not in full]
    return tuple(replace(line, button=buttons[at % len(buttons)]) for at, line in enumerate(pool))


def _lines(pattern: Pattern, role: SceneRole, material: Material, *, cta_spoken: str = "") -> Iterator[Line]:
    for phrase in _sources(pattern, material):
        slots = _slots(material, phrase=phrase) | ({"cta_spoken": cta_spoken} if cta_spoken else {})
        headline, voice = _fill(pattern.headline, slots), _fill(pattern.voice, slots)
        support = _fill(pattern.support, slots) or ""
        if headline is None or voice is None:
            continue
        headline, rest = _shorten(capital(headline))
        support = rest or ("" if support.lower() in headline.lower() else support)
        if len(headline) <= 90 and len(support) <= 120 and len(voice) <= 240:
            claim = phrase.text if phrase else ""
            yield Line(role, pattern.id, headline, sentence(voice), _support(support), claim, pattern.weight)


def _shorten(headline: str) -> tuple[str, str]:
    head, rest = split_phrase(headline, limit=HEADLINE_WORDS)
    return (head, rest) if head else (headline, "")


def _support(text: str) -> str:
    """Small text goes on where the headline stopped, or starts afresh."""
    return text if text.split(" ", maxsplit=1)[0] in _GOES_ON else capital(text)


def _sources(pattern: Pattern, material: Material) -> list[Phrase | None]:
    if pattern.source == "none":
        return [None]
    pools: dict[str, tuple[Phrase, ...]] = {
        "pain": material.pains,
        "benefit": material.benefits,
        "proof": material.proof,
        "number": material.numbers,
        "social": material.social,
        "offer": (material.offer,) if material.offer else (),
    }
    return [phrase for phrase in pools[pattern.source] if phrase.shape in pattern.shapes]


def _fill(template: str, slots: dict[str, str]) -> str | None:
    """The template with its slots filled; None if one of them has nothing to give."""
    names = {name for _, name, _, _ in string.Formatter().parse(template) if name}
    if any(not slots.get(name) for name in names):
        return None
    return re.sub(r"\s+", " ", template.format_map(slots)).strip()


def _slots(material: Material, *, phrase: Phrase | None) -> dict[str, str]:
    product, short = material.product, material.short
    slots = {
        "brand": material.brand,
        "city": material.city,
        "audience": material.audience,
        "It_is": "They’re" if product and product.number == "plural" else "It’s",
        **_offer_slots(material),
    }
    if product:
        slots |= {"product": product.text, "product_np": product.np, "product_title": product.title}
        slots["is_product"] = "" if product.number == "plural" or product.shape != "noun" else product.np
    if short:
        slots |= {"short": short.text, "short_np": short.np, "short_title": short.title}
    return slots | (_phrase_slots(phrase) if phrase else {})


def _phrase_slots(phrase: Phrase) -> dict[str, str]:
    plural = phrase.shape == "noun" and phrase.number == "plural"
    if phrase.shape == "quote":
        said, who = phrase.quoted
        speaker = capital(who.split(",")[0]) if len(who.split(",")[0].split()) <= 3 else ""
        return {
            "text": f"“{said}”",
            "title": f"“{said}”",
            "Sent": sentence(said),
            "who": capital(who),
            "speaker": speaker,
        }
    return {
        "text": phrase.text,
        "title": phrase.title,
        "np": phrase.np,
        "the": phrase.the,
        "The": capital(phrase.the),
        "gets": "get" if plural else "gets",
        "there_is": "there are" if plural else "there’s",
        "shunned": "" if phrase.text.lower().startswith(("a ", "an ", "no ")) else phrase.the,
        "Sent": sentence(phrase.text),
        "num": number_phrase(phrase.text),
    }


def _offer_slots(material: Material) -> dict[str, str]:
    offer = material.offer
    if offer is None:
        return {}
    head_text = material.offer_head or offer.text
    head = make_phrase(head_text) or offer
    ours = head.shape == "noun" and head.text.split()[0].lower() in ("a", "an", "your", "free", "first")
    return {
        "offer_title": offer.bare,
        "offer_head_title": head.bare if head.shape == "noun" else head.title,
        "offer_head_np": head.np,
        "offer_rest": material.offer_rest,
        "offer_rest_or_brand": material.offer_rest or material.brand,
        "offer_whole": offer.bare if len(offer.bare) <= 60 else "",
        "Offer_yours": capital(head.yours) if ours and head.number == "singular" and not _free_last(head) else "",
    }


def _free_last(phrase: Phrase) -> bool:
    return phrase.text.lower().endswith((" free", " off"))


def number_phrase(text: str) -> str:
    """The first number of a text with the noun that it counts, such as `312 offices`; empty if it counts nothing."""
    for match in _NUM.finditer(text):
        kept: list[str] = []
        for token in match.group(0).split():
            if token.lower() in _NUM_ENDS or (kept and token.endswith("ed")):
                break
            kept.append(token)
        if len(kept) > 1:
            return " ".join(kept)
    return ""


def scene_ms(line: Line, *, pacing: Pacing) -> int:
    """How long a scene lasts: the voice and a breath, or the time to read it, within the studio's limits."""
    rate, pause = PACE[pacing]
    spoken = spoken_words(line.voice) / rate * 1000 + pause
    reading = len(words(line.on_screen)) / _READ_WORDS_PER_SECOND * 1000 + 500
    if line.role == "hook":
        return _tenth(min(max(spoken, 1_600), HOOK_MAX_MS))
    return _tenth(min(max(spoken, reading, _SCENE_MIN_MS), _SCENE_MAX_MS))


def timing(lines: tuple[Line, ...], *, pacing: Pacing) -> tuple[int, ...] | None:
    """Milliseconds per scene, stretched evenly when the ad would be too short; None if it does not fit at all."""
    times = [scene_ms(line, pacing=pacing) for line in lines]
    total = sum(times)
    if total < MIN_MS + 200:
        stretch = (MIN_MS + 200 - times[0]) / max(total - times[0], 1)
        times = [times[0], *(_tenth(ms * stretch + 50) for ms in times[1:])]
        if stretch > 1.5:
            return None
    return tuple(times) if MIN_MS <= sum(times) <= MAX_MS - 300 else None


def _tenth(milliseconds: float) -> int:
    return round(milliseconds / 100) * 100
