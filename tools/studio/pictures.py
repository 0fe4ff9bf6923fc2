"""The moving pictures under the text: stills made ready, clips looked at, drawn fields, and the veil for the text."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from tools.footage.probe import Probed, input_args
from tools.studio.contrast import Rgb, luminance
from tools.studio.ffmpeg import UNTRUSTED, read_ffmpeg
from tools.studio.layout import Stage
from tools.studio.looks import Motif
from tools.studio.safe_zones import Box
from tools.studio.theme import Field

Move = Literal["in", "left", "out", "right"]
MOVES: tuple[Move, ...] = ("in", "left", "out", "right")
OVERSAMPLE = 1.5
"""How much larger than its area a zoomed still is, so that whole-pixel steps of the zoom are not seen as shaking."""
PAN_STEP = 2
"""Pixels that a panned still moves in a frame: whole and even, so each step is the same in luma and chroma."""
DRIFT = 96
"""Pixels that a drawn field is larger than the frame on each axis, to drift in."""
_LIFT = 0.15
"""How far a tall picture is moved down under a headline, as a share of its height; its top is mirrored upwards."""
_WANTED_RATIO = 5.6

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Picture:
    """What one shot shows: a file made by us (still or drawn) or a supplied clip, and the part of the frame it fills."""

    kind: Literal["still", "drawn", "clip"]
    path: Path
    area: Box
    """Whole, even pixels."""
    ground: Rgb
    """The colour around the area."""
    move: Move
    scrim: Path | None = None
    clip: Probed | None = None


def prepare_still(
    source: Path, *, area: Box, target: Path, tint: Rgb, move: Move, frames: int, middle: float
) -> Image.Image:
    """Crop around the subject, grade, and write the size that the camera move needs.

    `middle` is where the subject should stand in the area's height, 0 to 1. Returns the picture small.
    """
    with Image.open(source) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGB")
    width, height = int(area.width), int(area.height)
    if move in {"in", "out"}:
        size = (round(width * OVERSAMPLE), round(height * OVERSAMPLE))
    else:
        size = (width + PAN_STEP * frames, height)
    graded = Image.fromarray(_grade(np.asarray(_fitted(image, size=size, middle=middle)), tint=tint))
    graded.save(target, compress_level=1)
    return graded.resize((width // 4, height // 4), Image.Resampling.BOX)


def clip_looks(path: Path, *, clip: Probed, area: Box) -> Image.Image:
    """The brightest look of a clip over some frames, a quarter of the area's size: what a veil must cope with."""
    width, height = int(area.width) // 4, int(area.height) // 4
    cover = f"fps=2,scale={width}:{height}:force_original_aspect_ratio=increase,crop={width}:{height}"
    data = read_ffmpeg(
        [*input_args(path, probed=clip), "-t", "8", "-vf", cover, "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"],
        timeout_s=30, limits=UNTRUSTED,
    )  # fmt: skip
    frames = np.frombuffer(data, np.uint8).reshape(-1, height, width, 3)
    return Image.fromarray(frames.max(axis=0))


