"""Ledger rows move by compare-and-set only, and each move is in the audit log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from geminivideo.errors import Conflict, NotFound
from memory import audit, ledger
from tests.treasury.house import House, account, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = await open_house(tmp_path)
    made.platform.seed("s1", 10_000)
    yield made
    await made.db.close()


async def test_a_holder_whose_lease_was_taken_over_can_write_nothing_more(house: House) -> None:
    change_set = await house.approved(house.budget("s1", 11_000))
    at, where = house.clock.now(), {"account_id": house.account.id}
    approved = (await house.db.read(lambda conn: ledger.list_changes(conn, set_id=change_set.id, **where)))[0]

    def move(row: ledger.ChangeRecord, target: str, fence: int) -> object:
        return lambda conn: ledger.move_change(
            conn,
            row,
            target=target,
            who="t",
            at=at,
            values={"fence": fence},  # type: ignore[arg-type]
        )

    mine = await house.db.write(move(approved, "leased", 1))  # type: ignore[arg-type, var-annotated]
    theirs = await house.db.write(move(mine, "leased", 2))  # type: ignore[arg-type, var-annotated]
    head = await house.db.read(lambda conn: audit.head(conn, house.account.id))
    assert await house.db.write(move(mine, "sent", 1)) is None  # type: ignore[arg-type, func-returns-value]
    assert not await house.db.write(lambda conn: ledger.extend_lease(conn, mine, until=at))
    assert await house.db.read(lambda conn: audit.head(conn, house.account.id)) == head
    sent = await house.db.write(move(theirs, "sent", 2))  # type: ignore[arg-type, var-annotated]
    assert (sent.state, sent.fence) == ("sent", 2)


async def test_a_set_is_stored_once_per_run_and_key_and_a_change_only_once_at_all(house: House) -> None:
    one = house.set_of(house.budget("s1", 11_000))
    again = house.set_of(*one.changes)
    first = await house.db.write(lambda conn: ledger.insert_set(conn, one, key="k", who="t"))
    second = await house.db.write(lambda conn: ledger.insert_set(conn, again, key="k", who="t"))
    assert first == second
    with pytest.raises(Conflict):
        await house.db.write(lambda conn: ledger.insert_set(conn, again, key="other", who="t"))


async def test_a_set_of_a_foreign_run_or_account_is_not_found(house: House) -> None:
    for foreign in ({"run_id": "run_absent"}, {"account_id": account().id}):
        change_set = house.set_of(house.budget("s1", 11_000), **foreign)
        with pytest.raises(NotFound):
            await house.db.write(lambda conn, item=change_set: ledger.insert_set(conn, item, key="k", who="t"))
