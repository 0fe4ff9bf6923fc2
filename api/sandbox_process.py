"""The sandbox as a child process: a real server on a free port, reached over HTTP like any platform."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2

from geminivideo.errors import PlatformError

_START_SECONDS = 30


class Sandbox:
    """The sandbox's control plane, beside the platforms' wire. Nothing here exists outside the simulation."""

    def __init__(self, url: str, *, pid: int = 0) -> None:
        self.url = url
        self.pid = pid

    async def now(self) -> datetime:
        """The simulated time."""
        return datetime.fromisoformat((await self._call("GET", "clock"))["now"])

    async def advance(self, *, days: int) -> datetime:
        """Let simulated days pass: ads are delivered, deals move."""
        return datetime.fromisoformat((await self._call("POST", "advance", {"days": days}))["now"])

    async def get(self, path: str, **params: Any) -> Any:
        """Read something of the control plane."""
        return await self._call("GET", path, None, params)

    async def post(self, path: str, body: Any) -> Any:
        """Write something of the control plane."""
        return await self._call("POST", path, body)

    async def _call(self, method: str, path: str, body: Any = None, params: Any = None) -> Any:
        url = f"{self.url}/sandbox/{path}".rstrip("/")
        try:
            async with httpx2.AsyncClient(timeout=120) as client:
                response = await client.request(method, url, json=body, params=params)
                response.raise_for_status()
                return response.json()
        except httpx2.HTTPError as error:
            raise PlatformError("The sandbox did not answer", where=url, fix="Start it again.") from error


@asynccontextmanager
async def start_sandbox(*, data: Path, seed: int) -> AsyncIterator[Sandbox]:
    """Start it, wait until it says that it is ready, stop it at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sandbox",
        "--port",
        "0",
        "--seed",
        str(seed),
        "--data",
        str(data),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield Sandbox(await _address(process), pid=process.pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    if process.stdout is None:
        raise PlatformError("The sandbox has no output to read its address from")
    try:
        async with asyncio.timeout(_START_SECONDS):
            line = await process.stdout.readline()
        return str(json.loads(line)["url"])
    except (TimeoutError, ValueError, KeyError) as error:
        raise PlatformError("The sandbox did not start", where="python -m sandbox", fix="Run it to see why.") from error