def draw_field(field: Field, *, stage: Stage, motif: Motif, target: Path, seed: str) -> None:
    """A soft gradient with a glow and large faint shapes, larger than the frame, dithered against banding."""
    drawn = random.Random(seed)
    width, height = stage.width + DRIFT, stage.height + DRIFT
    small = (width // 8, height // 8)
    ys, xs = np.mgrid[0 : small[1], 0 : small[0]].astype(np.float32)
    xs, ys = xs / small[0], ys / small[1]
    angle = drawn.choice((0.15, 0.35, 0.65, 0.85))
    along = (xs * angle + ys * (1 - angle))[..., None]
    ground, shade, pop = (np.array(colour, np.float32) for colour in (field.ground, field.shade, field.pop))
    canvas = ground * (1 - along) + shade * along
    cx, cy = drawn.uniform(0.2, 0.8), drawn.uniform(0.65, 1.0)
    glow = np.exp(-(((xs - cx) ** 2 + ((ys - cy) * height / width) ** 2) / 0.36))[..., None] * 0.12
    canvas = canvas * (1 - glow) + pop * glow
    image = Image.fromarray(canvas.clip(0, 255).astype(np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
    veil = _motif(motif, stage=stage, size=(width, height), drawn=drawn)
    image.paste(Image.new("RGB", image.size, field.shade), (0, 0), veil)
    noise = np.random.default_rng(drawn.getrandbits(32)).integers(-2, 3, (height, width, 1), dtype=np.int16)
    dithered = (np.asarray(image, np.int16) + noise).clip(0, 255).astype(np.uint8)
    Image.fromarray(dithered).save(target, compress_level=1)


def _motif(motif: Motif, *, stage: Stage, size: tuple[int, int], drawn: random.Random) -> Image.Image:
    """The large shapes as a mask, drawn small and enlarged so that their edges are smooth."""
    scale = 2
    mask = Image.new("L", (size[0] // scale, size[1] // scale), 0)
    draw = ImageDraw.Draw(mask)
    x, y = (coordinate / scale for coordinate in stage.picture.centre)
    base = min(stage.picture.width, stage.picture.height) / scale
    match motif:
        case "rings":
            for reach in (0.62, 0.84, 1.10, 1.42):
                r = base * reach
                draw.ellipse((x - r, y - r, x + r, y + r), outline=190, width=round(base * 0.045))
        case "orbs":
            for _ in range(6):
                r = base * drawn.uniform(0.10, 0.42)
                cx, cy = drawn.uniform(0, mask.width), drawn.uniform(0.1, 1.0) * mask.height
                draw.ellipse((cx - r, cy - r, cx + r, cy + r), fill=round(drawn.uniform(70, 170)))
        case "bars":
            step = base * 0.42
            for number in range(-2, 14):
                left = number * step * 1.5
                points = [(left, mask.height), (left + step, mask.height), (left + step + mask.height * 0.45, 0), (left + mask.height * 0.45, 0)]
                draw.polygon(points, fill=120 if number % 2 else 60)
        case "dots":
            step = base * 0.13
            for row in range(int(mask.height / step) + 1):
                for column in range(int(mask.width / step) + 1):
                    cx, cy = (column + 0.5 * (row % 2)) * step, row * step
                    r = step * 0.16 * max(0.0, cy / mask.height - 0.15) * 1.6
                    draw.ellipse((cx - r, cy - r, cx + r, cy + r), fill=200)
        case "arches":
            for reach, shown in ((1.12, 120), (0.9, 0), (0.68, 170)):
                r = base * reach
                draw.ellipse((x - r, y - r * 1.05, x + r, y + r * 0.95), fill=shown)
                draw.rectangle((x - r, y - 0.05 * r, x + r, mask.height), fill=shown)
    return mask.resize(size, Image.Resampling.BICUBIC)


def choose_veil(behind: Image.Image, *, text: Box, fields: tuple[Field, ...]) -> tuple[Field, float]:
    """The field under which the text reads with the thinnest veil, and that veil's opacity (0 to 1)."""
    pixels = np.asarray(behind)
    region = pixels[round(text.top / 4) : round(text.bottom / 4), round(text.left / 4) : round(text.right / 4)]
    needed = [_needed(region.reshape(-1, 3), field) for field in fields]
    best = min(range(len(fields)), key=lambda index: (needed[index] + 0.12 * index, index))
    return fields[best], needed[best]


def draw_veil(*, stage: Stage, field: Field, strength: float, text: Box, target: Path) -> None:
    """Write the veil: the field's ground at `strength` behind the text, gone soon after it."""
    height, width = stage.height // 4, stage.width // 4
    ys = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    xs = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    if stage.width > stage.height:
        veil = 1 - _smooth((xs - text.right / stage.width - 0.01) / 0.22) + 0 * ys
    else:
        veil = 1 - _smooth((ys - text.bottom / stage.height - 0.01) / 0.17) + 0 * xs
    pixels = np.empty((height, width, 4), np.uint8)
    pixels[..., :3] = field.ground
    pixels[..., 3] = (strength * veil * 255).astype(np.uint8)
    Image.fromarray(pixels).resize((stage.width, stage.height), Image.Resampling.BICUBIC).save(target, compress_level=1)


def _needed(pixels: Pixels, field: Field) -> float:
    inks = luminance(np.array([field.pop_ink, field.ink], np.uint8)) + np.float32(0.05)
    dark = float(inks.min()) > 0.3
    hardest = np.percentile(pixels, 97 if dark else 3, axis=0)
    for step in range(0, 98, 2):
        share = step / 100
        veiled = (hardest * (1 - share) + np.array(field.ground) * share).astype(np.uint8)
        light = float(luminance(veiled[None])[0]) + 0.05
        reads = float(inks.min()) / light if dark else light / float(inks.max())
        if reads >= _WANTED_RATIO:
            return max(0.25, share)
    return 0.98


def _fitted(image: Image.Image, *, size: tuple[int, int], middle: float) -> Image.Image:
    """The picture covering `size`, its subject at `middle` of the height; a missing top is mirrored."""
    factor = max(size[0] / image.width, size[1] / image.height)
    large = image.resize(
        (max(size[0], round(image.width * factor)), max(size[1], round(image.height * factor))), Image.Resampling.LANCZOS
    )
    x, y = _subject(image)
    left = round(min(max(0.0, x * large.width - size[0] / 2), large.width - size[0]))
    top = y * large.height - middle * size[1]
    tall = image.height > 1.2 * image.width
    top = round(min(max(-_LIFT * size[1] if tall else 0.0, top), large.height - size[1]))
    shown = large.crop((left, max(0, top), left + size[0], max(0, top) + size[1]))
    if top >= 0:
        return shown
    extended = Image.new("RGB", size)
    extended.paste(shown, (0, -top))
    mirrored = shown.crop((0, 0, size[0], -top)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    extended.paste(mirrored.filter(ImageFilter.GaussianBlur(size[1] / 90)), (0, 0))
    return extended


def _subject(image: Image.Image) -> tuple[float, float]:
    """The middle of what stands out in detail and colour, as shares of width and height."""
    small = image.resize((96, 96), Image.Resampling.BOX)
    pixels = np.asarray(small, np.float32)
    detail = np.asarray(small.convert("L").filter(ImageFilter.FIND_EDGES), np.float32)
    detail[[0, -1], :] = detail[:, [0, -1]] = 0
    colour = pixels.max(axis=2) - pixels.min(axis=2)
    weight = detail / (detail.mean() + 1) + 0.4 * colour / (colour.mean() + 1)
    weight = np.where(weight > np.percentile(weight, 85), weight, 0)
    ys, xs = np.mgrid[0:96, 0:96] / 95
    total = float(weight.sum()) or 1.0
    return float((xs * weight).sum()) / total, float((ys * weight).sum()) / total


def _grade(pixels: Pixels, *, tint: Rgb) -> Pixels:
    """A gentle S-curve, with the shadows leaning to the brand's dark colour."""
    levels = np.linspace(0, 1, 256, dtype=np.float32)
    curve = levels - 0.035 * np.sin(2 * np.pi * levels)
    out = np.empty_like(pixels)
    for channel in range(3):
        lean = (tint[channel] / 255 - sum(tint) / 765) * 0.35 * (1 - levels) ** 2
        table = ((curve + lean).clip(0, 1) * 255).round().astype(np.uint8)
        out[..., channel] = table[pixels[..., channel]]
    return out


def _smooth(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    t: npt.NDArray[np.float32] = values.clip(0, 1)
    return t * t * (3 - 2 * t)
