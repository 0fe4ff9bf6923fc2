"""From a blueprint and its soundtrack to a finished, measured ad file: one ffmpeg pass, then the inspection."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
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
from tools.studio.fonts import clean, link_fonts
from tools.studio.graph import build_graph
from tools.studio.inspection import Inspection, inspect_ad
from tools.studio.layout import stage
from tools.studio.looks import choose_look
from tools.studio.panels import picture_area
from tools.studio.pictures import (
    MOVES,
    Move,
    Picture,
    choose_veil,
    clip_looks,
    draw_field,
    draw_veil,
    prepare_still,
)
from tools.studio.safe_zones import Box
from tools.studio.scenes import Ad, Plan, draw_scenes, plan_shots
from tools.studio.soundtrack import Soundtrack
from tools.studio.theme import make_theme
from tools.studio.timeline import Shot, make_timeline

_LIMITS = Limits(cpu_s=900, memory_mb=6144, file_mb=512)
_RISE = 120
_TIMEOUT_S = 900.0
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
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
    name = f"{_UNSAFE.sub('_', request.blueprint.id)[:80]}-{request.format.replace(':', 'x')}"
    tell = _Progress(on_progress)
    tell(0)
    out_dir.mkdir(parents=True, exist_ok=True)
    with _workshop(out_dir, name=name) as work:
        ad, found = _design(request)
        pictures, plans = _pictures(request, ad=ad, found=found, work=work, cancelled=cancelled)
        canvas = Canvas(ad.stage.width, ad.stage.height, ad.timeline.frames)
        draw_scenes(canvas, ad=ad, plans=plans)
        track = draw_captions(
            canvas, words=request.soundtrack.words, stage=ad.stage, theme=ad.theme, style=ad.look.caption
        )
        tell(6)
        _write(request, ad=ad, canvas=canvas, pictures=pictures, work=work, tell=tell, cancelled=cancelled)
        measured = inspect_ad(
            work / "ad.mp4", canvas=canvas, frame=request.format, samples=work / "samples.rgb",
            over=work / "over.ass", fonts=work / "fonts", poster=work / "poster.jpg", cancelled=cancelled,
        )  # fmt: skip
        tell(98)
        result = _deliver(
            request, ad=ad, work=work, out_dir=out_dir, name=name, found=measured, track=track, pictures=pictures
        )
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


def _design(request: RenderRequest) -> tuple[Ad, dict[int, tuple[Path, Probed]]]:
    blueprint = _checked(request.blueprint)
    look = choose_look(blueprint, seed=request.seed)
    ad = Ad(
        stage=stage(request.format),
        theme=make_theme(request.brand, palette=blueprint.palette),
        look=look,
        brand=request.brand.model_copy(update={"name": _visible(request.brand.name, where="brand.name")}),
        host=_host(request.link),
        cta_text=_visible(blueprint.cta_text, where="cta_text"),
        timeline=make_timeline(
            blueprint,
            scene_starts_ms=request.soundtrack.scene_starts_ms,
            milliseconds=request.soundtrack.milliseconds,
            transition=look.transition_frames,
        ),
    )
    for word in request.soundtrack.words:
        clean(word.text, where="voice-over")
    footage = {shot.index: _footage(request, shot) for shot in ad.timeline.shots if shot.scene.footage}
    return ad, footage


def _footage(request: RenderRequest, shot: Shot) -> tuple[Path, Probed]:
    source = request.footage.get(shot.scene.footage or "")
    if source is None:
        raise InvalidInput(
            f"Footage {shot.scene.footage} is not among the files of this render",
            where=f"scenes[{shot.index}].footage", fix="Import it again, or plan the scene without footage.",
        )  # fmt: skip
    found = probe(source)
    if found.kind == "audio":
        raise InvalidInput("Footage that is sound only", where=str(source), fix="Give a picture or a clip.")
    return source, found


def _checked(blueprint: Blueprint) -> Blueprint:
    scenes = tuple(
        scene.model_copy(
            update={
                "headline": _visible(scene.headline, where=f"scenes[{index}].headline"),
                "support": clean(scene.support, where=f"scenes[{index}].support"),
            }
        )
        for index, scene in enumerate(blueprint.scenes)
    )
    return blueprint.model_copy(update={"scenes": scenes})


def _visible(text: str, *, where: str) -> str:
    found = clean(text, where=where)
    if not found:
        raise InvalidInput("The text holds no visible character", where=where, fix="Write something.")
    return found


def _host(link: str) -> str:
    try:
        host = urlsplit(link).hostname
    except ValueError as error:
        raise InvalidInput(
            f"Not a web address: {error}", where="link", fix="Give one that begins with https://."
        ) from error
    return _visible(host or link, where="link").removeprefix("www.")


def _pictures(
    request: RenderRequest,
    *,
    ad: Ad,
    found: Mapping[int, tuple[Path, Probed]],
    work: Path,
    cancelled: Callable[[], bool],
) -> tuple[list[Picture], tuple[Plan, ...]]:
    """Prepare the picture of each shot; text over footage gets the field that suits the picture."""
    plans = plan_shots(ad, tall_footage={at: probed.height > probed.width for at, (_, probed) in found.items()})
    made: list[tuple[Picture, Plan]] = []
    for plan in plans:
        if cancelled():
            raise RenderCancelled("The render was cancelled")
        number = plan.shot.index
        move = MOVES[(number + request.seed) % len(MOVES)]
        if plan.layout == "field":
            path = work / f"field{number}.png"
            draw_field(plan.field, stage=ad.stage, motif=ad.look.motif, target=path, seed=f"{request.seed}:{number}")
            area = picture_area(ad.stage, edge=None)
            made.append((Picture("drawn", path, area, plan.field.ground, move), plan))
        else:
            made.append(_supplied(*found[number], ad=ad, plan=plan, work=work, move=move))
    return [picture for picture, _ in made], tuple(plan for _, plan in made)


def _supplied(source: Path, probed: Probed, *, ad: Ad, plan: Plan, work: Path, move: Move) -> tuple[Picture, Plan]:
    number, shot = plan.shot.index, plan.shot
    full = plan.layout == "full"
    area = picture_area(ad.stage, edge=None if full else ad.look.edge)
    if probed.kind == "image":
        path = work / f"still{number}.png"
        free = ad.stage.picture
        if full and plan.text_box:
            # The picture moves: its subject may rise by a few percent of the frame while the text stands.
            free = Box(0, plan.text_box.bottom + _RISE * ad.stage.unit, ad.stage.width, ad.stage.height)
        small = prepare_still(
            source,
            area=area,
            target=path,
            tint=ad.theme.plate,
            move=move,
            frames=shot.last - shot.first,
            free=free,
        )
        picture = Picture("still", path, area, plan.field.ground, move)
    else:
        small = clip_looks(source, clip=probed, area=area)
        picture = Picture("clip", source, area, plan.field.ground, move, clip=probed)
    if not full or plan.text_box is None:
        return picture, plan
    text = Box(ad.stage.header.left, ad.stage.header.top, ad.stage.wide.right, plan.text_box.bottom)
    field, strength = choose_veil(small, text=text, fields=(ad.theme.over_dark, ad.theme.over_light))
    scrim = work / f"veil{number}.png"
    draw_veil(stage=ad.stage, field=field, strength=strength, text=text, target=scrim)
    return replace(picture, scrim=scrim), replace(plan, field=field)


def _write(
    request: RenderRequest,
    *,
    ad: Ad,
    canvas: Canvas,
    pictures: list[Picture],
    work: Path,
    tell: Callable[[int], None],
    cancelled: Callable[[], bool],
) -> None:
    (work / "under.ass").write_text(canvas.under(), encoding="utf-8")
    (work / "over.ass").write_text(canvas.over(), encoding="utf-8")
    link_fonts(work / "fonts")
    args = _graph(ad, pictures, folder=work, sound=request.soundtrack.wav)
    whole = ad.timeline.milliseconds
    run_ffmpeg(
        args, timeout_s=_TIMEOUT_S, cancelled=cancelled, limits=_LIMITS,
        on_progress=lambda at: tell(6 + min(_RENDERED - 6, (_RENDERED - 6) * at // whole)),
    )  # fmt: skip


def _graph(ad: Ad, pictures: list[Picture], *, folder: Path, sound: Path) -> list[str]:
    return build_graph(
        stage=ad.stage,
        timeline=ad.timeline,
        pictures=pictures,
        transitions=_transitions(ad.look.transitions, pictures),
        folder=folder,
        sound=sound,
    )


def _elsewhere(pictures: list[Picture], *, folder: Path) -> list[Picture]:
    """The pictures as if their files lay in `folder`, so that a receipt is the same wherever the work was done."""
    return [
        replace(
            picture,
            path=folder / picture.path.name,
            scrim=folder / picture.scrim.name if picture.scrim else None,
        )
        for picture in pictures
    ]


def _transitions(names: tuple[str, ...], pictures: list[Picture]) -> list[str]:
    """One name per cut; next to a panel, whose own slide is the transition, the pictures only fade."""
    framed = [picture.area.left > 0 or picture.area.top > 0 for picture in pictures]
    cuts = enumerate(pairwise(framed))
    return ["fade" if before or after else names[index % len(names)] for index, (before, after) in cuts]


def _deliver(
    request: RenderRequest,
    *,
    ad: Ad,
    work: Path,
    out_dir: Path,
    name: str,
    found: Inspection,
    track: CaptionTrack,
    pictures: list[Picture],
) -> RenderedAd:
    video, poster = out_dir / f"{name}.mp4", out_dir / f"{name}.jpg"
    sha256 = hashlib.sha256((work / "ad.mp4").read_bytes()).hexdigest()
    try:
        (work / "poster.jpg").replace(poster)
        (work / "ad.mp4").replace(video)
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
        receipt=_receipt(request, ad=ad, found=found, pictures=pictures, sha256=sha256),
    )


def _receipt(request: RenderRequest, *, ad: Ad, found: Inspection, pictures: list[Picture], sha256: str) -> Json:
    place = Path("/ad")
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
        "ffmpeg": _graph(ad, _elsewhere(pictures, folder=place), folder=place, sound=place / "soundtrack.wav"),
        "least_motion_per_mille": round(1000 * found.stillest_second),
        "hardest_text": found.worst_text,
    }
