from __future__ import annotations

import json
import stat
from typing import Any

import httpx2
import pytest

from api.guard import MAX_BODY
from api.keys import key_path, load_key
from geminivideo.errors import StorageError
from tests.api.conftest import RUN, Api


def _problem(answer: httpx2.Response, *, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["title"]
    return body


@pytest.mark.parametrize("key", [None, "", "Bearer", "Bearer wrong", "Basic Zm9v", "Bearer ümlaut".encode()])
def test_without_the_key_nothing_is_told(api: Api, key: Any) -> None:
    headers = {"Authorization": key} if key is not None else {}
    answer = httpx2.get(f"{api.url}/api/v1/accounts", headers=headers, trust_env=False)
    assert _problem(answer, status=403)["code"] == "not_permitted"


def test_health_needs_no_key(api: Api) -> None:
    answer = httpx2.get(f"{api.url}/api/v1/health", trust_env=False)
    assert answer.json()["status"] == "ok"
    assert any("Director" in line for line in answer.json()["models"])


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:80"},
        {"Host": "["},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "//["},
    ],
)
def test_a_web_page_cannot_use_the_key_by_another_name(api: Api, headers: dict[str, str]) -> None:
    for path in ("/accounts", "/health", "/openapi.json"):
        assert _problem(api.get(path, headers=headers), status=403)["code"] == "not_permitted"


def test_this_machines_own_names_pass(api: Api) -> None:
    port = api.url.rsplit(":", 1)[1]
    for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}"):
        assert api.get("/accounts", headers={"Host": host, "Origin": f"http://{host}"}).status_code == 200


def test_the_key_file_is_its_owners_alone(api: Api) -> None:
    path = key_path(api.settings.home)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_key(api.settings.home) == api.key


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Any) -> None:
    load_key(tmp_path)
    key_path(tmp_path).chmod(0o644)
    with pytest.raises(StorageError, match="read by others") as refusal:
        load_key(tmp_path)
    assert "chmod 600" in refusal.value.fix


def test_an_unknown_path_is_a_problem_and_a_wrong_method_too(api: Api) -> None:
    assert _problem(api.get("/nothing/here"), status=404)["code"] == "not_found"
    assert _problem(api.client.delete("/accounts"), status=405)["code"] == "method_not_allowed"
    assert "GET" in api.client.delete("/accounts").headers["allow"]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"[]",
        b"nul",
        b'{"account_id": "acc_north", "total_minor": NaN}',
        b'{"account_id": "acc_north", "total_minor": Infinity}',
        b'{"account_id": "acc_north", "total_minor": 9223372036854775808}',
        b'{"account_id": "acc_north", "total_minor": ' + b"9" * 5000 + b"}",
        b'{"account_id": "acc_north", "total_minor": 1.5}',
        b'{"account_id": "acc_north", "total_minor": true}',
        b'{"account_id": "acc\\u0000", "total_minor": 1}',
        b'{"account_id": "acc\\ud800", "total_minor": 1}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_a_body_that_cannot_be_read_is_a_problem(api: Api, body: bytes) -> None:
    answer = api.client.post("/allocations", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_huge_body_is_refused_unread(api: Api) -> None:
    text = json.dumps({"text": "x" * (MAX_BODY + 1)}).encode()
    assert _problem(api.client.post("/chat/threads", content=text), status=413)["code"] == "too_large"

    def chunks() -> Any:
        for _ in range(MAX_BODY // 65_536 + 2):
            yield b"x" * 65_536

    assert _problem(api.client.post("/chat/threads", content=chunks()), status=413)["code"] == "too_large"


@pytest.mark.parametrize("path", ["/runs/%00", "/runs/%ff", "/runs?account_id=%00", "/runs/run_%ED%A0%80"])
def test_an_address_that_no_database_keeps_is_refused(api: Api, path: str) -> None:
    assert _problem(api.get(path), status=422)["where"] == "url"


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"daily_budget": {"minor": -5, "currency": "USD"}}, "daily_budget"),
        ({"daily_budget": None}, "daily_budget"),
        ({"daily_budget": {"minor": 5_000, "currency": "XXX"}}, "currency"),
        ({"daily_budget": {"minor": 5_000, "currency": "EUR"}}, "currency"),
        ({"deadline": "2020-01-01"}, "deadline"),
        ({"footage": ["0" * 64]}, "0000"),
        ({"platforms": ["tiktok"]}, "platforms"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_brief_that_cannot_be_used_is_told_where(api: Api, change: dict[str, Any], where: str) -> None:
    body = {**RUN, "brief": {**RUN["brief"], **change}}
    before = len(api.get("/runs", params={"limit": 500}).json())
    assert where in _problem(api.post("/runs", body), status=422)["where"]
    assert len(api.get("/runs", params={"limit": 500}).json()) == before
