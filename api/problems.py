"""Errors as problem details (RFC 9457): the same code, cause and advice as in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from geminivideo.errors import GeminiVideoError
from geminivideo.model import Noun

MEDIA_TYPE = "application/problem+json"
_CODES = {400: "invalid_input", 404: "not_found", 405: "method_not_allowed"}


class Problem(Noun):
    """Problem details (RFC 9457). `code` is stable; `where` and `fix` say where it is and what to do."""

    type: str
    title: str
    status: int
    code: str
    where: str = ""
    fix: str = ""


RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": words}
    for status, words in (
        (403, "The key is missing, or a guard said no"),
        (404, "Absent, or somebody else's"),
        (409, "It changed since it was read"),
        (422, "It cannot be used as given"),
    )
}
"""What every operation may answer instead."""


def problem(*, status: int, code: str, title: str, where: str = "", fix: str = "") -> JSONResponse:
    """One problem document."""
    body = {"type": f"urn:geminivideo:{code}", "title": title, "status": status, "code": code}
    if where:
        body["where"] = where
    if fix:
        body["fix"] = fix
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE)


def as_problem(error: GeminiVideoError) -> JSONResponse:
    """Our own errors."""
    return problem(status=error.http_status, code=error.code, title=error.what, where=error.where, fix=error.fix)


def install(app: FastAPI) -> None:
    """Answer every error with a problem document."""

    async def ours(_request: Request, error: Exception) -> JSONResponse:
        return as_problem(error if isinstance(error, GeminiVideoError) else GeminiVideoError("Something went wrong"))

    async def invalid(_request: Request, error: Exception) -> JSONResponse:
        first: Mapping[str, Any] = error.errors()[0] if isinstance(error, RequestValidationError) else {}
        where = ".".join(str(part) for part in first.get("loc", ()))
        title = str(first.get("msg", "Invalid request")).removeprefix("Value error, ")
        return problem(status=422, code="invalid_input", title=title, where=where, fix="See /api/v1/openapi.json.")

    async def plain(_request: Request, error: Exception) -> JSONResponse:
        status = error.status_code if isinstance(error, HTTPException) else 500
        detail = str(error.detail) if isinstance(error, HTTPException) else "Something went wrong"
        answer = problem(status=status, code=_CODES.get(status, "http_error"), title=detail)
        answer.headers.update((error.headers or {}) if isinstance(error, HTTPException) else {})
        return answer

    async def unexpected(_request: Request, _error: Exception) -> JSONResponse:
        return problem(
            status=500, code="internal", title="Something went wrong on our side", fix="See the server's log."
        )

    app.add_exception_handler(GeminiVideoError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(Exception, unexpected)
