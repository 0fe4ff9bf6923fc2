"""The rubric on the text: clarity, specificity, plain reading, offer, verbs, honest claims, headline length."""

from __future__ import annotations

import re
from itertools import pairwise

from agents.claims import unsupported_by_scene
from agents.defects import defect
from agents.onboard.marks import Marks
from agents.wording import content_words, find_urls, word_set, words
from geminivideo.blueprint import Blueprint
from geminivideo.brief import Brief

_VAGUE = re.compile(
    r"\b(?:solutions?|innovative|quality|amazing|awesome|incredible|revolutionary|next[- ]level"
    r"|game[- ]chang\w+|seamless\w*"
    r"|cutting[- ]edge|leverage|synerg\w+|unlock|elevate|empower\w*|journey|things?|stuff|various|etc"
    r"|one[- ]stop|holistic"
    r"|experience the|like never before|in today.s world|look no further|take it to)\b",
    re.IGNORECASE,
)
_PASSIVE = re.compile(
    r"\b(?:is|are|was|were|be|been|being)\s+(?:\w+ly\s+)?(?!\w*(?:need|free|red)\b)\w{3,}ed\b(?!\s+(?:in"
    r"|for|with)\b)",
    re.I,
)
_VERBS = word_set(
    "get start skip stop try see book shop learn tap meet want watch take find sign join claim keep make "
    "save paint forget "
    "build know say says look looks tired imagine guess send talk pick have has bring brings works comes "
    "keeps gets need needs "
    "choose enjoy give walk run wear read listen ask buy order call visit discover"
)
_SPECIFIC = re.compile(
    r"\d|\b(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|minute|hour|second|week|month)s?\b",
    re.I,
)


def mark_rubric(blueprint: Blueprint, *, brief: Brief) -> Marks:
    """Seven criteria from 0 to 100 with reasons and defects."""
    marks = Marks()
    _claims(marks, blueprint, brief=brief)
    _specificity(marks, blueprint, brief=brief)
    _readability(marks, blueprint)
    _offer(marks, blueprint, brief=brief)
    _verbs(marks, blueprint)
    _headlines(marks, blueprint)
    _clarity(marks, blueprint, brief=brief)
    return marks


def _texts(blueprint: Blueprint) -> list[str]:
    return [" ".join((s.headline, s.support, s.voice_over)) for s in blueprint.scenes]


def _claims(marks: Marks, blueprint: Blueprint, *, brief: Brief) -> None:
    found = unsupported_by_scene(blueprint, brief=brief)
    marks.give("honest_claims", 100 - 45 * len(found), weight=2.0)
    for scene, claims in found.items():
        where = f"Scene {scene} says" if scene else "The post text or button says"
        said = ", ".join(f"“{claim}”" for claim in claims[:3])
        marks.fault(
            defect("unsupported_claim", f"{where} {said}, which the brief does not state; use only its claims.")
        )
    for at, text in enumerate(_texts(blueprint), start=1):
        if find_urls(text):
            marks.fault(defect("address_in_text", f"Scene {at} shows a web address; leave it to the button."))
    if not found:
        marks.say("Every claim and number is the brief's own")


def _specificity(marks: Marks, blueprint: Blueprint, *, brief: Brief) -> None:
    texts = _texts(blueprint)
    concrete = sum(bool(_SPECIFIC.search(text)) for text in texts) / len(texts)
    vague = [(at, m.group(0)) for at, text in enumerate(texts, start=1) for m in _VAGUE.finditer(text)]
    own = content_words(" ".join((*brief.benefits, *brief.pains, *brief.proof, brief.offer)))
    used = len(own & content_words(" ".join(texts))) / max(len(own), 1)
    marks.give(
        "specificity",
        20 + 45 * min(concrete / 0.8, 1) + 35 * min(used / 0.9, 1) - 25 * len(vague),
        weight=1.4,
    )
    for at, word in vague[:2]:
        marks.fault(defect("vague", f"Scene {at} says “{word}”; name something concrete from the brief instead."))
    marks.say(f"{round(concrete * 100)}% of the scenes name a number or a time", when=bool(concrete))
    marks.say("It names no number or time", when=not concrete)


