"""The Council: judges that work in parallel and blind to each other, and a tally that keeps their dissent."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Mapping, Sequence
from typing import Protocol

from agents.director import DirectorContext
from geminivideo.blueprint import Blueprint
from geminivideo.errors import GeminiVideoError
from geminivideo.judgement import CouncilVerdict, Score
from geminivideo.model import Noun

_DISSENT_POINTS = 18
"""A judge this far from the others' mean is named as dissenting."""


class Judge(Protocol):
    """One seat of the Council."""

    @property
    def name(self) -> str:
        """The seat, such as `rubric`; unique within a Council."""
        ...

    @property
    def model(self) -> str:
        """Who sits there, for people."""
        ...

    async def score(self, blueprint: Blueprint, context: DirectorContext) -> Score:
        """The judge's own view; it sees no other judge's."""
        ...


class FailedJudge(Noun):
    """A judge that gave no score, and why."""

    judge: str
    why: str

    def __str__(self) -> str:
        return f"{self.judge}: {self.why}"


async def ask_judge(
    judge: Judge, blueprint: Blueprint, context: DirectorContext, *, timeout_s: float = 30.0
) -> Score | FailedJudge:
    """One judge's score, or why there is none: one branch of a fan-out. A judge's fault never raises."""
    try:
        async with asyncio.timeout(timeout_s):
            return await judge.score(blueprint, context)
    except TimeoutError:
        return FailedJudge(judge=judge.name, why=f"no answer within {timeout_s:g} s")
    except GeminiVideoError as error:
        return FailedJudge(judge=judge.name, why=error.what)
    except Exception as error:  # the named boundary: one seat's fault must not block the run
        return FailedJudge(judge=judge.name, why=f"failed ({type(error).__name__})")


async def hold_council(
    judges: Sequence[Judge],
    blueprint: Blueprint,
    context: DirectorContext,
    *,
    quorum: int,
    timeout_s: float = 30.0,
    weights: Mapping[str, float] | None = None,
) -> CouncilVerdict:
    """Ask every judge at once and tally; a slow or failing judge is named and left out."""
    answers = await asyncio.gather(*(ask_judge(j, blueprint, context, timeout_s=timeout_s) for j in judges))
    scores = [answer for answer in answers if isinstance(answer, Score)]
    failed = [str(answer) for answer in answers if isinstance(answer, FailedJudge)]
    return tally(scores, failed, weights=weights, quorum=quorum)


def tally(
    scores: Sequence[Score],
    failed: Sequence[str] = (),
    *,
    weights: Mapping[str, float] | None = None,
    quorum: int,
) -> CouncilVerdict:
    """Weighted mean, spread and dissent. Pure; a missing weight is 1, the order of scores does not matter."""
    ordered = sorted(scores, key=lambda score: score.judge)
    shares = [max(0.0, (weights or {}).get(score.judge, 1.0)) for score in ordered]
    if not any(shares):
        shares = [1.0] * len(ordered)
    points = [score.overall for score in ordered]
    mean = sum(p * w for p, w in zip(points, shares, strict=True)) / sum(shares) if ordered else 0.0
    return CouncilVerdict(
        overall=round(mean),
        scores=tuple(ordered),
        failed=tuple(sorted(failed)),
        spread=max(points) - min(points) if points else 0,
        dissent=_dissent(ordered),
        quorum=len(ordered) >= max(1, quorum),
    )


def _dissent(scores: Sequence[Score]) -> str:
    """One sentence about the judge who stands furthest from the others, if far enough."""
    if len(scores) < 2:
        return ""
    gaps = [(s, s.overall - statistics.fmean(o.overall for o in scores if o is not s)) for s in scores]
    lone, gap = max(gaps, key=lambda pair: abs(pair[1]))
    if abs(gap) < _DISSENT_POINTS:
        return ""
    side = "higher" if gap > 0 else "lower"
    because = f": {lone.reasons[0]}" if lone.reasons else "."
    return f"{lone.judge} is {abs(round(gap))} points {side} than the others{because}"
