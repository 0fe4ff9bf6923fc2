"""The same treasury on a real Postgres: row locks take the place of the single writer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from geminivideo.errors import Conflict
from memory.database import Database
from tests.support.postgres import postgres_databases, postgres_url  # noqa: F401
from tests.treasury.house import ANN, House, account, create
from tests.treasury.model_platform import Fault, ModelPlatform


@pytest.fixture
async def house(postgres_url: str, tmp_path: Path) -> AsyncIterator[House]:  # noqa: F811
    db = Database(postgres_url)
    yield await House(db, tmp_path, account=account(), platform=ModelPlatform()).prepare()
    await db.close()


async def test_a_set_is_carried_out_once_whatever_got_lost(house: House) -> None:
    house.platform.seed("s1", 10_000)
    change_set = await house.approved(house.budget("s1", 11_000), create(5_000))
    house.platform.faults += [Fault("lost_after"), Fault("lost_before", on="ad")]
    report = await house.execute(change_set)
    assert {change.state for change in report.changes} == {"verified"}
    assert len(house.platform.effects("budget")) == 1
    assert len(house.platform.effects("create")) == 6
    assert (await house.treasury.audit_verify(house.account.id)).intact


async def test_rivals_on_one_set_make_one_effect_and_one_verdict(house: House) -> None:
    house.platform.seed("s1", 10_000)
    change_set = await house.propose(house.budget("s1", 11_000), create(5_000))

    async def decide(verdict: Any) -> bool:
        try:
            await house.treasury.decide(
                change_set.id,
                account_id=house.account.id,
                principal=ANN,
                verdict=verdict,
                digest=change_set.digest,
            )
        except Conflict:
            return False
        return True

    won = await asyncio.gather(*[decide("approve") for _ in range(8)])
    assert sum(won) == 1
    await asyncio.gather(
        *[house.executor(f"e{n}").execute(change_set.id, account_id=house.account.id) for n in range(12)]
    )
    final = await house.execute(change_set)
    assert {change.state for change in final.changes} == {"verified"}
    assert len(house.platform.effects("budget")) == 1
    made = house.platform.effects("create")
    assert len(made) == len(set(made)) == 6
    assert (await house.treasury.audit_verify(house.account.id)).intact
