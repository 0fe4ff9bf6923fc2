"""Graph state: ids and JSON-plain values only. What nodes make is stored in SQL and found by these ids."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

from langgraph.channels import EphemeralValue


def union(left: list[str] | None, right: list[str] | None) -> list[str]:
    """Reducer for parallel branches: both lists, each value once, sorted, so that order of arrival does not matter."""
    return sorted({*(left or []), *(right or [])})


class StartState(TypedDict, total=False):
    """What a graph is started with: an accepted run, or, from LangGraph's own server, what makes one.

    What a run is made of is gone after the first step: it is kept in the run's record.
    """

    run_id: str
    account_id: str
    brief: Annotated[dict[str, Any], EphemeralValue(dict)]
    ad_id: Annotated[str, EphemeralValue(str)]
    why: Annotated[str, EphemeralValue(str)]
    seed: Annotated[int, EphemeralValue(int)]


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
