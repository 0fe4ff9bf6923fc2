"""At the door: which requests are read at all. Pure ASGI, so that nothing is parsed before it passed.

Host and Origin must name this machine, so that no web page can reach the API by a name of its own; bodies are
bounded; text that a database cannot keep is refused here once, instead of in every route.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import as_problem, problem
from geminivideo.errors import GeminiVideoError, InvalidInput, NotPermitted

MAX_BODY = 2 * 1024 * 1024
"""Largest request body, in bytes."""
MAX_INTEGER = 2**53 - 1
"""Largest whole number that every client, database and model reads alike."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Guard:
    """Middleware around the whole application."""

    def __init__(self, app: ASGIApp, *, host: str) -> None:
        self._app = app
        self._allowed = _LOOPBACK | {host}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer with a problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._check_names(scope["headers"])
            _check_address(scope)
            body = await _read(receive, headers=scope["headers"])
            _check_body(body, headers=scope["headers"])
        except _TooLarge:
            await _refuse(
                problem(status=413, code="too_large", title=f"At most {MAX_BODY} bytes are read"), scope, send
            )
            return
        except _Gone:
            return
        except GeminiVideoError as error:
            await _refuse(as_problem(error), scope, send)
            return
        await self._app(scope, _replayed(body, receive), send)

    def _check_names(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        for name, value in headers:
            if name in {b"host", b"origin"}:
                text = value.decode("latin-1")
                if _hostname(text if name == b"origin" else f"//{text}") not in self._allowed:
                    raise NotPermitted(
                        "Requests for other hosts are refused", where=name.decode(), fix="Call this machine's address."
                    )


class _TooLarge(Exception):
    """The body is larger than is read."""


class _Gone(Exception):
    """The client went away."""


def _hostname(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _check_address(scope: Scope) -> None:
    for part in (scope.get("raw_path") or b"", scope.get("query_string") or b""):
        plain = unquote_to_bytes(part)
        try:
            text = plain.decode()
        except UnicodeDecodeError:
            raise InvalidInput("The address is not text in UTF-8", where="url") from None
        if "\0" in text:
            raise InvalidInput("The address holds a zero byte", where="url")


async def _read(receive: Receive, *, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    declared = next((value for name, value in headers if name == b"content-length"), b"0")
    if not declared.isdigit() or len(declared) > 12 or int(declared) > MAX_BODY:
        raise _TooLarge
    parts = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        parts += message.get("body", b"")
        if len(parts) > MAX_BODY:
            raise _TooLarge
        if not message.get("more_body", False):
            return bytes(parts)


def _check_body(body: bytes, *, headers: Iterable[tuple[bytes, bytes]]) -> None:
    kind = next((value for name, value in headers if name == b"content-type"), b"")
    if not body or b"json" not in kind.lower():
        return
    try:
        _check_value(json.loads(body, parse_constant=_no_constant))
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)[:120]
        raise InvalidInput(f"The body is not JSON: {reason}", where="body") from None


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a number")


def _check_value(value: Any) -> None:
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
            raise InvalidInput("A text holds a zero byte or half a character", where="body", fix="Send whole UTF-8.")
    elif isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise InvalidInput("A number is too large", where="body", fix=f"At most {MAX_INTEGER} is read.")
    elif isinstance(value, list):
        for item in value:
            _check_value(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_value(key)
            _check_value(item)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """The body that was read, once; then whatever the server has to say (a disconnect)."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _refuse(response: Response, scope: Scope, send: Send) -> None:
    async def nothing() -> Message:
        return {"type": "http.disconnect"}

    await response(scope, nothing, send)
