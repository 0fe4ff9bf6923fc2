"""Plan, timing and platform rules: what a viewer can hear and read in the time, and what platforms refuse."""

from __future__ import annotations

import re
import statistics
from itertools import pairwise

from agents.defects import defect
from agents.onboard.grammar import CTA_SPOKEN, CTA_TEXTS, STRUCTURE_PRIOR
from agents.onboard.marks import Marks
from agents.wording import spoken_words, words
from geminivideo.blueprint import Blueprint, Scene

_FAST, _SLOW = 3.0, 1.1
"""Spoken words a second beyond which speech is hard to follow, or below which a scene drags."""
_READ = 3.6
"""Words a second that can be read on a phone while something moves."""
_ATTRIBUTE = re.compile(
    r"\b(?:are you|you are|you.re|as an?|for|your)\s+(?:\w+\s+)?(?:fat|overweight|obese|ugly|old|bald"
    r"|broke|poor|depressed|anxious"
    r"|diabetic|disabled|pregnant|divorced|gay|lesbian|trans|muslim|christian|jewish|black|asian|hispanic"
    r"|in debt|alcoholic"
    r"|over \d\d|\d\d[- ]year)\b",
    re.IGNORECASE,
)
_ASK = frozenset(
    word.lower() for group in (*CTA_TEXTS.values(), *CTA_SPOKEN.values()) for text in group for word in words(text)[:1]
) | {"try", "call", "claim", "order", "visit", "download", "apply", "reserve", "buy", "start"}


def mark_plan(blueprint: Blueprint) -> Marks:
    """Six criteria from 0 to 100 with reasons and defects."""
    marks = Marks()
    _speech(marks, blueprint)
    _hook(marks, blueprint)
    _text_amount(marks, blueprint)
    _length(marks, blueprint)
    _flow(marks, blueprint)
    _ask_and_rules(marks, blueprint)
    return marks


def _rate(scene: Scene) -> float:
    return spoken_words(scene.voice_over) / (scene.milliseconds / 1000)


def _speech(marks: Marks, blueprint: Blueprint) -> None:
    rates = [_rate(scene) for scene in blueprint.scenes if scene.voice_over]
    for at, scene in enumerate(blueprint.scenes, start=1):
        rate = _rate(scene)
        if rate > _FAST:
            room = int(scene.milliseconds / 1000 * 2.4)
            marks.fault(
                defect(
                    "too_fast",
                    f"Scene {at} says {rate:.1f} words a second; cut it to {room} words or give it more time.",
                )
            )
    off = sum(max(0.0, r - 2.5) * 60 + max(0.0, 1.5 - r) * 30 for r in rates) / max(len(rates), 1)
    silent = len(blueprint.scenes) - len(rates)
    marks.give("speech_rate", 100 - off - 12 * silent, weight=1.3)
    marks.say(f"The voice says {statistics.fmean(rates):.1f} words a second" if rates else "Nobody speaks")


def _hook(marks: Marks, blueprint: Blueprint) -> None:
    hook = blueprint.scenes[0]
    seconds, read = hook.milliseconds / 1000, len(words(f"{hook.headline} {hook.support}"))
    points = 100 - 60 * max(0.0, seconds - 2.2) - 9 * max(0, read - 6)
    marks.give("hook_in_two_seconds", points, weight=1.4)
    if seconds > 2.5 or read > 12:
        marks.fault(
            defect("hook_late", f"Scene 1 needs {seconds:.1f} s for {read} words; land the opening within 2 s.")
        )
    marks.say(f"The opening takes {seconds:.1f} s")


def _text_amount(marks: Marks, blueprint: Blueprint) -> None:
    loads = [len(words(f"{s.headline} {s.support}")) / (s.milliseconds / 1000) for s in blueprint.scenes]
    marks.give("text_amount", 100 - 45 * sum(max(0.0, load - 2.2) for load in loads) / len(loads) * 2)
    for at, (load, scene) in enumerate(zip(loads, blueprint.scenes, strict=True), start=1):
        if load > _READ or len(scene.headline) + len(scene.support) > 110:
            marks.fault(
                defect("text_heavy", f"Scene {at} shows more than one can read in its time; drop the small text.")
            )


def _length(marks: Marks, blueprint: Blueprint) -> None:
    seconds = blueprint.milliseconds / 1000
    times = [scene.milliseconds / 1000 for scene in blueprint.scenes]
    uneven = statistics.pstdev(times[1:]) if len(times) > 2 else 0.0
    marks.give("length", 100 - 6 * max(0.0, seconds - 15) - 6 * max(0.0, 11 - seconds) - 8 * uneven)
    for at, time in enumerate(times, start=1):
        if time > 6.8 or time < 1.2:
            marks.fault(defect("scene_length", f"Scene {at} lasts {time:.1f} s; keep scenes between 1.5 and 6 s."))
    marks.say(f"It lasts {seconds:.1f} s in {len(times)} scenes")


def _flow(marks: Marks, blueprint: Blueprint) -> None:
    steps = list(pairwise(blueprint.structure))
    marks.give("flow", 20 + 95 * statistics.fmean(STRUCTURE_PRIOR.get(step, 0.0) for step in steps), weight=1.1)
    order = blueprint.structure
    if "problem" in order and any(role in order[: order.index("problem")] for role in ("solution", "offer")):
        marks.fault(defect("flow", "The problem comes after its answer; put it right behind the opening."))
    doubled = [a for a, b in steps if a == b and a not in ("benefit",)]
    if doubled:
        marks.fault(defect("flow", f"Two {doubled[0]} scenes stand side by side; part them."))


def _ask_and_rules(marks: Marks, blueprint: Blueprint) -> None:
    last = blueprint.scenes[-1]
    asks = {w.lower() for w in words(f"{last.headline} {last.voice_over}")} & _ASK
    button = {w.lower() for w in words(blueprint.cta_text)} & _ASK
    marks.give(
        "call_to_action",
        25 + 45 * bool(button) + 30 * bool(asks) - 6 * max(0, len(words(blueprint.cta_text)) - 3),
    )
    if not button or not (asks or not last.voice_over):
        marks.fault(defect("cta_missing", "The end does not say what to do; ask for one act, such as “Book now”."))
    for at, scene in enumerate(blueprint.scenes, start=1):
        match = _ATTRIBUTE.search(f"{scene.headline} {scene.support} {scene.voice_over}")
        if match:
            marks.fault(
                defect(
                    "personal_attribute",
                    f"Scene {at} says “{match.group(0)}”; platforms refuse ads that say who the viewer is.",
                )
            )
