from __future__ import annotations

import json
import re
from typing import Any

import httpx2
import pytest

from geminivideo.settings import Settings
from tests.api.conftest import RUN, Api, serving, sse

Campaign = tuple[dict[str, Any], dict[str, Any]]


def test_the_same_idempotency_key_is_the_same_run_and_another_body_conflicts(api: Api) -> None:
    key = {"Idempotency-Key": "brief-1"}
    first = api.post("/runs", RUN, headers=key)
    again = api.post("/runs", RUN, headers=key)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]
    other = api.post("/runs", {**RUN, "seed": 5}, headers=key)
    assert other.status_code == 409
    assert other.json()["code"] == "conflict"
    optimisation = api.post("/runs", {"account_id": RUN["account_id"], "graph": "optimise"}, headers=key)
    assert optimisation.status_code == 409
    assert api.post(f"/runs/{first.json()['id']}/cancel").json()["status"] == "cancelled"


def test_a_campaign_takes_a_brief_and_an_optimisation_none(api: Api) -> None:
    assert api.post("/runs", {"account_id": RUN["account_id"]}).status_code == 422
    assert api.post("/runs", {**RUN, "graph": "optimise"}).status_code == 422
    run = api.post("/runs", {"account_id": RUN["account_id"], "graph": "optimise"}).json()
    assert api.wait_for(run["id"], "done", "failed")["status"] == "done"


def test_runs_are_listed_newest_first(api: Api, campaign: Campaign) -> None:
    found = [run["id"] for run in api.get("/runs", params={"account_id": RUN["account_id"]}).json()]
    assert campaign[0]["id"] in found
    assert found == sorted(found, reverse=True)
    assert len(api.get("/runs", params={"limit": 1}).json()) == 1


def test_a_foreign_id_answers_like_an_absent_one(api: Api, campaign: Campaign) -> None:
    run, view = campaign
    for path in (f"/runs/{run['id']}", f"/runs/{run['id']}/events", f"/approvals/{view['id']}"):
        absent = re.sub(r"_[^/]+", "_nobody", path)
        answers = [api.get(where, params={"account_id": "acc_other"}) for where in (path, absent)]
        assert [answer.status_code for answer in answers] == [404, 404]
        bodies = [answer.json() for answer in answers]
        for body in bodies:
            assert body.pop("where")
        assert bodies[0] == bodies[1]
    for path in ("/runs", "/approvals", "/ledger", "/ledger/audit"):
        assert api.get(path, params={"account_id": "acc_other"}).status_code == 404
    assert api.post("/runs", {**RUN, "account_id": "acc_other"}).status_code == 404


def _read(api: Api, run_id: str, *, after: str = "", most: int = 1_000) -> list[tuple[str, dict[str, Any]]]:
    """Events of a live stream, left after `most` of them."""
    found: list[tuple[str, dict[str, Any]]] = []
    headers = {"Last-Event-ID": after} if after else {}
    with api.client.stream("GET", f"/runs/{run_id}/events", headers=headers) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        block = ""
        for line in stream.iter_lines():
            block += f"{line}\n"
            if not line:
                found += list(sse(block))
                block = ""
            if len(found) >= most:
                break
    return found[:most]


def test_events_resume_without_loss_or_doubling_while_the_run_goes_on(api: Api) -> None:
    run_id = api.post("/runs", RUN).json()["id"]
    seen: list[tuple[str, dict[str, Any]]] = []
    for _ in range(6):  # a client that loses its connection again and again
        seen += _read(api, run_id, after=seen[-1][0] if seen else "", most=3)
    api.wait_for(run_id, "waiting_approval", "failed")
    api.post(f"/runs/{run_id}/cancel")
    api.wait_for(run_id, "cancelled")
    seen += _read(api, run_id, after=seen[-1][0])
    whole = _read(api, run_id)
    assert seen == whole
    assert [int(number) for number, _ in whole] == list(range(1, len(whole) + 1))
    assert whole[-1][1]["kind"] in {"run.cancelled", "approval.decided"}


@pytest.mark.parametrize("given", ["²", "-1", "x", "9" * 30, ""])
def test_a_last_event_id_that_is_no_number_starts_at_the_beginning(api: Api, campaign: Campaign, given: str) -> None:
    headers = {"Last-Event-ID": given.encode("latin-1")}
    with api.client.stream("GET", f"/runs/{campaign[0]['id']}/events", headers=headers) as stream:
        assert stream.status_code == 200
        first = next(line for line in stream.iter_lines() if line.startswith("data"))
    assert json.loads(first.removeprefix("data: "))["seq"] == 1


