"""One HTTP client for all platforms: time-outs, retried reads, writes that are sent once, and one way to fail.

A write whose answer did not come, or cannot be read, is `OutcomeUnknown`: it may have happened. Only where nothing
was sent at all is it `PlatformTransient`. Credentials travel in headers or parameters and are wiped from every text.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx2

from geminivideo.clock import Clock, WallClock
from geminivideo.errors import OutcomeUnknown, PlatformError, PlatformThrottled, PlatformTransient

Json = Any
Classify = Callable[[int, Json, Mapping[str, str]], PlatformError | None]
"""From (status, body, headers) to the error that it means; None where it is a success."""

_SHORT_WAIT = timedelta(seconds=10)
"""A throttled read is tried again only if the platform promises to be free this soon."""
_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Reply:
    """A successful answer."""

    status: int
    json: Json
    headers: Mapping[str, str]


class PlatformHttp:
    """Calls one platform. `secrets` never show in an error; `pause` and `rng` time the retries of reads."""

    def __init__(
        self,
        *,
        platform: str,
        base_url: str,
        classify: Classify,
        headers: Mapping[str, str] | None = None,
        secrets: tuple[str, ...] = (),
        timeout_seconds: float = 30.0,
        tries: int = 4,
        transport: httpx2.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        rng: random.Random | None = None,
    ) -> None:
        self._platform, self._classify = platform, classify
        self._secrets = tuple(secret for secret in secrets if secret)
        self._tries, self._pause, self._rng = tries, pause, rng or random.Random()
        self.clock = clock or WallClock()
        self._client = httpx2.AsyncClient(
            base_url=base_url,
            headers=dict(headers or {}),
            timeout=httpx2.Timeout(timeout_seconds, connect=min(5.0, timeout_seconds)),
            transport=transport,
            # A proxy of the environment must not come between us and a sandbox on this machine.
            trust_env=urlsplit(base_url).hostname not in _LOOPBACK,
        )
        _hide_queries()

    async def read(
        self, path: str, *, params: Mapping[str, str] | None = None, method: str = "GET", body: Json = None
    ) -> Reply:
        """A call without effect, tried again with growing, jittered pauses after a passing fault."""
        last: PlatformError | None = None
        for attempt in range(self._tries):
            if attempt:
                await self._pause(min(8.0, 0.25 * 2**attempt) * self._rng.uniform(0.5, 1.5))
            try:
                return await self._once(method, path, params=params, body=body)
            except PlatformTransient as error:
                last = error
            except PlatformThrottled as error:
                if error.retry_at is None or error.retry_at - self.clock.now() > _SHORT_WAIT:
                    raise
                last = error
        assert last is not None  # noqa: S101 - the loop ran at least once
        raise last

    async def write(
        self,
        path: str,
        *,
        data: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """A call with an effect: sent once, never again from here."""
        where = self._where("POST", path)
        try:
            response = await self._client.post(
                path, data=dict(data), params=dict(params or {}), files=dict(files) if files else None, headers=headers
            )
        except _NEVER_SENT as error:
            raise self._unreachable(error, where=where) from None
        except httpx2.RequestError as error:
            raise self._unknown(f"sent, but no answer came ({type(error).__name__})", where=where) from None
        body = _json(response)
        if body is _UNREADABLE:
            raise self._unknown(f"answered {response.status_code} with something that is not JSON", where=where)
        failure = self._classify(response.status_code, body, response.headers)
        if isinstance(failure, PlatformTransient):
            raise self._unknown(f"had a fault of its own: {self._wipe(failure.what)}", where=where)
        if failure is not None:
            raise self._placed(failure, where=where)
        return Reply(response.status_code, body, response.headers)

    async def download(self, url: str, *, limit_bytes: int) -> bytes:
        """A public file, fetched without credentials; longer than the limit is refused."""
        where = self._where("GET", urlsplit(url).path)
        found = bytearray()
        try:
            async with self._client.stream("GET", url, headers={"Authorization": ""}) as response:
                if response.status_code != 200:
                    raise PlatformTransient(f"{self._platform} answered {response.status_code}", where=where)
                async for piece in response.aiter_bytes():
                    found += piece
                    if len(found) > limit_bytes:
                        raise PlatformError(f"The file is longer than {limit_bytes} bytes", where=where)
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            raise self._unreachable(error, where=where) from None
        return bytes(found)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _once(self, method: str, path: str, *, params: Mapping[str, str] | None, body: Json) -> Reply:
        where = self._where(method, path)
        try:
            response = await self._client.request(method, path, params=dict(params or {}), json=body)
        except httpx2.RequestError as error:
            raise self._unreachable(error, where=where) from None
        answer = _json(response)
        if answer is _UNREADABLE:
            raise PlatformTransient(
                f"{self._platform} answered {response.status_code} with something that is not JSON", where=where
            )
        failure = self._classify(response.status_code, answer, response.headers)
        if failure is not None:
            raise self._placed(failure, where=where)
        return Reply(response.status_code, answer, response.headers)

    def _where(self, method: str, path: str) -> str:
        return f"{self._platform}, {method} {self._wipe(path)}"

    def _placed(self, error: PlatformError, *, where: str) -> PlatformError:
        error.what, error.where = self._wipe(error.what), where
        error.args = (error.what,)
        return error

    def _unreachable(self, error: Exception, *, where: str) -> PlatformTransient:
        what = f"{self._platform} could not be reached ({type(error).__name__})"
        return PlatformTransient(what, where=where, fix="Check the network and the base URL, then try again.")

    def _unknown(self, what: str, *, where: str) -> OutcomeUnknown:
        return OutcomeUnknown(
            f"{self._platform}: {what}",
            where=where,
            fix="It may have happened: it is read back from the platform before anything is sent again.",
        )

    def _wipe(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        return text


_UNREADABLE = object()


def _json(response: httpx2.Response) -> Json:
    try:
        return json.loads(response.content)
    except ValueError:
        return _UNREADABLE


class _NoQuery(logging.Filter):
    """Cuts the query off a logged URL: it may carry a proof or a token."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record, without queries."""
        if isinstance(record.args, tuple):
            record.args = tuple(
                str(arg.copy_with(query=None)) if isinstance(arg, httpx2.URL) else arg for arg in record.args
            )
        return True


def _hide_queries() -> None:
    log = logging.getLogger("httpx2")
    if not any(isinstance(known, _NoQuery) for known in log.filters):
        log.addFilter(_NoQuery())
