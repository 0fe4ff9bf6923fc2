"""A brief's own material: footage and a voice recording, looked at before they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from geminivideo.brief import AssetId
from geminivideo.errors import InvalidInput
from tools.footage.probe import probe
from tools.studio.recording import read_recording

MAX_FILES = 40
"""Most footage files of one brief."""
_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".webp", ".mp4", ".mov", ".m4v", ".webm", ".mkv", ".heic", ".avif", ".gif", ".avi"}
)


class Assets(Protocol):
    """What is needed of the asset store."""

    def put_file(self, path: Path) -> AssetId:
        """Keep the file's bytes and return their SHA-256."""
        ...


def keep_footage(paths: Sequence[Path], *, assets: Assets, where: str) -> tuple[AssetId, ...]:
    """Look at every file (folders: their pictures and clips, by name) and keep them; InvalidInput names the bad one."""
    files = [file for path in paths for file in _files(path, where=where)]
    if len(files) > MAX_FILES:
        raise InvalidInput(
            f"There are {len(files)} footage files; at most {MAX_FILES} are taken", where=where, fix="Pick the best."
        )
    for file in files:  # all are looked at before the first is kept
        _check_picture(file, where=where)
    return tuple(dict.fromkeys(assets.put_file(file) for file in files))


def keep_voice(path: Path, *, assets: Assets, where: str) -> AssetId:
    """Look at a voice recording and keep it; InvalidInput if it cannot be heard."""
    try:
        read_recording(path)
    except InvalidInput as error:
        raise InvalidInput(error.what, where=f"{where}: {path}", fix=error.fix) from error
    return assets.put_file(path)


def _files(path: Path, *, where: str) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.iterdir() if file.suffix.lower() in _SUFFIXES)
    if not found:
        raise InvalidInput(
            "The footage folder holds no picture or clip",
            where=f"{where}: {path}",
            fix="Put PNG, JPEG, MP4 or MOV files in it, or leave footage out.",
        )
    return found


def _check_picture(file: Path, *, where: str) -> None:
    try:
        found = probe(file)
    except InvalidInput as error:
        raise InvalidInput(error.what, where=f"{where}: {file}", fix=error.fix) from error
    if found.kind == "audio":
        raise InvalidInput(
            "The file holds sound and no picture", where=f"{where}: {file}", fix="Name it under `voice`, not `footage`."
        )
