"""One real server for the session, over a small sandbox, with renders that cost nothing."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn

from api.app import create_app
from api.engine import open_engine
from benchmarks.crash_rendering import token_handlers
from geminivideo.settings import Settings
from tests.graphs.office import ACCOUNT, BRIEF, copy_home

RUN = {"account_id": ACCOUNT, "brief": BRIEF.model_dump(mode="json")}
_PATIENCE = 60


@dataclass
class Api:
    """A running server and a client that holds its key."""

    url: str
    key: str
    settings: Settings
    client: httpx2.Client

    def get(self, path: str, **more: Any) -> httpx2.Response:
        return self.client.get(path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> httpx2.Response:
        return self.client.post(path, json=body, **more)

    def wait_for(self, run_id: str, *statuses: str) -> dict[str, Any]:
        """The run once it has one of these statuses, watched through its own events."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            run: dict[str, Any] = self.get(f"/runs/{run_id}").json()
            if run["status"] in statuses:
                return run
            threading.Event().wait(0.1)
        raise AssertionError(f"{run_id} is {run['status']} ({run['error']}), not {statuses}")

    def waiting_campaign(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """A campaign that waits for its approval, and that approval."""
        run = self.wait_for(self.post("/runs", RUN).json()["id"], "waiting_approval", "failed", "parked")
        (view,) = [item for item in self.get("/approvals").json() if item["run_id"] == run["id"]]
        return run, view

    def say(self, thread_id: str, text: str) -> tuple[str, dict[str, Any]]:
        """One turn of a conversation: the answer's text and its data."""
        events = list(sse(self.post(f"/chat/threads/{thread_id}/messages", {"text": text}).text))
        text = "".join(event["delta"] for _, event in events if event["type"] == "TEXT_MESSAGE_CONTENT")
        return text, events[-1][1].get("result", {})


def sse(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Ids and data of server-sent events."""
    for block in text.replace("\r\n", "\n").split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(":"))
        if "data" in lines:
            yield lines.get("id", ""), json.loads(lines["data"])


@contextmanager
def serving(settings: Settings) -> Iterator[Api]:
    """The server in a thread of its own, on a free port."""
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(settings, opener=lambda given: open_engine(given, make_handlers=token_handlers))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    headers = {"Authorization": f"Bearer {app.state.key}"}
    with httpx2.Client(base_url=f"{url}/api/v1", headers=headers, timeout=_PATIENCE, trust_env=False) as client:
        while not server.started and thread.is_alive():
            thread.join(0.05)
        yield Api(url, app.state.key, settings, client)
    server.should_exit = True
    thread.join(timeout=20)


@pytest.fixture(scope="session")
def api(template: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    home = copy_home(template.home, tmp_path_factory.mktemp("served") / "home")
    with serving(template.model_copy(update={"home": home})) as running:
        yield running


@pytest.fixture(scope="session")
def campaign(api: Api) -> tuple[dict[str, Any], dict[str, Any]]:
    """A campaign that waits; for tests that only look."""
    return api.waiting_campaign()


@pytest.fixture
def home(template: Settings, tmp_path: Path) -> Settings:
    """A home of this test's own, with the synced account."""
    return template.model_copy(update={"home": copy_home(template.home, tmp_path / "home")})
