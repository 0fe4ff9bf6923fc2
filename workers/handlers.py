"""Job handlers: what each kind of long work does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Protocol

import httpx2

from geminivideo.blueprint import Blueprint
from geminivideo.brief import Brief
from geminivideo.creative_dna import CreativeDna
from geminivideo.errors import PlatformError
from geminivideo.vocabulary import Format
from graphs.services import Services
from graphs.states import ad_states
from memory import accounts, creatives, models, runs
from memory.creatives import Render
from memory.jobs import Job
from tools.decisions.creative_dna import dna_of_blueprint
from tools.insights.learn import store_model, train_ctr
from tools.studio.produce import Producer
from workers.worker import Handler, Progress


class AdProducer(Protocol):
    """Makes the files of one blueprint in one format. Blocking; it polls `cancelled`."""

    def produce(
        self,
        blueprint: Blueprint,
        *,
        brief: Brief,
        format: Format,
        seed: int,
        on_progress: Callable[[int], None],
        cancelled: Callable[[], bool],
    ) -> Render:
        """The stored files and what was measured on them."""
        ...


def handlers(services: Services, *, producer: AdProducer | None = None) -> Mapping[str, Handler]:
    """The handler of each job kind; the studio renders unless another producer is given."""
    maker = producer or Producer(services.assets, work=services.settings.home / "work")

    async def render(job: Job, progress: Progress) -> dict[str, Any]:
        return await _render(services, maker, job=job, progress=progress)

    async def train(job: Job, _progress: Progress) -> dict[str, Any]:
        return await _train(services, job=job)

    return {"render": render, "train_ctr": train}


async def _render(services: Services, producer: AdProducer, *, job: Job, progress: Progress) -> dict[str, Any]:
    payload = job.payload
    blueprint = await services.db.read(
        lambda conn: creatives.get_blueprint(conn, payload["blueprint_id"], account_id=job.account_id)
    )
    run = await services.db.read(lambda conn: runs.get_run(conn, job.run_id))
    brief = Brief.model_validate(run.inputs["brief"])
    made = await asyncio.to_thread(
        producer.produce,
        blueprint,
        brief=brief,
        format=payload["format"],
        seed=int(blueprint.sha256[:8], 16),
        on_progress=progress.report,
        cancelled=progress.cancelled,
    )
    traits = dna_of_blueprint(blueprint, format=made.format, brand=brief.brand)
    await _tell_the_sandbox(services, job=job, made=made, traits=traits, key=blueprint.sha256[:24])
    now = services.wall.now()

    def write(conn: Any) -> None:
        creatives.save_render(conn, made, account_id=job.account_id, now=now)
        seconds = made.receipt["milliseconds"] / 1000
        runs.append_event(
            conn,
            job.run_id,
            kind="render.done",
            who="studio",
            text=f"{payload['label']}: {seconds:.1f} s, {made.receipt['lufs']:.1f} LUFS",
            at=now,
            data=made.model_dump(mode="json"),
            key=f"rendered:{made.blueprint_id}:{made.format}:{made.asset_id[:12]}",
        )

    await services.db.write(write)
    return {"asset_id": made.asset_id}


async def _train(services: Services, *, job: Job) -> dict[str, Any]:
    """Train the account's CTR model on what was synced, and keep it with its report."""
    found, states = await ad_states(services, job.account_id)
    model = await asyncio.to_thread(train_ctr, found, states=states, embedder=services.embedder)
    asset_id = await asyncio.to_thread(store_model, model, assets=services.assets)
    now = services.wall.now()
    report = model.report.model_dump(mode="json")
    await services.db.write(
        lambda conn: models.save_model(
            conn,
            account_id=job.account_id,
            kind="ctr",
            asset_id=asset_id,
            report=report,
            data_until=date.fromisoformat(job.payload["until"]),
            now=now,
        )
    )
    return report


async def _tell_the_sandbox(services: Services, *, job: Job, made: Render, traits: CreativeDna, key: str) -> None:
    """A simulated audience cannot watch a video: it is told the file's traits, by hash, beside the platform's wire."""
    account = await services.db.read(lambda conn: accounts.get_account(conn, job.account_id))
    if not account.simulated or not services.settings.sandbox_url:
        return
    url = f"{services.settings.sandbox_url}/sandbox/creatives/{made.asset_id}"
    try:
        async with httpx2.AsyncClient(timeout=10) as client:
            (await client.post(url, json={"traits": traits.model_dump(mode="json"), "key": key})).raise_for_status()
    except httpx2.HTTPError as error:
        raise PlatformError("The sandbox did not take the file's traits", where=url, fix="Is it running?") from error
