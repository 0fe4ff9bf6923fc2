"""What routes are given: the engine, the person, and things found by their id before any answer begins."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.engine import Engine
from api.keys import check_key
from geminivideo.accounts import Account
from geminivideo.principals import Principal
from memory import accounts, runs
from memory.runs import Run

_bearer = HTTPBearer(auto_error=False, description="The key that `geminivideo keys --show` prints.")


def get_engine(request: Request) -> Engine:
    """The process's engine, opened by the app's lifespan."""
    engine: Engine = request.app.state.engine
    return engine


def get_person(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Principal:
    """The person behind the key; NotPermitted without it."""
    return check_key(given.credentials if given else None, key=request.app.state.key)


EngineDep = Annotated[Engine, Depends(get_engine)]
PersonDep = Annotated[Principal, Depends(get_person)]
AccountQuery = Annotated[str, Query(description="Id of the account (acc_…).", max_length=60)]
AccountFilter = Annotated[str | None, Query(description="Only this account's.", max_length=60)]


async def get_account(account_id: str, engine: EngineDep) -> Account:
    """The account of the path or query, or NotFound."""
    return await engine.services.db.read(lambda conn: accounts.get_account(conn, account_id))


async def get_run(run_id: str, engine: EngineDep, account_id: AccountFilter = None) -> Run:
    """The run of the path, or NotFound; with an account named, a foreign run answers like an absent one."""
    return await engine.services.db.read(lambda conn: runs.get_run(conn, run_id, account_id=account_id))


AccountDep = Annotated[Account, Depends(get_account)]
RunDep = Annotated[Run, Depends(get_run)]
