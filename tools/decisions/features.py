"""Creative DNA as a matrix: the columns that the CTR model sees, with their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geminivideo.creative_dna import CreativeDna
from geminivideo.vocabulary import CTA_STYLES, FORMATS, HOOK_TYPES, OFFER_TYPES

Floats = NDArray[np.float64]

PACE = {"slow": 0.0, "medium": 1.0, "fast": 2.0}
DNA_COLUMNS: tuple[str, ...] = (
    *(f"hook {kind}" for kind in HOOK_TYPES),
    *(f"call to action {kind}" for kind in CTA_STYLES),
    *(f"offer {kind}" for kind in OFFER_TYPES),
    *(f"format {kind}" for kind in FORMATS),
    "video", "seconds", "pacing", "words", "headline words", "number", "question", "second person", "urgency",
    "social proof", "warmth", "brightness", "contrast",
)  # fmt: skip


def dna_matrix(dnas: Sequence[CreativeDna]) -> Floats:
    """One row per DNA, `DNA_COLUMNS` wide; what could not be read is NaN."""
    return np.asarray([_row(dna) for dna in dnas], dtype=np.float64).reshape(len(dnas), len(DNA_COLUMNS))


def _row(dna: CreativeDna) -> list[float]:
    nan = float("nan")
    return [
        *(float(dna.hook_type == kind) for kind in HOOK_TYPES),
        *(float(dna.cta_style == kind) for kind in CTA_STYLES),
        *(float(dna.offer_type == kind) for kind in OFFER_TYPES),
        *(float(dna.aspect == kind) for kind in FORMATS),
        float(dna.media == "video"),
        nan if dna.duration_ms is None else dna.duration_ms / 1000,
        nan if dna.pacing is None else PACE[dna.pacing],
        float(dna.words),
        float(dna.headline_words),
        float(dna.has_number),
        float(dna.has_question),
        float(dna.second_person),
        float(dna.urgency),
        float(dna.social_proof),
        *(nan if value is None else float(value) for value in (dna.warmth, dna.brightness, dna.contrast)),
    ]


@dataclass(frozen=True)
class RidgeText:
    """Weighted ridge on creative DNA and embeddings: one number per ad, the text score (log-odds, centred).

    Ridge on embeddings beats boosted trees on short ad texts, so the trees are handed its answer as a feature
    instead of the raw vectors.
    """

    mean: Floats
    scale: Floats
    centre: float
    weights: Floats

    @classmethod
    def fit(cls, inputs: Floats, *, target: Floats, weight: Floats, alpha: float) -> RidgeText:
        """Solve in the dual (rows are fewer than columns); shapes (n, d), (n,), (n,)."""
        mean = np.average(inputs, axis=0, weights=weight)
        spread = np.sqrt(np.average((inputs - mean) ** 2, axis=0, weights=weight))
        # A constant column says nothing; each block (DNA, embedding) has one unit of variance to share.
        blocks = np.sqrt(np.where(np.arange(inputs.shape[1]) < RIDGE_DNA_COLUMNS, RIDGE_DNA_COLUMNS, EMBEDDING_WIDTH))
        scale = np.where(spread > 1e-9, spread * blocks, np.inf)
        x = (inputs - mean) / scale
        centre = float(np.average(target, weights=weight))
        dual = np.linalg.solve(x @ x.T + alpha * np.diag(weight.mean() / weight), target - centre)
        return cls(mean=mean, scale=scale, centre=centre, weights=np.asarray(x.T @ dual))

    def score(self, inputs: Floats) -> Floats:
        """Predicted log-odds minus the account's centre."""
        return np.asarray(((inputs - self.mean) / self.scale) @ self.weights)


RIDGE_DNA_COLUMNS = 2 * len(DNA_COLUMNS)
EMBEDDING_WIDTH = 384


def ridge_inputs(dna: Floats, *, embeddings: Floats) -> Floats:
    """DNA with gaps marked and filled by zero, beside the embeddings (which may have no columns at all)."""
    gaps = np.isnan(dna)
    return np.hstack([np.where(gaps, 0.0, dna), gaps.astype(np.float64), embeddings])
