"""What an account carries today, read from the ledger inside the transaction that evaluates its caps."""

from __future__ import annotations

import calendar
from collections.abc import Collection
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from geminivideo.accounts import Account
from memory import ledger
from memory.accounts import business_now
from memory.ledger import ChangeRecord, SetRecord
from treasury.caps import Exposure, Pending, Raised
from treasury.states import COUNTED, IN_FLIGHT


def business_day(account: Account, *, wall: datetime) -> date:
    """Today on the account's own calendar."""
    return business_now(account, wall=wall).astimezone(ZoneInfo(account.config.timezone)).date()


def exposure_of(
    conn: Connection, account: Account, *, record: SetRecord, beside: Collection[str], wall: datetime
) -> Exposure:
    """The exposure beside the changes `beside` (ids) of `record`, which are about to be leased."""
    day = business_day(account, wall=wall)
    todays = [
        change
        for change in ledger.list_changes(conn, account_id=account.id, states=COUNTED, day=day)
        if change.id not in beside
    ]
    first, last = day.replace(day=1), calendar.monthrange(day.year, day.month)[1]
    return Exposure(
        day=day,
        days_left=last - day.day + 1,
        month_spent_minor=ledger.month_spend(conn, account_id=account.id, first=first, until=day),
        changes_today=len(todays),
        pending=_pending(conn, account.id, record),
        raised=tuple(
            Raised(external_id=change.external_id, before_minor=change.before_minor, after_minor=change.after_minor)
            for change in todays
            if change.external_id and change.before_minor is not None
        ),
    )


def _pending(conn: Connection, account_id: str, record: SetRecord) -> tuple[Pending, ...]:
    """In flight anywhere, or approved in a set that was decided before this one: first come, first served."""
    moving = ledger.list_changes(conn, account_id=account_id, states=IN_FLIGHT)
    earlier = [
        change
        for other in ledger.list_sets(conn, account_id=account_id, states={"approved"}, limit=10_000)
        if _turn(other) < _turn(record)
        for change in ledger.list_changes(conn, account_id=account_id, set_id=other.change_set.id, states={"approved"})
    ]
    return tuple(
        Pending(change_id=change.id, external_id=change.external_id, after_live_minor=_live(change))
        for change in (*moving, *earlier)
    )


def _turn(record: SetRecord) -> tuple[datetime, str]:
    return (record.decided_at or record.change_set.created_at, record.change_set.id)


def _live(change: ChangeRecord) -> int:
    return change.after_minor if change.after_status == "ACTIVE" else 0
