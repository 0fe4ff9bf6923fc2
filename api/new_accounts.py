"""Making accounts: a simulated one from what the sandbox says of itself, a real one from what the person says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import ValidationError
from sqlalchemy import Connection

from api.sandbox_process import Sandbox
from geminivideo.accounts import Account, AccountConfig
from geminivideo.errors import Conflict, InvalidInput
from geminivideo.ids import new_id
from geminivideo.settings import Settings
from memory import accounts
from memory.database import Database
from platforms.addresses import sandbox_address


async def make_simulated(settings: Settings, *, name: str, now: datetime) -> Account:
    """The sandbox's account, with its own currency, time zone and clock."""
    sandbox = Sandbox(sandbox_address(settings))
    about = await sandbox.get("")
    return Account(
        id=new_id("acc"),
        name=name or "Northbrew (simulated)",
        platform="meta",
        external_id=str(about["account_id"]).removeprefix("act_"),
        simulated=True,
        config=AccountConfig(
            mode="service",
            vertical="local_services",
            currency=about["currency"],
            timezone=about["timezone"],
            aov=90_000,
        ),
        simulated_now=await sandbox.now(),
        created_at=now,
    )


def make_real(settings: Settings, *, name: str, external_id: str, fields: Mapping[str, str], now: datetime) -> Account:
    """An account on Meta. InvalidInput without its id or without the platform's address and token."""
    bare = external_id.strip().removeprefix("act_")
    if not bare.isdecimal():
        raise InvalidInput(
            "A real account needs its platform id", where="--external-id", fix="Add --external-id, or --simulated."
        )
    if not settings.meta_base_url or not settings.meta_access_token.get_secret_value():
        raise InvalidInput(
            "No Meta connection is configured",
            where="GEMINIVIDEO_META_BASE_URL, GEMINIVIDEO_META_ACCESS_TOKEN",
            fix="Set both, or make a simulated account.",
        )
    try:
        config = AccountConfig.model_validate(dict(fields))
    except ValidationError as error:
        first = error.errors()[0]
        where = f"--{'.'.join(str(part) for part in first['loc'])}"
        raise InvalidInput(str(first["msg"]), where=where, fix="See `geminivideo account create --help`.") from None
    return Account(
        id=new_id("acc"),
        name=name or f"Meta {bare}",
        platform="meta",
        external_id=bare,
        simulated=False,
        config=config,
        created_at=now,
    )


async def insert(db: Database, account: Account) -> None:
    """Store it; Conflict when that platform account is here already."""

    def write(conn: Connection) -> None:
        same = (account.platform, account.external_id, account.simulated)
        for known in accounts.list_accounts(conn):
            if (known.platform, known.external_id, known.simulated) == same:
                raise Conflict("That account is here already", where=known.id, fix=f"Use --account {known.id}.")
        accounts.insert_account(conn, account=account)

    await db.write(write)
