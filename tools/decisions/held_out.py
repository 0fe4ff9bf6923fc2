"""How well predictions did on ads that the model had not seen: rank, interval, coverage, and the words for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tools.decisions.features import Floats

INTERVAL = 0.80
"""Nominal coverage of a prediction's interval."""


def verdict(beats: bool, *, ratio: float, low: float, rank: float, cover: float, ads: int) -> str:
    """What the report says in a sentence or two."""
    held = f"held-out log-loss {ratio:.4f} of the base rate's, rank correlation {rank:.2f} on {ads} ads"
    if not beats:
        return f"The model did not beat the account's base rate ({held}), so the base rate is used."
    sure = "" if low > 0 else "; the 90% interval still includes no gain"
    return f"The model beats the account's base rate ({held}{sure}); its 80% intervals held {100 * cover:.0f}%."


def conformal(residuals: Floats) -> tuple[float, float]:
    """Finite-sample quantiles of held-out residuals (cross-conformal, Vovk 2015)."""
    ordered = np.sort(residuals)
    count = len(ordered)
    tail = (1 - INTERVAL) / 2
    low = max(0, int(np.floor(tail * (count + 1))) - 1)
    high = min(count - 1, int(np.ceil((1 - tail) * (count + 1))) - 1)
    return float(ordered[low]), float(ordered[high])


def held_out_coverage(residuals: Floats, *, folds: NDArray[np.int64]) -> float:
    """Coverage when each fold's interval comes from the other folds' residuals."""
    hits = 0
    for fold in np.unique(folds):
        low, high = conformal(residuals[folds != fold])
        held = residuals[folds == fold]
        hits += int(((held >= low) & (held <= high)).sum())
    return hits / len(residuals)


def spearman(left: Floats, right: Floats) -> float:
    """Rank correlation; 0 when one side does not vary."""
    if np.ptp(left) == 0 or np.ptp(right) == 0:
        return 0.0
    ranks = [np.argsort(np.argsort(values, kind="stable"), kind="stable") for values in (left, right)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])
