"""The demo's outcome as one JSON document. The report, the ending and scripts all read this and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from agents.onboard.judges import CTR_NAME, CTR_SEAT
from api.demo.story import Played, Stage
from geminivideo.ads import Ad
from geminivideo.blueprint import Blueprint
from geminivideo.events import RunEvent
from memory import ads, creatives, runs
from memory.creatives import Render
from memory.runs import Run

REPEATS = 200


async def build_result(stage: Stage, played: Played) -> dict[str, Any]:
    """Everything that was made, approved, spent and gained. Files are copied to `videos/` under readable names."""
    db, treasury = stage.engine.services.db, stage.engine.services.treasury
    account_id = played.account.id
    made: list[dict[str, Any]] = []
    events: dict[str, list[RunEvent]] = {}
    published = {
        ad.blueprint_id: ad for ad in await db.read(lambda conn: ads.list_ads(conn, account_id=account_id, ours=True))
    }
    for run in played.all_runs:
        events[run.id] = await db.read(_all_events(run.id))
        if run.graph != "optimise":
            made += await _variants(stage, run, events=events[run.id], published=published)
    history = await treasury.history(account_id)
    ledger = await treasury.ledger(account_id)
    audit = await treasury.audit_verify(account_id)
    return {
        "simulated": True,
        "run_id": played.campaign.id,
        "account": {
            "id": account_id,
            "name": played.account.name,
            "currency": played.account.config.currency,
            "timezone": played.account.config.timezone,
        },
        "brief": played.brief.model_dump(mode="json", exclude={"footage"}),
        "outcome": (played.campaign.result or {}).get("outcome", ""),
        "agents": [*stage.engine.services.roster.describe(), f"Judge {CTR_SEAT}: {CTR_NAME}"],
        "variants": made,
        "verdicts": _data(events[played.campaign.id], "oracle.verdict"),
        "tired": [item for run in played.runs for item in _data(events[run.id], "fatigue.found")],
        "approvals": [view.model_dump(mode="json") for view in reversed(history)],
        "ledger": [row.model_dump(mode="json") for row in ledger],
        "audit": audit.model_dump(mode="json"),
        "daily": await _daily(stage, published=list(published.values())),
        "simulation": await _simulation(stage, published=list(published.values())),
        "timings": played.timings,
    }


def _all_events(run_id: str) -> Any:
    def read(conn: Connection) -> list[RunEvent]:
        found: list[RunEvent] = []
        while batch := runs.events_after(conn, run_id, seq=found[-1].seq if found else 0):
            found += batch
        return found

    return read


def _data(events: Sequence[RunEvent], kind: str) -> list[dict[str, Any]]:
    return [{"text": event.text, **event.data} for event in events if event.kind == kind]


async def _variants(
    stage: Stage, run: Run, *, events: Sequence[RunEvent], published: Mapping[str | None, Ad]
) -> list[dict[str, Any]]:
    db = stage.engine.services.db
    files: dict[str, list[Render]] = {}
    for render in await db.read(lambda conn: creatives.renders_of_run(conn, run.id)):
        files.setdefault(render.blueprint_id, []).append(render)
    written = await db.read(lambda conn: creatives.blueprints_of_run(conn, run.id))
    return [
        await _variant(
            stage, run, blueprint, renders=files[blueprint.id], events=events, ad=published.get(blueprint.id)
        )
        for blueprint in written
        if blueprint.id in files
    ]


async def _variant(
    stage: Stage,
    run: Run,
    blueprint: Blueprint,
    *,
    renders: Sequence[Render],
    events: Sequence[RunEvent],
    ad: Ad | None,
) -> dict[str, Any]:
    prediction = await stage.engine.services.db.read(
        lambda conn: creatives.prediction_of_blueprint(conn, blueprint.id, run_id=run.id)
    )
    stored = [_copied(stage, blueprint, render) for render in renders]
    first = stored[0]
    scores = [
        event.data
        for event in events
        if event.kind == "judge.scored" and event.data.get("blueprint_id") == blueprint.id
    ]
    return {
        **first,
        "files": stored,
        "blueprint_id": blueprint.id,
        "ad_id": ad.id if ad else None,
        "ad_name": ad.name if ad else blueprint.title,
        "title": blueprint.title,
        "hook_type": blueprint.hook_type,
        "structure": list(blueprint.structure),
        "script": blueprint.script,
        "headlines": [scene.headline for scene in blueprint.scenes],
        "revision": blueprint.revision,
        "changes": list(blueprint.changes),
        "prediction": {
            "ctr": prediction.ctr_ppm / 1_000_000,
            "low": prediction.low_ppm / 1_000_000,
            "high": prediction.high_ppm / 1_000_000,
            "base_rate": prediction.base_rate_ppm / 1_000_000,
        },
        "council": list({item["judge"]: item for item in scores}.values()),
        "winners": [item.model_dump() for item in blueprint.learned_from],
        "replaces_ad_id": ad.replaces_ad_id if ad else None,
    }


def _copied(stage: Stage, blueprint: Blueprint, render: Render) -> dict[str, Any]:
    """Copy a render's files out of the store under names that a person can read."""
    assets = stage.engine.services.assets
    stem = f"{blueprint.hook_type}-{blueprint.id[-6:]}-{render.format.replace(':', 'x')}"
    target = stage.home / "videos"
    target.mkdir(exist_ok=True)
    wanted: dict[str, tuple[str | None, str]] = {
        "path": (render.asset_id, f"{stem}.mp4"),
        "poster": (render.poster_asset_id, f"{stem}.png"),
        "preview": (render.preview_asset_id, f"{stem}-preview.mp4"),
    }
    paths: dict[str, str] = {}
    for name, (asset_id, file) in wanted.items():
        if asset_id is not None:
            shutil.copyfile(assets.path(asset_id), target / file)
            paths[name] = str(Path(target / file).resolve())
    receipt = render.receipt
    return {
        **paths,
        "format": render.format,
        "width": receipt["width"],
        "height": receipt["height"],
        "seconds": receipt["milliseconds"] / 1000,
        "lufs": receipt["lufs"],
        "true_peak": receipt["true_peak_dbtp"],
        "safe_zone_violations": receipt["safe_zone_violations"],
        "min_contrast_ratio": receipt["min_contrast_ratio"],
        "caption_offset_ms": receipt["caption_offset_ms"],
        "from_footage": receipt["from_footage"],
        "voice": receipt["voice"],
        "music_under_voice_db": receipt["music_under_voice_db"],
        "sha256": render.asset_id,
    }


async def _daily(stage: Stage, *, published: Sequence[Ad]) -> list[dict[str, Any]]:
    """Per ad and day, as last synced."""
    names = {ad.id: ad.name for ad in published}
    account_id = published[0].account_id if published else ""
    rows = await stage.engine.services.db.read(lambda conn: ads.days_of_ads(conn, account_id=account_id))
    return [
        {"ad_name": names[ad_id], **row.model_dump(mode="json")}
        for ad_id, found in rows.items()
        if ad_id in names
        for row in found
    ]


async def _simulation(stage: Stage, *, published: Sequence[Ad]) -> dict[str, Any]:
    """What only the sandbox can know: the gain against an even split, and the share of what was possible."""
    if not published:
        return {}
    found: dict[str, Any] = await stage.sandbox.get(
        "compare", campaign_id=published[0].campaign_external_id, repeats=REPEATS
    )
    if not found.get("days"):
        return found
    possible = found["best_possible"]["net"] - found["even_split"]["net"]
    gained = found["system"]["net"] - found["even_split"]["net"]
    return {**found, "share_of_possible": round(gained / possible, 3) if possible > 0 else None}
