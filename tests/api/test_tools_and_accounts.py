from __future__ import annotations

from typing import Any

import pytest

from api.configuration import edited, set_config
from geminivideo.accounts import AccountConfig
from geminivideo.errors import InvalidInput, NotPermitted
from geminivideo.principals import STAND_IN, Principal
from geminivideo.settings import Settings
from memory import accounts, audit
from tests.api.conftest import RUN, Api
from tests.graphs.office import ACCOUNT, open_office

DNA = {
    "hook_type": "question", "cta_style": "book", "offer_type": "free_trial", "words": 30, "headline_words": 6,
    "has_number": False, "has_question": True, "second_person": True, "urgency": False, "social_proof": False,
}  # fmt: skip


def _state(ad_id: str, *, clicks: int, spend: int = 60_000) -> dict[str, Any]:
    return {
        "ad_id": ad_id, "account_id": ACCOUNT, "as_of": "2026-03-02T15:00:00Z", "age_days": 9, "status": "active",
        "daily_budget_minor": 10_000, "currency": "USD", "impressions": 50_000, "reach": 40_000, "clicks": clicks,
        "spend_minor": spend, "leads": clicks // 30, "deals": clicks // 200, "deal_amount_minor": clicks * 90,
        "pipeline_value_minor": clicks * 40, "revenue_minor": clicks * 60,
    }  # fmt: skip


def test_winners_are_found_with_their_evidence(api: Api) -> None:
    found = api.post("/winners/search", {"account_id": ACCOUNT, "query": "free tasting week", "k": 3}).json()["ads"]
    assert len(found) <= 3
    for ad in found:
        assert ad["kind"] == "winner"
        assert 0 < ad["ctr_low_ppm"] <= ad["ctr_ppm"]
    for wrong in ({"query": ""}, {"query": "x", "k": 0}, {"query": "x", "kind": "best"}, {"query": "x", "k": True}):
        assert api.post("/winners/search", {"account_id": ACCOUNT, **wrong}).status_code == 422
    assert api.post("/winners/search", {"account_id": "acc_other", "query": "x"}).status_code == 404


def test_a_prediction_has_an_interval_and_says_how_good_it_is(api: Api, campaign: Any) -> None:
    assert campaign  # the run trained the model
    body = {"account_id": ACCOUNT, "creatives": [{"dna": DNA, "text": "Why is the line so long?"}] * 2}
    answer = api.post("/predictions/ctr", body).json()
    assert len(answer["predictions"]) == 2
    for item in answer["predictions"]:
        assert 0 <= item["low_ppm"] <= item["ctr_ppm"] <= item["high_ppm"]
    assert answer["report"]["ads"] > 0
    assert api.post("/predictions/ctr", {"account_id": ACCOUNT, "creatives": []}).status_code == 422
    assert api.post("/predictions/ctr", {**body, "account_id": "acc_other"}).status_code == 404


def test_an_allocation_computes_and_changes_nothing(api: Api) -> None:
    before = api.get("/ledger", params={"account_id": ACCOUNT}).json()
    states = [_state("ad_a", clicks=1_500), _state("ad_b", clicks=400)]
    body = {"account_id": ACCOUNT, "total_minor": 20_000, "seed": 3, "states": states, "now": "2026-03-02T15:00:00Z"}
    answers = [api.post("/allocations", body).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert {item["ad_id"] for item in answers[0]["ads"]} == {"ad_a", "ad_b"}
    assert answers[0]["total_minor"] <= 20_000
    own = api.post("/allocations", {"account_id": ACCOUNT, "total_minor": 20_000})
    assert own.status_code == 200, own.text
    impossible = {**states[0], "clicks": 60_000}
    assert api.post("/allocations", {**body, "states": [impossible]}).status_code == 422
    assert api.get("/ledger", params={"account_id": ACCOUNT}).json() == before


def test_the_configuration_is_validated_audited_and_served(home: Settings, api: Api) -> None:
    config = api.get(f"/accounts/{ACCOUNT}/config").json()
    changed = {**config, "kill_roas_percent": 90}
    assert api.client.put(f"/accounts/{ACCOUNT}/config", json=changed).json() == changed
    assert api.get(f"/accounts/{ACCOUNT}/config").json() == changed
    for wrong in ({"timezone": "Mars/Base"}, {"kill_roas_percent": -1}, {"colour": "red"}, {"aov": "1"}, {"aov": 1.5}):
        assert api.client.put(f"/accounts/{ACCOUNT}/config", json={**config, **wrong}).status_code == 422
    euros = api.client.put(f"/accounts/{ACCOUNT}/config", json={**changed, "currency": "EUR"})
    assert (euros.status_code, euros.json()["where"]) == (409, "currency")
    assert api.client.put("/accounts/acc_other/config", json=config).status_code == 404


async def test_only_an_admin_raises_a_cap_and_the_audit_log_says_who(home: Settings) -> None:
    async with open_office(home) as office:
        services = office.services
        now = services.wall.now()
        account = await services.db.read(lambda conn: accounts.get_account(conn, ACCOUNT))
        more = edited(account.config, ["caps.create_max=99000"])
        less = edited(account.config, ["caps.create_max=100", "share_patterns=true", "timezone=UTC"])
        for who in (Principal(name="eve", role="approver"), STAND_IN):
            with pytest.raises(NotPermitted):
                await set_config(services.db, ACCOUNT, config=more, person=who, now=now)
        with pytest.raises(NotPermitted):
            viewer = Principal(name="vi", role="viewer")
            await set_config(services.db, ACCOUNT, config=less, person=viewer, now=now)
        operator, admin = Principal(name="oz", role="operator"), Principal(name="ada", role="admin")
        assert (await set_config(services.db, ACCOUNT, config=less, person=operator, now=now)).config == less
        assert (await set_config(services.db, ACCOUNT, config=more, person=admin, now=now)).config == more
        entries = await services.db.read(lambda conn: audit.entries(conn, account_id=ACCOUNT))
        noted = [entry for entry in entries if entry.kind == "config.changed"]
        assert [entry.who for entry in noted] == ["oz", "ada"]
        assert noted[1].body["changes"]["caps"]["after"]["create_max"] == 99_000
        assert (await services.treasury.audit_verify(ACCOUNT)).intact


@pytest.mark.parametrize(
    "change", ["aov", "aov=x", "nothing=1", "caps=1", "caps.x=1", "share_patterns=maybe", "=", "aov=-1"]
)
def test_a_change_that_is_none_names_the_field(change: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        edited(AccountConfig(), [change])
    assert refusal.value.fix


def test_the_kill_switch_stops_and_only_an_approval_starts_again(api: Api) -> None:
    run, view = api.waiting_campaign()
    stopped = api.post(f"/accounts/{ACCOUNT}/stop", {"reason": "drill", "pause_all": False}).json()
    assert stopped["stopped"]
    decision = {"verdict": "approve", "digest": view["digest"]}
    refused = api.post(f"/approvals/{view['id']}/decision", decision)
    assert (refused.status_code, refused.json()["code"]) == (403, "account_stopped")
    start = api.post(f"/accounts/{ACCOUNT}/start").json()
    assert api.get(f"/accounts/{ACCOUNT}").json()["stopped"]
    answer = api.post(f"/approvals/{start['id']}/decision", {"verdict": "approve", "digest": start["digest"]})
    assert answer.status_code == 200, answer.text
    assert not api.get(f"/accounts/{ACCOUNT}").json()["stopped"]
    assert api.post(f"/accounts/{ACCOUNT}/start").status_code == 409
    api.post(f"/runs/{run['id']}/cancel")
    assert RUN["account_id"] == ACCOUNT
