"""Taking applied changes back to their before state, through the same approval, caps and executor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from geminivideo.errors import Conflict, NotPermitted
from geminivideo.ids import new_id
from geminivideo.principals import Principal
from geminivideo.spend import ChangeKind, SpendChange, SpendState
from memory import ledger
from memory.accounts import get_account
from memory.ledger import ChangeRecord, SetRecord
from treasury import approvals, states

_INVERSE: Mapping[ChangeKind, ChangeKind] = {
    "budget": "budget",
    "pause": "resume",
    "resume": "pause",
    "create": "pause",  # a platform keeps what was made: taking it back is to stop it
}


def propose(
    conn: Connection,
    set_id: str,
    *,
    account_id: str,
    live: Mapping[str, SpendState | None],
    principal: Principal,
    now: datetime,
) -> SetRecord:
    """A set that undoes what `set_id` applied and what still stands as it left it. Conflict if nothing does."""
    if not principal.may("operator"):
        raise NotPermitted(f"{principal.name} is {principal.role}; asking for this needs the role operator")
    account = get_account(conn, account_id, for_update=True)
    record = ledger.get_set(conn, set_id, account_id=account_id)
    plan = {change.id: change for change in record.change_set.changes}
    items, origins = [], {}
    for row in ledger.list_changes(conn, account_id=account_id, set_id=set_id, states={"verified"}):
        if row.external_id and live.get(row.external_id) == plan[row.id].after:
            undone = _inverse(plan[row.id], row.external_id)
            items.append(undone)
            origins[undone.id] = row.id
    if not items:
        raise Conflict("Nothing of this set can be taken back", where=set_id, fix="See `geminivideo ledger`.")
    change_set = approvals.direct_set(account, items, purpose="spend", now=now)
    return ledger.insert_set(conn, change_set, key=change_set.id, who=principal.name, rollback_of=origins)


def mark(conn: Connection, row: ChangeRecord, *, who: str, at: datetime) -> None:
    """Once the taking back is verified, what it took back is rolled back."""
    if row.rollback_of is None:
        return
    origin = ledger.get_change(conn, row.rollback_of, account_id=row.account_id)
    if origin.state == "verified":
        states.move(conn, origin, target="rolled_back", who=who, at=at)


def _inverse(change: SpendChange, ad_set: str) -> SpendChange:
    paused = SpendState(status="PAUSED", daily_budget=change.after.daily_budget)
    return SpendChange(
        id=new_id("chg"),
        kind=_INVERSE[change.kind],
        platform=change.platform,
        external_id=ad_set,
        ad_id=change.ad_id,
        ad_name=change.ad_name,
        before=change.after,
        after=change.before or paused,
        reason=f"Takes back: {change.reason}",
    )
