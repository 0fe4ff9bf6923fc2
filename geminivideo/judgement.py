"""What is said about a blueprint before it is rendered: recalled ads, judges' scores, the Oracle's verdict."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from geminivideo.creative_dna import CreativeDna
from geminivideo.model import Noun

_Percent = Annotated[int, Field(strict=True, ge=0, le=100)]
_Ppm = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]


class Recalled(Noun):
    """A past ad that resembles the brief, with the evidence of how it did."""

    ad_id: str
    kind: Literal["winner", "loser"]
    copy_text: str
    dna: CreativeDna
    similarity: float
    """Cosine to the query, -1 to 1."""
    impressions: int
    ctr_ppm: _Ppm
    ctr_low_ppm: _Ppm
    """Lower end of the 90% interval of its CTR."""
    roas_percent: int | None = None
    vertical: str = ""
    origin: Literal["account", "competitor", "pattern"] = "account"


class Prediction(Noun):
    """A predicted CTR in clicks per million impressions, with an 80% interval."""

    ctr_ppm: _Ppm
    low_ppm: _Ppm
    high_ppm: _Ppm
    base_rate_ppm: _Ppm
    """The account's mean CTR: what to beat."""
    model_version: str
    drivers: tuple[tuple[str, int], ...] = ()
    """(feature, effect in parts per million of CTR), strongest first."""


class Score(Noun):
    """One judge's view of one blueprint, 0 to 100."""

    judge: str
    model: str
    overall: _Percent
    criteria: dict[str, _Percent]
    reasons: tuple[str, ...]
    defects: tuple[str, ...] = ()
    """Faults that must be mended before money is spent on it, each as an instruction."""


class CouncilVerdict(Noun):
    """The Council's scores of one blueprint, weighted; failed judges are named, dissent is kept."""

    overall: _Percent
    scores: tuple[Score, ...]
    failed: tuple[str, ...] = ()
    spread: _Percent
    """Highest minus lowest overall."""
    dissent: str = ""
    quorum: bool


class OracleVerdict(Noun):
    """Go, mend or stop, by the numbers."""

    verdict: Literal["approve", "revise", "reject"]
    prediction: Prediction
    why: str
    advice: tuple[str, ...] = ()
