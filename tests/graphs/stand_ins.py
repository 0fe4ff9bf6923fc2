"""Judges, handlers and a clock that tests put in place of the shipped ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from agents.director import DirectorContext
from agents.onboard.director import OnboardDirector
from agents.onboard.judges import PlanJudge, RubricJudge
from agents.roster import Roster
from benchmarks.crash_rendering import token_handlers
from geminivideo.blueprint import Blueprint
from geminivideo.clock import WallClock
from geminivideo.errors import RenderError
from geminivideo.judgement import Score
from graphs.services import Services
from memory.jobs import Job
from workers.worker import Handler, Progress


class Steady:
    """A judge that always says the same."""

    model = "stand-in"

    def __init__(self, name: str, *, overall: int, defects: tuple[str, ...] = ()) -> None:
        self.name, self._overall, self._defects = name, overall, defects

    async def score(self, blueprint: Blueprint, context: DirectorContext) -> Score:
        return Score(
            judge=self.name,
            model=self.model,
            overall=self._overall,
            criteria={"all": self._overall},
            reasons=("It is what it is.",),
            defects=self._defects,
        )


class Broken:
    """A judge that fails in a way that nobody foresaw."""

    name = "broken"
    model = "stand-in"

    async def score(self, blueprint: Blueprint, context: DirectorContext) -> Score:
        raise ZeroDivisionError("nobody foresaw this")


def roster(*judges: Any) -> Roster:
    return Roster(director=OnboardDirector(), judges=judges or (PlanJudge(), RubricJudge()))


def failing_render(number: int) -> Callable[[Services], Mapping[str, Handler]]:
    """The token handlers, of which the render with this number fails."""
    seen: list[str] = []

    def make(services: Services) -> Mapping[str, Handler]:
        usual = token_handlers(services)

        async def render(job: Job, progress: Progress) -> dict[str, Any]:
            seen.append(job.id)
            if len(seen) == number:
                raise RenderError("the disk of the studio is upside down")
            return await usual["render"](job, progress)

        return {**usual, "render": render}

    return make


class ShiftedClock(WallClock):
    """The wall clock, which a test can put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead
