"""The command line in process, over a home with a synced account and renders that cost nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.cli import main
from benchmarks.crash_rendering import TokenProducer
from geminivideo.settings import Settings
from tests.graphs.office import copy_home

BRIEF = """
product: cold brew on tap for offices
brand: Northbrew
offer: a free tasting week for your whole office
vertical: local_services
benefits: [fresh keg every Monday, ready in 5 seconds]
formats: ["9:16"]
variants: 2
budget: $60 a day
"""


@dataclass
class Result:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on standard output."""
        found: dict[str, Any] = json.loads(self.out)
        return found


Cli = Callable[..., Result]


def environment(settings: Settings) -> dict[str, str]:
    """The variables that make these settings."""
    return {
        "GEMINIVIDEO_HOME": str(settings.home),
        "GEMINIVIDEO_SANDBOX_URL": settings.sandbox_url,
        "GEMINIVIDEO_META_ACCESS_TOKEN": settings.meta_access_token.get_secret_value(),
        "GEMINIVIDEO_META_APP_SECRET": settings.meta_app_secret.get_secret_value(),
        "GEMINIVIDEO_HUBSPOT_ACCESS_TOKEN": settings.hubspot_access_token.get_secret_value(),
    }


@pytest.fixture
def home(template: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home of this test's own, in the environment."""
    settings = template.model_copy(update={"home": copy_home(template.home, tmp_path / "home")})
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("workers.handlers.Producer", lambda assets, work: TokenProducer(assets))
    return settings


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run a command in this process, without a terminal."""

    def run(*arguments: str | Path) -> Result:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert "Traceback" not in said.err, said.err
        return Result(code, said.out, said.err)

    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    return run


@pytest.fixture
def brief(tmp_path: Path) -> Path:
    """A brief that can be run."""
    path = tmp_path / "brief.yaml"
    path.write_text(BRIEF)
    return path
