"""Predictions: click-through rates with intervals, by the model that was trained on the account's own history."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from api.deps import EngineDep
from graphs.toolbox import ctr_model, toolbox
from memory import accounts
from tools.decisions.tool import CtrAnswer, CtrQuestion

router = APIRouter(prefix="/predictions", tags=["predictions"])


class CtrRequest(CtrQuestion):
    """Creatives of one account whose click-through rate is wanted."""

    account_id: Annotated[str, Field(max_length=60)]


@router.post("/ctr")
async def predict_ctr(body: CtrRequest, engine: EngineDep) -> CtrAnswer:
    """A prediction with an 80% interval per creative, in the order asked, and how good the model has proved to be."""
    account = await engine.services.db.read(lambda conn: accounts.get_account(conn, body.account_id))
    tools = toolbox(engine.services, account, model=await ctr_model(engine.services, account.id))
    question = body.model_dump(mode="json", exclude={"account_id"})
    found: CtrAnswer = await tools.call("predict_ctr", question, caller="person")
    return found
