"""The one way to call a tool: who may, with what, and a record of each call, refused ones too.

A tool says in its metadata whether it reads or proposes. Nothing that sends, writes or configures is admitted,
so an agent that believed an instruction hidden in a brief still has no tool to obey it with.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, Literal

from langchain_core.tools import StructuredTool
from pydantic import BaseModel, ValidationError

from geminivideo.errors import GeminiVideoError, InvalidInput, NotFound, NotPermitted
from geminivideo.model import Noun
from tools.redaction import plain


class ToolCall(Noun):
    """One call as it is logged: JSON-plain, secrets hidden, long values cut."""

    caller: str
    tool: str
    arguments: dict[str, Any]
    outcome: Literal["done", "refused", "failed"]
    result: Any = None
    error: str = ""
    """The error's stable code and sentence."""
    milliseconds: int


_NAME = 40  # characters kept of a name, which may be a model's invention

Log = Callable[[ToolCall], Awaitable[None] | None]


class Dispatcher:
    """Calls tools by name on behalf of named callers, and logs each call before its result is handed over."""

    def __init__(self, tools: Sequence[StructuredTool], *, log: Log, allow: Mapping[str, Collection[str]]) -> None:
        """`allow`: caller -> names of the tools that it may call; who is not listed may call none."""
        self._tools = {tool.name: _admitted(tool) for tool in tools}
        if len(self._tools) != len(tools):
            raise InvalidInput("Two tools have the same name", where="tools")
        self._allow = {caller: frozenset(names) for caller, names in allow.items()}
        self._log = log

    def offered_to(self, caller: str) -> list[StructuredTool]:
        """The tools that this caller may call, to be shown to its model."""
        return [tool for name, tool in self._tools.items() if name in self._allow.get(caller, ())]

    async def call(self, name: str, args: Mapping[str, Any], *, caller: str) -> Any:
        """The tool's own result. NotFound, NotPermitted, InvalidInput, or whatever the tool raised."""
        started = time.perf_counter()
        outcome: Literal["done", "refused", "failed"] = "refused"
        result: object = None
        error = ""
        try:
            tool = self._permitted(name, caller=caller)
            _validate(tool, args)
            outcome = "failed"
            result = await tool.ainvoke(dict(args))
            outcome = "done"
        except BaseException as caught:
            error = _describe(caught)
            raise
        finally:
            await self._write(
                ToolCall(
                    caller=caller[:_NAME],
                    tool=name[:_NAME],
                    arguments={str(key): plain(value, name=str(key)) for key, value in args.items()},
                    outcome=outcome,
                    result=plain(result),
                    error=error,
                    milliseconds=round((time.perf_counter() - started) * 1000),
                )
            )
        return result

    def _permitted(self, name: str, *, caller: str) -> StructuredTool:
        tool = self._tools.get(name)
        if tool is None:
            raise NotFound(f"There is no tool {name[:80]!r}", fix=f"Known: {', '.join(sorted(self._tools))}.")
        if name not in self._allow.get(caller, ()):
            raise NotPermitted(f"{caller[:80]!r} may not call {name!r}", where="tools")
        return tool

    async def _write(self, call: ToolCall) -> None:
        waiting = self._log(call)
        if inspect.isawaitable(waiting):
            await waiting


def _admitted(tool: StructuredTool) -> StructuredTool:
    effect = (tool.metadata or {}).get("effect")
    if effect not in ("read", "propose"):
        raise InvalidInput(
            f"The tool {tool.name!r} does not say that it only reads or proposes",
            where="metadata.effect",
            fix="Tools that send, write or configure are not for agents.",
        )
    if not (isinstance(tool.args_schema, type) and issubclass(tool.args_schema, BaseModel)):
        raise InvalidInput(f"The tool {tool.name!r} has no Pydantic schema", where="args_schema")
    return tool


def _validate(tool: StructuredTool, args: Mapping[str, Any]) -> None:
    schema = tool.args_schema
    try:
        if isinstance(schema, type) and issubclass(schema, BaseModel):
            schema.model_validate(dict(args))
    except ValidationError as error:
        # Only places and rules are told: a refused value may be a secret.
        faults = [f"{'.'.join(map(str, fault['loc'])) or 'arguments'}: {fault['msg']}" for fault in error.errors()]
        raise InvalidInput(f"{tool.name} cannot be called so: {'; '.join(faults[:5])}", where=tool.name) from None


def _describe(error: BaseException) -> str:
    code = error.code if isinstance(error, GeminiVideoError) else type(error).__name__
    return str(plain(f"{code}: {error}"))
