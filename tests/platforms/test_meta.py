"""Reading and writing a Meta account, against the sandbox."""

from __future__ import annotations

import io
import json
import logging
from datetime import UTC, date, datetime
from pathlib import Path

import httpx2
import pytest
from PIL import Image
from pydantic import SecretStr

from geminivideo.errors import GeminiVideoError, InvalidInput, PlatformAuth, PlatformInvalid, PlatformThrottled
from platforms.graph import GraphClient, GraphCredentials, classify
from platforms.meta import GraphRefusal, MetaReader, MetaUpdate, UploadSession, plan_batches
from platforms.meta_read import _figures

from .conftest import CANARY, CANARY_SECRET, Box, dna, sha256

ALL = {"since": date(2026, 1, 1), "until": date(2026, 3, 31), "currency": "USD"}


async def test_the_whole_account_is_read_across_pages(box: Box) -> None:
    ads = await box.reader.ads()
    assert (await box.reader.account()).currency == "USD"
    assert len(ads) == 24
    assert {ad.delivery for ad in ads} == {"active", "paused"}
    assert all(ad.creative.body and ad.creative.call_to_action.isupper() for ad in ads)
    assert all(ad.ad_set.daily_budget_minor and ad.ad_set.id == ad.ad_set_id for ad in ads)
    assert {s.id for s in await box.reader.ad_sets()} == {ad.ad_set_id for ad in ads}
    assert {c.id for c in await box.reader.campaigns()} == {ad.campaign_id for ad in ads}
    assert ads[0].created_at.utcoffset() is not None


async def test_small_pages_give_the_same_rows_as_one_large_page(box: Box) -> None:
    rows = box.client.pages(f"act_{box.sim.account_id}/ads", params={"fields": "id"}, limit=5)
    assert [row["id"] async for row in rows] == [ad.id for ad in await box.reader.ads()]


async def test_insights_add_up_to_the_worlds_own_figures(box: Box) -> None:
    await box.advance(days=3)
    rows = await box.reader.insights(**ALL)
    world = [row for key in box.sim.world.keys for row in box.sim.world.rows(key) if row.impressions]
    for name in ("impressions", "clicks", "spend_minor", "leads", "reach"):
        assert sum(getattr(row, name) for row in rows) == sum(getattr(row, name) for row in world)
    assert len(rows) == len(world)
    assert box.sim.world.spend_minor() == sum(row.spend_minor for row in rows) > 0


async def test_totals_count_people_once(box: Box) -> None:
    daily, totals = await box.reader.insights(**ALL), await box.reader.totals(**ALL)
    longest = max(totals, key=lambda total: total.impressions)
    days = [row for row in daily if row.ad_external_id == longest.ad_external_id]
    assert longest.impressions == sum(day.impressions for day in days)
    assert longest.spend_minor == sum(day.spend_minor for day in days)
    assert longest.reach < sum(day.reach for day in days)
    one = await box.reader.insights(**ALL, ad_ids=[longest.ad_external_id])
    assert list(one) == days


async def test_pictures_have_the_shape_and_the_colours_of_their_ads(box: Box) -> None:
    ads = await box.reader.ads()
    videos = await box.reader.videos([ad.creative.video_id for ad in ads if ad.creative.video_id])
    assert all(10_000 <= video.length_ms <= 20_000 and video.state == "ready" for video in videos.values())
    seen = set()
    for ad in ads[:8]:
        image = Image.open(io.BytesIO(await box.reader.thumbnail(ad.creative.thumbnail_url)))
        seen.add(image.convert("RGB").resize((1, 1)).getpixel((0, 0)))
        if ad.creative.video_id:
            width, height = videos[ad.creative.video_id].width, videos[ad.creative.video_id].height
            assert image.width / image.height == pytest.approx(width / height, abs=0.02)
    assert len(seen) >= 6


