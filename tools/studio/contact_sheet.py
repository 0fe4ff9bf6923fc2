"""One picture of a whole run: each variant a row of its key moments, named, ready to be forwarded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from tools.studio.contrast import Rgb
from tools.studio.ffmpeg import read_ffmpeg
from tools.studio.fonts import Face, pillow_font, undrawable

_PAPER: Rgb = (247, 245, 241)
_CARD: Rgb = (255, 255, 255)
_INK: Rgb = (24, 22, 20)
_SOFT: Rgb = (112, 106, 100)
_LINE: Rgb = (226, 221, 214)
_MARGIN, _GAP, _PAD = 64, 28, 28
_HEIGHT = 480
"""Height of a frame on the sheet, in pixels."""


@dataclass(frozen=True)
class SheetEntry:
    """A variant on the sheet: its files (one per format) and what is written beside them."""

    label: str
    title: str
    notes: tuple[str, ...]
    videos: tuple[tuple[Path, int, int, int], ...]
    """(file, width, height, milliseconds) per format; the first shows three moments, the others one."""
    accent: Rgb = (232, 163, 61)


def contact_sheet(entries: Sequence[SheetEntry], out: Path, *, title: str, subtitle: str = "") -> Path:
    """Draw the sheet to `out` (PNG): per variant the hook, the middle and the end card, and its other formats."""
    rows = [_row(entry) for entry in entries]
    width = max([row.width for row in rows], default=900) + 2 * _MARGIN
    head = 190
    height = head + sum(row.height + _GAP for row in rows) + _MARGIN - _GAP
    sheet = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    _write(draw, (_MARGIN, 62), title, face="black", size=46, colour=_INK, room=width - 2 * _MARGIN)
    _write(draw, (_MARGIN, 124), subtitle, face="regular", size=24, colour=_SOFT, room=width - 2 * _MARGIN)
    top = head
    for row in rows:
        sheet.paste(row, (_MARGIN, top))
        top += row.height + _GAP
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.partial")
    sheet.save(partial, format="PNG", optimize=False, compress_level=6)
    partial.replace(out)
    return out


def _row(entry: SheetEntry) -> Image.Image:
    text_width, caption = 400, 44
    shots: list[tuple[str, Image.Image]] = []
    for index, (video, width, height, milliseconds) in enumerate(entry.videos):
        size = (round(width * _HEIGHT / height), _HEIGHT)
        middle = _calm_moment(video, milliseconds=milliseconds)
        moments = [("Hook, 0.5 s", 500), ("Middle", middle), ("End card", milliseconds - 500)]
        for name, at in moments if index == 0 else [(_ratio(width, height), middle)]:
            shots.append((name, _frame(video, at_ms=at, size=size)))
    width = _PAD + text_width + sum(_PAD + image.width for _, image in shots) + _PAD
    row = Image.new("RGB", (width, _HEIGHT + 2 * _PAD + caption), _CARD)
    draw = ImageDraw.Draw(row)
    draw.rectangle((0, 0, row.width - 1, row.height - 1), outline=_LINE)
    draw.rectangle((0, 0, 9, row.height), fill=entry.accent)
    _describe(draw, entry, room=text_width - 44)
    left = _PAD + text_width
    for name, image in shots:
        row.paste(_rounded(image), (left, _PAD))
        _write(
            draw,
            (left + 2, _PAD + _HEIGHT + 14),
            name,
            face="medium",
            size=20,
            colour=_SOFT,
            room=image.width,
        )
        left += image.width + _PAD
    return row


def _describe(draw: ImageDraw.ImageDraw, entry: SheetEntry, *, room: int) -> None:
    left, top = _PAD + 12, _PAD + 8
    _write(draw, (left, top), entry.label.upper(), face="bold", size=20, colour=_SOFT, room=room)
    top += 40
    for line in _wrapped(entry.title, face="black", size=34, room=room)[:4]:
        _write(draw, (left, top), line, face="black", size=34, colour=_INK, room=room)
        top += 41
    top += 16
    for note in entry.notes:
        for line in _wrapped(note, face="regular", size=22, room=room)[:3]:
            _write(draw, (left, top), line, face="regular", size=22, colour=_INK, room=room)
            top += 30
        top += 8


def _wrapped(text: str, *, face: Face, size: int, room: int) -> list[str]:
    font, lines = pillow_font(face, float(size)), [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _write(
    draw: ImageDraw.ImageDraw,
    at: tuple[int, int],
    text: str,
    *,
    face: Face,
    size: int,
    colour: Rgb,
    room: int,
) -> None:
    text = "".join("?" if c in undrawable(c) else c for c in text)
    length = pillow_font(face, float(size)).getlength(text)
    fitted = size if length <= room else max(11.0, size * room / length)
    draw.text(at, text, font=pillow_font(face, float(fitted)), fill=colour)


def _calm_moment(video: Path, *, milliseconds: int) -> int:
    """A time around the middle at which nothing is coming or going, in ms."""
    start, rate, side = 0.4 * milliseconds / 1000, 6, 96
    data = read_ffmpeg(
        ["-v", "error", "-ss", f"{start:.3f}", "-protocol_whitelist", "file,pipe", "-f", "mov", "-i", f"file:{video}",
         "-t", f"{0.3 * milliseconds / 1000:.3f}", "-vf", f"fps={rate},scale={side}:{side}:flags=area",
         "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"],
        timeout_s=60,
    )  # fmt: skip
    steps = np.abs(np.diff(np.frombuffer(data, np.uint8).reshape(-1, side, side).astype(np.int16), axis=0))
    if not len(steps):
        return milliseconds // 2
    calm = np.argmin(np.convolve(steps.mean(axis=(1, 2)), (0.5, 0.5), mode="same"))
    return round(1000 * (start + (float(calm) + 0.5) / rate))


def _frame(video: Path, *, at_ms: int, size: tuple[int, int]) -> Image.Image:
    graph = f"scale={size[0]}:{size[1]}:flags=lanczos"
    data = read_ffmpeg(
        ["-v", "error", "-ss", f"{at_ms / 1000:.3f}", "-protocol_whitelist", "file,pipe", "-f", "mov",
         "-i", f"file:{video}", "-frames:v", "1", "-vf", graph, "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"],
        timeout_s=60,
    )  # fmt: skip
    return Image.fromarray(np.frombuffer(data, np.uint8).reshape(size[1], size[0], 3))


def _rounded(image: Image.Image) -> Image.Image:
    scale, radius = 3, 18
    mask = Image.new("L", (image.width * scale, image.height * scale), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, mask.width - 1, mask.height - 1), radius * scale, fill=255)
    ground = Image.new("RGB", image.size, _CARD)
    ground.paste(image, (0, 0), mask.resize(image.size, Image.Resampling.LANCZOS))
    return ground


def _ratio(width: int, height: int) -> str:
    known = {(1080, 1920): "9:16", (1080, 1350): "4:5", (1080, 1080): "1:1", (1920, 1080): "16:9"}
    return known.get((width, height), f"{width} x {height}")
