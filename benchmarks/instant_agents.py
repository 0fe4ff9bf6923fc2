"""Agents and stores that answer at once, so that what is left of a run is its orchestration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.director import DirectorContext
from agents.roster import Roster
from geminivideo.blueprint import Blueprint
from geminivideo.canonical import digest
from geminivideo.judgement import CouncilVerdict, OracleVerdict, Recalled, Score


class InstantDirector:
    """Hands out blueprints that were written beforehand, under ids of the run."""

    name = "written beforehand"

    def __init__(self, written: Sequence[Blueprint]) -> None:
        self._written = tuple(written)

    async def write_blueprints(self, context: DirectorContext, *, count: int) -> tuple[Blueprint, ...]:
        """The first `count` of them."""
        return tuple(
            item.model_copy(update={"id": f"bp_{digest([context.namespace, place], prefix='instant')[:26]}"})
            for place, item in enumerate(self._written[:count])
        )

    async def revise(
        self,
        blueprint: Blueprint,
        *,
        criticism: CouncilVerdict,
        oracle: OracleVerdict | None,
        context: DirectorContext,
    ) -> Blueprint:
        """Only the revision's number changes."""
        return blueprint.model_copy(update={"revision": blueprint.revision + 1})


class InstantJudge:
    """Likes everything."""

    model = "instant"

    def __init__(self, name: str) -> None:
        self.name = name

    async def score(self, blueprint: Blueprint, context: DirectorContext) -> Score:
        """Ninety of a hundred."""
        return Score(judge=self.name, model=self.model, overall=90, criteria={"all": 90}, reasons=("Fine.",))


class InstantIndex:
    """Recalls nothing."""

    def search(self, account_id: str, **_question: Any) -> list[Recalled]:
        """No past ad."""
        return []


class InstantEmbedder:
    """Sees no text."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, 384) zeros."""
        return np.zeros((len(texts), 384), dtype=np.float32)


def instant_roster(written: Sequence[Blueprint]) -> Roster:
    """A Director and the three seats of the shipped Council, all instant."""
    return Roster(director=InstantDirector(written), judges=tuple(map(InstantJudge, ("recall", "rubric", "plan"))))
