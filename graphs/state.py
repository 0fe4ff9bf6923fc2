"""Graph state: ids and JSON-plain values only. What nodes make is stored in SQL and found by these ids."""

from __future__ import annotations

from typing import Annotated, TypedDict


def union(left: list[str] | None, right: list[str] | None) -> list[str]:
    """Reducer for parallel branches: both lists, each value once, sorted, so that order of arrival does not matter."""
    return sorted({*(left or []), *(right or [])})


class CampaignState(TypedDict, total=False):
    """State of a campaign or refresh run."""

    run_id: str
    account_id: str
    round: int
    candidates: list[str]
    """Blueprints that this round judges."""
    judged: Annotated[list[str], union]
    """Branches that have ended, well or badly."""
    revise: list[str]
    kept: list[str]
    """Blueprints that go on to be rendered."""
    rendered: list[str]
    budgets: dict[str, int]
    set_id: str
    outcome: str


class JudgeState(TypedDict):
    """What one parallel branch of the Council or the Oracle is sent."""

    run_id: str
    account_id: str
    blueprint_id: str
    round: int
    seat: str


class OptimiseState(TypedDict, total=False):
    """State of an optimise run."""

    run_id: str
    account_id: str
    set_id: str
    outcome: str
