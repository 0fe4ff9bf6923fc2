"""The Graph API's manners: credentials, error numbers, usage headers and paging."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx2
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from geminivideo.clock import Clock, WallClock
from geminivideo.errors import (
    PlatformAuth,
    PlatformError,
    PlatformInvalid,
    PlatformPermission,
    PlatformThrottled,
    PlatformTransient,
)
from platforms.http import Json, PlatformHttp, Reply

ModelT = TypeVar("ModelT", bound=BaseModel)

VERSION = "v26.0"
PAGE = 100
_MOST_PAGES = 2_000

_AUTH = frozenset({102, 190, 2500, 104})
_PERMISSION = frozenset({3, 10, 294, 368})
_THROTTLE = frozenset({4, 17, 32, 341, 613}) | frozenset(range(80_000, 80_015))
_PASSING = frozenset({1, 2})
_USER_LIMIT = (17, 2_446_079)
_WAIT, _LONG_WAIT = timedelta(minutes=5), timedelta(hours=1)
"""Points decay over 300 s; 17/2446079 and budget moves block for up to an hour (platforms.md, Meta limits)."""


class GraphCredentials(BaseModel):
    """A token and, where the app demands proofs, its secret. Neither shows in a repr."""

    model_config = ConfigDict(frozen=True)

    access_token: SecretStr
    app_secret: SecretStr = SecretStr("")

    @property
    def proof(self) -> str:
        """`appsecret_proof`: HMAC-SHA256 of the token with the app's secret, hex; empty without a secret."""
        secret = self.app_secret.get_secret_value()
        if not secret:
            return ""
        return hmac.new(secret.encode(), self.access_token.get_secret_value().encode(), hashlib.sha256).hexdigest()


class GraphRefusal(PlatformInvalid):
    """A refusal with the Graph's numbers and data (an upload's true offset, for instance)."""

    def __init__(self, what: str, *, number: int, subcode: int, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(what, fix="Correct what was sent; the same request would be refused again.")
        self.number, self.subcode, self.data = number, subcode, dict(data or {})


class GraphClient:
    """Reads and writes of one ad account. Parameters that are lists or objects go as JSON."""

    def __init__(
        self,
        *,
        base_url: str,
        credentials: GraphCredentials,
        timeout_seconds: float = 30.0,
        transport: httpx2.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        token, secret = credentials.access_token.get_secret_value(), credentials.app_secret.get_secret_value()
        now = clock or WallClock()
        self._proof = credentials.proof
        self.http = PlatformHttp(
            platform="Meta",
            base_url=base_url.rstrip("/"),
            classify=lambda status, body, headers: classify(status, body, headers, now=now.now()),
            # In the header, not in the query: addresses end up in logs.
            headers={"Authorization": f"Bearer {token}"},
            secrets=(token, secret, self._proof),
            timeout_seconds=timeout_seconds,
            transport=transport,
            clock=now,
            pause=pause,
        )

    async def read(self, path: str, *, params: Mapping[str, Any] | None = None) -> Json:
        """`GET /v26.0/{path}`."""
        reply = await self.http.read(f"/{VERSION}/{path}", params=self._encoded(params or {}))
        return reply.json

    async def pages(self, path: str, *, params: Mapping[str, Any], limit: int = PAGE) -> AsyncIterator[Json]:
        """Every row of an edge. `next`, not `after`, says whether there is more; its address is never used."""
        after = ""
        for _ in range(_MOST_PAGES):
            query = {**params, "limit": limit} | ({"after": after} if after else {})
            page = await self.read(path, params=query)
            rows, paging = _page(page, path=path)
            for row in rows:
                yield row
            if "next" not in paging:
                return
            after = str(paging["cursors"]["after"])
        raise PlatformError("The list does not end", where=f"Meta, GET {path}")

    async def write(
        self,
        path: str,
        *,
        data: Mapping[str, Any],
        change_id: str = "",
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
    ) -> Reply:
        """`POST /v26.0/{path}`, once. The change id rides in a header that Graph ignores."""
        headers = {"X-Change-Id": change_id} if change_id else None
        proof = {"appsecret_proof": self._proof} if self._proof else {}
        return await self.http.write(f"/{VERSION}/{path}", data=_form(data), params=proof, files=files, headers=headers)

    def _encoded(self, params: Mapping[str, Any]) -> dict[str, str]:
        proof = {"appsecret_proof": self._proof} if self._proof else {}
        return _form(params) | proof


def classify(status: int, body: Json, headers: Mapping[str, str], *, now: datetime) -> PlatformError | None:
    """What a Graph answer means. The HTTP status is unreliable there: the body decides where it has an error."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return _by_status(status)
    number, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    what = f"Meta says {number}/{subcode}: {str(error.get('error_user_msg') or error.get('message', ''))[:300]}"
    if number in _AUTH:
        return PlatformAuth(what, fix="Connect the account again: the token is missing, expired or revoked.")
    if number in _THROTTLE:
        return PlatformThrottled(what, retry_at=now + _regain(headers, number=number, subcode=subcode))
    if number in _PERMISSION or 200 <= number <= 299:
        return PlatformPermission(what, fix="Give this token the permission in Meta's business settings.")
    if number in _PASSING or error.get("is_transient") is True:
        return PlatformTransient(what)
    return GraphRefusal(what, number=number, subcode=subcode, data=error.get("error_data"))


def parsed(model: type[ModelT], row: Json, *, where: str) -> ModelT:
    """A row as one of our types; a row of another shape is the platform's fault and named."""
    try:
        return model.model_validate(row)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise PlatformInvalid(f"Meta sent a {model.__name__} that cannot be read: {place}", where=where) from None


def _by_status(status: int) -> PlatformError | None:
    if status < 400:
        return None
    what = f"Meta answered {status} without saying why"
    if status == 401:
        return PlatformAuth(what)
    if status == 403:
        return PlatformPermission(what)
    if status == 429:
        return PlatformThrottled(what, retry_at=datetime.now(UTC) + _WAIT)
    return PlatformTransient(what) if status >= 500 else PlatformInvalid(what)


def _regain(headers: Mapping[str, str], *, number: int, subcode: int) -> timedelta:
    """How long to stay away: the worst of what the usage headers say, else the documented block."""
    waits = [timedelta(minutes=minutes) for minutes in _business_minutes(headers)]
    account = _header_json(headers, "x-ad-account-usage")
    if isinstance(account, dict):
        waits.append(timedelta(seconds=_number(account.get("reset_time_duration"))))
    worst = max(waits, default=timedelta())
    if worst:
        return worst
    return _LONG_WAIT if (number, subcode) == _USER_LIMIT else _WAIT


def _business_minutes(headers: Mapping[str, str]) -> list[int]:
    usage = _header_json(headers, "x-business-use-case-usage")
    if not isinstance(usage, dict):
        return []
    cases = [case for listed in usage.values() if isinstance(listed, list) for case in listed]
    return [_number(case.get("estimated_time_to_regain_access")) for case in cases if isinstance(case, dict)]


def _header_json(headers: Mapping[str, str], name: str) -> Json:
    try:
        return json.loads(headers.get(name, "null"))
    except ValueError:
        return None


def _number(value: Json) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _page(page: Json, *, path: str) -> tuple[list[Json], dict[str, Any]]:
    if not isinstance(page, dict) or not isinstance(page.get("data"), list):
        raise PlatformInvalid("Meta's list has a shape that we do not know", where=f"Meta, GET {path}")
    return page["data"], page.get("paging") or {}


def _form(values: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        for name, value in values.items()
        if value is not None
    }
