"""One small sandbox per test: in process where no socket matters, on a real port where it does."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from geminivideo.creative_dna import CreativeDna
from platforms.graph import GraphClient
from platforms.hubspot import HubSpotReader
from platforms.meta import GraphCredentials, MetaReader
from platforms.meta_writer import CreativeContent, MetaWriter
from sandbox.server import create_app
from sandbox.simulation import Simulation
from sandbox.wire.meta import Secrets
from sandbox.world import WorldConfig

CANARY = "EAAB-canary-token-7f3e"
CANARY_SECRET = "canary-app-secret-91c2"


async def no_pause(_: float) -> None:
    """Retries without waiting."""


@dataclass
class Box:
    """A sandbox and the clients that talk to it."""

    sim: Simulation
    base_url: str
    transport: httpx2.AsyncBaseTransport | None
    client: GraphClient
    reader: MetaReader
    writer: MetaWriter
    control: httpx2.AsyncClient

    def hubspot(self) -> HubSpotReader:
        token = SecretStr(CANARY)
        return HubSpotReader(
            base_url=self.base_url, token=token, currency="USD", transport=self.transport, pause=no_pause
        )

    async def fault(self, **fault: Any) -> None:
        answer = await self.control.post("/sandbox/faults", json=fault)
        assert answer.status_code == 200, answer.text

    async def journal(self) -> list[dict[str, Any]]:
        return list((await self.control.get("/sandbox/journal")).json()["entries"])

    async def advance(self, **step: int) -> None:
        answer = await self.control.post("/sandbox/advance", json=step)
        assert answer.status_code == 200, answer.text

    async def publish(
        self, path: Path, *, change_id: str, budget: int = 4_000, campaign: str | None = None
    ) -> dict[str, str]:
        """One ad from file to running, as the treasury would."""
        made = {"video": await self.writer.upload_video(path, change_id=change_id, title="Cut")}
        while (video := (await self.reader.videos([made["video"]]))[made["video"]]).state != "ready":
            pass
        made["campaign"] = campaign or await self.writer.create_campaign(change_id=change_id, name="Tastings")
        made["ad_set"] = await self.writer.create_ad_set(
            change_id=change_id,
            name="Austin",
            campaign_id=made["campaign"],
            daily_budget_minor=budget,
            place="Austin, Texas",
            page_id=self.sim.page_id,
        )
        content = CreativeContent(
            page_id=self.sim.page_id,
            video_id=made["video"],
            image_url=video.picture,
            message="Cold brew on tap.",
            title="Taste it",
            button="BOOK_NOW",
            link="https://northbrew.example/tasting",
        )
        made["creative"] = await self.writer.create_creative(change_id=change_id, name="Cut", content=content)
        made["ad"] = await self.writer.create_ad(
            change_id=change_id, name="Cut", ad_set_id=made["ad_set"], creative_id=made["creative"]
        )
        for entity in ("campaign", "ad_set", "ad"):
            await self.writer.set_status(change_id=change_id, entity_id=made[entity], status="ACTIVE")
        return made


def app(seed: int = 7, data: Path | None = None, ads: int = 24) -> FastAPI:
    config = WorldConfig(seed=seed, start=datetime(2026, 3, 2, 15, tzinfo=UTC))
    secrets = Secrets(access_token=CANARY, app_secret=CANARY_SECRET)
    return create_app(config, data=data, history_days=30, history_ads=ads, secrets=secrets)


def boxed(sim: Simulation, *, base_url: str, transport: httpx2.AsyncBaseTransport | None, seconds: float) -> Box:
    credentials = GraphCredentials(access_token=SecretStr(CANARY), app_secret=SecretStr(CANARY_SECRET))
    client = GraphClient(
        base_url=base_url, credentials=credentials, transport=transport, timeout_seconds=seconds, pause=no_pause
    )
    common: dict[str, Any] = {
        "base_url": base_url,
        "account_id": sim.account_id,
        "credentials": credentials,
        "client": client,
    }
    control = httpx2.AsyncClient(base_url=base_url, transport=transport, trust_env=False)
    return Box(sim, base_url, transport, client, MetaReader(**common), MetaWriter(**common), control)


@pytest.fixture
async def box() -> AsyncIterator[Box]:
    """In process, with a little history."""
    made = app()
    transport = httpx2.ASGITransport(app=made)
    found = boxed(made.state.simulation, base_url="http://127.0.0.1", transport=transport, seconds=5)
    yield found
    await found.control.aclose()


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, Simulation]]:
    """A real server on a free port."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    made = app()
    server = uvicorn.Server(uvicorn.Config(made, log_level="critical", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    host, port = listener.getsockname()
    yield f"http://{host}:{port}", made.state.simulation
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture
async def live(served: tuple[str, Simulation]) -> AsyncIterator[Box]:
    """Over a real socket, with a client that loses patience quickly."""
    url, sim = served
    found = boxed(sim, base_url=url, transport=None, seconds=0.4)
    yield found
    async with httpx2.AsyncClient(base_url=url, trust_env=False) as control:
        await control.delete("/sandbox/faults")
    await found.reader.aclose()
    await found.control.aclose()


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "cut.mp4"
    path.write_bytes(bytes(range(256)) * 10_000)
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def dna(**more: Any) -> CreativeDna:
    usual: dict[str, Any] = {
        "hook_type": "question", "cta_style": "book", "offer_type": "free_trial", "words": 30, "headline_words": 4,
        "has_number": False, "has_question": True, "second_person": True, "urgency": False, "social_proof": False,
        "duration_ms": 14_000, "pacing": "fast", "warmth": 70, "brightness": 45, "contrast": 40,
    }  # fmt: skip
    return CreativeDna(**(usual | more))
