"""Approvals: see what waits, decide on exactly what was seen."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from api.deps import EngineDep, PersonDep
from geminivideo.model import Noun
from geminivideo.money import Money
from geminivideo.spend import Verdict
from memory import accounts
from treasury.approvals import budgets_edited
from treasury.views import ApprovalView

router = APIRouter(prefix="/approvals", tags=["approvals"])


class DecisionRequest(Noun):
    """A verdict on the digest that the person saw. `budgets` and `drop` belong to an edit, by change id."""

    verdict: Verdict
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    reason: Annotated[str, Field(max_length=2000)] = ""
    budgets: dict[str, Money] = Field(default_factory=dict)
    drop: tuple[str, ...] = ()


@router.get("")
async def get_approvals(engine: EngineDep, account_id: str | None = None) -> list[ApprovalView]:
    """What waits for a decision, newest first."""
    if account_id is not None:
        return list(await engine.services.treasury.pending(account_id))
    found = await engine.services.db.read(accounts.list_accounts)
    return [view for account in found for view in await engine.services.treasury.pending(account.id)]


@router.get("/{set_id}")
async def get_approval(set_id: str, engine: EngineDep) -> ApprovalView:
    """One set in plain words, with its digest."""
    treasury = engine.services.treasury
    return await treasury.show(set_id, account_id=await treasury.find_account(set_id))


@router.post("/{set_id}/decision")
async def post_decision(set_id: str, body: DecisionRequest, engine: EngineDep, person: PersonDep) -> ApprovalView:
    """Approve, edit (which makes a new set that waits), reject or ask. Refused when the digest is not the set's."""
    treasury = engine.services.treasury
    account_id = await treasury.find_account(set_id)
    edited = None
    if body.verdict == "edit":
        change_set = await treasury.change_set(set_id, account_id=account_id)
        edited = budgets_edited(change_set, budgets=body.budgets, drop=body.drop)
    return await treasury.decide(
        set_id,
        account_id=account_id,
        principal=person,
        verdict=body.verdict,
        digest=body.digest,
        reason=body.reason,
        edited=edited,
    )
