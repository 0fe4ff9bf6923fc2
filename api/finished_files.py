"""A run's finished files under names that a person can open, beside the asset store that names them by hash."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

from sqlalchemy import Connection

from geminivideo.blueprint import Blueprint
from memory import creatives
from memory.assets import AssetStore
from memory.creatives import Render
from memory.database import Database
from memory.runs import Run


async def named_files(db: Database, run: Run, *, assets: AssetStore, home: Path) -> list[dict[str, str]]:
    """Copies in `home/runs/<run>`, made once: each with its blueprint, format, asset id and path."""

    def read(conn: Connection) -> tuple[list[Render], dict[str, Blueprint]]:
        written = {item.id: item for item in creatives.blueprints_of_run(conn, run.id)}
        return creatives.renders_of_run(conn, run.id), written

    made, written = await db.read(read)
    folder = (await asyncio.to_thread(home.resolve)) / "runs" / run.id
    found = []
    for item in made:
        words = re.sub(r"[^a-z0-9]+", "-", written[item.blueprint_id].title.lower()).strip("-")[:48] or "ad"
        target = folder / f"{words}-{item.blueprint_id[-4:]}-{item.format.replace(':', 'x')}.mp4"
        await asyncio.to_thread(_copy, assets.path(item.asset_id), target)
        found.append(
            {
                "blueprint_id": item.blueprint_id,
                "format": item.format,
                "asset_id": item.asset_id,
                "path": str(target),
            }
        )
    return found


def _copy(source: Path, target: Path) -> None:
    """A copy, not a link: editing it must not alter what was approved by its hash."""
    if target.exists() and target.stat().st_size == source.stat().st_size:
        return
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = target.with_suffix(".part")
    shutil.copyfile(source, partial)
    partial.replace(target)
