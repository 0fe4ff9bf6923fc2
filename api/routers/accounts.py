"""Accounts: configuration and the kill switch."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from api.configuration import set_config
from api.deps import AccountDep, EngineDep, PersonDep
from geminivideo.accounts import Account, AccountConfig
from geminivideo.model import Noun
from memory import accounts
from treasury.service import StopReport
from treasury.views import ApprovalView

router = APIRouter(prefix="/accounts", tags=["accounts"])


class StopRequest(Noun):
    """Why, and whether live ads are paused too."""

    reason: Annotated[str, Field(max_length=500)] = ""
    pause_all: bool = False


@router.get("")
async def get_accounts(engine: EngineDep) -> list[Account]:
    """Every account of this machine."""
    return await engine.services.db.read(accounts.list_accounts)


@router.get("/{account_id}")
async def get_account(account: AccountDep) -> Account:
    """One account."""
    return account


@router.get("/{account_id}/config")
async def get_config(account: AccountDep) -> AccountConfig:
    """How the account wants its money handled."""
    return account.config


@router.put("/{account_id}/config")
async def put_config(account_id: str, body: AccountConfig, engine: EngineDep, person: PersonDep) -> AccountConfig:
    """Replace the configuration. Only an admin may raise a cap; the currency is fixed once there are ads."""
    services = engine.services
    now = services.wall.now()
    return (await set_config(services.db, account_id, config=body, person=person, now=now)).config


@router.post("/{account_id}/stop")
async def post_stop(account: AccountDep, body: StopRequest, engine: EngineDep, person: PersonDep) -> StopReport:
    """Pull the kill switch: nothing more is sent for this account."""
    return await engine.services.treasury.stop(
        account.id, principal=person, reason=body.reason, pause_all=body.pause_all
    )


@router.post("/{account_id}/start")
async def post_start(account: AccountDep, engine: EngineDep, person: PersonDep) -> ApprovalView:
    """Ask to start again: answers with the approval that an admin must give."""
    return await engine.services.treasury.request_start(account.id, principal=person)
