"""The Oracle's verdict: go, mend or stop, from a prediction with its interval and the Council's view. Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from agents.defects import CODES, defect, parse_defect
from geminivideo.judgement import CouncilVerdict, OracleVerdict, Prediction
from geminivideo.model import Noun

_Percent = Annotated[int, Field(strict=True, ge=0, le=300)]
BLOCKING = frozenset(
    {
        "unsupported_claim",
        "cta_missing",
        "too_long",
        "too_short",
        "too_fast",
        "personal_attribute",
        "address_in_text",
    }
)
"""Defects that no score outweighs: such a blueprint is mended or stopped."""
_FEATURES = {
    "has_number": "a number in the words",
    "has_question": "a question",
    "second_person": "speaking to the viewer",
    "urgency": "urgency",
    "social_proof": "other people's word",
    "words": "the amount of text",
    "headline_words": "the length of the headline",
    "duration_ms": "its length",
}


class OracleThresholds(Noun):
    """Where the lines are drawn, in percent of the account's base rate and in Council points."""

    approve_council: _Percent = 60
    reject_council: _Percent = 40
    approve_ctr_percent: _Percent = 90
    """The expected CTR must be at least this share of the base rate."""
    reject_high_percent: _Percent = 75
    """If even the optimistic end of the interval is below this share, the idea is stopped."""


def judge(
    prediction: Prediction, council: CouncilVerdict, *, thresholds: OracleThresholds | None = None
) -> OracleVerdict:
    """Approve, revise or reject, with one plain sentence and what to change."""
    limits = thresholds or OracleThresholds()
    blocking = blocking_defects(council)
    verdict, because = _decide(prediction, council, limits=limits, blocking=blocking)
    return OracleVerdict.model_validate(
        {
            "verdict": verdict,
            "prediction": prediction,
            "why": f"{because}: {in_words(prediction)}, and the judges give it {council.overall} of 100.",
            "advice": () if verdict == "approve" else _advice(prediction, council, blocking=blocking, limits=limits),
        }
    )


def _decide(
    prediction: Prediction, council: CouncilVerdict, *, limits: OracleThresholds, blocking: tuple[str, ...]
) -> tuple[str, str]:
    """The first rule that applies; the order is part of the policy."""
    base = prediction.base_rate_ppm
    first = blocking[0].split(":", 1)[0].replace("_", " ") if blocking else ""
    rules = (
        (
            prediction.high_ppm * 100 < base * limits.reject_high_percent,
            ("reject", "Stopped, because even a good outcome would be well below the account's average"),
        ),
        (not council.quorum, ("revise", "Not yet, because too few judges answered")),
        (council.overall < limits.reject_council, ("reject", "Stopped, because the judges see too little in it")),
        (bool(blocking), ("revise", f"Needs mending first ({first})")),
        (
            council.overall < limits.approve_council,
            ("revise", "Needs mending first, because the judges are not convinced"),
        ),
        (
            prediction.ctr_ppm * 100 < base * limits.approve_ctr_percent,
            ("revise", "Needs mending first, because fewer people than usual would click"),
        ),
    )
    return next((verdict for applies, verdict in rules if applies), ("approve", "Goes ahead"))


def in_words(prediction: Prediction) -> str:
    """The prediction and its interval as a person would say it."""
    middle, low, high, base = (
        _percent(p) for p in (prediction.ctr_ppm, prediction.low_ppm, prediction.high_ppm, prediction.base_rate_ppm)
    )
    span = f"in 8 of 10 such cases {low} to {high}; the account's average is {base}"
    return f"about {middle} of viewers should click ({span})"


def _percent(ppm: int) -> str:
    return f"{ppm / 10_000:.2f}%" if ppm < 10_000 else f"{ppm / 10_000:.1f}%"


def blocking_defects(council: CouncilVerdict) -> tuple[str, ...]:
    """The defects named by the judges that no score outweighs."""
    return tuple(
        text for score in council.scores for text in score.defects if parse_defect(text).code in BLOCKING & CODES
    )


def _advice(
    prediction: Prediction, council: CouncilVerdict, *, blocking: tuple[str, ...], limits: OracleThresholds
) -> tuple[str, ...]:
    """Blocking defects first, then the judges' others, then what the prediction suggests."""
    named = [*blocking, *(text for score in council.scores for text in score.defects)]
    if prediction.ctr_ppm * 100 < prediction.base_rate_ppm * limits.approve_ctr_percent:
        worst = next((feature for feature, effect in prediction.drivers if effect < 0), "")
        hint = f"; what weighs most against it is {_FEATURES.get(worst, worst.replace('_', ' '))}" if worst else ""
        named.append(defect("low_prediction", f"Open with a stronger idea{hint}."))
    return tuple(dict.fromkeys(named))[:8]
