"""A small real sandbox, one process per session, and settings that point at it.

Its world is shared: tests make accounts of their own homes over the same platform account, so what one publishes
another can see. Ask for `sandbox_url`, or for `sandboxed` to have settings with a fresh home.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from pydantic import SecretStr

from geminivideo.settings import Settings

ADS, DAYS, SEED = 24, 20, 7


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    """The address of the session's sandbox."""
    command = [
        sys.executable,
        "-m",
        "sandbox",
        "--port",
        "0",
        "--seed",
        str(SEED),
        "--ads",
        str(ADS),
        "--days",
        str(DAYS),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            assert process.stdout is not None
            yield str(json.loads(process.stdout.readline())["url"])
        finally:
            process.terminate()
            process.wait(timeout=10)


@pytest.fixture(scope="session")
def template(sandbox_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with a synced account, made once: copy it with `tests.graphs.office.copy_home`."""
    from tests.graphs.office import prepare, settings_for

    settings = settings_for(sandbox_url, home=tmp_path_factory.mktemp("template") / "home")
    asyncio.run(prepare(settings))
    return settings


@pytest.fixture
def sandboxed(sandbox_url: str, tmp_path: Path) -> Settings:
    """Settings with a fresh home and the sandbox's own tokens."""
    about = httpx2.get(f"{sandbox_url}/sandbox", trust_env=False).json()
    return Settings(
        home=tmp_path / "home",
        sandbox_url=sandbox_url,
        meta_access_token=SecretStr(about["access_token"]),
        meta_app_secret=SecretStr(about["app_secret"]),
        hubspot_access_token=SecretStr(about["access_token"]),
    )