def _readability(marks: Marks, blueprint: Blueprint) -> None:
    said = [s.voice_over or s.headline for s in blueprint.scenes]
    all_words = [w for text in said for w in words(text)]
    sentences = max(1, sum(len(re.findall(r"[.!?]+(?:\s|$)", text)) or 1 for text in said))
    syllables = sum(_syllables(w) for w in all_words)
    ease = 206.8 - 1.015 * len(all_words) / sentences - 84.6 * syllables / max(len(all_words), 1)
    marks.give("easy_to_read", 20 + 0.85 * min(max(ease, 0), 100))
    for at, text in enumerate(said, start=1):
        hard = [w for w in words(text) if _syllables(w) >= 5 and "-" not in w]
        longest = max((len(words(part)) for part in re.split(r"[.!?]+", text)), default=0)
        if len(hard) >= 2 or longest > 20:
            marks.fault(
                defect("hard_to_read", f"Scene {at} is hard to follow by ear; use shorter words and sentences.")
            )
    marks.say(f"Reading ease is {round(ease)} (60 and more is plain English)")


def _syllables(word: str) -> int:
    groups = re.findall(r"[aeiouy]+", word.lower())
    silent = word.lower().endswith("e") and len(groups) > 1 and not word.lower().endswith("le")
    return max(1, len(groups) - silent)


def _offer(marks: Marks, blueprint: Blueprint, *, brief: Brief) -> None:
    if not brief.offer:
        marks.give("clear_offer", 70)
        return
    want = content_words(brief.offer)
    shown = [len(want & content_words(text)) / max(len(want), 1) for text in _texts(blueprint)]
    marks.give("clear_offer", 25 + 75 * max(shown) ** 2, weight=1.2)
    if max(shown) < 0.5:
        marks.fault(
            defect(
                "offer_unclear",
                f"Nothing says what one gets; say “{brief.offer[:80]}” before or on the end card.",
            )
        )
    marks.say("The offer is said in full", when=max(shown) > 0.95)


def _verbs(marks: Marks, blueprint: Blueprint) -> None:
    texts = [s.voice_over or s.headline for s in blueprint.scenes]
    active = sum(bool(_VERBS & {w.lower() for w in words(text)}) for text in texts) / len(texts)
    passive = sum(bool(_PASSIVE.search(text)) for text in texts)
    marks.give("active_verbs", 40 + 75 * active - 20 * passive, weight=0.8)
    marks.say(f"{passive} sentence(s) in the passive", when=passive > 0)


def _headlines(marks: Marks, blueprint: Blueprint) -> None:
    sizes = [len(words(s.headline)) for s in blueprint.scenes]
    over = sum(max(0, size - 7) for size in sizes)
    marks.give("short_headlines", 100 - 12 * over - 4 * max(0, max(sizes) - 5))
    for at, size in enumerate(sizes, start=1):
        if size > 9:
            marks.fault(defect("headline_long", f"Scene {at} has a headline of {size} words; cut it to 7."))


def _clarity(marks: Marks, blueprint: Blueprint, *, brief: Brief) -> None:
    texts = _texts(blueprint)
    product = content_words(brief.product)
    named = max((len(product & content_words(t)) / max(len(product), 1) for t in texts), default=0.0)
    said = [s.voice_over.lower() for s in blueprint.scenes if s.voice_over]
    twice = len(said) - len(set(said))
    echo = sum(_echo(a, b) for a, b in pairwise(texts)) / max(len(texts) - 1, 1)
    loud = [
        at for at, t in enumerate(texts, start=1) if "!!" in t or sum(w.isupper() and len(w) > 4 for w in words(t)) > 1
    ]
    marks.give("clarity", 45 + 45 * min(named / 0.6, 1) - 30 * twice - 40 * max(0.0, echo - 0.35), weight=1.2)
    if twice:
        marks.fault(defect("repeats", "Two scenes say the same words; give one of them another point."))
    for at in loud[:2]:
        marks.fault(defect("shouting", f"Scene {at} shouts; drop the capitals and the exclamation marks."))
    marks.say("It never says what the product is", when=named < 0.3)


def _echo(a: str, b: str) -> float:
    left, right = content_words(a), content_words(b)
    return len(left & right) / max(min(len(left), len(right)), 1)