async def test_an_ad_goes_from_file_to_delivery_and_is_found_by_its_change(box: Box, video: Path) -> None:
    registered = await box.control.post(
        f"/sandbox/creatives/{sha256(video)}", json={"traits": dna().model_dump(mode="json"), "key": "arm-1"}
    )
    assert registered.json()["simulated"] is True
    made = await box.publish(video, change_id="chg_01")
    for kind in ("campaign", "ad_set", "creative", "ad", "video"):
        found = await box.reader.find_by_name(kind, "chg_01")  # type: ignore[arg-type]
        assert [item.id for item in found] == [made[kind]]
    assert await box.reader.find_by_name("ad", "chg_02") == ()
    shown = await box.reader.ad(made["ad"])
    assert (shown.delivery, shown.ad_set.daily_budget_minor) == ("active", 4_000)
    assert (await box.reader.videos([made["video"]]))[made["video"]].length_ms == 14_000
    await box.advance(days=2)
    rows = await box.reader.insights(**ALL, ad_ids=[made["ad"]])
    assert [row.spend_minor for row in rows] == [row.spend_minor for row in box.sim.world.rows("arm-1")]
    assert all(0 < row.spend_minor <= 4_000 for row in rows)


async def test_everything_is_made_paused(box: Box, video: Path) -> None:
    campaign = await box.writer.create_campaign(change_id="chg_01", name="Tastings")
    ad_set = await box.writer.create_ad_set(
        change_id="chg_01", name="Austin", campaign_id=campaign, daily_budget_minor=4_000, place="", page_id="1"
    )
    assert (await box.reader.campaign(campaign)).status == "PAUSED"
    assert (await box.reader.ad_set(ad_set)).status == "PAUSED"


async def test_budgets_and_statuses_are_set_absolutely_and_read_back(box: Box) -> None:
    ad = next(ad for ad in await box.reader.ads() if ad.delivery == "active")
    await box.writer.set_budget(change_id="chg_01", ad_set_id=ad.ad_set_id, minor=7_350)
    await box.writer.set_status(change_id="chg_02", entity_id=ad.ad_set_id, status="PAUSED")
    shown = (await box.reader.ad_sets_by_id([ad.ad_set_id]))[ad.ad_set_id]
    assert (shown.daily_budget_minor, shown.status) == (7_350, "PAUSED")
    assert (await box.reader.ad(ad.id)).delivery == "paused"
    last = (await box.journal())[-2:]
    assert [(e["change"], e["content"], e["committed"]) for e in last] == [
        ("chg_01", {"daily_budget": "7350"}, True),
        ("chg_02", {"status": "PAUSED"}, True),
    ]


async def test_a_budget_moves_four_times_an_hour_and_no_more(box: Box) -> None:
    ad = (await box.reader.ads())[-1]
    for step in range(4):
        await box.writer.set_budget(change_id=f"chg_{step}", ad_set_id=ad.ad_set_id, minor=3_000 + step)
    with pytest.raises(PlatformThrottled) as caught:
        await box.writer.set_budget(change_id="chg_4", ad_set_id=ad.ad_set_id, minor=9_000)
    assert caught.value.retry_at is not None and caught.value.retry_at > datetime.now(UTC)
    await box.writer.set_budget(change_id="chg_5", ad_set_id=ad.ad_set_id, minor=3_003)
    assert (await box.reader.ad_set(ad.ad_set_id)).daily_budget_minor == 3_003
    await box.advance(hours=1)
    await box.writer.set_budget(change_id="chg_6", ad_set_id=ad.ad_set_id, minor=9_000)


async def test_what_the_platform_refuses_says_why(box: Box) -> None:
    ad = (await box.reader.ads())[0]
    with pytest.raises(GraphRefusal, match=r"\$1\.00") as caught:
        await box.writer.set_budget(change_id="chg_1", ad_set_id=ad.ad_set_id, minor=5)
    assert (caught.value.number, caught.value.subcode) == (100, 1885272)
    with pytest.raises(GraphRefusal, match="does not exist") as absent:
        await box.reader.ad_set("120219999999999999")
    assert absent.value.subcode == 33
    entries = await box.journal()
    assert entries[-1]["committed"] is False


