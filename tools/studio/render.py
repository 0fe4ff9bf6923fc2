"""From a blueprint and its soundtrack to a finished, measured ad file: one ffmpeg pass, then the inspection."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from geminivideo.blueprint import Blueprint
from geminivideo.brief import AssetId, BrandKit
from geminivideo.canonical import Json
from geminivideo.errors import InvalidInput, RenderCancelled, RenderError
from geminivideo.vocabulary import Format
from tools.footage.probe import Probed, probe
from tools.studio.ass import Canvas
from tools.studio.captions import CaptionTrack, draw_captions
from tools.studio.ffmpeg import Limits, run_ffmpeg
from tools.studio.fonts import clean
from tools.studio.graph import build_graph
from tools.studio.inspection import Inspection, inspect_ad
from tools.studio.layout import Stage, stage
from tools.studio.looks import choose_look
from tools.studio.pictures import (
    MOVES,
    Picture,
    clip_frame,
    draw_field,
    draw_scrim,
    picture_area,
    prepare_still,
)
from tools.studio.scenes import Ad, Plan, draw_scenes, plan_shots
from tools.studio.soundtrack import Soundtrack
from tools.studio.theme import make_theme
from tools.studio.timeline import make_timeline

_LIMITS = Limits(cpu_s=900, memory_mb=6144, file_mb=512)
_TIMEOUT_S = 900.0
_RENDERED = 84
"""Percent of the progress at which the file is written and its inspection begins."""


@dataclass(frozen=True)
class RenderRequest:
    """One ad to render in one format. `footage` holds the files of the assets that the scenes name."""

    blueprint: Blueprint
    brand: BrandKit
    product: str
    link: str
    format: Format
    footage: Mapping[AssetId, Path]
    soundtrack: Soundtrack
    seed: int


@dataclass(frozen=True)
class RenderedAd:
    """A delivered file and what was measured on it."""

    video: Path
    poster: Path
    format: Format
    width: int
    height: int
    milliseconds: int
    lufs: float
    true_peak_dbtp: float
    safe_zone_violations: int
    """Sampled frames in which any pixel of text lies outside the safe box."""
    min_contrast_ratio: float
    """Lowest contrast of any text against the pixels behind it, as delivered."""
    caption_offset_ms: int
    """Largest distance between the start of a word and the frame that highlights it."""
    sha256: str
    from_footage: bool
    receipt: Json


def render_ad(
    request: RenderRequest,
    *,
    out_dir: Path,
    on_progress: Callable[[int], None] = lambda percent: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> RenderedAd:
    """Render the ad into `out_dir`; blocking. InvalidInput for texts or footage that cannot be used, RenderError.

    Files appear there only when finished; on any error, and when cancelled, nothing is left.
    """
    name = f"{request.blueprint.id}-{request.format.replace(':', 'x')}"
    tell = _Progress(on_progress)
    tell(0)
    out_dir.mkdir(parents=True, exist_ok=True)
    with _workshop(out_dir, name=name) as work:
        ad, plans = _design(request)
        canvas = Canvas(ad.stage.width, ad.stage.height, ad.timeline.frames)
        draw_scenes(canvas, ad=ad, plans=plans)
        track = draw_captions(
            canvas, words=request.soundtrack.words, stage=ad.stage, theme=ad.theme, style=ad.look.caption
        )
        pictures = _pictures(request, ad=ad, plans=plans, work=work, cancelled=cancelled)
        tell(6)
        args = _write(request, ad=ad, canvas=canvas, pictures=pictures, work=work, tell=tell, cancelled=cancelled)
        found = inspect_ad(
            work / "ad.mp4", canvas=canvas, frame=request.format, samples=work / "samples.rgb",
            over=work / "over.ass", poster=work / "poster.jpg", cancelled=cancelled,
        )  # fmt: skip
        tell(98)
        result = _deliver(request, ad=ad, work=work, out_dir=out_dir, name=name, found=found, track=track, args=args)
    tell(100)
    return result


class _Progress:
    """Whole percents that only grow."""

    def __init__(self, listener: Callable[[int], None]) -> None:
        self._listener, self._told = listener, -1

    def __call__(self, percent: int) -> None:
        if percent > self._told:
            self._told = percent
            self._listener(percent)


@contextmanager
def _workshop(out_dir: Path, *, name: str) -> Iterator[Path]:
    _sweep(out_dir, name=name)
    work = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=out_dir))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _sweep(out_dir: Path, *, name: str) -> None:
    # A process that was killed cannot clean up; the next render of the same ad does, once that is surely dead.
    for left in out_dir.glob(f".{name}-*"):
        if time.time() - left.stat().st_mtime > 2 * _TIMEOUT_S:
            shutil.rmtree(left, ignore_errors=True)


def _design(request: RenderRequest) -> tuple[Ad, tuple[Plan, ...]]:
    blueprint = _checked(request.blueprint)
    look = choose_look(blueprint, seed=request.seed)
    ad = Ad(
        stage=stage(request.format),
        theme=make_theme(request.brand, palette=blueprint.palette),
        look=look,
        brand=request.brand.model_copy(update={"name": clean(request.brand.name, where="brand.name")}),
        host=clean(urlsplit(request.link).hostname or request.link, where="link").removeprefix("www."),
        cta_text=clean(blueprint.cta_text, where="cta_text"),
        timeline=make_timeline(
            blueprint,
            scene_starts_ms=request.soundtrack.scene_starts_ms,
            milliseconds=request.soundtrack.milliseconds,
            transition=look.transition_frames,
        ),
    )
    for word in request.soundtrack.words:
        clean(word.text, where="voice-over")
    with_footage = frozenset(
        shot.index for shot in ad.timeline.shots if shot.scene.footage is not None
    )
    return ad, plan_shots(ad, with_footage=with_footage)


def _checked(blueprint: Blueprint) -> Blueprint:
    scenes = tuple(
        scene.model_copy(
            update={
                "headline": clean(scene.headline, where=f"scenes[{index}].headline"),
                "support": clean(scene.support, where=f"scenes[{index}].support"),
            }
        )
        for index, scene in enumerate(blueprint.scenes)
    )
    for index, scene in enumerate(scenes):
        if not scene.headline:
            raise InvalidInput("A headline holds no visible character", where=f"scenes[{index}].headline")
    return blueprint.model_copy(update={"scenes": scenes})


def _pictures(
    request: RenderRequest, *, ad: Ad, plans: tuple[Plan, ...], work: Path, cancelled: Callable[[], bool]
) -> list[Picture]:
    pictures: list[Picture] = []
    for plan in plans:
        if cancelled():
            raise RenderCancelled("The render was cancelled")
        move = MOVES[(plan.shot.index + request.seed) % len(MOVES)]
        if plan.layout == "field":
            path = work / f"field{plan.shot.index}.png"
            draw_field(plan.field, stage=ad.stage, target=path, seed=f"{request.seed}:{plan.shot.index}")
            pictures.append(Picture("drawn", path, picture_area(ad.stage, full=True), move))
        else:
            pictures.append(_supplied(request, ad=ad, plan=plan, work=work, move=move))
    return pictures


def _supplied(request: RenderRequest, *, ad: Ad, plan: Plan, work: Path, move: str) -> Picture:
    asset = plan.shot.scene.footage
    source = request.footage.get(asset) if asset else None
    if source is None:
        raise InvalidInput(
            f"Footage {asset} is not among the files of this render", where=f"scenes[{plan.shot.index}].footage",
            fix="Import it again, or plan the scene without footage.",
        )  # fmt: skip
    found: Probed = probe(source)
    area = picture_area(ad.stage, full=plan.layout == "full")
    if found.kind == "audio":
        raise InvalidInput("Footage that is sound only", where=str(source), fix="Give a picture or a clip.")
    if found.kind == "image":
        path = work / f"still{plan.shot.index}.png"
        small = prepare_still(source, area=area, target=path, tint=ad.theme.plate)
        kind, clip = "still", None
    else:
        path, kind, clip = source, "clip", found
        small = clip_frame(source, clip=found, area=area)
    scrim = None
    if plan.layout == "full":
        scrim = work / f"scrim{plan.shot.index}.png"
        draw_scrim(small, stage=ad.stage, field=plan.field, target=scrim)
    return Picture(kind, path, area, move, scrim=scrim, clip=clip)  # type: ignore[arg-type]


def _write(
    request: RenderRequest,
    *,
    ad: Ad,
    canvas: Canvas,
    pictures: list[Picture],
    work: Path,
    tell: Callable[[int], None],
    cancelled: Callable[[], bool],
) -> list[str]:
    (work / "under.ass").write_text(canvas.under(), encoding="utf-8")
    (work / "over.ass").write_text(canvas.over(), encoding="utf-8")
    args = build_graph(
        stage=ad.stage, timeline=ad.timeline, pictures=pictures, transitions=ad.look.transitions,
        under=work / "under.ass", over=work / "over.ass", sound=request.soundtrack.wav,
        out=work / "ad.mp4", samples=work / "samples.rgb",
    )  # fmt: skip
    whole = ad.timeline.milliseconds
    run_ffmpeg(
        args, timeout_s=_TIMEOUT_S, cancelled=cancelled, limits=_LIMITS,
        on_progress=lambda at: tell(6 + min(_RENDERED - 6, (_RENDERED - 6) * at // whole)),
    )  # fmt: skip
    return args


def _deliver(
    request: RenderRequest,
    *,
    ad: Ad,
    work: Path,
    out_dir: Path,
    name: str,
    found: Inspection,
    track: CaptionTrack,
    args: list[str],
) -> RenderedAd:
    video, poster = out_dir / f"{name}.mp4", out_dir / f"{name}.jpg"
    sha256 = hashlib.sha256((work / "ad.mp4").read_bytes()).hexdigest()
    try:
        os.replace(work / "poster.jpg", poster)
        os.replace(work / "ad.mp4", video)
    except OSError as error:
        raise RenderError(f"The file could not be put in place: {error.strerror}", where=str(out_dir)) from error
    return RenderedAd(
        video=video,
        poster=poster,
        format=request.format,
        width=ad.stage.width,
        height=ad.stage.height,
        milliseconds=ad.timeline.milliseconds,
        lufs=found.lufs,
        true_peak_dbtp=found.true_peak_dbtp,
        safe_zone_violations=found.safe_zone_violations,
        min_contrast_ratio=found.min_contrast_ratio,
        caption_offset_ms=track.largest_offset_ms,
        sha256=sha256,
        from_footage=any(shot.scene.footage for shot in ad.timeline.shots),
        receipt=_receipt(request, ad=ad, found=found, args=args, work=work, sha256=sha256),
    )


def _receipt(
    request: RenderRequest, *, ad: Ad, found: Inspection, args: list[str], work: Path, sha256: str
) -> Json:
    used = sorted({scene.footage for scene in request.blueprint.scenes if scene.footage})
    return {
        "blueprint_sha256": request.blueprint.sha256,
        "format": request.format,
        "seed": request.seed,
        "sha256": sha256,
        "look": {"name": ad.look.name, "motif": ad.look.motif, "edge": ad.look.edge},
        "transitions": list(ad.look.transitions),
        "frames": ad.timeline.frames,
        "footage": used,
        "soundtrack_sha256": hashlib.sha256(request.soundtrack.wav.read_bytes()).hexdigest(),
        "voice": request.soundtrack.voice_name,
        "ffmpeg": [part.replace(str(work), "WORK") for part in args],
        "stillest_second": found.stillest_second,
    }
