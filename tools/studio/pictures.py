"""The moving pictures under the text: stills made ready, drawn fields, scrims, and how each moves."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter, ImageOps

from tools.footage.probe import Probed, input_args
from tools.studio.contrast import Rgb, luminance
from tools.studio.ffmpeg import UNTRUSTED, read_ffmpeg
from tools.studio.layout import Stage
from tools.studio.safe_zones import Box
from tools.studio.theme import Field

Move = Literal["in", "out", "left", "right", "up"]
MOVES: tuple[Move, ...] = ("in", "left", "out", "up", "right")
OVERSAMPLE = 1.5
"""How much larger than its area a still is, so that whole-pixel steps of the zoom are not seen as shaking."""
_BLEED = 110
"""How far a picture reaches under the panel's shaped edge, in design units."""
_DRIFT = 96
"""Pixels that a drawn field is larger than the frame on each axis, to drift in."""
_WANTED_RATIO = 6.0


@dataclass(frozen=True)
class Picture:
    """What one shot shows: a file made by us (still or drawn) or a supplied clip, and the part of the frame it fills."""

    kind: Literal["still", "drawn", "clip"]
    path: Path
    area: Box
    """Whole, even pixels."""
    move: Move
    scrim: Path | None = None
    clip: Probed | None = None


