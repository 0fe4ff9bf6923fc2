"""Predictions: click-through rates with intervals, by the model that was trained on the account's own history."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from api.deps import EngineDep
from graphs.recent import Recent
from graphs.toolbox import account_and_model, toolbox
from tools.decisions.ctr_model import CtrModel
from tools.decisions.tool import CtrAnswer, CtrQuestion

router = APIRouter(prefix="/predictions", tags=["predictions"])


def get_models(request: Request) -> Recent[str, CtrModel]:
    """Models that were loaded lately, for as long as the server lives."""
    if not hasattr(request.app.state, "ctr_models"):
        request.app.state.ctr_models = Recent[str, CtrModel](size=8)
    loaded: Recent[str, CtrModel] = request.app.state.ctr_models
    return loaded


LoadedModels = Annotated[Recent[str, CtrModel], Depends(get_models)]


class CtrRequest(CtrQuestion):
    """Creatives of one account whose click-through rate is wanted."""

    account_id: Annotated[str, Field(max_length=60)]


@router.post("/ctr")
async def predict_ctr(body: CtrRequest, engine: EngineDep, loaded: LoadedModels) -> CtrAnswer:
    """A prediction with an 80% interval per creative, in the order asked, and how good the model has proved to be."""
    account, model = await account_and_model(engine.services, body.account_id, loaded=loaded, predicting=True)
    tools = toolbox(engine.services, account, model=model)
    question = body.model_dump(mode="json", exclude={"account_id"})
    found: CtrAnswer = await tools.call("predict_ctr", question, caller="person")
    return found
