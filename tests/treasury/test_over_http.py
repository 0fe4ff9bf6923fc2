"""The whole treasury over the real wire: executor, Meta client and the sandbox's server in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from geminivideo.clock import WallClock
from geminivideo.settings import Settings
from geminivideo.spend import PublishSpec, SpendState
from memory.assets import AssetStore
from memory.database import Database
from platforms.addresses import meta_address
from tests.treasury.house import ANN, House, account, change, create, usd
from treasury.meta_port import MetaPorts
from treasury.opening import open_treasury
from treasury.service import Treasury

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--seed", "7", "--days", "7", "--ads", "8"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield json.loads(process.stdout.readline())
    process.terminate()
    process.wait(10)


class Live:
    """A treasury of its own account row, on the sandbox."""

    def __init__(self, house: House, settings: Settings, treasury: Treasury) -> None:
        self.house, self.settings, self.treasury = house, settings, treasury
        self.port = MetaPorts(settings)(house.account)

    async def run(self, *items: Any) -> Any:
        change_set = self.house.set_of(*items)
        await self.treasury.propose(change_set, key=change_set.id, who="test")
        where = {"account_id": self.house.account.id}
        await self.treasury.decide(change_set.id, principal=ANN, verdict="approve", digest=change_set.digest, **where)
        return await self.treasury.execute(change_set.id, **where)

    def control(self, path: str, **body: Any) -> Any:
        url = f"{self.settings.sandbox_url}/sandbox/{path}"
        reply = httpx2.post(url, json=body) if body else httpx2.get(url)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def writes(self, mark: str) -> list[str]:
        entries = self.control("journal")["entries"]
        return [f"{e['method']} {e['path']}" for e in entries if e["change"] == mark and e["committed"]]


@pytest.fixture
async def live(sandbox: dict[str, Any], tmp_path: Path) -> AsyncIterator[Live]:
    from tests.treasury.model_platform import ModelPlatform

    settings = Settings(home=tmp_path, sandbox_url=sandbox["url"], meta_access_token="sandbox-token")
    db = Database(f"sqlite+aiosqlite:///{tmp_path / 'records.db'}")
    caps = {"daily_total_max": 10_000_000, "monthly_total_max": 1_000_000_000}
    acc = account(external_id=sandbox["account_id"], config={"caps": caps})
    house = await House(db, tmp_path, account=acc, platform=ModelPlatform()).prepare()
    house.clock.at = WallClock().now()
    assets = AssetStore(tmp_path / "assets")
    opened = open_treasury(settings, db=db, assets=assets, wall=WallClock(), owner="test")
    treasury = await opened.__aenter__()
    made = Live(house, settings, treasury)
    made.video = assets.put_bytes(b"not really a film" * 100)  # type: ignore[attr-defined]
    traits = made.control("truth")
    assert traits["simulated"]
    yield made
    httpx2.delete(f"{settings.sandbox_url}/sandbox/faults")
    await made.port.aclose()
    await opened.__aexit__(None, None, None)
    await db.close()


def with_video(item: Any, video: str) -> Any:
    spec = item.publish.model_dump() | {"videos": [("9:16", video)], "call_to_action": "book"}
    return item.model_copy(update={"publish": PublishSpec.model_validate(spec)})


async def test_publish_change_budget_and_pause_reach_the_platform_once_each(live: Live) -> None:
    new = with_video(create(4_000), live.video)  # type: ignore[attr-defined]
    made = await live.run(new)
    assert [item.state for item in made.changes] == ["verified"], made
    ad_set = made.changes[0].ad_set_external_id
    now = SpendState(status="ACTIVE", daily_budget=usd(4_000))
    assert await live.port.spend_state(ad_set) == now

    more = SpendState(status="ACTIVE", daily_budget=usd(4_800))
    raised = await live.run(change(kind="budget", external_id=ad_set, before=now, after=more))
    stopped = SpendState(status="PAUSED", daily_budget=usd(4_800))
    paused = await live.run(change(kind="pause", external_id=ad_set, before=more, after=stopped))
    assert [raised.changes[0].state, paused.changes[0].state] == ["verified", "verified"]
    assert await live.port.spend_state(ad_set) == stopped
    edges = [row.rsplit("/", 1)[-1] for row in live.writes(new.id)]
    assert [edges.count(edge) for edge in ("adsets", "ads", "adcreatives")] == [1, 1, 1]
    assert (await live.treasury.audit_verify(live.house.account.id)).intact


@pytest.mark.parametrize("kind", ["commit_then_close", "commit_then_html_502", "commit_then_truncated_json"])
async def test_an_answer_that_got_lost_makes_nothing_twice(live: Live, kind: str) -> None:
    live.control("faults", kind=kind, match="POST .*(adsets|/ads)$", count=2)
    new = with_video(create(3_000, name=f"Lost {kind}"), live.video)  # type: ignore[attr-defined]
    made = await live.run(new)
    if not made.settled:
        made = await live.treasury.execute(made.set_id, account_id=live.house.account.id)
    assert [item.state for item in made.changes] == ["verified"], made
    edges = [row.rsplit("/", 1)[-1] for row in live.writes(new.id)]
    assert [edges.count(edge) for edge in ("adsets", "ads", "adcreatives")] == [1, 1, 1]


async def test_an_edit_by_hand_since_the_proposal_voids_it(live: Live) -> None:
    made = await live.run(with_video(create(2_000, name="Edited"), live.video))  # type: ignore[attr-defined]
    ad_set = made.changes[0].ad_set_external_id
    before = SpendState(status="ACTIVE", daily_budget=usd(2_000))
    live.control("edits", id=ad_set, daily_budget_minor=2_500)
    after = SpendState(status="ACTIVE", daily_budget=usd(2_200))
    report = await live.run(change(kind="budget", external_id=ad_set, before=before, after=after))
    assert report.state == "voided"
    assert report.problem.code == "drifted"
    assert "$25.00" in report.problem.what


def test_a_simulated_account_never_reaches_a_real_platform() -> None:
    settings = Settings(meta_base_url="https://graph.example", sandbox_url="http://127.0.0.1:1")
    assert meta_address(settings, account()) == "http://127.0.0.1:1"
    assert meta_address(settings, account(simulated=False)) == "https://graph.example"
