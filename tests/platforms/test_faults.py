"""Every way in which a platform can fail, and what it is called here."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import httpx2
import pytest
from pydantic import SecretStr

from geminivideo.errors import (
    OutcomeUnknown,
    PlatformAuth,
    PlatformError,
    PlatformInvalid,
    PlatformPermission,
    PlatformThrottled,
    PlatformTransient,
)
from platforms.hubspot import HubSpotReader
from platforms.meta import GraphCredentials, MetaUpdate
from platforms.meta_writer import MetaWriter

from .conftest import CANARY, Box

REFUSALS = [
    (4, PlatformThrottled),
    (17, PlatformThrottled),
    (32, PlatformThrottled),
    (613, PlatformThrottled),
    (80004, PlatformThrottled),
    (341, PlatformThrottled),
    (190, PlatformAuth),
    (200, PlatformPermission),
    (368, PlatformPermission),
    (100, PlatformInvalid),
]


async def _budget(box: Box, *, minor: int, ad_set: str = "") -> None:
    target = ad_set or (await box.reader.ad_sets())[0].id
    await box.writer.set_budget(change_id="chg_1", ad_set_id=target, minor=minor)


async def test_a_refused_write_is_called_by_its_reason(box: Box) -> None:
    for code, error in REFUSALS:
        await box.fault(kind="graph_error", match="POST", code=code)
        with pytest.raises(error) as caught:
            await _budget(box, minor=6_000)
        assert not isinstance(caught.value, OutcomeUnknown)
        assert (await box.journal())[-1]["committed"] is False
        assert f"{code}/" in str(caught.value)


async def test_a_refused_read_is_called_by_its_reason_and_not_repeated(box: Box) -> None:
    for code, error in REFUSALS:
        await box.control.delete("/sandbox/faults")
        await box.fault(kind="graph_error", match="GET", code=code, count=None)
        with pytest.raises(error):
            await box.reader.account()
        assert await _hits(box) == 1


@pytest.mark.parametrize("code", [1, 2])
async def test_a_platforms_own_fault_leaves_a_write_unknown(box: Box, code: int) -> None:
    await box.fault(kind="graph_error", match="POST", code=code)
    with pytest.raises(OutcomeUnknown):
        await _budget(box, minor=6_000)


@pytest.mark.parametrize("kind", ["html_502", "graph_error"])
async def test_a_read_is_tried_again_until_the_platform_is_well(box: Box, kind: str) -> None:
    await box.fault(kind=kind, match="GET", code=2, count=3)
    assert (await box.reader.account()).currency == "USD"
    assert await _hits(box) == 3
    await box.control.delete("/sandbox/faults")
    await box.fault(kind=kind, match="GET", code=2, count=None)
    with pytest.raises(PlatformTransient):
        await box.reader.account()
    assert await _hits(box) == 4


@pytest.mark.parametrize("kind", ["commit_then_html_502", "commit_then_truncated_json"])
async def test_an_unreadable_answer_leaves_a_write_unknown_though_it_happened(box: Box, kind: str) -> None:
    target = (await box.reader.ad_sets())[0].id
    await box.fault(kind=kind, match="POST")
    with pytest.raises(OutcomeUnknown, match="read back"):
        await _budget(box, minor=6_000, ad_set=target)
    assert (await box.reader.ad_set(target)).daily_budget_minor == 6_000
    assert await _hits(box) == 1


@pytest.mark.parametrize(
    ("kind", "happened"), [("commit_then_timeout", True), ("timeout", False), ("commit_then_close", True)]
)
async def test_a_lost_answer_is_unknown_and_found_by_reading_back(live: Box, kind: str, happened: bool) -> None:
    before = len(await live.journal())
    await live.fault(kind=kind, match="POST .*campaigns", seconds=1.0)
    with pytest.raises(OutcomeUnknown):
        await live.writer.create_campaign(change_id=f"chg_{kind}", name="Tastings")
    found = await live.reader.find_by_name("campaign", f"[chg_{kind}]")
    assert len(found) == int(happened)
    entries = (await live.journal())[before:]
    assert [entry["committed"] for entry in entries] == [happened]


async def test_a_batch_without_an_answer_is_unknown_item_by_item(live: Box) -> None:
    first = (await live.reader.ad_sets())[0]
    await live.fault(kind="commit_then_timeout", match=r"POST /$", seconds=1.0)
    update = MetaUpdate(change_id="a", entity_id=first.id, campaign_id=first.campaign_id, daily_budget_minor=4_321)
    (outcome,) = await live.writer.batch([update])
    assert outcome.state == "unknown"
    assert (await live.reader.ad_set(first.id)).daily_budget_minor == 4_321


async def test_a_write_that_never_left_is_transient_not_unknown() -> None:
    credentials = GraphCredentials(access_token=SecretStr(CANARY))
    writer = MetaWriter(base_url="http://127.0.0.1:9", account_id="1", credentials=credentials)
    with pytest.raises(PlatformTransient, match="could not be reached"):
        await writer.set_budget(change_id="chg_1", ad_set_id="1", minor=100)


async def test_a_lost_piece_of_an_upload_is_sent_again_without_doubling(live: Box, video: Path) -> None:
    await live.fault(kind="commit_then_close", match="advideos", body='"transfer"', count=2)
    made = await live.writer.upload_video(video, change_id="chg_up", title="Cut")
    assert live.sim.videos[made].received == 2_560_000
    assert len(await live.reader.find_by_name("video", "chg_up")) == 1


async def test_a_human_edit_shows_when_state_is_read_again(box: Box) -> None:
    target = (await box.reader.ad_sets())[-1]
    await box.fault(kind="human_edit", match=f"GET /{target.id}", edit={"id": target.id, "daily_budget_minor": 1_234})
    assert (await box.reader.ad_set(target.id)).daily_budget_minor == 1_234
    assert (await box.journal())[-1]["method"] == "HUMAN"
    edited = await box.control.post("/sandbox/edits", json={"id": target.id, "status": "PAUSED"})
    assert edited.json()["simulated"] is True
    assert (await box.reader.ad_set(target.id)).status == "PAUSED"


async def test_faults_by_rate_hit_about_as_often_as_asked(box: Box) -> None:
    await box.fault(kind="graph_error", match="GET", code=200, rate=0.3, count=None)
    refused = 0
    for _ in range(100):
        try:
            await box.reader.account()
        except PlatformPermission:
            refused += 1
    assert 15 <= refused <= 45


async def test_deals_are_read_page_by_page_and_once_each(box: Box) -> None:
    await box.advance(days=2)
    deals = await box.hubspot().search_deals()
    world = box.sim.world.deals()
    assert {deal.external_id for deal in deals} == {row.id for row in world}
    assert sum(deal.amount_minor for deal in deals) == sum(row.amount_minor for row in world)
    known = {ad.id for ad in await box.reader.ads()}
    assert {deal.ad_external_id for deal in deals} <= known | {""}
    assert "" in {deal.ad_external_id for deal in deals}
    assert [deal.modified_at for deal in deals] == sorted(deal.modified_at for deal in deals)


async def test_a_window_of_deals_reaches_back_over_its_start(box: Box) -> None:
    every = await box.hubspot().search_deals()
    since = every[len(every) // 2].modified_at
    window = await box.hubspot().search_deals(modified_since=since)
    assert {d.external_id for d in every if d.modified_at >= since} <= {d.external_id for d in window}
    assert len(window) < len(every)


@pytest.mark.parametrize(
    ("kind", "code", "error"),
    [("expired_token", 0, PlatformAuth), ("graph_error", 1, PlatformTransient), ("html_502", 0, PlatformTransient)],
)
async def test_hubspots_faults_are_called_by_their_reason(
    box: Box, kind: str, code: int, error: type[PlatformError]
) -> None:
    reader = box.hubspot()
    await box.fault(kind=kind, match="deals/search", code=code, count=None)
    with pytest.raises(error):
        await reader.search_deals()


async def test_a_short_throttle_of_hubspot_is_waited_out(box: Box) -> None:
    reader = box.hubspot()
    await box.fault(kind="hubspot_429", match="deals/search", count=2)
    assert await reader.search_deals()


async def test_hubspot_tells_a_wrong_token_and_bad_queries(box: Box) -> None:
    wrong = HubSpotReader(base_url=box.base_url, token=SecretStr("no"), currency="USD", transport=box.transport)
    with pytest.raises(PlatformAuth):
        await wrong.search_deals()
    headers = {"Authorization": f"Bearer {CANARY}"}
    for body in ("{", '{"limit": 1000}', '{"after": "9999", "limit": 100}', '{"after": "x"}'):
        answer = await box.control.post("/crm/v3/objects/deals/search", content=body, headers=headers)
        assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


async def test_deals_of_a_foreign_shape_are_refused_by_name() -> None:
    row = {"id": "1", "properties": {"createdate": "2026-03-02T00:00:00Z", "hs_lastmodifieddate": "2026-03-02T00:00:00Z",
                                     "amount": "12.5", "dealstage": "appointmentscheduled"}}  # fmt: skip

    def answering(**change: str) -> HubSpotReader:
        changed = {**row, "properties": {**row["properties"], **change}}  # type: ignore[dict-item]
        transport = httpx2.MockTransport(lambda _: httpx2.Response(200, json={"total": 1, "results": [changed]}))
        return HubSpotReader(base_url="http://127.0.0.1", token=SecretStr("x"), currency="USD", transport=transport)

    (deal,) = await answering().search_deals()
    assert (deal.amount_minor, deal.ad_external_id, deal.created_at.date()) == (1_250, "", date(2026, 3, 2))
    for change in ({"amount": "-1"}, {"amount": "many"}, {"dealstage": "custom"}, {"createdate": "yesterday"}):
        with pytest.raises(PlatformInvalid):
            await answering(**change).search_deals()


async def _hits(box: Box) -> int:
    faults = (await box.control.get("/sandbox/faults")).json()["faults"]
    return int(faults[-1]["hits"])
