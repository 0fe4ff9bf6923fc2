"""Pictures and videos inside the report: data URIs within a budget of bytes, and relative links beside them."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from PIL import Image, UnidentifiedImageError

POSTER_WIDTH = 540
_THUMB_WIDTH = 240
_JPEG_QUALITY = 80


class Shelf:
    """What may still be embedded. A file that does not fit is linked instead, so the report keeps to its limit."""

    def __init__(self, *, folder: Path, budget: int) -> None:
        self._folder = folder.resolve()
        self._left = budget

    def picture(self, path: str | None, *, small: bool = False) -> str | None:
        """A JPEG data URI of the picture, or None when there is none that can be read. Blocking."""
        if not path:
            return None
        try:
            with Image.open(path) as found:
                shown = found.convert("RGB")
        except (OSError, UnidentifiedImageError):
            return None
        width = _THUMB_WIDTH if small else POSTER_WIDTH
        if shown.width > width:
            shown = shown.resize((width, round(shown.height * width / shown.width)), Image.Resampling.LANCZOS)
        data = io.BytesIO()
        shown.save(data, "JPEG", quality=_JPEG_QUALITY, optimize=True)
        return self._embed(data.getvalue(), kind="image/jpeg")

    def video(self, path: str | None) -> str | None:
        """An MP4 data URI, or None when there is no such file or no room for it. Blocking."""
        if not path:
            return None
        try:
            if _encoded(Path(path).stat().st_size) > self._left:
                return None
            return self._embed(Path(path).read_bytes(), kind="video/mp4")
        except OSError:
            return None

    def link(self, path: str) -> str:
        """The file's address relative to the report."""
        return quote(Path(os.path.relpath(Path(path).resolve(), self._folder)).as_posix())

    def _embed(self, data: bytes, *, kind: str) -> str | None:
        size = _encoded(len(data))
        if size > self._left:
            return None
        self._left -= size
        return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def upright(variant: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The 9:16 file of a variant, or its first."""
    files = variant.get("files") or ()
    return next((file for file in files if file.get("format") == "9:16"), files[0] if files else None)


def _encoded(size: int) -> int:
    return (size + 2) // 3 * 4 + 40
