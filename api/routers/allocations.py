"""Allocations: how the sampler would divide a daily total. It computes and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, model_validator

from api.deps import EngineDep
from geminivideo.ads import AdState
from geminivideo.model import Noun
from graphs.states import ad_states
from graphs.toolbox import toolbox
from memory import accounts
from tools.decisions.sampler import Allocation

router = APIRouter(prefix="/allocations", tags=["allocations"])


class AllocationRequest(Noun):
    """A daily total for an account: over its own live ads, or over the states that are given."""

    account_id: Annotated[str, Field(max_length=60)]
    total_minor: Annotated[int, Field(strict=True, ge=0, le=10**13)]
    seed: Annotated[int, Field(strict=True, ge=0, le=2**32 - 1)] = 0
    states: Annotated[tuple[AdState, ...] | None, Field(max_length=1_000)] = None
    now: datetime | None = None

    @model_validator(mode="after")
    def _plausible(self) -> AllocationRequest:
        for state in self.states or ():
            if state.clicks > state.impressions or state.reach > state.impressions:
                raise ValueError(f"{state.ad_id} has more clicks or people than impressions")
        return self


@router.post("")
async def allocate(body: AllocationRequest, engine: EngineDep) -> Allocation:
    """Budgets with chances, numbers and reasons. Same question and seed, same answer."""
    services = engine.services
    account = await services.db.read(lambda conn: accounts.get_account(conn, body.account_id))
    states: Sequence[AdState] | None = body.states
    background: Sequence[AdState] = ()
    if states is None:
        _, every = await ad_states(services, account.id)
        states = [state for state in every if state.status == "active"]
        background = [state for state in every if state.status != "active"]
    question = {
        "states": [state.model_dump(mode="json") for state in states],
        "background": [state.model_dump(mode="json") for state in background],
        "total_minor": body.total_minor,
        "now": body.now or accounts.business_now(account, wall=services.wall.now()),
        "seed": body.seed,
    }
    found: Allocation = await toolbox(services, account).call("allocate_budget", question, caller="person")
    return found
