"""The day's plan and the launch split as tools. Both only compute: neither changes what is spent."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated

from langchain_core.tools import StructuredTool
from pydantic import Field

from geminivideo.accounts import AccountConfig
from geminivideo.ads import AdState
from geminivideo.judgement import Prediction
from geminivideo.model import Noun
from tools.decisions.launch import split_launch_budget
from tools.decisions.optimise import BudgetPlan, plan

PLAN_NAME, SPLIT_NAME = "plan_budgets", "split_launch_budget"


class PlanQuestion(Noun):
    """Live ads whose budgets, pauses and refreshes are to be planned, at a business time."""

    states: Annotated[tuple[AdState, ...], Field(max_length=1_000, description="The ads that may be changed")]
    now: Annotated[datetime, Field(description="Business time of the account")]
    total_minor: Annotated[int, Field(strict=True, ge=0, description="Agreed daily total in minor units")]
    seed: Annotated[int, Field(strict=True, ge=0, description="Same seed, same answer")] = 0
    background: Annotated[
        tuple[AdState, ...], Field(max_length=10_000, description="Other ads of the account, to learn from only")
    ] = ()


class SplitQuestion(Noun):
    """New ads without results, by what is predicted of them."""

    arms: Annotated[dict[str, Prediction], Field(min_length=1, max_length=100)]
    total_minor: Annotated[int, Field(strict=True, ge=1, description="Daily total in minor units")]
    seed: Annotated[int, Field(strict=True, ge=0)] = 0


def plan_budgets_tool(config: AccountConfig) -> StructuredTool:
    """The tool over one account's configuration."""

    async def divide(
        states: tuple[AdState, ...],
        now: datetime,
        total_minor: int,
        seed: int = 0,
        background: tuple[AdState, ...] = (),
    ) -> BudgetPlan:
        return await asyncio.to_thread(
            plan, states, config=config, seed=seed, now=now, background=background, total_minor=total_minor
        )

    return StructuredTool.from_function(
        coroutine=divide,
        name=PLAN_NAME,
        description="Plan the day's budgets and pauses and find tired ads; computes only, changes nothing.",
        args_schema=PlanQuestion,
        metadata={"effect": "read"},
    )


def split_launch_budget_tool() -> StructuredTool:
    """The tool that gives new ads their first budgets."""

    async def split(arms: dict[str, Prediction], total_minor: int, seed: int = 0) -> dict[str, int]:
        return split_launch_budget(arms, total_minor=total_minor, seed=seed)

    return StructuredTool.from_function(
        coroutine=split,
        name=SPLIT_NAME,
        description="Split a daily budget over new ads by their predictions; computes only.",
        args_schema=SplitQuestion,
        metadata={"effect": "read"},
    )
