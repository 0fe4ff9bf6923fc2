"""Answers that no caller can use: none at all, half of one, or a web page."""

from __future__ import annotations

import asyncio

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.faults import Fault

_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


class CutAnswer(Response):
    """Promises more bytes than it sends, so that the line breaks in the middle."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head and half a body."""
        length = str(len(self.body) + 64).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": bytes(self.body)[: len(self.body) // 2], "more_body": True})


async def broken_answer(fault: Fault, *, status: int, body: bytes) -> Response:
    """The answer that this fault gives in place of the true one."""
    if fault.kind in ("timeout", "commit_then_timeout"):
        await asyncio.sleep(fault.seconds)
        return CutAnswer(body or b"{}")
    if fault.kind == "commit_then_close":
        return CutAnswer(body or b"{}")
    if fault.kind == "commit_then_truncated_json":
        return Response(body[: max(1, len(body) // 2)], status_code=status, media_type="application/json")
    return Response(_PAGE, status_code=502, media_type="text/html")
