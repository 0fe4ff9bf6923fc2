"""The state machine of a spend change and of its set (DESIGN rule 2), as data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from geminivideo.spend import ChangeState, SetState
from memory import ledger
from memory.ledger import ChangeRecord

CHANGE: Mapping[ChangeState, frozenset[ChangeState]] = {
    "proposed": frozenset({"approved", "declined", "expired", "voided"}),
    # Back to `leased` from itself: another executor takes a dead lease over, under a new fence.
    "approved": frozenset({"leased", "refused", "expired", "voided"}),
    "leased": frozenset({"leased", "sent", "approved", "refused", "expired", "voided"}),
    # To `leased` only when it is certain that nothing happened.
    "sent": frozenset({"applied", "refused", "unknown", "leased"}),
    "unknown": frozenset({"applied", "leased", "refused", "voided", "expired"}),
    "applied": frozenset({"verified"}),
    "verified": frozenset({"rolled_back"}),
    "refused": frozenset(),
    "declined": frozenset(),
    "expired": frozenset(),
    "voided": frozenset(),
    "rolled_back": frozenset(),
}
"""What may follow what."""

SET: Mapping[SetState, frozenset[SetState]] = {
    "proposed": frozenset({"approved", "declined", "expired", "voided"}),
    "approved": frozenset({"done", "expired", "voided"}),
    "declined": frozenset(),
    "expired": frozenset(),
    "voided": frozenset(),
    "done": frozenset(),
}

IN_FLIGHT: frozenset[ChangeState] = frozenset({"leased", "sent", "unknown"})
"""May have moved money, or is about to: counts against every cap and blocks its ad set."""
COUNTED: frozenset[ChangeState] = frozenset({*IN_FLIGHT, "applied", "verified", "rolled_back"})
"""Counts as one of the day's changes."""
EFFECTIVE: frozenset[ChangeState] = frozenset({"applied", "verified", "rolled_back"})
"""The platform took it."""
TO_SETTLE: frozenset[ChangeState] = frozenset({*IN_FLIGHT, "applied"})
"""To be read back from the platform."""
UNFINISHED: frozenset[ChangeState] = frozenset({"approved", "leased", "sent", "unknown"})
"""Still to be carried out or to be found out about."""


def move(
    conn: Connection,
    change: ChangeRecord,
    *,
    target: ChangeState,
    who: str,
    at: datetime,
    values: Mapping[str, Any] | None = None,
) -> ChangeRecord | None:
    """`ledger.move_change` along an allowed edge; None when somebody was faster."""
    if target not in CHANGE[change.state]:
        raise AssertionError(f"no way from {change.state} to {target}")
    return ledger.move_change(conn, change, target=target, who=who, at=at, values=values)


def move_all(
    conn: Connection,
    set_id: str,
    *,
    account_id: str,
    sources: frozenset[ChangeState],
    target: ChangeState,
    who: str,
    at: datetime,
    values: Mapping[str, Any] | None = None,
) -> list[ChangeRecord]:
    """Move every change of a set that is in one of `sources`; a new fence shuts out whoever held it."""
    moved = []
    for change in ledger.list_changes(conn, account_id=account_id, set_id=set_id, states=sources):
        fresh = {"fence": change.fence + 1, "lease_owner": None, "lease_until": None, **(values or {})}
        after = move(conn, change, target=target, who=who, at=at, values=fresh)
        moved += [after] if after else []
    return moved


def move_set(
    conn: Connection,
    set_id: str,
    *,
    account_id: str,
    source: SetState,
    target: SetState,
    who: str,
    at: datetime,
    note: str = "",
) -> bool:
    """`ledger.move_set` along an allowed edge; False when it was not in `source`."""
    if target not in SET[source]:
        raise AssertionError(f"no way from {source} to {target}")
    return ledger.move_set(conn, set_id, account_id=account_id, source=source, target=target, who=who, at=at, note=note)