def test_an_approval_is_bound_to_the_digest_that_was_seen(api: Api) -> None:
    run, view = api.waiting_campaign()
    path = f"/approvals/{view['id']}/decision"
    wrong = api.post(path, {"verdict": "approve", "digest": "0" * 64})
    assert wrong.status_code == 409
    asked = api.post(path, {"verdict": "ask", "digest": view["digest"], "reason": "Why now?"}).json()
    assert (asked["state"], asked["decisions"][0]["reason"]) == ("proposed", "Why now?")
    change = view["rows"][0]["change_id"]
    budget = {change: {"minor": 1_000, "currency": "USD"}}
    edited = api.post(path, {"verdict": "edit", "digest": view["digest"], "budgets": budget}).json()
    assert edited["supersedes"] == view["id"]
    assert "$10.00" in edited["rows"][0]["after"]
    assert api.post(path, {"verdict": "approve", "digest": view["digest"]}).status_code == 409
    done = api.post(f"/approvals/{edited['id']}/decision", {"verdict": "approve", "digest": edited["digest"]})
    assert done.json()["state"] == "approved"
    assert api.wait_for(run["id"], "done", "failed")["status"] == "done"
    ledger = api.get("/ledger", params={"account_id": run["account_id"], "set_id": edited["id"]}).json()
    assert [row["state"] for row in ledger] == ["verified"] * len(edited["rows"])
    assert api.get("/ledger/audit", params={"account_id": run["account_id"]}).json()["intact"]


@pytest.mark.parametrize(
    "body",
    [
        {"verdict": "approve"},
        {"verdict": "approve", "digest": "x"},
        {"verdict": "yes", "digest": "0" * 64},
        {"verdict": "edit", "digest": "0" * 64, "budgets": {"chg_x": {"minor": "5", "currency": "USD"}}},
        {"verdict": "edit", "digest": "0" * 64, "budgets": {"chg_x": {"minor": False, "currency": "USD"}}},
    ],
)
def test_a_decision_in_other_words_is_refused(api: Api, campaign: Campaign, body: dict[str, Any]) -> None:
    assert api.post(f"/approvals/{campaign[1]['id']}/decision", body).status_code == 422
    assert api.get(f"/approvals/{campaign[1]['id']}").json()["state"] == "proposed"


def test_an_edit_can_alter_amounts_and_nothing_else(api: Api, campaign: Campaign) -> None:
    view = campaign[1]
    path, digest = f"/approvals/{view['id']}/decision", view["digest"]
    unknown = api.post(
        path, {"verdict": "edit", "digest": digest, "budgets": {"chg_x": {"minor": 5, "currency": "USD"}}}
    )
    assert unknown.status_code == 422
    change = view["rows"][0]["change_id"]
    for minor, currency in ((0, "USD"), (-5, "USD"), (500, "EUR")):
        budgets = {change: {"minor": minor, "currency": currency}}
        answer = api.post(path, {"verdict": "edit", "digest": digest, "budgets": budgets})
        assert answer.status_code == 422, answer.text
    everything = [row["change_id"] for row in view["rows"]]
    assert api.post(path, {"verdict": "edit", "digest": digest, "drop": everything}).status_code == 422
    assert api.get(f"/approvals/{view['id']}").json()["state"] == "proposed"


def test_assets_are_served_with_ranges_to_their_own_account(api: Api, campaign: Campaign) -> None:
    events = list(sse_until(api, campaign[0]["id"], kind="render.done"))
    asset = events[-1]["data"]["asset_id"]
    mine = {"account_id": RUN["account_id"]}
    whole = api.get(f"/assets/{asset}", params=mine)
    part = api.get(f"/assets/{asset}", params=mine, headers={"Range": "bytes=10-19"})
    assert (whole.status_code, part.status_code) == (200, 206)
    assert part.content == whole.content[10:20]
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole.content)}"
    beyond = api.get(f"/assets/{asset}", params=mine, headers={"Range": "bytes=999999999-"})
    assert beyond.status_code == 416
    foreign = api.get(f"/assets/{asset}", params={"account_id": "acc_other"})
    absent = api.get(f"/assets/{'0' * 64}", params=mine)
    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert {**foreign.json(), "where": ""} == {**absent.json(), "where": ""}
    for odd in ("..%2F..%2Frecords.db", "a", "0" * 63 + "G"):
        assert api.get(f"/assets/{odd}", params=mine).status_code == 404


def sse_until(api: Api, run_id: str, *, kind: str) -> Any:
    with api.client.stream("GET", f"/runs/{run_id}/events") as stream:
        for line in stream.iter_lines():
            if line.startswith("data: "):
                event = json.loads(line.removeprefix("data: "))
                yield event
                if event["kind"] == kind:
                    return


def test_a_conversation_survives_a_restart_of_the_server(home: Settings) -> None:
    with serving(home) as api:
        thread = api.post("/chat/threads", {"account_id": RUN["account_id"]}).json()["id"]
        text, data = api.say(thread, "ads for a teeth-whitening clinic in Austin")
        assert "budget" in data["missing"][0]
        assert "budget" in text
    with serving(home) as api:
        text, data = api.say(thread, "$90 a day")
        assert data["brief"]["daily_budget"] == {"minor": 9_000, "currency": "USD"}
        assert data["brief"]["product"] == "teeth-whitening clinic"
        assert data["brief"]["place"] == "Austin"
        said = api.get(f"/chat/threads/{thread}").json()["messages"]
        assert [item["role"] for item in said] == ["person", "assistant"] * 2
        run = api.wait_for(data["run_id"], "waiting_approval", "failed")
        assert run["status"] == "waiting_approval", run["error"]


def test_a_stream_of_an_unknown_run_is_a_problem_and_no_stream(api: Api) -> None:
    answer: httpx2.Response = api.get("/runs/run_nobody/events")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
