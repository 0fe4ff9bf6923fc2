from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from geminivideo.settings import Settings
from tests.graphs.office import Office, copy_home, open_office, prepare, sandbox_process, settings_for


@pytest.fixture(scope="session")
def sandbox_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One small world for the session; each test has its own records."""
    with sandbox_process(tmp_path_factory.mktemp("sandbox")) as url:
        yield url


@pytest.fixture(scope="session")
def template(sandbox_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with a synced account, made once."""
    settings = settings_for(sandbox_url, home=tmp_path_factory.mktemp("template") / "home")
    asyncio.run(prepare(settings))
    return settings


@pytest.fixture
def settings(template: Settings, tmp_path: Path) -> Settings:
    """A home of its own."""
    return template.model_copy(update={"home": copy_home(template.home, tmp_path / "home")})


@pytest.fixture
async def office(settings: Settings) -> AsyncIterator[Office]:
    async with open_office(settings) as opened:
        yield opened
