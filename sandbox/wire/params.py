"""Reading a Graph request: query, form, JSON or multipart, with values that may be JSON inside strings."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import UploadFile
from starlette.requests import Request

from sandbox.graph_error import invalid

SECRETS = ("access_token", "appsecret_proof")


@dataclass(frozen=True)
class Call:
    """One request, its parameters taken together whatever way they came."""

    method: str
    path: str
    """Without the version, without slashes at the ends."""
    params: dict[str, Any]
    token: str
    proof: str
    base_url: str
    change: str = ""
    """The caller's own mark of the change, if it sent one (X-Change-Id, or a batch item's name)."""
    chunk: bytes | None = field(default=None, repr=False)

    def content(self) -> dict[str, Any]:
        """The parameters, for the journal: secrets are left out, JSON in strings is read."""
        return {name: _read(value) for name, value in self.params.items() if name not in SECRETS}


async def read_call(request: Request, *, path: str) -> Call:
    """The request as a call. Bodies that cannot be read are refused as Graph does."""
    params: dict[str, Any] = dict(request.query_params)
    chunk: bytes | None = None
    kind = request.headers.get("content-type", "").split(";")[0]
    if kind == "application/json":
        params |= _json_object(await request.body())
    elif kind == "multipart/form-data":
        async with request.form(max_part_size=32 << 20) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    chunk = await value.read()
                else:
                    params[name] = value
    else:
        params |= dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
    bearer = request.headers.get("authorization", "")
    return Call(
        method=request.method,
        path=_without_version(path),
        params={name: value for name, value in params.items() if name not in SECRETS},
        token=str(params.get("access_token") or bearer.removeprefix("Bearer ").removeprefix("OAuth ")),
        proof=str(params.get("appsecret_proof", "")),
        base_url=str(request.base_url).rstrip("/"),
        change=request.headers.get("x-change-id", ""),
        chunk=chunk,
    )


def item_call(item: dict[str, Any], *, outer: Call) -> Call:
    """One item of a batch as a call of its own."""
    parts = urlsplit(str(item.get("relative_url", "")))
    params: dict[str, Any] = dict(parse_qsl(parts.query, keep_blank_values=True))
    params |= dict(parse_qsl(str(item.get("body", "")), keep_blank_values=True))
    return Call(
        method=str(item.get("method", "GET")).upper(),
        path=_without_version(parts.path),
        params={name: value for name, value in params.items() if name not in SECRETS},
        token=outer.token,
        proof=outer.proof,
        base_url=outer.base_url,
        change=str(item.get("name", "")),
    )


def text(params: dict[str, Any], name: str, *, default: str | None = None) -> str:
    """A required string, or its default."""
    value = params.get(name, default)
    if value is None or value == "":
        if default is not None:
            return default
        raise invalid(f"The parameter {name} is required.")
    return str(value)


def whole(params: dict[str, Any], name: str) -> int | None:
    """An unsigned integer in decimal, or None when absent."""
    value = params.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not str(value).isascii() or not str(value).isdigit() or len(str(value)) > 15:
        raise invalid(f"Param {name} must be an integer")
    return int(value)


def structure(params: dict[str, Any], name: str, *, default: Any = None) -> Any:
    """A JSON value that may have come as a string."""
    value = params.get(name)
    if value is None or value == "":
        return default
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise invalid(f"Param {name} must be valid JSON") from None


def choice(params: dict[str, Any], name: str, *, among: tuple[str, ...], default: str | None = None) -> str:
    """One of an enumeration."""
    value = text(params, name, default=default)
    if value not in among:
        raise invalid(f"Param {name} must be one of {{{', '.join(among)}}}")
    return value


def _read(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _json_object(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw or b"{}")
    except ValueError:
        raise invalid("The request body is not valid JSON") from None
    if not isinstance(value, dict):
        raise invalid("The request body must be an object")
    return value


def _without_version(path: str) -> str:
    parts = [part for part in path.split("/") if part]
    if parts and parts[0].startswith("v") and parts[0][1:2].isdigit():
        parts = parts[1:]
    return "/".join(parts)
