"""One embedded Chroma folder, shared safely by the threads and processes of one machine.

Chroma keeps a folder's index in the memory of each process that opened it, and does not see what another
one wrote. So every access holds a file lock (shared to read, exclusive to write), each write changes a token
beside the data, and whoever finds a token that it does not know opens the folder afresh (about 0.03 s).
"""

from __future__ import annotations

import fcntl
import functools
import os
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from geminivideo.errors import GeminiVideoError, StorageError

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.client import Client

T = TypeVar("T")


class VectorStore:
    """A folder's client. Access is serial within a process. Get it from `vector_store`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = threading.Lock()
        self._client: ClientAPI | None = None
        self._token = ""

    @property
    def version(self) -> str:
        """Inside a `read`: names the state that it sees. The same name, the same content."""
        return self._token

    def read(self, fn: Callable[[ClientAPI], T]) -> T:
        """What `fn` answers, every finished write in sight. StorageError if the folder is bad."""
        with self._turn, _faults(self._path), self._locked(fcntl.LOCK_SH) as token:
            return fn(self._current(token))

    def write(self, fn: Callable[[ClientAPI], T]) -> T:
        """Like `read`, alone on this machine."""
        with self._turn, _faults(self._path), self._locked(fcntl.LOCK_EX) as token:
            client = self._current(token)
            # Announced first: a write that dies half way has still changed what others remember.
            self._token = secrets.token_hex(8)
            self._token_file.write_text(self._token)
            return fn(client)

    def close(self) -> None:
        """Let go of the files and threads; the next access opens again."""
        with self._turn:
            self._drop()

    @property
    def _token_file(self) -> Path:
        return self._path / "version.token"

    @contextmanager
    def _locked(self, kind: int) -> Iterator[str]:
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self._path / "access.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, kind)
            yield self._token_file.read_text() if self._token_file.exists() else ""
        finally:
            os.close(handle)

    def _current(self, token: str) -> ClientAPI:
        if self._client is None or token != self._token:
            self._drop()
            self._client, self._token = _open(self._path), token
        return self._client

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            cast("Client", client).close()


@functools.cache
def vector_store(path: Path) -> VectorStore:
    """The process's one handle of a folder: Chroma shares its own by path, two of ours would disagree."""
    return VectorStore(path)


def _open(path: Path) -> ClientAPI:
    import chromadb  # a second of imports, paid only by who recalls something
    from chromadb.api.shared_system_client import SharedSystemClient
    from chromadb.config import Settings

    try:
        return chromadb.PersistentClient(path, settings=Settings(anonymized_telemetry=False))
    except BaseException:
        # A failed start stays in Chroma's table of open folders and would spoil the next, repaired one.
        SharedSystemClient.clear_system_cache()
        raise


@contextmanager
def _faults(path: Path) -> Iterator[None]:
    """The boundary to Chroma, which raises errors of many families when its files are bad."""
    try:
        yield
    except GeminiVideoError:
        raise
    except Exception as error:
        raise StorageError(
            f"The winner index cannot be used: {str(error)[:300]}",
            where=str(path),
            fix="Free disk space if it is full; else delete this folder: it is made again from the records.",
        ) from error
