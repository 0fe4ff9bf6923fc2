"""What every route is given: the engine, the person, and the account that the path or the query names."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Header, Request

from api.engine import Engine
from api.keys import check_key
from geminivideo.errors import NotPermitted
from geminivideo.principals import Principal

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def get_engine(request: Request) -> Engine:
    """The process's engine, opened by the app's lifespan."""
    engine: Engine = request.app.state.engine
    return engine


def get_person(
    request: Request,
    authorization: Annotated[str | None, Header()] = None,
    host: Annotated[str, Header()] = "",
    origin: Annotated[str | None, Header()] = None,
) -> Principal:
    """The person behind the key. Host and Origin must name this machine, so that no web page can use the key."""
    allowed = {*_LOOPBACK, request.app.state.settings.host}
    for name, value in (("Host", f"//{host}"), ("Origin", origin)):
        if value is not None and urlsplit(value).hostname not in allowed:
            raise NotPermitted("Requests for other hosts are refused", where=name, fix="Call this machine's address.")
    given = authorization.removeprefix("Bearer ").strip() if authorization else None
    return check_key(given, key=request.app.state.key)


EngineDep = Annotated[Engine, Depends(get_engine)]
PersonDep = Annotated[Principal, Depends(get_person)]
