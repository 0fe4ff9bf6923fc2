"""What the delivered file really is: loudness, safe zones, contrast and motion, measured on its pixels and sound."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from geminivideo.errors import RenderCancelled, RenderError
from geminivideo.vocabulary import Format
from tools.studio.ass import Canvas, Shown
from tools.studio.contrast import ratios
from tools.studio.ffmpeg import read_ffmpeg, run_ffmpeg
from tools.studio.graph import SAMPLE_EVERY
from tools.studio.loudness import measure_loudness
from tools.studio.motion import FPS
from tools.studio.safe_zones import Box, safe_box

_TIMEOUT_S = 300.0
_MOTION_FPS = 10
_ZONE_FPS = 5
_OPAQUE = 235
_SMALL = f"fps={_MOTION_FPS},scale=90:90:flags=area"
_WHITE = re.compile(r"\\1c&H[0-9A-F]{6}&")

Frames = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Inspection:
    """The measures of one delivered file."""

    lufs: float
    true_peak_dbtp: float
    safe_zone_violations: int
    min_contrast_ratio: float
    worst_text: str
    stillest_second: float
    """Least visible change within any second: mean of the largest step between pictures, in grey levels."""


def inspect_ad(
    video: Path,
    *,
    canvas: Canvas,
    frame: Format,
    samples: Path,
    over: Path,
    fonts: Path,
    poster: Path,
    cancelled: Callable[[], bool] = lambda: False,
) -> Inspection:
    """Measure `video`, and write its poster. `samples` are its frames without text, `over` its text as ASS."""
    loudness = measure_loudness(video)
    seen, small = _decoded(video, canvas=canvas, work=over.parent)
    if cancelled():
        raise RenderCancelled("The render was cancelled")
    behind = np.fromfile(samples, np.uint8).reshape(-1, canvas.height // 2, canvas.width // 2, 3)
    masks = _masks(canvas, over=over, fonts=fonts)
    contrast, worst = _contrast(canvas.shown, seen=seen, behind=behind, masks=masks)
    _write_poster(video, canvas=canvas, poster=poster)
    return Inspection(
        lufs=loudness.integrated_lufs,
        true_peak_dbtp=loudness.true_peak_dbtp,
        safe_zone_violations=_violations(canvas, over=over, fonts=fonts, safe=safe_box(frame)),
        min_contrast_ratio=contrast,
        worst_text=worst,
        stillest_second=stillest_second(small),
    )


def stillest_second(pictures: Frames) -> float:
    """The least movement in any 1-s window of small grey pictures at 10 a second, in mean grey levels a step."""
    steps = np.abs(np.diff(pictures.astype(np.int16), axis=0)).mean(axis=(1, 2))
    windows = np.lib.stride_tricks.sliding_window_view(steps, min(_MOTION_FPS, len(steps)))
    return float(windows.mean(axis=1).min())


def small_pictures(video: Path) -> Frames:
    """The file as grey pictures of 90 x 90 at 10 a second."""
    data = read_ffmpeg(
        ["-v", "error", *_own(video), "-vf", _SMALL, "-f", "rawvideo",
         "-pix_fmt", "gray", "pipe:1"],
        timeout_s=_TIMEOUT_S,
    )  # fmt: skip
    return np.frombuffer(data, np.uint8).reshape(-1, 90, 90)


def _own(video: Path) -> list[str]:
    return ["-protocol_whitelist", "file,pipe", "-f", "mov", "-i", f"file:{video}"]


def _decoded(video: Path, *, canvas: Canvas, work: Path) -> tuple[Frames, Frames]:
    """The sampled frames at half size, and small grey ones for the measure of movement, in one decoding."""
    width, height = canvas.width // 2, canvas.height // 2
    sampled = f"[0:v]split=2[a][b];[a]select=not(mod(n\\,{SAMPLE_EVERY})),scale={width}:{height}:flags=area[seen];"
    raw = ["-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt"]
    run_ffmpeg(
        ["-v", "error", *_own(video), "-filter_complex", f"{sampled}[b]{_SMALL}[small]",
         "-map", "[seen]", *raw, "rgb24", f"file:{work / 'seen.rgb'}",
         "-map", "[small]", *raw, "gray", f"file:{work / 'small.gray'}", "-y"],
        timeout_s=_TIMEOUT_S,
    )  # fmt: skip
    seen = np.fromfile(work / "seen.rgb", np.uint8).reshape(-1, height, width, 3)
    return seen, np.fromfile(work / "small.gray", np.uint8).reshape(-1, 90, 90)


def _masks(canvas: Canvas, *, over: Path, fonts: Path) -> Frames:
    """Where text stands in the sampled frames, at half size: white on black."""
    white = over.with_name("mask.ass")
    white.write_text(_WHITE.sub(r"\\1c&HFFFFFF&", over.read_text(encoding="utf-8")), encoding="utf-8")
    width, height = canvas.width // 2, canvas.height // 2
    data = _text_only(
        canvas, white, fonts=fonts, rate=f"{FPS}/{SAMPLE_EVERY}", then=f"scale={width}:{height}:flags=area"
    )
    return np.frombuffer(data, np.uint8).reshape(-1, height, width)


def _violations(canvas: Canvas, *, over: Path, fonts: Path, safe: Box) -> int:
    """In how many of 5 pictures a second any text lies outside the safe box."""
    inner = f"x={int(safe.left)}:y={int(safe.top)}:w={int(safe.width)}:h={int(safe.height)}"
    then = f"drawbox={inner}:color=black:t=fill,scale={canvas.width // 4}:{canvas.height // 4}:flags=area"
    data = _text_only(canvas, over.with_name("mask.ass"), fonts=fonts, rate=str(_ZONE_FPS), then=then)
    pictures = np.frombuffer(data, np.uint8).reshape(-1, (canvas.height // 4) * (canvas.width // 4))
    return int((pictures.max(axis=1) > 24).sum())


def _text_only(canvas: Canvas, document: Path, *, fonts: Path, rate: str, then: str) -> bytes:
    import ffmpeg  # type: ignore[import-untyped]

    seconds = canvas.frames / FPS
    source = f"color=black:s={canvas.width}x{canvas.height}:r={rate}:d={seconds:.4f}"
    stream = ffmpeg.input(source, f="lavfi").filter("format", "gray")
    stream = stream.filter("ass", filename=str(document), fontsdir=str(fonts))
    for name, _, options in (part.partition("=") for part in then.split(",")):
        positional = [option for option in options.split(":") if "=" not in option]
        named = dict(option.split("=", 1) for option in options.split(":") if "=" in option)
        stream = stream.filter(name, *positional, **named)
    args = ffmpeg.get_args(ffmpeg.output(stream, "pipe:1", f="rawvideo", pix_fmt="gray", fps_mode="passthrough"))
    return read_ffmpeg(["-v", "error", *args], timeout_s=_TIMEOUT_S)


def _contrast(shown: list[Shown], *, seen: Frames, behind: Frames, masks: Frames) -> tuple[float, str]:
    """The lowest contrast of a settled text: its opaque pixels against the same without it, 10th percentile."""
    if not len(seen) == len(behind) == len(masks):
        raise RenderError(
            f"The samples do not match the file: {len(seen)}, {len(behind)}, {len(masks)}", where="inspection"
        )
    worst, name = 21.0, ""
    for number in range(len(seen)):
        at = number * SAMPLE_EVERY
        for text in shown:
            if not text.first <= at < text.last:
                continue
            rows, columns = _half(text.box)
            core = masks[number][rows, columns] >= _OPAQUE
            if core.sum() < 12:
                continue
            found = ratios(seen[number][rows, columns][core], behind[number][rows, columns][core])
            value = float(np.percentile(found, 10))
            if value < worst:
                worst, name = value, f"{text.text} @ {at / FPS:.1f} s"
    return worst, name


def _half(box: Box) -> tuple[slice, slice]:
    return (
        slice(max(0, int(box.top / 2)), int(box.bottom / 2) + 1),
        slice(max(0, int(box.left / 2)), int(box.right / 2) + 1),
    )


def _write_poster(video: Path, *, canvas: Canvas, poster: Path) -> None:
    """The moment at which the hook stands complete, as a JPEG in the ad's size."""
    at = min(1.6, canvas.frames / FPS / 2)
    data = read_ffmpeg(
        ["-v", "error", "-ss", f"{at:.3f}", *_own(video), "-frames:v", "1", "-f", "rawvideo",
         "-pix_fmt", "rgb24", "pipe:1"],
        timeout_s=_TIMEOUT_S,
    )  # fmt: skip
    pixels = np.frombuffer(data, np.uint8).reshape(canvas.height, canvas.width, 3)
    Image.fromarray(pixels).save(poster, quality=90)
