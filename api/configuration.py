"""Changing an account's configuration: who may, what is refused, and the audit row that is left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection

from geminivideo.accounts import Account, AccountConfig, Caps
from geminivideo.errors import Conflict, InvalidInput, NotPermitted
from geminivideo.principals import Principal
from memory import accounts, ads, audit
from memory.database import Database


async def set_config(
    db: Database, account_id: str, *, config: AccountConfig, person: Principal, now: datetime
) -> Account:
    """Replace the configuration and note it in the audit log. NotPermitted, Conflict or NotFound.

    An operator may change it; raising a cap or changing the currency needs an admin.
    """

    def write(conn: Connection) -> Account:
        account = accounts.get_account(conn, account_id, for_update=True)
        before = account.config
        changed = _changes(before, config)
        _check(conn, account, after=config, person=person)
        if changed:
            accounts.set_config(conn, account_id, config=config)
            body = {"before": before.version, "after": config.version, "changes": changed}
            audit.append(conn, account_id=account_id, kind="config.changed", who=person.name, body=body, at=now)
        return accounts.get_account(conn, account_id)

    return await db.write(write)


def raised_caps(before: Caps, after: Caps) -> list[str]:
    """Names of the caps that would allow more than before."""
    return [name for name in Caps.model_fields if getattr(after, name) > getattr(before, name)]


def _check(conn: Connection, account: Account, *, after: AccountConfig, person: Principal) -> None:
    before = account.config
    _need(person, "operator", to="change the configuration")
    raised = raised_caps(before.caps, after.caps)
    if after.max_ad_budget > before.max_ad_budget:
        raised.append("max_ad_budget")
    if raised:
        _need(person, "admin", to=f"raise {', '.join(raised)}")
    if after.currency != before.currency:
        _need(person, "admin", to="change the currency")
        if ads.list_ads(conn, account_id=account.id):
            raise Conflict(
                f"The account has ads in {before.currency}: its currency cannot change any more",
                where="currency",
                fix="Create another account for the other currency.",
            )


def _need(person: Principal, role: Any, *, to: str) -> None:
    if not person.may(role) or person.stand_in:
        raise NotPermitted(f"{person.name} is {person.role}; to {to} needs the role {role}", fix=f"Ask an {role}.")


def _changes(before: AccountConfig, after: AccountConfig) -> dict[str, Any]:
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    return {name: {"before": old[name], "after": new[name]} for name in new if old[name] != new[name]}


def edited(config: AccountConfig, changes: Sequence[str]) -> AccountConfig:
    """The configuration with `field=value` changes; nested fields with a dot. InvalidInput names the bad one."""
    body = config.model_dump(mode="json")
    for change in changes:
        name, separator, text = change.partition("=")
        *path, last = name.strip().split(".")
        place: Any = body
        for part in path:
            place = place.get(part) if isinstance(place, dict) else None
        if not separator or not isinstance(place, dict) or last not in place or isinstance(place[last], dict):
            known = ", ".join([*AccountConfig.model_fields, *(f"caps.{cap}" for cap in Caps.model_fields)])
            raise InvalidInput(f"{change[:60]!r} is not FIELD=VALUE", where=name[:60], fix=f"Fields: {known}.")
        place[last] = _value(text.strip(), like=place[last], where=name)
    try:
        return AccountConfig.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(str(first["msg"]), where=where, fix="See docs/cli.md.") from None


def _value(text: str, *, like: object, where: str) -> object:
    if isinstance(like, bool):
        if text.lower() not in {"true", "false"}:
            raise InvalidInput(f"{text[:40]!r} is neither true nor false", where=where, fix="Write true or false.")
        return text.lower() == "true"
    if isinstance(like, int):
        try:
            return int(text.replace("_", ""))
        except ValueError:
            raise InvalidInput(f"{text[:40]!r} is not a whole number", where=where, fix="Write 60000.") from None
    return text
