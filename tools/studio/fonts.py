"""Roboto as it ships in the `font-roboto` package: which characters it can draw, how wide, and how libass sizes it.

Text that the face cannot draw exactly is refused before anything is rendered; nothing is dropped silently.
"""

from __future__ import annotations

import struct
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from PIL import ImageFont

from geminivideo.errors import InvalidInput

Face = Literal["black", "black_italic", "bold", "medium", "regular", "light"]

_FILES: dict[Face, tuple[str, str]] = {
    "black": ("Roboto-Black.ttf", "Roboto Black"),
    "black_italic": ("Roboto-BlackItalic.ttf", "Roboto Black"),
    "bold": ("Roboto-Bold.ttf", "Roboto"),
    "medium": ("Roboto-Medium.ttf", "Roboto Medium"),
    "regular": ("Roboto-Regular.ttf", "Roboto"),
    "light": ("Roboto-Light.ttf", "Roboto Light"),
}
_STYLE_TAGS: dict[Face, str] = {"bold": r"\b1", "black_italic": r"\i1"}


@dataclass(frozen=True)
class Metrics:
    """Vertical metrics of a face as fractions of the em; `ascent` and `descent` are what libass sizes by."""

    ascent: float
    descent: float
    cap_height: float
    x_height: float
    characters: frozenset[int]


def font_folder() -> Path:
    """The folder that holds the faces."""
    return Path(str(files("font_roboto"))) / "files"


def link_fonts(folder: Path) -> Path:
    """Make `folder` with nothing but the studio's faces in it, for libass to read."""
    folder.mkdir()
    for name in {name for name, _ in _FILES.values()}:
        (folder / name).symlink_to(font_folder() / name)
    return folder


def font_path(face: Face) -> Path:
    """The file of one face."""
    return font_folder() / _FILES[face][0]


@cache
def metrics(face: Face) -> Metrics:
    """Metrics and coverage of a face, read from its own tables."""
    data = font_path(face).read_bytes()
    tables = _tables(data)
    em = struct.unpack_from(">H", data, tables["head"] + 18)[0]
    os2 = tables["OS/2"]
    ascent, descent = struct.unpack_from(">HH", data, os2 + 74)
    x_height, cap_height = struct.unpack_from(">hh", data, os2 + 86)
    return Metrics(
        ascent=ascent / em,
        descent=descent / em,
        cap_height=cap_height / em,
        x_height=x_height / em,
        characters=_coverage(data, tables["cmap"]),
    )


@cache
def pillow_font(face: Face, size: float) -> ImageFont.FreeTypeFont:
    """The face in Pillow at `size` pixels per em."""
    return ImageFont.truetype(str(font_path(face)), size=size, layout_engine=ImageFont.Layout.BASIC)


def width(text: str, *, face: Face, size: float) -> float:
    """Advance width of `text` in pixels at `size` pixels per em."""
    # Measured once at a large size and scaled: hinting makes small sizes uneven, libass lays out unhinted.
    return pillow_font(face, 1000.0).getlength(text) * size / 1000.0


def ass_tags(face: Face, *, size: float) -> str:
    """Override tags that select the face at `size` pixels per em (libass sizes by ascent + descent)."""
    own = metrics(face)
    return rf"\fn{_FILES[face][1]}{_STYLE_TAGS.get(face, '')}\fs{size * (own.ascent + own.descent):.2f}"


def clean(text: str, *, where: str) -> str:
    """`text` in composed form with single spaces; InvalidInput names the first character we cannot draw."""
    composed = " ".join(unicodedata.normalize("NFC", text).split())
    for character in composed:
        if character != " " and not _drawable(character):
            raise InvalidInput(
                f"The character U+{ord(character):04X} ({unicodedata.name(character, 'unnamed')}) cannot be drawn",
                where=where,
                fix="The studio's typeface has Latin, Greek and Cyrillic letters, no emoji, Asian or right-to-left "
                "script: reword the text.",
            )
    return composed


def undrawable(text: str) -> tuple[str, ...]:
    """The distinct characters of `text` that `clean` would refuse, in order of appearance."""
    composed = unicodedata.normalize("NFC", text)
    return tuple(dict.fromkeys(c for c in composed if not c.isspace() and not _drawable(c)))


def _drawable(character: str) -> bool:
    # Cf holds bidirectional controls, joiners and the byte-order mark: invisible, and able to reorder text.
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me", "Zl", "Zp"}:
        return False
    return all(ord(character) in metrics(face).characters for face in _FILES)


def _tables(data: bytes) -> dict[str, int]:
    count = struct.unpack_from(">H", data, 4)[0]
    rows = (struct.unpack_from(">4sIII", data, 12 + 16 * index) for index in range(count))
    return {tag.decode("latin-1"): offset for tag, _, offset, _ in rows}


def _coverage(data: bytes, cmap: int) -> frozenset[int]:
    found: set[int] = set()
    for index in range(struct.unpack_from(">H", data, cmap + 2)[0]):
        offset = cmap + struct.unpack_from(">HHI", data, cmap + 4 + 8 * index)[2]
        kind = struct.unpack_from(">H", data, offset)[0]
        if kind == 4:
            found |= _coverage_4(data, offset)
        elif kind == 12:
            groups = struct.unpack_from(">I", data, offset + 12)[0]
            for group in range(groups):
                first, last, _ = struct.unpack_from(">III", data, offset + 16 + 12 * group)
                found |= set(range(first, last + 1))
    return frozenset(found)


def _coverage_4(data: bytes, offset: int) -> set[int]:
    count = struct.unpack_from(">H", data, offset + 6)[0] // 2
    ends = struct.unpack_from(f">{count}H", data, offset + 14)
    starts = struct.unpack_from(f">{count}H", data, offset + 16 + 2 * count)
    deltas = struct.unpack_from(f">{count}H", data, offset + 16 + 4 * count)
    ranges_at = offset + 16 + 6 * count
    found: set[int] = set()
    for index in range(count):
        at = ranges_at + 2 * index
        step = struct.unpack_from(">H", data, at)[0]
        for code in range(starts[index], min(ends[index], 0xFFFE) + 1):
            if not step:
                glyph = (code + deltas[index]) & 0xFFFF
            else:
                glyph = struct.unpack_from(">H", data, at + step + 2 * (code - starts[index]))[0]
            if glyph:
                found.add(code)
    return found
