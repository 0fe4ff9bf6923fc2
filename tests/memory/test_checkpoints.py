from __future__ import annotations

from pathlib import Path
from typing import TypedDict

import aiosqlite
import ormsgpack
import pytest
from langgraph.checkpoint.serde import jsonplus
from langgraph.graph import END, START, StateGraph

from geminivideo.errors import StorageError
from memory.checkpoints import StrictSerializer, open_checkpoints


class _State(TypedDict, total=False):
    word: str


def _graph() -> StateGraph[_State]:
    graph = StateGraph(_State)
    graph.add_node("say", lambda _state: {"word": "hello"})
    graph.add_edge(START, "say")
    graph.add_edge("say", END)
    return graph


@pytest.mark.parametrize(
    "code",
    [jsonplus.EXT_CONSTRUCTOR_SINGLE_ARG, jsonplus.EXT_CONSTRUCTOR_POS_ARGS, jsonplus.EXT_METHOD_SINGLE_ARG],
)
def test_a_hostile_payload_is_refused_and_nothing_of_it_runs(tmp_path: Path, code: int) -> None:
    target = str(tmp_path / "made-by-payload")
    argument = [target] if code == jsonplus.EXT_CONSTRUCTOR_POS_ARGS else target
    payload = ormsgpack.packb({"x": ormsgpack.Ext(code, ormsgpack.packb(("os", "mkdir", argument, "x")))})
    with pytest.raises(StorageError, match="not allowed"):
        StrictSerializer().loads_typed(("msgpack", payload))
    assert not Path(target).exists()


@pytest.mark.parametrize("tag", ["json", "pickle", "msgpack+zlib"])
def test_tags_other_than_msgpack_are_refused(tag: str) -> None:
    with pytest.raises(StorageError):
        StrictSerializer().loads_typed((tag, b"{}"))


async def test_a_run_goes_on_from_its_file_and_a_poisoned_row_stops_it(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.db"
    config = {"configurable": {"thread_id": "acc_1:run_1"}}
    async with open_checkpoints(path) as saver:
        await _graph().compile(checkpointer=saver).ainvoke({"word": ""}, config, durability="sync")
    poison = ormsgpack.packb(
        ormsgpack.Ext(jsonplus.EXT_CONSTRUCTOR_POS_ARGS, ormsgpack.packb(("os", "mkdir", [str(tmp_path / "bad")])))
    )
    async with aiosqlite.connect(path) as connection:
        await connection.execute("UPDATE checkpoints SET checkpoint = ?", (poison,))
        await connection.commit()
    async with open_checkpoints(path) as saver:
        with pytest.raises(StorageError, match="nothing of it was run"):
            await _graph().compile(checkpointer=saver).ainvoke(None, config, durability="sync")
    assert not (tmp_path / "bad").exists()
