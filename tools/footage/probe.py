"""What an untrusted media file really is: sniffed by its first bytes, opened by one decoder, one frame decoded.

Order of checks, cheapest first: regular file, size, magic bytes (allow-list; playlists, SVG and text are never
media), then Pillow for pictures or ffmpeg in a limited child with one forced demuxer for the rest.
"""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image

from geminivideo.errors import InvalidInput, RenderError
from tools.studio.ffmpeg import UNTRUSTED, read_ffmpeg, run_ffmpeg, untrusted_input

Kind = Literal["image", "video", "audio"]
MAX_BYTES = 500 * 1024 * 1024
"""Largest file that is looked at."""
MAX_PIXELS = 50_000_000
"""Largest picture or frame, in pixels: a bomb of a few kilobytes decodes to gigabytes."""
MIN_SIDE = 16
"""Shortest side, in pixels."""
TIMEOUT_S = 20.0
_SMALLER = "Export it at 1080 x 1920 or similar."

_MOV = "mov,mp4,m4a,3gp,3g2,mj2"
_DEMUXERS = {
    "mp4": _MOV, "matroska": "matroska,webm", "wav": "wav", "mp3": "mp3", "flac": "flac",
    "ogg": "ogg", "aac": "aac", "aiff": "aiff",
}  # fmt: skip
_IMAGES = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP"}
_WITH_PICTURE = ("mp4", "matroska")
_STILL_BRANDS = (b"heic", b"heix", b"heif", b"mif1", b"msf1", b"avif", b"avis")
_MAGIC: tuple[tuple[str, tuple[tuple[int, bytes], ...]], ...] = (
    ("png", ((0, b"\x89PNG\r\n\x1a\n"),)),
    ("jpeg", ((0, b"\xff\xd8\xff"),)),
    ("webp", ((0, b"RIFF"), (8, b"WEBP"))),
    ("wav", ((0, b"RIFF"), (8, b"WAVE"))),
    ("aiff", ((0, b"FORM"), (8, b"AIF"))),
    ("mp4", ((4, b"ftyp"),)),
    ("mp4", ((4, b"moov"),)),
    ("mp4", ((4, b"wide"),)),
    ("matroska", ((0, b"\x1a\x45\xdf\xa3"),)),
    ("flac", ((0, b"fLaC"),)),
    ("ogg", ((0, b"OggS"),)),
    ("mp3", ((0, b"ID3"),)),
)
_TEXT = re.compile(rb"\s*(#EXTM3U|ffconcat|<\?xml|<svg|<!doctype|<html|\[playlist\]|%!PS)", re.IGNORECASE)


@dataclass(frozen=True)
class Probed:
    """A file that decodes. Sizes are as displayed (rotation applied), 0 x 0 for sound; stills have no length."""

    kind: Kind
    width: int
    height: int
    milliseconds: int | None
    container: str


def probe(path: Path) -> Probed:
    """Look at `path`; InvalidInput says what is wrong with it, where, and what to do."""
    container = _sniff(_head(path), path=path)
    if container in _IMAGES:
        return _probe_image(path, container=container)
    return _probe_stream(path, container=container)


def input_args(path: Path, *, probed: Probed) -> list[str]:
    """ffmpeg arguments that open a probed clip or sound safely: its demuxer forced, nothing else opened."""
    return untrusted_input(path, demuxer=_DEMUXERS[probed.container])


def _head(path: Path) -> bytes:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise InvalidInput("That is not a file", where=str(path), fix="Give the path of a picture or clip.")
        if found.st_size == 0:
            raise InvalidInput("The file is empty", where=str(path), fix="Copy or export it again.")
        if found.st_size > MAX_BYTES:
            raise InvalidInput(
                f"The file has {found.st_size / 1e6:,.0f} MB; at most {MAX_BYTES / 1e6:,.0f} MB are read",
                where=str(path),
                fix="Trim or compress it.",
            )
        with path.open("rb") as file:
            return file.read(64)
    except FileNotFoundError:
        raise InvalidInput("There is no such file", where=str(path), fix="Check the path in the brief.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidInput(
            f"The file cannot be read: {reason}", where=str(path)[:200], fix="Check its name and permissions."
        ) from error


def _sniff(head: bytes, *, path: Path) -> str:
    container = _container(head)
    if container is None:
        raise InvalidInput(_refusal(head), where=str(path), fix=_advice(head))
    return container


