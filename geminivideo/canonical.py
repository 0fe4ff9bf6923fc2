"""Canonical JSON (RFC 8785) and digests over it. Integers only: a float in a digested record is a bug."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import rfc8785

from geminivideo.errors import InvalidInput

Json = Any
"""A JSON-plain value; `Any` because Python cannot name the recursion without pain at each edge."""


def canonical_bytes(value: object) -> bytes:
    """RFC 8785 bytes of a JSON-plain value; floats and integers beyond 2^53 are refused."""
    _refuse_floats(value, path="$")
    try:
        return rfc8785.dumps(value)  # type: ignore[arg-type]
    except rfc8785.CanonicalizationError as error:
        raise InvalidInput(f"Not canonical JSON: {error}") from error


def digest(value: object, *, prefix: str) -> str:
    """SHA-256 (hex) over a versioned prefix, a newline and the canonical bytes."""
    return hashlib.sha256(prefix.encode() + b"\n" + canonical_bytes(value)).hexdigest()


def _refuse_floats(value: object, *, path: str) -> None:
    if isinstance(value, float):
        raise InvalidInput("A digested record holds a float", where=path)
    if isinstance(value, Mapping):
        for key, item in value.items():
            _refuse_floats(item, path=f"{path}.{key}")
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for index, item in enumerate(value):
            _refuse_floats(item, path=f"{path}[{index}]")
