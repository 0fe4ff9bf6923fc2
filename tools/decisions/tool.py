"""CTR prediction and budget allocation as tools for agents. Both only compute: neither changes what is spent.

Model, embedder and account configuration are fixed when a tool is made, so no caller can choose another account's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated

import numpy as np
from langchain_core.tools import StructuredTool
from numpy.typing import NDArray
from pydantic import Field

from geminivideo.accounts import AccountConfig
from geminivideo.ads import AdState
from geminivideo.creative_dna import CreativeDna
from geminivideo.judgement import Prediction
from geminivideo.model import Noun
from tools.decisions.ctr_model import CtrModel, CtrReport
from tools.decisions.sampler import Allocation, allocate

PREDICT_NAME, ALLOCATE_NAME = "predict_ctr", "allocate_budget"

Embed = Callable[[Sequence[str]], NDArray[np.float32]]


class Creative(Noun):
    """One creative to predict: its DNA, and its text for models that were trained with embeddings."""

    dna: CreativeDna
    text: Annotated[str, Field(max_length=4_000, description="The copy, or opening and script")] = ""


class CtrQuestion(Noun):
    """Creatives whose click-through rate is wanted."""

    creatives: Annotated[tuple[Creative, ...], Field(min_length=1, max_length=100)]


class CtrAnswer(Noun):
    """A prediction with an 80% interval per creative, in the order asked, and how good the model has proved to be."""

    predictions: tuple[Prediction, ...]
    report: CtrReport


class AllocationQuestion(Noun):
    """Ads whose daily budgets are to be set, at a business time."""

    states: Annotated[tuple[AdState, ...], Field(max_length=1_000, description="The ads that may be changed")]
    total_minor: Annotated[int, Field(strict=True, ge=0, description="Daily total in minor units")]
    now: Annotated[datetime, Field(description="Business time of the account")]
    seed: Annotated[int, Field(strict=True, ge=0, description="Same seed, same answer")] = 0
    background: Annotated[
        tuple[AdState, ...], Field(max_length=10_000, description="Other ads of the account, to learn from only")
    ] = ()


def predict_ctr_tool(model: CtrModel, *, embed: Embed | None = None) -> StructuredTool:
    """The tool over one account's CTR model; `embed` is needed if the model was trained with embeddings."""

    def predict(creatives: tuple[Creative, ...]) -> CtrAnswer:
        vectors = embed([creative.text for creative in creatives]) if embed else None
        found = model.predict([creative.dna for creative in creatives], vectors)
        return CtrAnswer(predictions=tuple(found), report=model.report)

    async def predict_aside(creatives: tuple[Creative, ...]) -> CtrAnswer:
        return await asyncio.to_thread(predict, creatives)

    return StructuredTool.from_function(
        func=predict,
        coroutine=predict_aside,
        name=PREDICT_NAME,
        description="Predict the click-through rate of creatives, with intervals, against the account's base rate.",
        args_schema=CtrQuestion,
        metadata={"effect": "read"},
    )


def allocate_budget_tool(config: AccountConfig) -> StructuredTool:
    """The tool over one account's configuration: proposes budgets, with chances, numbers and reasons."""

    def divide(
        states: tuple[AdState, ...],
        total_minor: int,
        now: datetime,
        seed: int = 0,
        background: tuple[AdState, ...] = (),
    ) -> Allocation:
        return allocate(states, config=config, total_minor=total_minor, seed=seed, now=now, background=background)

    async def divide_aside(
        states: tuple[AdState, ...],
        total_minor: int,
        now: datetime,
        seed: int = 0,
        background: tuple[AdState, ...] = (),
    ) -> Allocation:
        return await asyncio.to_thread(divide, states, total_minor, now, seed, background)

    return StructuredTool.from_function(
        func=divide,
        coroutine=divide_aside,
        name=ALLOCATE_NAME,
        description="Divide a daily total over ads by what they have shown; computes only, changes nothing.",
        args_schema=AllocationQuestion,
        metadata={"effect": "read"},
    )