def _container(head: bytes) -> str | None:
    if head[4:8] == b"ftyp" and head[8:12] in _STILL_BRANDS:
        return None
    for name, parts in _MAGIC:
        if all(head[at : at + len(magic)] == magic for at, magic in parts):
            return name
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:  # a bare MPEG audio frame
        return "aac" if head[1] & 0xF6 == 0xF0 else "mp3"
    return None


def _refusal(head: bytes) -> str:
    if _TEXT.match(head):
        return "This is text (a playlist, SVG or web page), not a picture or clip"
    if head[8:12] in _STILL_BRANDS:
        return "HEIC and AVIF pictures are not read"
    if head.startswith(b"GIF8"):
        return "GIF files are not read"
    return "This is no picture, video or sound format that is read here"


def _advice(head: bytes) -> str:
    if head[8:12] in _STILL_BRANDS:
        return "Save it as JPEG or PNG (on a phone: share it as JPEG)."
    return "Use PNG, JPEG or WebP; MP4, MOV or WebM; WAV, MP3, M4A, FLAC or OGG."


def _probe_image(path: Path, *, container: str) -> Probed:
    try:
        with Image.open(path, formats=(_IMAGES[container],)) as image:
            width, height = image.size
            _check_pixels(width, height, path=path)
            turned = image.getexif().get(0x0112, 1) in {5, 6, 7, 8}
            image.load()
    except InvalidInput:
        raise
    except Image.DecompressionBombError as error:
        raise InvalidInput("The picture has too many pixels", where=str(path), fix=_SMALLER) from error
    except Exception as error:  # boundary: a decoder on hostile bytes may raise anything
        raise _corrupt(path, str(error)) from error
    if turned:
        width, height = height, width
    return Probed(kind="image", width=width, height=height, milliseconds=None, container=container)


def _probe_stream(path: Path, *, container: str) -> Probed:
    source = untrusted_input(path, demuxer=_DEMUXERS[container])
    if container in _WITH_PICTURE:
        size = _first_frame_size(source)
        if size is not None:
            _check_pixels(*size, path=path)
            length = _length_ms(source, stream="0:V:0", decode=False, path=path)
            return Probed("video", *size, milliseconds=length, container=container)
    length = _length_ms(source, stream="0:a:0", decode=True, path=path)
    return Probed("audio", 0, 0, milliseconds=length, container=container)


def _first_frame_size(source: list[str]) -> tuple[int, int] | None:
    # A decoded frame's own header tells its size: nothing in the file's metadata can talk over it.
    limit = f"select=lte(iw*ih\\,{2 * MAX_PIXELS})"
    picture = ["-threads", "1", *source, "-map", "0:V:0", "-vf", limit, "-frames:v", "1"]
    try:
        pgm = read_ffmpeg(
            [*picture, "-c:v", "pgm", "-f", "image2pipe", "pipe:1"], timeout_s=TIMEOUT_S, limits=UNTRUSTED
        )
    except RenderError:
        return None
    match = re.match(rb"P5\s+(\d+)\s+(\d+)\s", pgm)
    return (int(match[1]), int(match[2])) if match else None


def _length_ms(source: list[str], *, stream: str, decode: bool, path: Path) -> int:
    # Counted over the packets: a header may lie about its length or have none.
    seen = [0]
    codec = [] if decode else ["-c", "copy"]
    try:
        run_ffmpeg(
            ["-threads", "1", *source, "-map", stream, *codec, "-f", "null", "-"],
            timeout_s=TIMEOUT_S,
            limits=UNTRUSTED,
            on_progress=seen.append,
        )
    except RenderError as error:
        raise _corrupt(path, error.what) from error
    if seen[-1] <= 0:
        raise _corrupt(path, "nothing in it decodes")
    return seen[-1]


def _check_pixels(width: int, height: int, *, path: Path) -> None:
    if min(width, height) < MIN_SIDE or width * height > MAX_PIXELS:
        raise InvalidInput(
            f"The picture has {width} x {height} pixels; {MIN_SIDE} a side to {MAX_PIXELS // 10**6} million"
            " in all are read",
            where=str(path),
            fix=_SMALLER,
        )


def _corrupt(path: Path, reason: str) -> InvalidInput:
    return InvalidInput(
        "The file is damaged or not what its name says: it does not decode",
        where=str(path),
        fix=f"Export or copy it again. (The decoder says: {reason.rpartition(' | ')[2][:160]})",
    )
