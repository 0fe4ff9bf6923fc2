"""What visible traits (CreativeDna) do to clicks and leads. Coefficients and interactions are new in every seed."""

from __future__ import annotations

import statistics
from datetime import date
from functools import lru_cache
from typing import Literal

from geminivideo.creative_dna import CreativeDna
from sandbox.chance import normal, uniforms
from sandbox.history import plan_history

Outcome = Literal["click", "lead"]
_REFERENCE_SIZE = 240


def terms(dna: CreativeDna) -> list[tuple[str, float]]:
    """(name, weight) of each main effect and interaction that this creative switches on."""
    hook, cta, offer = dna.hook_type, dna.cta_style, dna.offer_type
    warmth = ((dna.warmth if dna.warmth is not None else 50) - 50) / 50
    light = ((dna.brightness if dna.brightness is not None else 50) - 50) / 50
    seconds = (dna.duration_ms if dna.duration_ms is not None else 14_000) / 1_000
    flags = {
        "number": dna.has_number, "question": dna.has_question, "you": dna.second_person,
        "urgency": dna.urgency, "proof": dna.social_proof,
    }  # fmt: skip
    found = [
        (f"hook={hook}", 1.0), (f"cta={cta}", 0.6), (f"offer={offer}", 0.8), (f"media={dna.media}", 0.6),
        (f"aspect={dna.aspect}", 0.5), (f"pacing={dna.pacing}", 0.4), ("warmth", 0.7 * warmth),
        ("light", 0.6 * light), ("length", 0.05 * (seconds - 14)), ("words", 0.01 * (dna.words - 30)),
        (f"hook={hook}&offer={offer}", 0.8), (f"hook={hook}&cta={cta}", 0.5),
        (f"hook={hook}&pacing={dna.pacing}", 0.4), (f"hook={hook}&warmth", 0.7 * warmth),
        (f"offer={offer}&light", 0.5 * light),
    ]  # fmt: skip
    found += [(name, 0.5) for name, on in flags.items() if on]
    return found


class TraitEffects:
    """The effects of one seed, scaled to unit variance over a reference population of creatives."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._coefficients: dict[tuple[Outcome, str], float] = {}
        self._centre: dict[Outcome, float] = {}
        self._scale: dict[Outcome, float] = {}
        outcomes: tuple[Outcome, ...] = ("click", "lead")
        for outcome in outcomes:
            raw = [self._raw(dna, outcome) for dna in reference_population()]
            self._centre[outcome] = statistics.fmean(raw)
            self._scale[outcome] = statistics.pstdev(raw)

    def standard(self, dna: CreativeDna | None, *, outcome: Outcome) -> float:
        """The traits' effect in standard deviations; unknown traits have none."""
        if dna is None:
            return 0.0
        return (self._raw(dna, outcome) - self._centre[outcome]) / self._scale[outcome]

    def _raw(self, dna: CreativeDna, outcome: Outcome) -> float:
        return sum(weight * self._coefficient(outcome, name) for name, weight in terms(dna))

    def _coefficient(self, outcome: Outcome, name: str) -> float:
        known = self._coefficients.get((outcome, name))
        if known is None:
            known = normal(uniforms(self._seed, "trait", outcome, name)[0])
            self._coefficients[outcome, name] = known
        return known


@lru_cache(maxsize=32)
def effects_of(seed: int) -> TraitEffects:
    """The effects of a seed (paired policies share them)."""
    return TraitEffects(seed)


@lru_cache(maxsize=1)
def reference_population() -> tuple[CreativeDna, ...]:
    """Creatives as such an account makes them, the same for all seeds."""
    plans = plan_history(seed=-1, first=date(2000, 1, 1), days=90, ads=_REFERENCE_SIZE)
    return tuple(plan.dna for plan in plans)
