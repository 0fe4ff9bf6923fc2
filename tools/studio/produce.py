"""From a blueprint to stored files: soundtrack, render, poster, preview. What the render job and tool both call."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from geminivideo.blueprint import Blueprint
from geminivideo.brief import AssetId, Brief
from geminivideo.vocabulary import Format
from memory.assets import AssetStore
from memory.creatives import Render
from tools.studio.preview import make_preview
from tools.studio.render import RenderRequest, render_ad
from tools.studio.soundtrack import Soundtrack, make_soundtrack


class Producer:
    """Makes finished ads. The formats of one blueprint share one soundtrack, made once while it is alive."""

    def __init__(self, assets: AssetStore, *, work: Path) -> None:
        self._assets = assets
        self._work = work
        self._lock = threading.Lock()
        self._making: dict[str, threading.Lock] = {}
        self._soundtracks: dict[str, Soundtrack] = {}

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
        """Render one format and store video, poster and preview. Blocking; seconds of CPU."""
        footage = {asset: self._assets.path(asset) for asset in _footage(blueprint)}
        soundtrack = self._soundtrack(blueprint, brief=brief, seed=seed)
        with self._folder() as folder:
            request = RenderRequest(
                blueprint=blueprint,
                brand=brief.brand,
                product=brief.product,
                link=brief.link,
                format=format,
                footage=footage,
                soundtrack=soundtrack,
                seed=seed,
            )
            ad = render_ad(request, out_dir=folder, on_progress=on_progress, cancelled=cancelled)
            preview = make_preview(ad.video, folder / "preview.mp4")
            receipt = ad.receipt | {
                "width": ad.width,
                "height": ad.height,
                "milliseconds": ad.milliseconds,
                "lufs": ad.lufs,
                "true_peak_dbtp": ad.true_peak_dbtp,
                "safe_zone_violations": ad.safe_zone_violations,
                "min_contrast_ratio": ad.min_contrast_ratio,
                "caption_offset_ms": ad.caption_offset_ms,
                "from_footage": ad.from_footage,
                "voice": soundtrack.voice_name,
                "music_under_voice_db": soundtrack.music_under_voice_db,
            }
            return Render(
                blueprint_id=blueprint.id,
                format=format,
                asset_id=self._assets.put_file(ad.video),
                poster_asset_id=self._assets.put_file(ad.poster),
                preview_asset_id=self._assets.put_file(preview),
                receipt=receipt,
            )

    def _soundtrack(self, blueprint: Blueprint, *, brief: Brief, seed: int) -> Soundtrack:
        with self._lock:
            making = self._making.setdefault(blueprint.sha256, threading.Lock())
        with making:
            if blueprint.sha256 not in self._soundtracks:
                voice = self._assets.path(brief.voice) if brief.voice else None
                folder = self._work / "soundtracks" / blueprint.sha256
                folder.mkdir(parents=True, exist_ok=True)
                self._soundtracks[blueprint.sha256] = make_soundtrack(
                    blueprint, voice_file=voice, out_dir=folder, seed=seed
                )
            return self._soundtracks[blueprint.sha256]

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        self._work.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="render-", dir=self._work))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _footage(blueprint: Blueprint) -> tuple[AssetId, ...]:
    return tuple(dict.fromkeys(scene.footage for scene in blueprint.scenes if scene.footage))
