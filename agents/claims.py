"""What an ad may say: claims and numbers come from the brief, and nowhere else. Checked by code, for every author."""

from __future__ import annotations

import re

from agents.wording import find_urls, words
from geminivideo.blueprint import Blueprint
from geminivideo.brief import Brief

_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_COUNTS = {
    "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "ten": "10", "twelve": "12", "dozen": "12", "twenty": "20", "thirty": "30", "fifty": "50", "hundred": "100",
    "hundreds": "100", "thousand": "1000", "thousands": "1000", "million": "1000000", "millions": "1000000",
    "half": "half", "double": "2", "twice": "2",
}  # fmt: skip
_STRONG = re.compile(
    r"\b(?:guarantee\w*|award[- ]winning|clinically|proven|scientific\w*|doctor\w*|dentist[- ](?:approved"
    r"|recommended)"
    r"|certified|number one|no\.? ?1|#1|best|cheapest|fastest|safest|leading|top[- ]rated|world[- ]class|unbeatable"
    r"|risk[- ]free|no risk|instant(?:ly)?|overnight|forever|lifetime|100% ?\w*|always|never fails?|cure\w*|miracle"
    r"|free|discount\w*|% off|limited time|today only|last chance|ends soon|money[- ]back|cancel anytime"
    r"|organic|vegan"
    r"|fda|nobel|celebrity|everyone(?:'s)? (?:loves|talking)|trusted|loved by|rated|stars?|reviews?|sold out)\b",
    re.IGNORECASE,
)
_FAMILIES = (("rated", "star", "review"), ("loved by", "trusted", "used by"))
"""Words that state the same fact."""


def source_text(brief: Brief) -> str:
    """Everything in the brief that an ad may state. The notes are not in it."""
    fields = (brief.brand.name, brief.product, brief.offer, brief.audience, brief.place)
    return " \n ".join((*fields, *brief.benefits, *brief.pains, *brief.proof))


def unsupported(text: str, *, brief: Brief) -> tuple[str, ...]:
    """Numbers, strong claims and addresses in `text` that the brief does not give, as written there."""
    source = source_text(brief).lower()
    known = {_plain(number) for number in _NUMBER.findall(source)}
    known |= {_COUNTS[word.lower()] for word in words(source) if word.lower() in _COUNTS}
    found = [number for number in _NUMBER.findall(text) if _plain(number) not in known]
    found += [w for w in words(text) if w.lower() in _COUNTS and _COUNTS[w.lower()] not in known]
    found += [m.group(0) for m in _STRONG.finditer(text) if not _stated(m.group(0), source=source)]
    found += [url for url in find_urls(text) if url.rstrip("/") not in brief.link and url.rstrip("/") not in source]
    return tuple(dict.fromkeys(found))


def _plain(number: str) -> str:
    bare = number.replace(",", "")
    return bare.rstrip("0").rstrip(".") if "." in bare else bare


def _stated(claim: str, *, source: str) -> bool:
    stem = claim.lower().rstrip("s")
    alike = next((family for family in _FAMILIES if stem in family), (stem,))
    return any(re.search(rf"\b{re.escape(word)}", source) for word in alike)


def unsupported_by_scene(blueprint: Blueprint, *, brief: Brief) -> dict[int, tuple[str, ...]]:
    """Scene number (from 1) to what it says without the brief's support; scene 0 is the post text and button."""
    found = {
        number: unsupported(" ".join((scene.headline, scene.support, scene.voice_over)), brief=brief)
        for number, scene in enumerate(blueprint.scenes, start=1)
    }
    found[0] = unsupported(f"{blueprint.primary_text} {blueprint.cta_text}", brief=brief)
    return {number: claims for number, claims in found.items() if claims}
