"""The on-board seats of the Council: four judges, each with evidence that the others do not use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from agents.director import DirectorContext
from agents.onboard.marks import Marks
from agents.onboard.plan import mark_plan
from agents.onboard.resemblance import Embed, mark_resemblance
from agents.onboard.rubric import mark_rubric
from geminivideo.blueprint import Blueprint
from geminivideo.judgement import Prediction, Score

CTR_SEAT = "ctr_model"
CTR_NAME = "on-board CTR model (gradient boosting)"


class RecallJudge:
    """Looks at recalled winners and losers, and at nothing else."""

    name = "recall"
    model = "on-board comparison with past ads (not a language model)"

    def __init__(self, *, embed: Embed | None = None) -> None:
        self._embed = embed

    async def score(self, blueprint: Blueprint, context: DirectorContext) -> Score:
        """How much it is like what won, and unlike what lost."""
        marks = await asyncio.to_thread(mark_resemblance, blueprint, context=context, embed=self._embed)
        return marks.score(judge=self.name, model=self.model)


class RubricJudge:
    """Looks at the words against the brief, and at nothing else."""

    name = "rubric"
    model = "on-board text rubric (not a language model)"

    async def score(self, blueprint: Blueprint, context: DirectorContext) -> Score:
        """How clear, specific and honest the words are."""
        return mark_rubric(blueprint, brief=context.brief).score(judge=self.name, model=self.model)


class PlanJudge:
    """Looks at timing, order and platform rules, and at nothing else."""

    name = "plan"
    model = "on-board timing and platform rules (not a language model)"

    async def score(self, blueprint: Blueprint, context: DirectorContext) -> Score:
        """Whether it can be heard, read and published as planned."""
        return mark_plan(blueprint).score(judge=self.name, model=self.model)


class CtrJudge:
    """The CTR model's seat. `predict` gives the account's prediction for a blueprint; it may block."""

    name = CTR_SEAT

    def __init__(
        self,
        *,
        predict: Callable[[Blueprint], Prediction],
        model: str = CTR_NAME,
    ) -> None:
        self._predict = predict
        self.model = model

    async def score(self, blueprint: Blueprint, context: DirectorContext) -> Score:
        """The predicted CTR against the account's base rate."""
        prediction = await asyncio.to_thread(self._predict, blueprint)
        return score_prediction(prediction, model=self.model)


def score_prediction(prediction: Prediction, *, model: str = CTR_NAME) -> Score:
    """A prediction as a seat's score: the base rate is 50, half as much again is 90."""
    marks, base = Marks(), max(prediction.base_rate_ppm, 1)
    marks.give("expected_clicks", 50 + 80 * (prediction.ctr_ppm / base - 1), weight=2.0)
    marks.give("worst_case", 50 + 80 * (prediction.low_ppm / base - 0.8))
    marks.say(
        f"Expects {prediction.ctr_ppm / 10_000:.2f}% clicks ({prediction.low_ppm / 10_000:.2f} to "
        f"{prediction.high_ppm / 10_000:.2f}%), the account's average is {base / 10_000:.2f}%"
    )
    for feature, effect in prediction.drivers[:2]:
        marks.say(f"{feature.replace('_', ' ')} moves it by {effect / 10_000:+.2f} points")
    return marks.score(judge=CTR_SEAT, model=model)
