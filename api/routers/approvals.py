"""Approvals: see what waits, decide on exactly what was seen."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from api.decisions import Answer, decide
from api.deps import AccountFilter, EngineDep, PersonDep
from geminivideo.model import Noun
from geminivideo.money import Money
from geminivideo.spend import Verdict
from memory import accounts
from treasury.views import ApprovalView

router = APIRouter(prefix="/approvals", tags=["approvals"])


class DecisionRequest(Noun):
    """A verdict on the digest that the person saw. `budgets` and `drop` belong to an edit, by change id."""

    verdict: Verdict
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    reason: Annotated[str, Field(max_length=2000)] = ""
    budgets: Annotated[dict[str, Money], Field(max_length=200)] = Field(default_factory=dict)
    drop: Annotated[tuple[str, ...], Field(max_length=200)] = ()


@router.get("")
async def get_approvals(engine: EngineDep, account_id: AccountFilter = None) -> list[ApprovalView]:
    """What waits for a decision, newest first."""
    db, treasury = engine.services.db, engine.services.treasury
    if account_id is not None:
        found = [await db.read(lambda conn: accounts.get_account(conn, account_id))]
    else:
        found = await db.read(accounts.list_accounts)
    return [view for account in found for view in await treasury.pending(account.id)]


@router.get("/{set_id}")
async def get_approval(set_id: str, engine: EngineDep, account_id: AccountFilter = None) -> ApprovalView:
    """One set in plain words, with its digest. With an account named, a foreign set answers like an absent one."""
    treasury = engine.services.treasury
    return await treasury.show(set_id, account_id=account_id or await treasury.find_account(set_id))


@router.post("/{set_id}/decision")
async def post_decision(set_id: str, body: DecisionRequest, engine: EngineDep, person: PersonDep) -> ApprovalView:
    """Approve, edit (which makes a new set that waits), reject or ask. Refused when the digest is not the set's."""
    answer = Answer(body.verdict, body.digest, body.reason, body.budgets, body.drop)
    return await decide(engine.services.treasury, set_id, person=person, answer=answer)
