"""Counter-based chance: every draw is a pure function of the names it is asked for.

A policy that changes one ad never shifts another ad's luck: draws are named, not taken from a stream. Quantile
functions (not samplers) turn them into counts, so that a larger budget sees the same luck, only more of it.
"""

from __future__ import annotations

import hashlib
import math
from statistics import NormalDist

_UNIT = 2.0**-53
_NORMAL = NormalDist()
_EXACT_BELOW = 700.0
"""Mean up to which a binomial quantile is walked exactly; beyond it the normal curve is as good."""


def uniforms(*names: object) -> tuple[float, ...]:
    """Eight numbers in (0, 1) that depend on the names alone."""
    raw = hashlib.blake2b("\x1f".join(map(str, names)).encode(), digest_size=64).digest()
    return tuple(((int.from_bytes(raw[i : i + 8], "big") >> 11) + 0.5) * _UNIT for i in range(0, 64, 8))


def normal(uniform: float) -> float:
    """The standard normal quantile."""
    return _NORMAL.inv_cdf(uniform)


def normal_cdf(value: float) -> float:
    """The standard normal distribution function."""
    return 0.5 * math.erfc(-value / math.sqrt(2.0))


def between(uniform: float, *, low: float, high: float) -> float:
    """Spread evenly from low to high."""
    return low + (high - low) * uniform


def log_between(uniform: float, *, low: float, high: float) -> float:
    """Spread evenly on the log scale from low to high."""
    return low * math.exp(uniform * math.log(high / low))


def binomial(uniform: float, *, trials: int, probability: float) -> int:
    """The binomial quantile: monotone in the uniform, the trials and the probability."""
    if trials <= 0 or probability <= 0.0:
        return 0
    if probability >= 1.0:
        return trials
    mean = trials * probability
    if mean > _EXACT_BELOW:
        guess = mean + math.sqrt(mean * (1.0 - probability)) * normal(uniform)
        return min(trials, max(0, round(guess)))
    odds = probability / (1.0 - probability)
    mass = math.exp(trials * math.log1p(-probability))
    total, count = mass, 0
    while total < uniform and count < trials:
        mass *= (trials - count) / (count + 1) * odds
        count += 1
        total += mass
    return count


def pick(uniform: float, *, cumulative: tuple[float, ...]) -> int:
    """The index that the uniform falls on, given cumulative weights that end at 1."""
    for index, edge in enumerate(cumulative):
        if uniform < edge:
            return index
    return len(cumulative) - 1
