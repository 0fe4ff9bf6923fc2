"""Checkpoints: LangGraph's cache of thinking, in a file of its own. Losing the file costs no result.

The serializer decodes msgpack only and constructs nothing but LangGraph's own control types; every other stored
type is refused before it is imported (LangGraph's default would import and call it).
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")  # read once, when langgraph is first imported

import aiosqlite
import ormsgpack
from langgraph.checkpoint.serde import jsonplus
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from geminivideo.errors import StorageError

_ALLOWED = frozenset(
    {
        ("langgraph.types", "Send"),
        ("langgraph.types", "Interrupt"),
        ("langgraph.types", "Command"),
        ("builtins", "set"),
        ("builtins", "frozenset"),
        ("collections", "deque"),
    }
)
_CONSTRUCTORS = frozenset(
    {jsonplus.EXT_CONSTRUCTOR_SINGLE_ARG, jsonplus.EXT_CONSTRUCTOR_POS_ARGS, jsonplus.EXT_CONSTRUCTOR_KW_ARGS}
)
_construct = jsonplus._create_msgpack_ext_hook(None)


class StrictSerializer(jsonplus.JsonPlusSerializer):
    """Msgpack of plain values and LangGraph's control types; anything else is refused on load."""

    def __init__(self) -> None:
        super().__init__(allowed_msgpack_modules=None, __unpack_ext_hook__=_checked)

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """Decode one stored value; tags other than msgpack's are refused."""
        if data[0] not in {"msgpack", "null", "empty"}:
            raise _refusal(f"the tag {data[0][:20]!r}")
        try:
            return super().loads_typed(data)
        except ormsgpack.MsgpackDecodeError as error:
            cause = error.__cause__ or error.__context__
            raise cause if isinstance(cause, StorageError) else _refusal("bytes that are not msgpack") from error


@asynccontextmanager
async def open_checkpoints(path: Path) -> AsyncIterator[AsyncSqliteSaver]:
    """The saver over one SQLite file (WAL), created when it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    async with aiosqlite.connect(path) as connection:
        await connection.execute("PRAGMA busy_timeout=30000")
        await connection.execute("PRAGMA synchronous=NORMAL")  # a lost checkpoint costs a re-run, not a result
        saver = AsyncSqliteSaver(connection, serde=StrictSerializer())
        await saver.setup()
        yield saver


def _checked(code: int, data: bytes) -> Any:
    if code not in _CONSTRUCTORS:
        raise _refusal(f"an extension of kind {code}")
    named = ormsgpack.unpackb(data, ext_hook=_checked, option=ormsgpack.OPT_NON_STR_KEYS)
    if not isinstance(named, list | tuple) or tuple(named[:2]) not in _ALLOWED:
        raise _refusal(f"the type {'.'.join(map(str, named[:2]))[:80]!r}")
    return _construct(code, data)


def _refusal(what: str) -> StorageError:
    return StorageError(
        f"A checkpoint holds {what}, which is not allowed; nothing of it was run",
        where="checkpoints.db",
        fix="Move checkpoints.db away and resume the run: its results are in the records.",
    )
