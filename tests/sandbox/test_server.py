"""The sandbox as a server: durable, plainly labelled, and strict about what Graph would refuse."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from geminivideo.creative_dna import CreativeDna
from geminivideo.errors import InvalidInput, StorageError
from sandbox import journal as journal_module
from sandbox.__main__ import main
from sandbox.history import plan_history
from sandbox.server import create_app
from sandbox.wire.meta_nodes import parse_fields
from sandbox.world import World, WorldConfig

ROOT = Path(__file__).parents[2]
CONFIG = WorldConfig(seed=5, start=datetime(2026, 3, 2, 15, tzinfo=UTC))
TOKEN = {"access_token": "sandbox-token"}
DNA = plan_history(seed=1, first=datetime(2026, 1, 1).date(), days=90, ads=20)[0].dna


def app(data: Path | None = None) -> FastAPI:
    return create_app(CONFIG, data=data, history_days=20, history_ads=12)


def opened(data: Path | None = None) -> TestClient:
    return TestClient(app(data))


def account(client: TestClient) -> str:
    return f"/v26.0/act_{client.get('/sandbox').json()['account_id']}"


def created(client: TestClient, edge: str, **params: Any) -> dict[str, Any]:
    values = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
    return dict(client.post(f"{account(client)}/{edge}", data=values | TOKEN).json())


def ad_set(client: TestClient, **more: Any) -> dict[str, Any]:
    campaign = created(client, "campaigns", name="C", objective="OUTCOME_LEADS", special_ad_categories=[])
    usual = {
        "name": "S", "campaign_id": campaign["id"], "daily_budget": "2000", "billing_event": "IMPRESSIONS",
        "optimization_goal": "LEAD_GENERATION", "targeting": {"geo_locations": {"countries": ["US"]}},
    }  # fmt: skip
    return created(client, "adsets", **(usual | more))


def uploaded(client: TestClient, content: bytes, title: str = "T") -> str:
    edge = f"{account(client)}/advideos"
    start = client.post(edge, data={"upload_phase": "start", "file_size": str(len(content))} | TOKEN).json()
    session = {"upload_session_id": start["upload_session_id"]} | TOKEN
    piece = session | {"upload_phase": "transfer", "start_offset": "0"}
    client.post(edge, data=piece, files={"video_file_chunk": ("c", content, "application/octet-stream")})
    done = client.post(edge, data=session | {"upload_phase": "finish", "title": title}).json()
    assert done == {"success": True}
    return str(start["video_id"])


def publish(client: TestClient, content: bytes = b"film") -> dict[str, str]:
    made = {"video": uploaded(client, content), "set": ad_set(client)["id"]}
    made["campaign"] = client.get(f"/v26.0/{made['set']}", params={"fields": "campaign_id"} | TOKEN).json()[
        "campaign_id"
    ]
    video_data = {"video_id": made["video"], "image_url": "https://x.example/a.png", "message": "Hi", "title": "T"}
    spec = {"page_id": "1", "video_data": video_data}
    made["creative"] = created(client, "adcreatives", name="K", object_story_spec=spec)["id"]
    made["ad"] = created(client, "ads", name="A", adset_id=made["set"], creative={"creative_id": made["creative"]})[
        "id"
    ]
    for entity in ("campaign", "set", "ad"):
        assert client.post(f"/v26.0/{made[entity]}", data={"status": "ACTIVE"} | TOKEN).json() == {"success": True}
    return made


def everything(client: TestClient) -> list[Any]:
    base, fields = account(client), "id,name,configured_status,effective_status"
    shown: list[Any] = [client.get("/sandbox/clock").json(), client.get("/sandbox/truth").json()]
    for edge in ("campaigns", "adsets", "ads"):
        shown.append(client.get(f"{base}/{edge}", params={"fields": fields, "limit": "500"} | TOKEN).json())
    query = {
        "level": "ad",
        "time_increment": "1",
        "fields": "ad_id,spend,actions",
        "limit": "500",
        "date_preset": "maximum",
    }
    shown.append(client.get(f"{base}/insights", params=query | TOKEN).json())
    shown.append(client.get("/sandbox/journal").json())
    return shown


def test_a_restarted_sandbox_is_where_it_was(tmp_path: Path) -> None:
    before = opened(tmp_path)
    sha = hashlib.sha256(b"film").hexdigest()
    before.post(f"/sandbox/creatives/{sha}", json={"traits": DNA.model_dump(mode="json"), "key": "arm"})
    made = publish(before)
    before.post("/sandbox/advance", json={"days": 3})
    refused = ad_set(before, daily_budget="5")
    assert refused["error"]["error_subcode"] == 1885272
    before.post(f"/v26.0/{made['set']}", data={"daily_budget": "3100"} | TOKEN)
    after = opened(tmp_path)
    assert everything(after) == everything(before)
    # And it goes on as it would have gone on.
    for client in (before, after):
        client.post("/sandbox/advance", json={"days": 1})
    assert everything(after)[1:5] == everything(before)[1:5]
    assert ad_set(after)["id"] != made["set"]


def test_an_upload_survives_a_restart_in_the_middle(tmp_path: Path) -> None:
    before = opened(tmp_path)
    edge = f"{account(before)}/advideos"
    start = before.post(edge, data={"upload_phase": "start", "file_size": "8"} | TOKEN).json()
    common = {"upload_session_id": start["upload_session_id"]} | TOKEN
    first = common | {"upload_phase": "transfer", "start_offset": "0"}
    moved = before.post(edge, data=first, files={"video_file_chunk": ("c", b"film", "video/mp4")}).json()
    assert moved == {"start_offset": "4", "end_offset": "8"}
    after = opened(tmp_path)
    again = after.post(edge, data=first, files={"video_file_chunk": ("c", b"film", "video/mp4")}).json()
    assert again["error"]["error_subcode"] == 1363037
    assert again["error"]["error_data"] == {"start_offset": 4, "end_offset": 8}
    second = common | {"upload_phase": "transfer", "start_offset": "4"}
    after.post(edge, data=second, files={"video_file_chunk": ("c", b"roll", "video/mp4")})
    after.post(edge, data=common | {"upload_phase": "finish"})
    finish = after.get("/sandbox/journal").json()["entries"][-1]
    assert finish["outcome"]["status"] == 200
    assert (tmp_path / "media" / f"{start['video_id']}.mp4").read_bytes() == b"filmroll"


def test_half_a_journal_line_was_never_answered_and_is_dropped(tmp_path: Path) -> None:
    client = opened(tmp_path)
    ad_set(client)
    journal = tmp_path / "journal.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"seq": 3, "op": {"do": "adv')
    again = opened(tmp_path)
    assert again.get("/sandbox/journal").json()["total"] == 2
    assert journal.read_bytes() == whole
    journal.write_bytes(b"not json\n" + whole)
    with pytest.raises(StorageError, match="damaged"):
        app(tmp_path)


def test_a_full_disk_stops_the_sandbox_and_leaves_a_readable_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = TestClient(app(tmp_path), raise_server_exceptions=False)
    ad_set(client)
    kept = everything(opened(tmp_path))
    with monkeypatch.context() as patched:
        patched.setattr(journal_module.os, "fsync", _no_space)
        assert client.post("/sandbox/advance", json={"days": 1}).status_code == 500
    assert client.post("/sandbox/advance", json={"days": 1}).status_code == 500
    journal = tmp_path / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-20])
    assert everything(opened(tmp_path)) == kept


def _no_space(_: int) -> None:
    raise OSError(28, "No space left on device")


def test_a_folder_of_another_world_is_refused(tmp_path: Path) -> None:
    app(tmp_path)
    other = WorldConfig(seed=6, start=CONFIG.start)
    with pytest.raises(InvalidInput, match="another world"):
        create_app(other, data=tmp_path, history_days=20, history_ads=12)


def test_creating_twice_makes_two(tmp_path: Path) -> None:
    client = opened()
    ids = {
        created(client, "campaigns", name="Same", objective="OUTCOME_LEADS", special_ad_categories=[])["id"]
        for _ in "ab"
    }
    query = {"filtering": json.dumps([{"field": "name", "operator": "EQUAL", "value": "Same"}])} | TOKEN
    found = client.get(f"{account(client)}/campaigns", params=query).json()["data"]
    assert {row["id"] for row in found} == ids and len(ids) == 2


def test_traits_never_come_back_over_a_platforms_wire() -> None:
    client = opened()
    sha = hashlib.sha256(b"film").hexdigest()
    client.post(f"/sandbox/creatives/{sha}", json={"traits": DNA.model_dump(mode="json")})
    made = publish(client)
    client.post("/sandbox/advance", json={"days": 1})
    seen = "".join(json.dumps(part) for part in everything(client)[2:6])
    creative = {"fields": "id,name,body,title,call_to_action_type,object_story_spec,video_id"} | TOKEN
    seen += client.get(f"/v26.0/{made['creative']}", params=creative).text
    for trait in CreativeDna.model_fields:
        assert f'"{trait}"' not in seen
    for field in ("hook_type", "dna", "traits", "quality"):
        refused = client.get(f"/v26.0/{made['creative']}", params={"fields": field} | TOKEN)
        assert refused.status_code == 400


def test_registered_traits_change_what_the_world_does() -> None:
    plain, known = opened(), opened()
    sha = hashlib.sha256(b"film").hexdigest()
    known.post(f"/sandbox/creatives/{sha}", json={"traits": DNA.model_dump(mode="json")})
    odds = []
    for client in (plain, known):
        made = publish(client)
        odds.append(client.get("/sandbox/truth").json()["ads"][made["ad"]]["ctr_log_odds"])
    assert odds[0] != odds[1]


def test_every_answer_of_the_control_plane_is_labelled_simulated() -> None:
    client = opened()
    sha = "0" * 64
    answers = [
        client.get("/sandbox"),
        client.get("/sandbox/clock"),
        client.post("/sandbox/advance", json={"days": 1}),
        client.post(f"/sandbox/creatives/{sha}", json={"traits": DNA.model_dump(mode="json")}),
        client.post("/sandbox/faults", json={"kind": "timeout", "match": "never"}),
        client.get("/sandbox/faults"),
        client.delete("/sandbox/faults"),
        client.get("/sandbox/journal"),
        client.get("/sandbox/truth"),
    ]
    assert [answer.json()["simulated"] for answer in answers] == [True] * len(answers)


def test_the_clock_can_be_set_to_a_day_twice_without_harm() -> None:
    client = opened()
    for _ in range(2):
        assert client.post("/sandbox/advance", json={"until": "2026-03-05"}).json()["today"] == "2026-03-05"
    assert client.post("/sandbox/advance", json={"until": "2026-03-01"}).status_code == 409
    assert client.post("/sandbox/advance", json={"days": 1, "hours": 3}).status_code == 422


REFUSED = [
    ("campaigns", {"name": "C", "objective": "OUTCOME_LEADS"}, 100, None),
    ("campaigns", {"name": "C", "objective": "FAME", "special_ad_categories": []}, 100, None),
    ("campaigns", {"name": "C", "objective": "OUTCOME_LEADS", "special_ad_categories": [], "colour": "red"}, 100, None),
    ("adsets", {"name": "S", "campaign_id": "1"}, 100, 1885364),
    (
        "adcreatives",
        {"name": "K", "object_story_spec": {"page_id": "1", "video_data": {"video_id": "1"}}},
        100,
        1443226,
    ),
    ("adcreatives", {"name": "K"}, 100, None),
    ("ads", {"name": "A", "adset_id": "1", "creative": {"creative_id": "1"}}, 100, 33),
    ("ads", {"name": "A", "adset_id": "1", "creative": "{"}, 100, None),
    ("advideos", {"upload_phase": "transfer", "upload_session_id": "1"}, 100, 1363041),
]


@pytest.mark.parametrize(("edge", "params", "code", "subcode"), REFUSED)
def test_graph_refuses_what_it_cannot_use(edge: str, params: dict[str, Any], code: int, subcode: int | None) -> None:
    client = opened()
    error = created(client, edge, **params)["error"]
    assert (error["code"], error.get("error_subcode")) == (code, subcode)
    assert error["fbtrace_id"] and "message" in error and "type" in error


def test_a_budget_is_on_the_campaign_or_on_its_ad_sets() -> None:
    client = opened()
    params = {"name": "C", "objective": "OUTCOME_LEADS", "special_ad_categories": [], "daily_budget": "5000"}
    campaign = created(client, "campaigns", **params)["id"]
    assert ad_set(client, campaign_id=campaign)["error"]["error_subcode"] == 1885621
    assert "id" in ad_set(client, campaign_id=campaign, daily_budget="")
    assert ad_set(client, daily_budget="")["error"]["error_subcode"] == 1885090


@pytest.mark.parametrize("fields", ["a{b", "a}b", "{a}}"])
def test_field_lists_that_do_not_close_are_refused(fields: str) -> None:
    client = opened()
    answer = client.get(f"{account(client)}/ads", params={"fields": fields} | TOKEN)
    assert answer.status_code == 400


def test_field_lists_nest() -> None:
    assert parse_fields("id,creative{body,video{id}},name") == {
        "id": {}, "creative": {"body": {}, "video": {"id": {}}}, "name": {},
    }  # fmt: skip


def test_a_dry_run_checks_and_changes_nothing() -> None:
    client = opened()
    params = {
        "name": "C",
        "objective": "OUTCOME_LEADS",
        "special_ad_categories": [],
        "execution_options": ["validate_only"],
    }
    assert created(client, "campaigns", **params) == {"success": True}
    assert client.get("/sandbox/journal").json()["entries"][-1]["committed"] is False
    names = client.get(f"{account(client)}/campaigns", params={"fields": "name", "limit": "500"} | TOKEN).json()["data"]
    assert "C" not in {row["name"] for row in names}


def test_a_paused_parent_stops_its_ads() -> None:
    client = opened()
    made = publish(client)
    client.post(f"/v26.0/{made['campaign']}", data={"status": "PAUSED"} | TOKEN)
    shown = client.get(f"/v26.0/{made['ad']}", params={"fields": "configured_status,effective_status"} | TOKEN).json()
    assert (shown["configured_status"], shown["effective_status"]) == ("ACTIVE", "CAMPAIGN_PAUSED")
    assert client.get("/sandbox/truth").json()["ads"][made["ad"]]["active"] is False


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Any]:
    running: list[subprocess.Popen[str]] = []

    def start(*more: str) -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-m", "sandbox", "--seed", "5", "--ads", "12", "--days", "20", *more]
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
        )
        running.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline()

    yield start
    for process in running:
        process.kill()
        process.communicate()


def test_a_killed_server_comes_back_with_what_it_had_answered(server: Any, tmp_path: Path) -> None:
    process, line = server("--port", "0", "--data", str(tmp_path / "world"))
    ready = json.loads(line)
    assert ready["pid"] == process.pid and ready["simulated"] is True
    account_id = httpx2.get(f"{ready['url']}/sandbox", trust_env=False).json()["account_id"]
    edge = f"/v26.0/act_{account_id}/campaigns"
    params = {"name": "C [chg_1]", "objective": "OUTCOME_LEADS", "special_ad_categories": "[]"} | TOKEN
    made = httpx2.post(ready["url"] + edge, data=params, trust_env=False).json()["id"]
    process.send_signal(signal.SIGKILL)
    process.wait()
    second, line = server("--port", ready["url"].rsplit(":", 1)[1], "--data", str(tmp_path / "world"))
    again = json.loads(line)
    shown = httpx2.get(f"{again['url']}/v26.0/{made}", params={"fields": "name"} | TOKEN, trust_env=False).json()
    assert shown["name"] == "C [chg_1]"
    assert second.poll() is None


def test_a_port_in_use_is_refused_in_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["--port", str(taken.getsockname()[1]), "--ads", "0"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "cannot listen" in shown.err and shown.err.count("\n") == 1


@pytest.mark.parametrize("options", [["--start", "yesterday"], ["--port", "99999"]])
def test_bad_options_get_one_clear_line(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*options, "--ads", "0"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_an_ad_with_a_given_key_does_the_same_in_process_and_over_the_wire() -> None:
    client = opened()
    content = b"film"
    registration = {"traits": DNA.model_dump(mode="json"), "key": "arm-1"}
    client.post(f"/sandbox/creatives/{hashlib.sha256(content).hexdigest()}", json=registration)
    made = publish(client, content)
    world = World(CONFIG)
    world.add_ad("arm-1", traits=DNA, daily_budget_minor=2_000, active=True)
    for day in range(5):
        client.post(f"/v26.0/{made['set']}", data={"daily_budget": str(2_000 + 300 * day)} | TOKEN)
        world.set_budget("arm-1", minor=2_000 + 300 * day)
        client.post("/sandbox/advance", json={"days": 1})
        world.advance_day()
    query = {"fields": "impressions,inline_link_clicks,spend,reach", "time_increment": "1"} | TOKEN
    rows = client.get(f"/v26.0/{made['ad']}/insights", params=query).json()["data"]
    wire = [(int(r["impressions"]), int(r["inline_link_clicks"]), r["spend"], int(r["reach"])) for r in rows]
    assert wire == [(r.impressions, r.clicks, f"{r.spend_minor / 100:.2f}", r.reach) for r in world.rows("arm-1")]
    assert len(wire) == 5
