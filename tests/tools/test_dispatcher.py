"""Every tool call goes through one door: who may, with what, and a record without secrets."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.tools import StructuredTool
from pydantic import SecretStr

from geminivideo.errors import InvalidInput, NotFound, NotPermitted, StorageError
from geminivideo.model import Noun
from memory.embeddings import Embedder
from memory.winners import IndexedAd, WinnerIndex
from tools.dispatcher import Dispatcher, ToolCall
from tools.redaction import HIDDEN, plain
from tools.winners.tool import WinnersFound, winner_search_tool


class Echo(Noun):
    text: str
    times: int = 1


def echo_tool(**over: Any) -> StructuredTool:
    async def echo(text: str, times: int = 1) -> dict[str, str]:
        if text == "boom":
            raise StorageError("The disk is full", fix="Free space.")
        return {"said": text * times}

    fields: dict[str, Any] = {
        "coroutine": echo,
        "name": "echo",
        "description": "Says it back.",
        "args_schema": Echo,
        "metadata": {"effect": "read"},
    }
    return StructuredTool.from_function(**{**fields, **over})


@pytest.fixture
def calls() -> list[ToolCall]:
    return []


@pytest.fixture
def dispatcher(calls: list[ToolCall]) -> Dispatcher:
    return Dispatcher([echo_tool()], log=calls.append, allow={"director": ["echo"], "judge": []})


async def test_a_call_returns_the_tools_result_and_is_logged(dispatcher: Dispatcher, calls: list[ToolCall]) -> None:
    assert await dispatcher.call("echo", {"text": "ab", "times": 2}, caller="director") == {"said": "abab"}
    (call,) = calls
    assert (call.caller, call.tool, call.outcome, call.error) == ("director", "echo", "done", "")
    assert call.arguments == {"text": "ab", "times": 2} and call.result == {"said": "abab"} and call.milliseconds >= 0


async def test_an_asynchronous_log_is_finished_before_the_result_is_handed_over() -> None:
    order: list[str] = []

    async def log(call: ToolCall) -> None:
        await asyncio.sleep(0)
        order.append("logged")

    await Dispatcher([echo_tool()], log=log, allow={"director": ["echo"]}).call(
        "echo", {"text": "a"}, caller="director"
    )
    assert order == ["logged"]


async def test_a_call_that_cannot_be_logged_fails() -> None:
    def log(call: ToolCall) -> None:
        raise StorageError("The disk is full")

    with pytest.raises(StorageError):
        await Dispatcher([echo_tool()], log=log, allow={"director": ["echo"]}).call(
            "echo", {"text": "a"}, caller="director"
        )


@pytest.mark.parametrize(
    ("name", "args", "caller", "error"),
    [
        ("publish_now", {"text": "a"}, "director", NotFound),
        ("echo", {"text": "a"}, "judge", NotPermitted),
        ("echo", {"text": "a"}, "stranger", NotPermitted),
        ("echo", {"text": 7}, "director", InvalidInput),
        ("echo", {}, "director", InvalidInput),
        ("echo", {"text": "a", "account_id": "acc_other"}, "director", InvalidInput),
        ("echo", {"text": "a", "times": "many"}, "director", InvalidInput),
    ],
)
async def test_what_is_not_allowed_is_refused_and_logged(
    dispatcher: Dispatcher, calls: list[ToolCall], name: str, args: dict[str, Any], caller: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await dispatcher.call(name, args, caller=caller)
    (call,) = calls
    assert call.outcome == "refused" and call.error.startswith(error.code) and call.result is None


async def test_a_tools_own_error_passes_through_and_is_logged_as_failed(
    dispatcher: Dispatcher, calls: list[ToolCall]
) -> None:
    with pytest.raises(StorageError):
        await dispatcher.call("echo", {"text": "boom"}, caller="director")
    assert calls[0].outcome == "failed" and calls[0].error == "storage_error: The disk is full. Free space."


async def test_a_cancelled_call_is_logged() -> None:
    calls: list[ToolCall] = []
    began = asyncio.Event()

    async def wait(text: str, times: int = 1) -> None:
        began.set()
        await asyncio.Event().wait()

    tool = echo_tool(coroutine=wait)
    task = asyncio.create_task(
        Dispatcher([tool], log=calls.append, allow={"d": ["echo"]}).call("echo", {"text": "a"}, caller="d")
    )
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert calls[0].outcome == "failed" and calls[0].error.startswith("CancelledError")


async def test_a_refused_value_is_not_repeated_in_the_error(dispatcher: Dispatcher, calls: list[ToolCall]) -> None:
    with pytest.raises(InvalidInput) as caught:
        await dispatcher.call("echo", {"text": "a", "times": "hunter2", "access_token": "EAAsecret"}, caller="director")
    assert "hunter2" not in str(caught.value) and "EAAsecret" not in calls[0].model_dump_json()


@pytest.mark.parametrize("metadata", [None, {}, {"effect": "write"}, {"effect": "send"}, {"effect": ["read"]}])
def test_only_tools_that_read_or_propose_are_admitted(metadata: dict[str, Any] | None) -> None:
    with pytest.raises(InvalidInput):
        Dispatcher([echo_tool(metadata=metadata)], log=lambda call: None, allow={})
    Dispatcher([echo_tool(metadata={"effect": "propose"})], log=lambda call: None, allow={})


def test_two_tools_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidInput):
        Dispatcher([echo_tool(), echo_tool()], log=lambda call: None, allow={})


def test_a_caller_is_offered_only_what_it_may_call(dispatcher: Dispatcher) -> None:
    assert [tool.name for tool in dispatcher.offered_to("director")] == ["echo"]
    assert dispatcher.offered_to("judge") == dispatcher.offered_to("stranger") == []


@pytest.mark.parametrize(
    "value",
    [
        {"access_token": "abc"}, {"nested": {"API_KEY": "abc"}}, {"password": ["abc"]}, {"a": SecretStr("abc")},
        "Authorization: Bearer abcabcabcabc", "https://x.test/?access_token=abcabcabc&b=1", "sk-abcabcabcabc",
        "x" * 390 + " sk-" + "abc" * 40,
    ],
)  # fmt: skip
def test_secrets_are_hidden_wherever_they_stand(value: object) -> None:
    text = json.dumps(plain(value))
    assert "abc" not in text and (HIDDEN in text or HIDDEN[:5] in text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
)


@given(json_values)
def test_any_value_becomes_bounded_json(value: object) -> None:
    json.dumps(plain(value), allow_nan=False)


def test_what_no_database_takes_is_replaced() -> None:
    assert plain({"a\x00": "nul\x00 half\ud800"}) == {"a\ufffd": "nul\ufffd half?"}


async def test_an_invented_endless_tool_name_is_cut_in_the_log(dispatcher: Dispatcher, calls: list[ToolCall]) -> None:
    with pytest.raises(NotFound):
        await dispatcher.call("x" * 10_000, {}, caller="director")
    assert len(calls[0].tool) == 40 and len(calls[0].error) < 500


def test_long_values_are_cut_with_their_size() -> None:
    row = plain({"text": "a" * 10_000_000, "rows": list(range(500)), "raw": b"\x00" * 99, "deep": [[[[[[[[1]]]]]]]]})
    assert row["text"].endswith("(9999600 more characters)") and len(row["text"]) < 450
    assert row["rows"][-1] == "(480 more)" and row["raw"] == "(99 bytes)" and len(json.dumps(row)) < 2_000


DNA = {"hook_type": "question", "cta_style": "book", "offer_type": "none", "words": 9, "headline_words": 4, "has_number": False,
       "has_question": True, "second_person": True, "urgency": False, "social_proof": False}  # fmt: skip


def _item(ad_id: str, text: str, **over: object) -> IndexedAd:
    fields: dict[str, object] = {"kind": "winner", "dna": DNA, "impressions": 9_000, "clicks": 400, "ctr_ppm": 44_444,
                                 "ctr_low_ppm": 41_000, "indexed_at": datetime(2026, 11, 1, tzinfo=UTC)}  # fmt: skip
    return IndexedAd.model_validate({"ad_id": ad_id, "copy_text": text, **fields, **over})


async def test_winner_search_answers_for_its_own_account_off_the_event_loop(
    tmp_path: Path, calls: list[ToolCall]
) -> None:
    threads: set[int] = set()

    class Watching(WinnerIndex):
        def search(self, account_id: str, **rest: Any) -> Any:
            threads.add(threading.get_ident())
            return super().search(account_id, **rest)

    index = Watching(tmp_path / "chroma", Embedder())
    index.upsert(
        "acc_a", [_item("ad_brew", "Cold brew on tap for your office"), _item("ad_teeth", "Whiter teeth in an hour")]
    )
    index.upsert("acc_b", [_item("ad_foreign", "Cold brew on tap for your office")])
    dispatcher = Dispatcher(
        [winner_search_tool(index, account_id="acc_a")], log=calls.append, allow={"director": ["winner_search"]}
    )
    found = await dispatcher.call("winner_search", {"query": "iced coffee at work", "k": 1}, caller="director")
    assert isinstance(found, WinnersFound) and [ad.ad_id for ad in found.ads] == ["ad_brew"]
    assert threads and threading.get_ident() not in threads
    assert calls[0].result["ads"][0]["ad_id"] == "ad_brew"
    none = await dispatcher.call("winner_search", {"query": "x", "kind": "loser"}, caller="director")
    assert none.ads == ()
    with pytest.raises(InvalidInput):
        await dispatcher.call("winner_search", {"query": "x", "account_id": "acc_b"}, caller="director")
    index.close()


def test_winner_search_works_alone_as_a_tool(tmp_path: Path) -> None:
    index = WinnerIndex(tmp_path / "chroma", Embedder())
    tool = winner_search_tool(index, account_id="acc_a")
    assert tool.invoke({"query": "anything"}).ads == ()
    assert set(tool.args) == {"query", "kind", "k", "vertical"}
    index.close()
