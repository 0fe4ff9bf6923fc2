"""The moving pictures under the text: stills made ready, clips looked at, drawn fields, and the veil for the text."""

from __future__ import annotations

import random
from collections.abc import Callable
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
_LIFT = 0.30
"""How far a tall picture is moved down under a headline, as a share of its height; a blur of its top fills the rest."""
_HEADROOM = 0.07
"""Kept free above a subject, as a share of the picture's height: smooth tops (a cap, hair) show little detail."""
_WANTED_RATIO = 5.6

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Picture:
    """What one shot shows, a file made by us (still, drawn) or a supplied clip, and the part of the frame it fills."""

    kind: Literal["still", "drawn", "clip"]
    path: Path
    area: Box
    """Whole, even pixels."""
    ground: Rgb
    """The colour around the area."""
    move: Move
    scrim: Path | None = None
    clip: Probed | None = None


def prepare_still(source: Path, *, area: Box, target: Path, tint: Rgb, move: Move, frames: int, free: Box) -> Pixels:
    """Crop around the subject, grade, and write the size that the camera move needs.

    `free` is the part of the frame where the subject should stand. Returns it small, as (1, height, width, 3).
    """
    with Image.open(source) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGB")
    width, height = int(area.width), int(area.height)
    if move in {"in", "out"}:
        size = (round(width * OVERSAMPLE), round(height * OVERSAMPLE))
    else:
        size = (width + PAN_STEP * frames, height)
    top, bottom = ((edge - area.top) / area.height for edge in (free.top, free.bottom))
    fitted = _fitted(image, size=size, top=top, bottom=bottom)
    graded = Image.fromarray(_grade(np.asarray(fitted), tint=tint))
    graded.save(target, compress_level=1)
    return np.asarray(graded.resize((width // 4, height // 4), Image.Resampling.BOX))[None]


def clip_looks(path: Path, *, clip: Probed, area: Box) -> Pixels:
    """Some frames of a clip at a quarter of the area's size, as (frames, height, width, 3)."""
    width, height = int(area.width) // 4, int(area.height) // 4
    cover = f"fps=2,scale={width}:{height}:force_original_aspect_ratio=increase,crop={width}:{height}"
    data = read_ffmpeg(
        [*input_args(path, probed=clip), "-t", "8", "-vf", cover, "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"],
        timeout_s=30, limits=UNTRUSTED,
    )  # fmt: skip
    return np.frombuffer(data, np.uint8).reshape(-1, height, width, 3)


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
    mask = Image.new("L", (size[0] // 2, size[1] // 2), 0)
    x, y = (coordinate / 2 for coordinate in stage.picture.centre)
    base = min(stage.picture.width, stage.picture.height) / 2
    _MOTIFS[motif](ImageDraw.Draw(mask), mask.size, (x, y), base, drawn)
    return mask.resize(size, Image.Resampling.BICUBIC)


_Pen = ImageDraw.ImageDraw
_Pair = tuple[float, float]


def _rings(pen: _Pen, size: tuple[int, int], centre: _Pair, base: float, drawn: random.Random) -> None:
    for reach in (0.62, 0.84, 1.10, 1.42):
        pen.ellipse(_square(centre, base * reach), outline=190, width=round(base * 0.045))


def _orbs(pen: _Pen, size: tuple[int, int], centre: _Pair, base: float, drawn: random.Random) -> None:
    for _ in range(6):
        radius = base * drawn.uniform(0.10, 0.42)
        middle = (drawn.uniform(0, size[0]), drawn.uniform(0.1, 1.0) * size[1])
        pen.ellipse(_square(middle, radius), fill=round(drawn.uniform(70, 170)))


def _bars(pen: _Pen, size: tuple[int, int], centre: _Pair, base: float, drawn: random.Random) -> None:
    step, lean = base * 0.42, size[1] * 0.45
    for number in range(-2, 14):
        left = number * step * 1.5
        corners = [(left, size[1]), (left + step, size[1]), (left + step + lean, 0), (left + lean, 0)]
        pen.polygon(corners, fill=120 if number % 2 else 60)


def _dots(pen: _Pen, size: tuple[int, int], centre: _Pair, base: float, drawn: random.Random) -> None:
    step = base * 0.13
    for row in range(int(size[1] / step) + 1):
        for column in range(int(size[0] / step) + 1):
            middle = ((column + 0.5 * (row % 2)) * step, row * step)
            pen.ellipse(_square(middle, step * 0.26 * max(0.0, middle[1] / size[1] - 0.15)), fill=200)


def _arches(pen: _Pen, size: tuple[int, int], centre: _Pair, base: float, drawn: random.Random) -> None:
    x, y = centre
    for reach, shown in ((1.12, 120), (0.9, 0), (0.68, 170)):
        radius = base * reach
        pen.ellipse((x - radius, y - radius * 1.05, x + radius, y + radius * 0.95), fill=shown)
        pen.rectangle((x - radius, y - 0.05 * radius, x + radius, size[1]), fill=shown)


def _square(middle: _Pair, radius: float) -> tuple[float, float, float, float]:
    return middle[0] - radius, middle[1] - radius, middle[0] + radius, middle[1] + radius


_MOTIFS: dict[Motif, Callable[[_Pen, tuple[int, int], _Pair, float, random.Random], None]] = {
    "rings": _rings,
    "orbs": _orbs,
    "bars": _bars,
    "dots": _dots,
    "arches": _arches,
}


_BANDS = 8
"""Horizontal bands of the text's ground that are each made readable."""


def choose_veil(behind: Pixels, *, text: Box, fields: tuple[Field, ...]) -> tuple[Field, float]:
    """The field under which the text reads with the thinnest veil, and that veil's opacity (0 to 1).

    `behind` holds the picture's looks at a quarter of the frame's size.
    """
    rows, columns = (
        (round(text.top / 4), round(text.bottom / 4)),
        (round(text.left / 4), round(text.right / 4)),
    )
    region = behind[:, slice(*rows), slice(*columns)]
    # Band by band: a small dark thing behind one line of text must not vanish in the whole region's average.
    bands = [band.reshape(-1, 3) for band in np.array_split(region, _BANDS) if band.size]
    needed = [max(_needed(band, field) for band in bands) for field in fields]
    mean = region.reshape(-1, 3).mean(axis=0)
    costs = [
        need + 0.8 * float(np.abs(mean - np.array(field.ground)).mean()) / 255
        for need, field in zip(needed, fields, strict=True)
    ]
    best = costs.index(min(costs))
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
    hardest = np.percentile(pixels, 99 if dark else 1, axis=0)
    for step in range(0, 98, 2):
        share = step / 100
        veiled = (hardest * (1 - share) + np.array(field.ground) * share).astype(np.uint8)
        light = float(luminance(veiled[None])[0]) + 0.05
        reads = float(inks.min()) / light if dark else light / float(inks.max())
        if reads >= _WANTED_RATIO:
            return max(0.25, share)
    return 0.98


def _fitted(image: Image.Image, *, size: tuple[int, int], top: float, bottom: float) -> Image.Image:
    """The picture covering `size`, its subject between `top` and `bottom` (shares of the height) if it can be."""
    factor = max(size[0] / image.width, size[1] / image.height)
    large = image.resize(
        (max(size[0], round(image.width * factor)), max(size[1], round(image.height * factor))),
        Image.Resampling.LANCZOS,
    )
    x, y, head = _subject(image)
    left = round(min(max(0.0, x * large.width - size[0] / 2), large.width - size[0]))
    centred = y * large.height - (top + bottom) / 2 * size[1]
    clear = head * large.height - top * size[1]
    least = -_LIFT * size[1] if image.height > 1.2 * image.width else 0.0
    wanted = min(centred, max(clear, centred - 0.15 * size[1]))
    shift = round(min(max(least, wanted), large.height - size[1]))
    shown = large.crop((left, max(0, shift), left + size[0], max(0, shift) + size[1]))
    return shown if shift >= 0 else _extended(shown, by=-shift)


def _extended(shown: Image.Image, *, by: int) -> Image.Image:
    """The picture moved down, the space above it filled from a blur of its own top."""
    size = shown.size
    extended = Image.new("RGB", size)
    extended.paste(shown, (0, by))
    extended.paste(shown.crop((0, 0, size[0], by)).transpose(Image.Transpose.FLIP_TOP_BOTTOM), (0, 0))
    soft = extended.filter(ImageFilter.GaussianBlur(size[1] / 30))
    ramp = _smooth((np.arange(size[1], dtype=np.float32)[:, None] - by) / (size[1] / 20) + 1)
    mask = np.broadcast_to((255 * (1 - ramp)).astype(np.uint8), (size[1], size[0]))
    return Image.composite(soft, extended, Image.fromarray(np.ascontiguousarray(mask)))


def _subject(image: Image.Image) -> tuple[float, float, float]:
    """The middle of what stands out in detail and colour, and its upper end, as shares of width and height."""
    small = image.resize((96, 96), Image.Resampling.BOX)
    pixels = np.asarray(small, np.float32)
    detail = np.asarray(small.convert("L").filter(ImageFilter.FIND_EDGES), np.float32)
    detail[[0, -1], :] = detail[:, [0, -1]] = 0
    colour = pixels.max(axis=2) - pixels.min(axis=2)
    weight = detail / (detail.mean() + 1) + 0.4 * colour / (colour.mean() + 1)
    weight = np.where(weight > np.percentile(weight, 85), weight, 0)
    ys, xs = np.mgrid[0:96, 0:96] / 95
    total = float(weight.sum()) or 1.0
    x, y = float((xs * weight).sum()) / total, float((ys * weight).sum()) / total
    near = np.abs(xs[0] - x) < 0.3
    rows = np.convolve(weight[:, near].sum(axis=1), (0.25, 0.5, 0.25), mode="same")
    head = round(y * 95)
    while head > 0 and rows[max(0, head - 3) : head].max() >= 0.15 * rows.max():
        head -= 1
    return x, y, max(0.0, head / 95 - _HEADROOM)


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
