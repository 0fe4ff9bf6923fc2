"""Renders that cost nothing: small unique files with a plausible receipt, made where the studio would render."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from geminivideo.blueprint import Blueprint
from geminivideo.brief import Brief
from geminivideo.vocabulary import Format
from graphs.services import Services
from memory.assets import AssetStore
from memory.creatives import Render
from workers.handlers import handlers
from workers.worker import Handler

_SIZES: Mapping[Format, tuple[int, int]] = {"9:16": (1080, 1920), "1:1": (1080, 1080)}


class TokenProducer:
    """Stores a few kilobytes in place of each video. Everything around it is the product's."""

    def __init__(self, assets: AssetStore) -> None:
        self._assets = assets

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
        """The same blueprint and format give the same bytes."""
        on_progress(50)
        name = f"{blueprint.id} {blueprint.sha256} {format} {seed}"
        width, height = _SIZES.get(format, (1080, 1350))
        return Render(
            blueprint_id=blueprint.id,
            format=format,
            asset_id=self._assets.put_bytes(f"video {name}\n".encode() * 16),
            poster_asset_id=self._assets.put_bytes(f"poster {name}\n".encode()),
            preview_asset_id=None,
            receipt={"width": width, "height": height, "milliseconds": blueprint.milliseconds, "lufs": -14.0},
        )


def token_handlers(services: Services) -> Mapping[str, Handler]:
    """The shipped job handlers with renders that cost nothing."""
    return handlers(services, producer=TokenProducer(services.assets))
