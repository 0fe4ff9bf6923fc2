"""The sandbox's memory: an append-only file of everything that arrived and wrote, each line forced to disk.

A line holds what was received, what became of it and, where it took effect, the operation that replays it.
Replaying the operations in order rebuilds the whole world, because the world is a function of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from geminivideo.errors import StorageError

Entry = dict[str, Any]


class Journal:
    """Entries numbered from 1. Without a path they live in memory only."""

    def __init__(self, path: Path | None) -> None:
        self.entries: list[Entry] = []
        self._file: IO[bytes] | None = None
        self._broken = False
        if path is not None:
            self._load(path)
            self._file = path.open("ab")

    def append(self, entry: Entry) -> int:
        """Number the entry, force it to disk and return its number. After one failure nothing is taken any more."""
        if self._broken:
            raise StorageError("The sandbox's journal could not be written earlier", fix="Start the sandbox again.")
        numbered = {"seq": len(self.entries) + 1, **entry}
        if self._file is not None:
            try:
                self._file.write(json.dumps(numbered, separators=(",", ":")).encode() + b"\n")
                self._file.flush()
                os.fsync(self._file.fileno())
            except OSError as error:
                # Half a line may be in the file: a further line behind it would make it unreadable.
                self._broken = True
                raise StorageError("The sandbox cannot write its journal", where=str(self._file.name)) from error
        self.entries.append(numbered)
        return len(self.entries)

    def operations(self) -> Iterator[dict[str, Any]]:
        """What took effect, in order."""
        return (entry["op"] for entry in self.entries if entry.get("op") is not None)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _load(self, path: Path) -> None:
        if not path.exists():
            return
        raw = path.read_bytes()
        whole = raw[: raw.rfind(b"\n") + 1]
        # A line cut by a crash was never answered: it did not happen.
        if len(whole) < len(raw):
            with path.open("r+b") as file:
                file.truncate(len(whole))
        try:
            self.entries = [json.loads(line) for line in whole.splitlines()]
        except ValueError as error:
            raise StorageError(
                "The sandbox's journal is damaged", where=str(path), fix="Use another --data folder."
            ) from error
