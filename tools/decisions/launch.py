"""The first split of a budget over ads that have no results yet: half evenly, half by the chance of being best."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from geminivideo.errors import InvalidInput
from geminivideo.judgement import Prediction
from geminivideo.money import split_exactly

_DRAWS = 4096
_SD_PER_WIDTH = 1 / (2 * 1.2816)  # an 80% interval is this many standard deviations wide, inverted
EVEN_SHARE = 0.5
"""Share of the budget that does not listen to predictions: a new ad earns its budget by results."""


def split_launch_budget(arms: Mapping[str, Prediction], *, total_minor: int, seed: int) -> dict[str, int]:
    """Daily budget by arm in minor units; they sum to `total_minor`. InvalidInput without arms or money."""
    if not arms or total_minor < len(arms):
        raise InvalidInput("A launch needs at least one ad and one unit of money for each")
    names = sorted(arms)
    logits = np.array([[_logit(ppm) for ppm in _interval(arms[name])] for name in names])
    spread = np.maximum((logits[:, 2] - logits[:, 0]) * _SD_PER_WIDTH, 1e-6)
    draws = np.random.default_rng(seed).normal(logits[:, 1], spread, size=(_DRAWS, len(names)))
    best = np.bincount(draws.argmax(axis=1), minlength=len(names)) / _DRAWS
    weights = EVEN_SHARE / len(names) + (1 - EVEN_SHARE) * best
    parts = split_exactly(total_minor - len(names), weights=weights.tolist())
    return {name: 1 + part for name, part in zip(names, parts, strict=True)}


def _interval(prediction: Prediction) -> tuple[int, int, int]:
    return prediction.low_ppm, prediction.ctr_ppm, prediction.high_ppm


def _logit(ppm: int) -> float:
    share = min(max(ppm, 1), 999_999) / 1_000_000
    return float(np.log(share / (1 - share)))
