"""The machine's key file: made at first start, readable by its owner alone. Who can read it is `local:<user>`."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from geminivideo.errors import NotPermitted, StorageError
from geminivideo.principals import Principal, local_person

_BYTES = 32


def key_path(home: Path) -> Path:
    """Where the key lies."""
    return home / "api.key"


def load_key(home: Path) -> str:
    """The key, made now if there is none. A file that others can read is refused."""
    path = key_path(home)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"gv_{secrets.token_urlsafe(_BYTES)}\n")
    return _read(path)


def check_key(given: str | None, *, key: str) -> Principal:
    """The person behind a key, or NotPermitted. Compared in constant time."""
    if given is None or not secrets.compare_digest(given.encode(), key.encode()):
        raise NotPermitted(
            "The API key is missing or wrong",
            where="Authorization",
            fix="Send `Authorization: Bearer` with the key that `geminivideo keys` shows.",
        )
    return local_person()


def _read(path: Path) -> str:
    if path.stat().st_mode & 0o077:
        raise StorageError(
            "The key file can be read by others", where=str(path), fix=f"Run `chmod 600 {path}` and start again."
        )
    return path.read_text().strip()