async def test_a_batch_answers_for_each_item(box: Box) -> None:
    sets = await box.reader.ad_sets()
    first, second = _of_two_campaigns(sets)
    sibling = next(s for s in sets if s.campaign_id == first.campaign_id and s.id != first.id)
    updates = [
        MetaUpdate(change_id="a", entity_id=first.id, campaign_id=first.campaign_id, daily_budget_minor=2_222),
        MetaUpdate(change_id="b", entity_id=second.id, campaign_id=second.campaign_id, status="PAUSED"),
        MetaUpdate(change_id="c", entity_id=sibling.id, campaign_id=sibling.campaign_id, daily_budget_minor=3_333),
        MetaUpdate(change_id="d", entity_id="1", campaign_id="x", daily_budget_minor=3_333),
    ]
    outcomes = {o.change_id: o for o in await box.writer.batch(updates)}
    assert [outcomes[key].state for key in "abcd"] == ["done", "done", "refused", "refused"]
    assert "several ad sets" in str(outcomes["c"].error)
    assert (await box.reader.ad_set(first.id)).daily_budget_minor == 2_222
    assert (await box.reader.ad_set(sibling.id)).daily_budget_minor != 3_333
    batches = plan_batches(updates)
    assert [[u.change_id for u in batch] for batch in batches] == [["a", "b", "d"], ["c"]]


async def test_a_lost_batch_item_is_unknown_whether_it_happened_or_not(box: Box) -> None:
    first, second = _of_two_campaigns(await box.reader.ad_sets())
    for commit, minor in ((True, 4_444), (False, 5_555)):
        await box.fault(kind="null_batch_item", match=first.id, commit=commit)
        updates = [
            MetaUpdate(change_id="a", entity_id=first.id, campaign_id=first.campaign_id, daily_budget_minor=minor),
            MetaUpdate(change_id="b", entity_id=second.id, campaign_id=second.campaign_id, daily_budget_minor=minor),
        ]
        assert [outcome.state for outcome in await box.writer.batch(updates)] == ["unknown", "done"]
        assert ((await box.reader.ad_set(first.id)).daily_budget_minor == minor) is commit


async def test_a_batch_takes_at_most_fifty(box: Box) -> None:
    update = MetaUpdate(change_id="a", entity_id="1", campaign_id="1", daily_budget_minor=100)
    with pytest.raises(InvalidInput, match="50"):
        await box.writer.batch([update] * 51)
    with pytest.raises(InvalidInput, match="changes nothing"):
        await box.writer.batch([MetaUpdate(change_id="a", entity_id="1", campaign_id="1")])
    fifty_one = [update.model_copy(update={"campaign_id": str(n)}) for n in range(51)]
    assert [len(batch) for batch in plan_batches(fifty_one)] == [50, 1]


async def test_an_upload_goes_on_where_it_stopped(box: Box, video: Path) -> None:
    sessions: list[UploadSession] = []
    await box.fault(kind="graph_error", match="advideos", body='"start_offset": "1048576"', code=368)
    with pytest.raises(GeminiVideoError):
        await box.writer.upload_video(video, change_id="chg_1", title="Cut", on_session=sessions.append)
    assert sessions[-1].start_offset == 1_048_576
    resumed = await box.writer.upload_video(video, change_id="chg_1", title="Cut", session=sessions[-1])
    assert resumed == sessions[0].video_id
    assert box.sim.videos[resumed].sha256 == sha256(video)
    # Even from a stale session: the platform tells the true offset.
    starts = [e for e in await box.journal() if e["content"].get("upload_phase") == "start"]
    assert len(starts) == 1


async def test_a_stale_offset_is_corrected_by_the_platform(box: Box, video: Path) -> None:
    sessions: list[UploadSession] = []
    await box.fault(kind="graph_error", match="advideos", body='"upload_phase": "finish"', code=368)
    with pytest.raises(GeminiVideoError):
        await box.writer.upload_video(video, change_id="chg_1", title="Cut", on_session=sessions.append)
    done = await box.writer.upload_video(video, change_id="chg_1", title="Cut", session=sessions[0])
    assert box.sim.videos[done].sha256 == sha256(video)


async def test_unreadable_files_are_refused_before_anything_is_sent(box: Box, tmp_path: Path) -> None:
    empty = tmp_path / "empty.mp4"
    empty.touch()
    for path in (empty, tmp_path / "absent.mp4"):
        with pytest.raises(InvalidInput):
            await box.writer.upload_video(path, change_id="chg_1", title="Cut")
    assert await box.journal() == []


@pytest.mark.parametrize(
    ("spend", "currency", "minor"),
    [("12.34", "USD", 1_234), ("0.1", "USD", 10), ("1234", "JPY", 1_234), ("1.234", "KWD", 1_234), ("0", "EUR", 0)],
)
def test_major_units_become_exact_minor_units(spend: str, currency: str, minor: int) -> None:
    assert _figures({"ad_id": "1", "spend": spend}, currency=currency)["spend_minor"] == minor


