"""The search: which openings, orders and lines, scored by fit, evidence and difference from the rest of the set."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product

from agents.onboard.compose import Line, body_lines, end_lines, hook_lines, timing
from agents.onboard.evidence import Evidence
from agents.onboard.grammar import HOOK_NEXT, HOOK_PRIOR, STRUCTURE_PRIOR, TONES
from agents.onboard.material import Material
from agents.wording import content_words, spoken_words, words
from geminivideo.brief import Brief
from geminivideo.vocabulary import HOOK_TYPES, HookType, Pacing, SceneRole

Structure = tuple[SceneRole, ...]
OVERLAP_LIMIT = 0.48
"""Two scripts of a set share less than this of their content words (the product's promise is 0.5)."""
_STRICT = ((3, OVERLAP_LIMIT), (2, 0.495))
_LENIENT = ((1, 0.495),)
"""(readings compared, limit): what is asked of a set, in the order of trying."""
_BEAM = 7
_SPARE = 3
_DRAFTS_PER_STRUCTURE = 7
_STARTS = 24
_SAMENESS = 1.6
"""Price of overlap with the nearest blueprint of the set."""
_RECALL_HOOK = 1.3
_RECALL_ORDER = 1.6
_NOISE = 0.04
_SHORT_LIST = 6
_PREFERRED_MS = 16_500
"""Longer ads than this pay a price: viewers leave."""


@dataclass(frozen=True)
class Draft:
    """A candidate before it becomes a blueprint."""

    hook: HookType
    lines: tuple[Line, ...]
    times: tuple[int, ...]
    pacing: Pacing
    score: float
    bags: tuple[frozenset[str], ...]
    """Its words in three readings, for comparing with others."""

    @property
    def structure(self) -> Structure:
        """The order of scene roles."""
        return tuple(line.role for line in self.lines)

    @property
    def script(self) -> str:
        """Every spoken word."""
        return " ".join(line.voice for line in self.lines)


def candidates(*, brief: Brief, material: Material, evidence: Evidence, seed: int, turn: int = 0) -> list[Draft]:
    """All drafts of the beam, every feasible hook type among them, best first."""
    pacing = evidence.pacing or TONES[brief.tone][0]
    drafts: list[Draft] = []
    worth: dict[Line, float] = {}
    for hook in HOOK_TYPES:
        rng = random.Random(f"{seed}/{hook}/{turn}")
        for structure, order_score in _best_structures(hook, material=material, evidence=evidence, rng=rng):
            for _ in range(_DRAFTS_PER_STRUCTURE):
                draft = _draft(
                    hook, structure, material=material, evidence=evidence, pacing=pacing, rng=rng, worth=worth
                )
                if draft:
                    drafts.append(_plus(draft, order_score + hook_score(hook, material=material, evidence=evidence)))
    return sorted(drafts, key=lambda d: (-d.score, d.hook, d.script))


def select(drafts: Sequence[Draft], *, count: int, bonus: Callable[[Draft], float] = lambda _: 0.0) -> list[Draft]:
    """The best drafts that differ in hook type, order and words; other first picks are tried when a set stays short."""
    worth = {id(draft): draft.score + bonus(draft) for draft in drafts}
    ranked = sorted(drafts, key=lambda d: (-worth[id(d)], d.hook, d.script))
    best: list[Draft] = []
    starts = _starts(ranked)
    # A thin brief gives few words: then less is asked of the differences, last of all only in spoken content words.
    for first, (readings, limit) in (*product(starts, _STRICT), *product(starts, _LENIENT)):
        chosen = _greedy(first, ranked, worth=worth, count=count, readings=readings, limit=limit)
        if len(chosen) > len(best):
            best = chosen
        if len(best) == count:
            break
    return best


def _starts(ranked: Sequence[Draft]) -> list[Draft]:
    """The best draft, then the best of each other hook type, then of each other order."""
    firsts: dict[object, Draft] = {}
    for draft in ranked:
        firsts.setdefault(draft.hook, draft)
    for draft in ranked:
        firsts.setdefault(draft.structure, draft)
    return list(firsts.values())[:_STARTS]


def _greedy(
    first: Draft, ranked: Sequence[Draft], *, worth: dict[int, float], count: int, readings: int, limit: float
) -> list[Draft]:
    chosen, nearest = [first], {id(d): overlap(d, first, readings=readings) for d in ranked}
    while len(chosen) < count:
        rest = [d for d in ranked if nearest[id(d)] < limit and _differs(d, chosen)]
        if not rest:
            break
        best = max(rest, key=lambda d: worth[id(d)] - _SAMENESS * nearest[id(d)])
        chosen.append(best)
        for draft in rest:
            nearest[id(draft)] = max(nearest[id(draft)], overlap(draft, best, readings=readings))
    return chosen


def _differs(draft: Draft, chosen: Sequence[Draft]) -> bool:
    return all(draft.hook != c.hook and draft.structure != c.structure for c in chosen)


def overlap(a: Draft, b: Draft, *, readings: int = 3) -> float:
    """The strictest of up to three readings: spoken content words, all spoken words, all that is seen or heard."""
    return max(len(x & y) / len(x | y) for x, y in zip(a.bags[:readings], b.bags[:readings], strict=True))


def hook_score(hook: HookType, *, material: Material, evidence: Evidence) -> float:
    """How well an opening suits the brief and what is known of its results."""
    fit = {
        "pain": 0.1 * bool(material.pains),
        "statistic": 0.15 * bool(material.numbers) + 0.1 * evidence.numbers,
        "testimonial": 0.1 * bool(material.social),
        "command": 0.05 * bool(material.offer),
    }.get(hook, 0.0)
    recalled = _RECALL_HOOK * evidence.strength * evidence.hooks[hook]
    return HOOK_PRIOR[hook] + fit + recalled + evidence.learned.get(hook, 0.0)


def _best_structures(
    hook: HookType, *, material: Material, evidence: Evidence, rng: random.Random
) -> list[tuple[Structure, float]]:
    scored = [
        (structure, structure_score(structure, material=material, evidence=evidence) + rng.uniform(0, _NOISE))
        for structure in structures(hook, material=material)
    ]
    ranked = sorted(scored, key=lambda item: (-item[1], item[0]))
    # A few orders that leave the offer to the end card: a set needs ads that do not all say the same words.
    spare = [item for item in ranked[_BEAM:] if "offer" not in item[0]]
    return ranked[:_BEAM] + spare[:_SPARE]


def structures(hook: HookType, *, material: Material) -> Iterator[Structure]:
    """Every order of scenes that the brief's claims can feed after this opening, two to four body scenes."""
    stock: dict[SceneRole, int] = {
        "problem": min(len(material.pains), 1),
        "solution": 1,
        "demo": 1 if material.benefits else 2,
        "benefit": min(len(material.benefits), 2),
        "proof": min(len(material.proof), 1),
        "offer": int(material.offer is not None),
    }
    yield from (s for s in _extend(("hook",), hook=hook, stock=stock) if "solution" in s)


def _extend(done: Structure, *, hook: HookType, stock: dict[SceneRole, int]) -> Iterator[Structure]:
    body = len(done) - 1
    if (body >= 2 and (done[-1], "cta") in STRUCTURE_PRIOR) or (body == 1 and sum(stock.values()) <= 2):
        yield (*done, "cta")
    if body == 4:
        return
    for role, limit in stock.items():
        allowed = role in HOOK_NEXT[hook] if body == 0 else (done[-1], role) in STRUCTURE_PRIOR
        if allowed and done.count(role) < limit:
            yield from _extend((*done, role), hook=hook, stock=stock)


def structure_score(structure: Structure, *, material: Material, evidence: Evidence) -> float:
    """Craft prior of each step, moved by the steps of winners and losers, plus what the order makes use of."""
    steps = list(pairwise(structure))
    prior = sum(STRUCTURE_PRIOR.get(step, 0.2) for step in steps) / len(steps)
    seen = sum(max(-1.0, min(1.0, evidence.pairs.get(step, 0.0))) for step in steps) / len(steps)
    use = 0.12 * ("offer" in structure) + 0.08 * ("proof" in structure) + 0.04 * ("problem" in structure)
    wish = 0.15 * evidence.strength * evidence.offers * (1 if "offer" in structure else -1)
    length = 0.06 if len(structure) in (5, 6) else 0.0
    return prior + _RECALL_ORDER * evidence.strength * seen + use + wish * bool(material.offer) + length


def _draft(
    hook: HookType,
    structure: Structure,
    *,
    material: Material,
    evidence: Evidence,
    pacing: Pacing,
    rng: random.Random,
    worth: dict[Line, float],
) -> Draft | None:
    lines: list[Line] = []
    total = 0.0
    for role in structure:
        picked = _pick(line_options(role, lines, hook=hook, material=material), lines, evidence, rng, worth)
        if picked is None:
            return None
        lines.append(picked[0])
        total += picked[1]
    times = timing(tuple(lines), pacing=pacing)
    if times is None:
        return None
    long = max(0, sum(times) - _PREFERRED_MS) / 1000
    return Draft(hook, tuple(lines), times, pacing, 0.5 * total / len(lines) - 0.05 * long, _bags(lines))


def _pick(
    options: Sequence[Line], done: Sequence[Line], evidence: Evidence, rng: random.Random, worth: dict[Line, float]
) -> tuple[Line, float] | None:
    """One of the better lines, a little at random, and its score; `worth` remembers what was worked out before."""
    for line in options:
        if line not in worth:
            worth[line] = _own_worth(line, evidence=evidence)
    short_list = heapq.nlargest(_SHORT_LIST, options, key=lambda line: worth[line] + rng.uniform(0, 1.3))
    if not short_list:
        return None
    said = _said(done)
    scored = [(worth[line] - _repeats(line, done, said=said), line) for line in short_list]
    score, best = max(scored, key=lambda item: item[0] + rng.uniform(0, 0.6))
    return best, score


def _bags(lines: Sequence[Line]) -> tuple[frozenset[str], ...]:
    script = " ".join(line.voice for line in lines)
    seen = " ".join(line.on_screen for line in lines)
    spoken = frozenset(word.lower() for word in words(script))
    return content_words(script), spoken, spoken | frozenset(word.lower() for word in words(seen))


def line_options(role: SceneRole, done: Sequence[Line], *, hook: HookType, material: Material) -> Sequence[Line]:
    """The lines that may stand next, given what was already said."""
    used = frozenset(line.claim for line in done if line.claim)
    if role == "hook":
        return hook_lines(hook, material=material)
    if role == "cta":
        return end_lines(material=material, offer_said=any(line.claim == _offer(material) for line in done))
    options: Sequence[Line] = body_lines(
        role, material=material, used=used, after=hook == "before_after" and len(done) == 1
    )
    if hook == "testimonial" and len(done) == 1:
        social = {phrase.text for phrase in material.social}
        options = [line for line in options if line.claim in social]
    return options


def _offer(material: Material) -> str:
    return material.offer.text if material.offer else ""


def line_score(line: Line, done: Sequence[Line], *, evidence: Evidence) -> float:
    """How good a line is in its place: its own worth, less a price for repeating what was said."""
    return _own_worth(line, evidence=evidence) - _repeats(line, done, said=_said(done))


def _own_worth(line: Line, *, evidence: Evidence) -> float:
    """Craft weight, likeness to what won, and brevity: what does not hang on the lines before."""
    score = line.weight + 0.25 * evidence.wording(line.voice)
    if line.role == "hook":
        score += 1.2 * evidence.opening(line.headline) - 0.12 * max(0, spoken_words(line.voice) - 5)
    too_long = max(0, len(words(line.headline)) - 7) + max(0, spoken_words(line.voice) - 12)
    return score - 0.08 * too_long - 0.004 * max(0, len(line.support) - 40)


def _said(done: Sequence[Line]) -> frozenset[str]:
    return frozenset().union(*(content_words(line.voice) for line in done))


def _repeats(line: Line, done: Sequence[Line], *, said: frozenset[str]) -> float:
    if not done:
        return 0.0
    own = content_words(line.voice)
    price = 0.9 * len(own & said) / max(len(own), 1)
    price += 0.5 * (line.headline == done[-1].headline)
    return price + 0.6 * any(_same_start(line.voice, d.voice) for d in done)


def _same_start(a: str, b: str) -> bool:
    return words(a)[:1] == words(b)[:1] != ()


def _plus(draft: Draft, extra: float) -> Draft:
    return replace(draft, score=draft.score + extra)
