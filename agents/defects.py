"""Defects: a stable code, then an instruction in plain words. Judges write them, a Director mends by them."""

from __future__ import annotations

import re
from typing import Literal, get_args

from geminivideo.model import Noun

DefectCode = Literal[
    "too_fast",
    "too_long",
    "too_short",
    "hook_late",
    "headline_long",
    "text_heavy",
    "scene_length",
    "cta_missing",
    "flow",
    "unsupported_claim",
    "offer_unclear",
    "vague",
    "hard_to_read",
    "repeats",
    "shouting",
    "personal_attribute",
    "address_in_text",
    "like_loser",
    "unlike_winners",
    "low_prediction",
    "other",
]
CODES: frozenset[str] = frozenset(get_args(DefectCode))
_FORM = re.compile(r"^([a-z_]+):\s*(.+)$", re.DOTALL)
_SCENE = re.compile(r"\bscene (\d+)\b", re.IGNORECASE)


class Defect(Noun):
    """One fault: its code, the scene it is in (from 1; None for the whole ad) and what to do."""

    code: DefectCode
    scene: int | None
    text: str


def defect(code: DefectCode, text: str) -> str:
    """The written form, such as `too_fast: Scene 2 says 3.9 words a second; cut it to 8 words.`"""
    return f"{code}: {text}"


def parse_defect(written: str) -> Defect:
    """Read a written defect; a sentence without a known code becomes `other`."""
    match = _FORM.match(written.strip())
    code, text = (match.group(1), match.group(2)) if match and match.group(1) in CODES else ("other", written.strip())
    scene = _SCENE.search(text)
    return Defect.model_validate({"code": code, "scene": int(scene.group(1)) if scene else None, "text": text})