@pytest.mark.parametrize(
    "row", [{"ad_id": "1", "spend": "1.005"}, {"spend": "1"}, {"ad_id": "1", "clicks": None, "reach": "x"}]
)
def test_figures_that_cannot_be_read_are_refused(row: dict[str, str]) -> None:
    with pytest.raises(PlatformInvalid):
        _figures(row, currency="USD")


def test_overlapping_action_types_are_not_added_up() -> None:
    actions = [{"action_type": t, "value": "3"} for t in ("lead", "onsite_conversion.lead_grouped", "link_click")]
    assert _figures({"ad_id": "1", "actions": actions}, currency="USD")["leads"] == 3


def test_the_usage_headers_say_when_to_come_back() -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    cases = [{"estimated_time_to_regain_access": 3}, {"estimated_time_to_regain_access": 17}]
    headers = {
        "x-business-use-case-usage": json.dumps({"1": cases}),
        "x-ad-account-usage": '{"reset_time_duration": 60}',
    }
    error = classify(400, {"error": {"code": 80004, "message": "x"}}, headers, now=now)
    assert isinstance(error, PlatformThrottled) and error.retry_at is not None
    assert (error.retry_at - now).total_seconds() == 17 * 60


@pytest.mark.parametrize("headers", [{}, {"x-business-use-case-usage": "nonsense"}, {"x-ad-account-usage": "[]"}])
def test_odd_usage_headers_do_not_hide_a_throttle(headers: dict[str, str]) -> None:
    error = classify(
        400, {"error": {"code": 17, "error_subcode": 2446079}}, headers, now=datetime(2026, 3, 2, tzinfo=UTC)
    )
    assert isinstance(error, PlatformThrottled)
    assert error.retry_at == datetime(2026, 3, 2, 1, tzinfo=UTC)


async def test_a_token_never_shows_in_errors_logs_or_reprs(box: Box, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    texts = []

    async def echo(request: httpx2.Request) -> httpx2.Response:
        error = {"code": 190, "message": f"Malformed access token {CANARY} {CANARY_SECRET}"}
        return httpx2.Response(400, json={"error": error})

    credentials = GraphCredentials(access_token=SecretStr(CANARY), app_secret=SecretStr(CANARY_SECRET))
    transport = httpx2.MockTransport(echo)
    client = GraphClient(base_url="http://127.0.0.1", credentials=credentials, transport=transport)
    reader = MetaReader(base_url="http://127.0.0.1", account_id="1", credentials=credentials, client=client)
    with pytest.raises(PlatformAuth) as caught:
        await reader.account()
    texts += [str(caught.value), repr(caught.value), repr(caught.value.args), repr(credentials), repr(vars(reader))]
    await box.reader.ads()
    await box.fault(kind="html_502", match="GET", count=4)
    with pytest.raises(GeminiVideoError) as second:
        await box.reader.ads()
    texts += [str(second.value), repr(second.value.__context__), repr(second.value.__cause__)]
    texts += [record.getMessage() for record in caplog.records]
    assert any("/v26.0/" in text for text in texts)
    for secret in (CANARY, CANARY_SECRET, credentials.proof):
        assert not any(secret in text for text in texts)
    journal = json.dumps(await box.journal())
    assert CANARY not in journal and credentials.proof not in journal


async def test_a_wrong_token_and_a_wrong_proof_are_told_apart(box: Box) -> None:
    for token, secret, error in (
        ("wrong", CANARY_SECRET, PlatformAuth),
        (CANARY, "wrong", PlatformInvalid),
    ):
        credentials = GraphCredentials(access_token=SecretStr(token), app_secret=SecretStr(secret))
        reader = MetaReader(
            base_url="http://127.0.0.1", account_id=box.sim.account_id, credentials=credentials, transport=box.transport
        )
        with pytest.raises(error):
            await reader.account()


def _of_two_campaigns(sets):  # type: ignore[no-untyped-def]
    counts: dict[str, int] = {}
    for ad_set in sets:
        counts[ad_set.campaign_id] = counts.get(ad_set.campaign_id, 0) + 1
    first = next(s for s in sets if counts[s.campaign_id] > 1)
    return first, next(s for s in sets if s.campaign_id != first.campaign_id)
