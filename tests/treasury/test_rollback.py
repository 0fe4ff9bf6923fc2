"""What was applied can be taken back, through the same gates."""

from __future__ import annotations

from typing import Any

import pytest

from geminivideo.errors import Conflict
from tests.treasury.house import ANN, House, create


async def test_a_set_is_taken_back_after_an_approval_of_its_own(house: House) -> None:
    for name in ("s1", "s2"):
        house.platform.seed(name, 10_000)
    house.platform.seed("s3", 9_000)
    done = await house.approved(house.budget("s1", 9_500), house.pause("s2"), create(5_000), house.budget("s3", 9_900))
    await house.execute(done)
    house.platform.seed("s3", 9_950)  # edited by hand since: left alone
    where: Any = {"account_id": house.account.id}
    view = await house.treasury.request_rollback(done.id, principal=ANN, **where)
    assert [row.kind for row in view.rows] == ["budget", "resume", "pause"]
    assert (await house.treasury.ledger(house.account.id, set_id=done.id))[0].state == "verified"
    await house.treasury.decide(view.id, principal=ANN, verdict="approve", digest=view.digest, **where)
    report = await house.treasury.execute(view.id, **where)
    assert {change.state for change in report.changes} == {"verified"}
    states = [row.state for row in await house.treasury.ledger(house.account.id, set_id=done.id)]
    assert states == ["rolled_back", "rolled_back", "rolled_back", "verified"]
    assert house.platform.live_total() == 10_000 + 10_000 + 9_950
    with pytest.raises(Conflict):
        await house.treasury.request_rollback(done.id, principal=ANN, **where)