def picture_area(stage: Stage, *, full: bool) -> Box:
    """The part of the frame that a picture fills, in even pixels."""
    if full:
        return Box(0, 0, stage.width, stage.height)
    region, bleed = stage.picture, _BLEED * stage.unit
    left = 0 if not stage.side else max(0.0, region.left - bleed)
    top = max(0.0, region.top - bleed) if not stage.side else 0
    return Box(int(left) // 2 * 2, int(top) // 2 * 2, stage.width, stage.height)


def prepare_still(source: Path, *, area: Box, target: Path, tint: Rgb) -> Image.Image:
    """Crop the picture to the area's shape around its subject, grade it, write it oversampled; returns it small."""
    with Image.open(source) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGB")
    size = (round(area.width * OVERSAMPLE), round(area.height * OVERSAMPLE))
    fitted = ImageOps.fit(image, size, Image.Resampling.LANCZOS, centering=_subject(image, area.width / area.height))
    graded = Image.fromarray(_grade(np.asarray(fitted), tint=tint))
    graded.save(target, compress_level=1)
    return graded.resize((round(area.width / 4), round(area.height / 4)), Image.Resampling.BOX)


def clip_frame(path: Path, *, clip: Probed, area: Box) -> Image.Image:
    """The brightest look of a clip over a few frames, a quarter of the area's size: what a scrim must cope with."""
    width, height = round(area.width / 4), round(area.height / 4)
    cover = f"fps=2,scale={width}:{height}:force_original_aspect_ratio=increase,crop={width}:{height}"
    data = read_ffmpeg(
        [*input_args(path, probed=clip), "-t", "4", "-vf", cover, "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"],
        timeout_s=30, limits=UNTRUSTED,
    )  # fmt: skip
    frames = np.frombuffer(data, np.uint8).reshape(-1, height, width, 3)
    return Image.fromarray(frames.max(axis=0))


def draw_field(field: Field, *, stage: Stage, target: Path, seed: str) -> None:
    """A soft gradient with two glows in the field's colours, larger than the frame, dithered against banding."""
    drawn = random.Random(seed)
    width, height = stage.width + _DRIFT, stage.height + _DRIFT
    small = (width // 8, height // 8)
    ys, xs = np.mgrid[0 : small[1], 0 : small[0]].astype(np.float32)
    xs, ys = xs / small[0], ys / small[1]
    angle = drawn.choice((0.15, 0.35, 0.65, 0.85))
    along = (xs * angle + ys * (1 - angle))[..., None]
    ground, shade, pop = (np.array(colour, np.float32) for colour in (field.ground, field.shade, field.pop))
    canvas = ground * (1 - along) + shade * along
    for colour, strength in ((shade, 0.9), (pop, 0.10)):
        cx, cy = drawn.uniform(0.1, 0.9), drawn.uniform(0.55, 1.0)
        reach = drawn.uniform(0.45, 0.75)
        glow = np.exp(-(((xs - cx) ** 2 + ((ys - cy) * height / width) ** 2) / reach**2))[..., None] * strength
        canvas = canvas * (1 - glow) + colour * glow
    image = Image.fromarray(canvas.clip(0, 255).astype(np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
    noise = np.random.default_rng(drawn.getrandbits(32)).integers(-2, 3, (height, width, 1), dtype=np.int16)
    dithered = (np.asarray(image, np.int16) + noise).clip(0, 255).astype(np.uint8)
    Image.fromarray(dithered).save(target, compress_level=1)


def draw_scrim(behind: Image.Image, *, stage: Stage, field: Field, target: Path) -> None:
    """A graded veil of the field's ground, as strong as the picture behind the text needs for its contrast."""
    strength = _needed(behind, stage=stage, field=field)
    height, width = stage.height // 4, stage.width // 4
    ys = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    xs = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    if stage.width > stage.height:
        edge = stage.wide.right / stage.width
        veil = 1 - _smooth((xs - edge + 0.04) / 0.3) + 0 * ys
    else:
        edge = stage.wide.bottom / stage.height
        veil = 1 - _smooth((ys - edge + 0.02) / 0.24) + 0 * xs
    alpha = strength * veil + 0.16 * (1 - veil)
    pixels = np.empty((height, width, 4), np.uint8)
    pixels[..., :3] = field.ground
    pixels[..., 3] = (alpha * 255).astype(np.uint8)
    Image.fromarray(pixels).resize((stage.width, stage.height), Image.Resampling.BICUBIC).save(target, compress_level=1)


def _needed(behind: Image.Image, *, stage: Stage, field: Field) -> float:
    pixels = np.asarray(behind)
    box = stage.wide
    region = pixels[round(stage.header.top / 4) : round(box.bottom / 4), round(box.left / 4) : round(box.right / 4)]
    bright = np.percentile(region.reshape(-1, 3), 98, axis=0)
    ink = np.array([field.pop_ink], np.uint8)
    goal = float(luminance(ink)[0]) + 0.05
    for step in range(30, 96, 2):
        share = step / 100
        veiled = bright * (1 - share) + np.array(field.ground) * share
        light = float(luminance(veiled.astype(np.uint8)[None])[0]) + 0.05
        if goal / light >= _WANTED_RATIO:
            return share
    return 0.96


def _subject(image: Image.Image, shape: float) -> tuple[float, float]:
    """Where to centre a crop of width/height `shape`: the middle of what stands out in detail and colour."""
    small = np.asarray(image.resize((96, 96), Image.Resampling.BOX), np.float32)
    grey = np.asarray(image.resize((96, 96), Image.Resampling.BOX).convert("L").filter(ImageFilter.FIND_EDGES), np.float32)
    colour = small.max(axis=2) - small.min(axis=2)
    weight = grey / (grey.mean() + 1) + colour / (colour.mean() + 1)
    weight = np.where(weight > np.percentile(weight, 70), weight, 0)
    ys, xs = np.mgrid[0:96, 0:96] / 95
    total = float(weight.sum()) or 1.0
    x, y = float((xs * weight).sum()) / total, float((ys * weight).sum()) / total
    crop_w = min(1.0, shape * image.height / image.width)
    crop_h = min(1.0, image.width / image.height / shape)
    return _centering(x, crop_w), _centering(y, crop_h)


def _centering(middle: float, kept: float) -> float:
    return 0.5 if kept >= 0.999 else min(1.0, max(0.0, (middle - kept / 2) / (1 - kept)))


def _grade(pixels: npt.NDArray[np.uint8], *, tint: Rgb) -> npt.NDArray[np.uint8]:
    """A gentle S-curve, with the shadows leaning to the brand's dark colour."""
    levels = np.linspace(0, 1, 256, dtype=np.float32)
    curve = levels + 0.10 * np.sin(2 * np.pi * (levels - 0.5)) / 2
    out = np.empty_like(pixels)
    for channel in range(3):
        lean = (tint[channel] / 255 - sum(tint) / 765) * 0.35 * (1 - levels) ** 2
        table = ((curve + lean).clip(0, 1) * 255).round().astype(np.uint8)
        out[..., channel] = table[pixels[..., channel]]
    return out


def _smooth(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    t = values.clip(0, 1)
    return t * t * (3 - 2 * t)
