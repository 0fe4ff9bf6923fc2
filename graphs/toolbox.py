"""The tools of one account, bound to it, behind the one dispatcher that logs every call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from langchain_core.tools import StructuredTool
from sqlalchemy import Connection

from geminivideo.accounts import Account
from geminivideo.errors import NotFound
from geminivideo.ids import new_id
from graphs.recent import Recent
from graphs.services import Services
from memory import accounts, models, tool_calls
from tools.decisions.ctr_model import CtrModel
from tools.decisions.plan_tool import plan_budgets_tool, split_launch_budget_tool
from tools.decisions.tool import allocate_budget_tool, predict_ctr_tool
from tools.dispatcher import Dispatcher, ToolCall
from tools.insights.learn import load_model
from tools.publishing.tool import propose_changes_tool
from tools.winners.tool import winner_search_tool

ALLOW: Mapping[str, Sequence[str]] = {
    "director": ("winner_search",),
    "oracle": ("predict_ctr",),
    "sampler": ("allocate_budget", "plan_budgets", "split_launch_budget"),
    "publisher": ("propose_changes",),
    "person": ("winner_search", "predict_ctr", "allocate_budget"),
}
"""Who may call what. Nobody is given a tool that sends, and only the publisher's step proposes."""


def toolbox(
    services: Services, account: Account, *, run_id: str | None = None, model: CtrModel | None = None
) -> Dispatcher:
    """The dispatcher of one account's tools; prediction needs the account's model, proposing needs a run."""
    tools: list[StructuredTool] = [
        winner_search_tool(services.index, account_id=account.id),
        split_launch_budget_tool(),
        plan_budgets_tool(account.config),
        allocate_budget_tool(account.config),
    ]
    if model is not None:
        tools.append(predict_ctr_tool(model, embed=services.embedder.embed))
    if run_id is not None:
        proposer = propose_changes_tool(
            services.db,
            account_id=account.id,
            run_id=run_id,
            wall=services.wall,
            code_version=services.code_version,
            who=f"run {run_id}",
        )
        tools.append(proposer)

    def log(call: ToolCall) -> None:
        # In one transaction with whatever is stored because of the call, or before it.
        at, id_, body = services.wall.now(), new_id("call"), call.model_dump(mode="json")
        services.db.write_along(
            lambda conn: tool_calls.add(conn, id=id_, account_id=account.id, run_id=run_id, call=body, at=at)
        )

    return Dispatcher(tools, log=log, allow=ALLOW)


async def account_and_model(
    services: Services, account_id: str, *, loaded: Recent[str, CtrModel], predicting: bool
) -> tuple[Account, CtrModel | None]:
    """The account, and for predicting its current CTR model, checked by its hash; NotFound while there is none."""

    def read(conn: Connection) -> tuple[Account, models.StoredModel | None]:
        stored = models.current_model(conn, account_id=account_id, kind="ctr") if predicting else None
        return accounts.get_account(conn, account_id), stored

    account, stored = await services.db.read(read)
    if not predicting:
        return account, None
    if stored is None:
        raise NotFound("The account has no CTR model yet", where=account_id, fix="Start a campaign run: it trains one.")
    asset_id = stored.asset_id
    model = await loaded.get(asset_id, make=lambda: asyncio.to_thread(load_model, asset_id, assets=services.assets))
    return account, model
