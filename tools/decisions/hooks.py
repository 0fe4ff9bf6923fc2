"""Which kind of hook a line is: weighted rules over its opening, so that a person can see why."""

from __future__ import annotations

import re

from geminivideo.vocabulary import HOOK_TYPES, HookType

_I = re.IGNORECASE
_COMMANDS = (
    "stop|start|get|try|book|taste|meet|make|give|put|pour|ditch|skip|say|grab|join|swap|switch|bring|treat|upgrade|"
    "imagine|order|discover|claim|fire|cancel|quit|forget|turn|let|take|build|learn|watch|call|save|drop|send|"
    "replace|fill|wake|fuel|keep|choose|own|shop|find|feel|enjoy|never|don'?t|ask|pick|raise|reclaim|invite|cut|"
    "trade|throw|hire|download|subscribe|sign|plan|go|do|open|unlock|rethink|think|love|see|run|host|add|share|cool|"
    "welcome|protect|offer|serve|treat|reserve|schedule|compare|check|follow|tell|help|win|move|set|put|lose|hear"
)
_RULES: tuple[tuple[HookType, float, re.Pattern[str]], ...] = (
    # A question mark decides unless the question is a teaser or an accusation of pain.
    ("question", 3.0, re.compile(r"\?")),
    ("question", 1.0, re.compile(
        r"^(?:do|does|did|is|are|was|were|can|could|would|will|have|has|why|what|when|where|who|how|which|should|ever|"
        r"still|ready|need|want|looking)\b[^.!]*\?", _I)),
    # Numbers that claim something.
    ("statistic", 3.4, re.compile(r"\d[\d.,]*\s?(?:%|percent\b)|\bpercent of\b", _I)),
    ("statistic", 3.0, re.compile(
        r"\b(?:\d+|one|two|three|four|five|six|seven|eight|nine)\s+(?:in|out of)\s+(?:every\s+)?"
        r"(?:\d+|two|three|four|five|six|seven|eight|nine|ten)\b", _I)),
    ("statistic", 2.6, re.compile(
        r"[$€£]\s?\d[\d.,]*k?|\b\d{1,3}(?:,\d{3})+\b|\b\d+(?:\.\d+)?\s?(?:x|times|million|k)\b",
        _I)),
    ("statistic", 2.2, re.compile(r"^\W*(?:over|more than|nearly|almost|just|only|the average)?\s*\d", _I)),
    ("statistic", 1.6, re.compile(r"\bthe average\b|\bhalf of\b|\btwice as\b|\bstudies show\b|\bresearch\b", _I)),
    ("statistic", 1.4, re.compile(
        r"\b\d+\s+(?:minutes?|hours?|days?|weeks?|months?|years?|cups?|offices|teams|people|"
        r"customers)\b", _I)),
    # Somebody else speaks.
    ("testimonial", 3.6, re.compile(r"^\W*[\"“”«][^\"“”»]{6,}[\"”“»]")),
    ("testimonial", 3.0, re.compile(
        r"\b(?:told|tells) (?:us|me)\b|\b(?:says|said|swears by|raves)\b|[—–-]\s?[A-Z][a-z]+"
        r"(?: [A-Z]\.?)?(?:,|$)")),
    ("testimonial", 2.4, re.compile(
        r"^\W*(?:i|we|my|our)\b[^.?!]*\b(?:was|were|tried|switched|thought|never|used to|"
        r"haven'?t|love|loved|stopped|couldn'?t|finally|bought|team)\b", _I)),
    ("testimonial", 2.2, re.compile(
        r"\b(?:customers?|clients?|reviewers?|people|teams|offices|they)\b[^.?!]*\b(?:love|"
        r"loved|rave|call it|can'?t stop|swear|agree|keep telling)\b|\b5[- ]stars?\b|★", _I)),
    # Then and now.
    ("before_after", 3.6, re.compile(
        r"\bbefore\b.{1,60}\bafter\b|(?:^|\bwent )from\b.{2,40}\bto\b.{2,40}|^before\b|"
        r"\bthen\b.{1,60}\bnow\b|^once\b.{1,60}\bnow\b|"
        r"\bused to\b.{1,60}\bnow\b", _I | re.S)),
    ("before_after", 2.6, re.compile(
        r"\b(?:last (?:year|month|week)|yesterday|day (?:one|1)|week (?:one|1)|monday)\b"
        r".{1,60}\b(?:today|now|this (?:year|month|week)|day \d+|week \d+|friday)\b", _I | re.S)),
    ("before_after", 1.6, re.compile(
        r"\b(?:transform\w*|makeover|turned into|went from|no longer|since we)\b", _I)),
    # Something is withheld.
    ("curiosity", 3.2, re.compile(
        r"\b(?:secret|nobody (?:tells|talks|told)|no one (?:tells|talks|told)|"
        r"you (?:won'?t|wouldn'?t) believe|what happen(?:s|ed)|here'?s (?:why|what|how)|"
        r"the (?:real )?reason|the truth|hidden|surpris\w+|mystery|little[- ]known|weird|strange|"
        r"this (?:one|is (?:why|how|what)))\b", _I)),
    ("curiosity", 2.2, re.compile(
        r"^\W*(?:why|how|what|the (?:one|thing|trick|mistake|difference))\b(?![^.!]*\?)", _I)),
    ("curiosity", 1.4, re.compile(
        r"…|\.\.\.|\bguess\b|\bthere'?s (?:a|one)\b|\bsomething\b|\bdiscover(?:ed)?\b|\bwait\b", _I)),
    # It hurts.
    ("pain", 3.2, re.compile(
        r"\b(?:tired of|sick of|fed up|struggl\w+|frustrat\w+|annoy\w+|exhaust\w+|hate|dread\w*|hurts?|"
        r"waste[sd]?|wasting|stuck|nightmare|ruin(?:s|ed|ing)?|kill(?:s|ing)|suffer\w*|drain(?:s|ing|ed)|"
        r"overwhelm\w+|losing|loses? (?:hours|days|money|whole)|painful|headaches?|costs? you|costing you)\b", _I)),
    ("pain", 1.8, re.compile(
        r"\b(?:bad|sad|burnt|bitter|stale|lukewarm|bland|overflow\w*|sweat\w*|wrong|repair calls?|nobody at all|"
        r"broken|messy|slump|crash\w*|empty|queue|line again|again|late|"
        r"never works|nobody (?:wants|drinks|likes)|cold coffee|worst|expensive|problem|leak\w*|ach\w+|"
        r"too (?:long|late|much|many|expensive))\b", _I)),
    # Do it.
    ("command", 3.4, re.compile(rf"^\W*(?:please )?(?:{_COMMANDS})\b", _I)),
    ("command", 1.2, re.compile(r"!\s*$")),
)  # fmt: skip
_ON_A_TIE: tuple[HookType, ...] = (
    "testimonial", "before_after", "statistic", "question", "pain", "curiosity", "command",
)  # fmt: skip


def hook_scores(text: str) -> dict[HookType, float]:
    """The weight of every hook type in the opening line of `text`."""
    opening, pair = _openings(text)
    scores: dict[HookType, float] = dict.fromkeys(HOOK_TYPES, 0.0)
    for kind, weight, pattern in _RULES:
        if pattern.search(pair if kind == "before_after" else opening):
            scores[kind] += weight
    return scores


def classify_hook(text: str) -> HookType:
    """The hook type of a copy's opening; a plain statement that fits no rule counts as curiosity."""
    scores = hook_scores(text)
    best = max(HOOK_TYPES, key=lambda kind: (scores[kind], -_ON_A_TIE.index(kind)))
    return best if scores[best] > 0 else "curiosity"


def _openings(text: str) -> tuple[str, str]:
    """What a viewer meets first: the first sentence (two if it is very short), and the first two in any case."""
    line = next((part.strip() for part in text[:600].splitlines() if part.strip()), "")
    sentences = re.split(r"(?<=[.!?])\s+", line)
    pair = " ".join(sentences[:2])[:240]
    return (pair if len(sentences[0].split()) <= 6 else sentences[0][:240]), pair
