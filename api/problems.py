"""Errors as problem details (RFC 9457): the same code, cause and advice as in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from geminivideo.errors import GeminiVideoError

MEDIA_TYPE = "application/problem+json"


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
        return problem(status=422, code="invalid_input", title=str(first.get("msg", "Invalid request")), where=where)

    async def plain(_request: Request, error: Exception) -> JSONResponse:
        status = error.status_code if isinstance(error, HTTPException) else 500
        detail = str(error.detail) if isinstance(error, HTTPException) else "Something went wrong"
        return problem(status=status, code="not_found" if status == 404 else "http_error", title=detail)

    async def unexpected(_request: Request, _error: Exception) -> JSONResponse:
        return problem(
            status=500, code="internal", title="Something went wrong on our side", fix="See the server's log."
        )

    app.add_exception_handler(GeminiVideoError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(Exception, unexpected)
