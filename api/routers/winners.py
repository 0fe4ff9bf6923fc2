"""Winners: past ads that resemble a text, with the evidence of how they did."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from api.deps import EngineDep
from graphs.toolbox import toolbox
from memory import accounts
from tools.winners.tool import WinnerQuery, WinnersFound

router = APIRouter(prefix="/winners", tags=["winners"])


class WinnerRequest(WinnerQuery):
    """What to look for, in which account."""

    account_id: Annotated[str, Field(max_length=60)]
    k: Annotated[int, Field(strict=True, ge=1, le=20, description="How many ads at most")] = 5


@router.post("/search")
async def search_winners(body: WinnerRequest, engine: EngineDep) -> WinnersFound:
    """The account's proven ads that resemble the text, best first."""
    account = await engine.services.db.read(lambda conn: accounts.get_account(conn, body.account_id))
    question = body.model_dump(mode="json", exclude={"account_id"})
    found: WinnersFound = await toolbox(engine.services, account).call("winner_search", question, caller="person")
    return found
