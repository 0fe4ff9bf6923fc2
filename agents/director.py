"""The Director's face: what it is given, and what it writes. Who stands behind it is the roster's choice."""

from __future__ import annotations

from typing import Protocol

from geminivideo.blueprint import Blueprint
from geminivideo.brief import Brief
from geminivideo.judgement import CouncilVerdict, OracleVerdict, Recalled
from geminivideo.model import Noun


class DirectorContext(Noun):
    """Everything that a Director or a judge may know. The same context and seed give the same on-board work."""

    brief: Brief
    winners: tuple[Recalled, ...] = ()
    losers: tuple[Recalled, ...] = ()
    learnings: tuple[str, ...] = ()
    """What the account learned, as readable statements."""
    seed: int = 0
    namespace: str = ""
    """Mixed into blueprint ids (a run's id, say), so that two runs of one brief never share an id."""


class Director(Protocol):
    """Writes blueprints and revises them."""

    @property
    def name(self) -> str:
        """Who it is, for people: `on-board grammar (not a language model)` or a model's name."""
        ...

    async def write_blueprints(self, context: DirectorContext, *, count: int) -> tuple[Blueprint, ...]:
        """`count` blueprints, no two with the same hook type or scene order.

        Fewer come back when the brief's own claims do not feed that many different hooks.
        """
        ...

    async def revise(
        self,
        blueprint: Blueprint,
        *,
        criticism: CouncilVerdict,
        oracle: OracleVerdict | None,
        context: DirectorContext,
    ) -> Blueprint:
        """The blueprint with its defects mended: same id, hook type and scene order, next revision, a changelog."""
        ...
