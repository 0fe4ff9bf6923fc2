"""A brief becomes a run: what every way in checks before anything is started."""

from __future__ import annotations

from typing import Any

from api.engine import Engine
from geminivideo.accounts import Account
from geminivideo.brief import Brief
from geminivideo.errors import InvalidInput
from memory import accounts, ads
from memory.runs import Run


async def start_campaign(
    engine: Engine, *, account_id: str, brief: Brief, seed: int | None = None, idempotency_key: str | None = None
) -> Run:
    """Start a campaign run for a brief that fits the account. InvalidInput, NotFound or Conflict otherwise.

    How much money the brief asks for is not judged here: that is the ledger's and the caps' part.
    """
    account = await engine.services.db.read(lambda conn: accounts.get_account(conn, account_id))
    check_fit(engine, account=account, brief=brief)
    inputs: dict[str, Any] = {"brief": brief.model_dump(mode="json")}
    if seed is not None:
        inputs["seed"] = seed
    return await engine.start_run(
        account_id=account_id, graph="campaign", inputs=inputs, idempotency_key=idempotency_key
    )


def check_fit(engine: Engine, *, account: Account, brief: Brief) -> None:
    """Refuse a brief whose currency, platform, deadline or files do not fit this account. InvalidInput."""
    currency = account.config.currency
    if brief.daily_budget.currency != currency:
        raise InvalidInput(
            f"The budget is in {brief.daily_budget.currency} and the account in {currency}",
            where="brief.daily_budget.currency",
            fix=f"State the budget in {currency}.",
        )
    if account.platform not in brief.platforms:
        raise InvalidInput(
            f"The brief is for {', '.join(brief.platforms)} and the account on {account.platform}",
            where="brief.platforms",
            fix=f"Name {account.platform}, or another account.",
        )
    today = accounts.business_now(account, wall=engine.services.wall.now()).date()
    if brief.deadline is not None and brief.deadline < today:
        raise InvalidInput(
            f"The deadline {brief.deadline} is past (today is {today})",
            where="brief.deadline",
            fix="Give a later date, or leave it out.",
        )
    for asset_id in (*brief.footage, *((brief.voice,) if brief.voice else ())):
        if not engine.services.assets.exists(asset_id):
            raise InvalidInput(
                "A file of the brief is not in the asset store", where=asset_id, fix="Give its path to the CLI."
            )


async def has_history(engine: Engine, account_id: str) -> bool:
    """Whether the account's ads were ever synced or imported."""
    return bool(await engine.services.db.read(lambda conn: ads.list_ads(conn, account_id=account_id)))
