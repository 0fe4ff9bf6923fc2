from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from api.app import create_app
from api.examples import EXAMPLES
from geminivideo.settings import Settings
from tests.api.conftest import Api

DOCS = Path(__file__).resolve().parents[2] / "docs" / "http.md"
PROMISED = {
    ("POST", "/runs"), ("GET", "/runs"), ("GET", "/runs/{run_id}"), ("GET", "/runs/{run_id}/events"),
    ("GET", "/approvals"), ("GET", "/approvals/{set_id}"), ("POST", "/approvals/{set_id}/decision"),
    ("POST", "/chat/threads"), ("POST", "/chat/threads/{thread_id}/messages"),
    ("GET", "/accounts/{account_id}/config"), ("PUT", "/accounts/{account_id}/config"),
    ("POST", "/accounts/{account_id}/stop"), ("GET", "/ledger"), ("GET", "/assets/{asset_id}"),
    ("POST", "/winners/search"), ("POST", "/predictions/ctr"), ("POST", "/allocations"), ("GET", "/health"),
}  # fmt: skip


@cache
def app(home: Path) -> FastAPI:
    return create_app(Settings(home=home))


def _operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (verb.upper(), path.removeprefix("/api/v1")): operation
        for path, item in document["paths"].items()
        for verb, operation in item.items()
    }


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return app(tmp_path_factory.mktemp("document")).openapi()


def test_every_promised_operation_is_there_with_an_example(document: dict[str, Any]) -> None:
    operations = _operations(document)
    assert operations.keys() >= PROMISED
    for operation in operations.values():
        good = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
        assert all("example" in media for media in good["content"].values()), operation["operationId"]
        if "requestBody" in operation:
            assert "example" in operation["requestBody"]["content"]["application/json"]
        assert operation["description"]
    assert json.dumps(document, allow_nan=False)


def test_every_example_fits_its_operation(tmp_path: Path) -> None:
    from api.routers import accounts, allocations, approvals, chat, health, ledger, predictions, runs, winners

    seen = set()
    for module in (accounts, allocations, approvals, chat, health, ledger, predictions, runs, winners):
        for route in module.router.routes:
            assert isinstance(route, APIRoute)
            said, answered = EXAMPLES[route.name]
            seen.add(route.name)
            if route.body_field is not None:
                TypeAdapter(route.body_field.field_info.annotation).validate_python(_plain(said))
            if route.response_model is not None:
                TypeAdapter(route.response_model).validate_python(_plain(answered))
    assert seen | {"get_asset"} == EXAMPLES.keys()


def _plain(value: Any) -> Any:
    from fastapi.encoders import jsonable_encoder

    return jsonable_encoder(value)


def test_every_operation_is_in_the_docs(document: dict[str, Any]) -> None:
    page = DOCS.read_text()
    for verb, path in _operations(document):
        assert f"`{verb} {path}`" in page, f"{verb} {path}"


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


def _mutated(example: Any) -> st.SearchStrategy[Any]:
    """The example with one place replaced by anything."""
    places = list(_places(example))

    def replace(place: tuple[Any, ...], value: Any) -> Any:
        whole = json.loads(json.dumps(example))
        *path, last = place
        target = whole
        for part in path:
            target = target[part]
        target[last] = value
        return whole

    return st.builds(replace, st.sampled_from(places), _json) if places else st.just({})


def _places(value: Any, path: tuple[Any, ...] = ()) -> Any:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from _places(item, (*path, key))


_BODIES = {
    (verb, path): _plain(EXAMPLES[name][0])
    for verb, path, name in (
        ("POST", "/runs", "post_run"), ("POST", "/approvals/ap_x/decision", "post_decision"),
        ("POST", "/chat/threads", "post_thread"), ("PUT", "/accounts/acc_x/config", "put_config"),
        ("POST", "/winners/search", "search_winners"), ("POST", "/predictions/ctr", "predict_ctr"),
        ("POST", "/allocations", "allocate"),
    )
}  # fmt: skip
_calls = st.sampled_from(sorted(_BODIES)).flatmap(lambda key: st.tuples(st.just(key), _mutated(_BODIES[key]) | _json))


@given(call=_calls)
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_body_makes_the_server_fail(api: Api, call: tuple[tuple[str, str], Any]) -> None:
    (verb, path), body = call
    text = json.dumps(body).replace('"acc_demo"', '"acc_north"').encode()
    answer = api.client.request(verb, path, content=text, headers={"Content-Type": "application/json"})
    assert answer.status_code < 500, (path, body, answer.text)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"


@given(
    path=st.sampled_from(
        ["/runs/{}", "/runs/{}/events", "/approvals/{}", "/accounts/{}/config", "/assets/{}", "/chat/threads/{}"]
    ),
    part=st.text(max_size=30) | st.binary(max_size=20),
    query=st.dictionaries(st.sampled_from(["account_id", "limit", "set_id", "x"]), st.text(max_size=20), max_size=3),
)
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_address_makes_the_server_fail(api: Api, path: str, part: Any, query: dict[str, str]) -> None:
    from urllib.parse import quote, urlencode

    address = path.format(
        quote(part, safe="", errors="surrogatepass") if isinstance(part, str) else quote(part, safe="")
    )
    answer = api.client.get(f"{address}?{urlencode(query, errors='surrogatepass')}")
    assert answer.status_code < 500, (address, query, answer.text)
