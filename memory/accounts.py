"""Accounts and their configuration."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from geminivideo.accounts import Account, AccountConfig
from geminivideo.errors import NotFound
from memory.schema import accounts

_GET = select(accounts).where(accounts.c.id == bindparam("the_account"))
_LOCK = _GET.with_for_update()


def insert_account(conn: Connection, *, account: Account) -> None:
    """Store a new account."""
    conn.execute(insert(accounts).values(**_row(account)))


def get_account(conn: Connection, account_id: str, *, for_update: bool = False) -> Account:
    """The account, or NotFound. `for_update` holds its row until the transaction ends (Postgres)."""
    row = conn.execute(_LOCK if for_update else _GET, {"the_account": account_id}).mappings().first()
    if row is None:
        raise NotFound("There is no such account", where=account_id[:60], fix="See `geminivideo account list`.")
    return _account(row)


def list_accounts(conn: Connection) -> list[Account]:
    """Every account, oldest first."""
    return [_account(row) for row in conn.execute(select(accounts).order_by(accounts.c.id)).mappings()]


def set_config(conn: Connection, account_id: str, *, config: AccountConfig) -> None:
    """Replace the configuration."""
    _update(conn, account_id, {"config": config.model_dump(mode="json")})


def set_stopped(conn: Connection, account_id: str, *, stopped: bool, reason: str) -> None:
    """Pull or release the kill switch."""
    _update(conn, account_id, {"stopped": stopped, "stop_reason": reason})


def set_simulated_now(conn: Connection, account_id: str, *, now: datetime) -> None:
    """Copy the sandbox's time into the account; it never moves back."""
    account = get_account(conn, account_id, for_update=True)
    if account.simulated and (account.simulated_now is None or now > account.simulated_now):
        _update(conn, account_id, {"simulated_now": now})


def business_now(account: Account, *, wall: datetime) -> datetime:
    """The account's business time: the sandbox's for a simulated account, else the wall clock's."""
    return account.simulated_now if account.simulated and account.simulated_now else wall


def _update(conn: Connection, account_id: str, values: dict[str, Any]) -> None:
    changed = conn.execute(update(accounts).where(accounts.c.id == account_id).values(**values)).rowcount
    if not changed:
        raise NotFound("There is no such account", where=account_id[:60])


def _row(account: Account) -> dict[str, Any]:
    return account.model_dump() | {"config": account.config.model_dump(mode="json")}


def _account(row: RowMapping) -> Account:
    return Account.model_validate(dict(row))
