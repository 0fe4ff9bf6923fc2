"""Content-addressed files: an asset's name is the SHA-256 of its bytes, so the same bytes have one name.

A file is written beside the store's objects, synced, and renamed into place: a reader sees the whole asset or
none, whatever crashes when. Leftovers of a crash are swept a day later.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from geminivideo.brief import AssetId
from geminivideo.errors import InvalidInput, NotFound, StorageError

_ID = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1 << 20
_LEFTOVER_SECONDS = 24 * 3600


class AssetStore:
    """Assets under one folder (mode 0700, files 0600). Safe for many threads and processes at once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put_bytes(self, data: bytes) -> AssetId:
        """Keep `data`; its id. StorageError if the disk refuses, with nothing kept."""
        asset_id = hashlib.sha256(data).hexdigest()
        if not self.verify(asset_id):
            self._store([data])
        return asset_id

    def put_file(self, path: Path) -> AssetId:
        """Keep a copy of a regular file, streamed; its id. InvalidInput if it cannot be read."""
        return self._store(_chunks_of(path))

    def path(self, asset_id: AssetId) -> Path:
        """Where the bytes lie, for reading only. NotFound if absent or not an id."""
        place = self._place(asset_id)
        if place is None or not place.is_file():
            raise NotFound(f"There is no asset {asset_id[:64]!r}")
        return place

    def open(self, asset_id: AssetId) -> BinaryIO:
        """The bytes as a seekable stream, which the caller closes. NotFound if absent."""
        return self.path(asset_id).open("rb")

    def exists(self, asset_id: AssetId) -> bool:
        """Whether the asset is kept here; False for what is not an id."""
        place = self._place(asset_id)
        return place is not None and place.is_file()

    def size(self, asset_id: AssetId) -> int:
        """Bytes of the asset. NotFound if absent."""
        return self.path(asset_id).stat().st_size

    def verify(self, asset_id: AssetId) -> bool:
        """Whether the asset is here and its bytes still hash to its id. Reads the whole file."""
        if not self.exists(asset_id):
            return False
        with self.path(asset_id).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == asset_id

    def _place(self, asset_id: str) -> Path | None:
        # Only 64 hex digits ever become part of a path, so an id cannot climb out of the store.
        return self.root / asset_id[:2] / asset_id if _ID.fullmatch(asset_id) else None

    def _store(self, chunks: Iterable[bytes]) -> AssetId:
        with _disk_faults(self.root):
            incoming = self._incoming()
            handle, name = tempfile.mkstemp(dir=incoming)
        hasher = hashlib.sha256()
        try:
            with _disk_faults(self.root), os.fdopen(handle, "wb") as out:
                for chunk in chunks:
                    hasher.update(chunk)
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            asset_id = hasher.hexdigest()
            with _disk_faults(self.root):
                self._publish(Path(name), asset_id)
        finally:
            Path(name).unlink(missing_ok=True)
        return asset_id

    def _publish(self, written: Path, asset_id: str) -> None:
        folder = self.root / asset_id[:2]
        folder.mkdir(mode=0o700, exist_ok=True)
        # Replacing an object that is already there is harmless when it is whole and heals it when it is not.
        written.replace(folder / asset_id)
        _sync_folder(folder)

    def _incoming(self) -> Path:
        folder = self.root / "incoming"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.root.chmod(0o700)
        oldest = time.time() - _LEFTOVER_SECONDS
        for leftover in folder.iterdir():
            with _already_gone():
                if leftover.stat().st_mtime < oldest:
                    leftover.unlink()
        return folder


def _chunks_of(path: Path) -> Iterator[bytes]:
    # Opened without blocking, so that a named pipe is refused and does not hang us.
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise _unreadable(path, "it is not a regular file")
    with os.fdopen(handle, "rb") as source:
        while chunk := _read(source, path=path):
            yield chunk


def _read(source: BinaryIO, *, path: Path) -> bytes:
    try:
        return source.read(_CHUNK)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, why: object) -> InvalidInput:
    return InvalidInput(f"The file cannot be read: {why}", where=str(path), fix="Check the path and its permissions.")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _already_gone() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        return


@contextmanager
def _disk_faults(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"The asset could not be kept: {error.strerror or error}",
            where=str(root),
            fix="Free disk space or point GEMINIVIDEO_HOME at a folder that can be written, then try again.",
        ) from error
