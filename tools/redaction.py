"""Values as they may be logged: JSON-plain, bounded, without secrets."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Set

from pydantic import BaseModel, SecretBytes, SecretStr

from geminivideo.canonical import Json

HIDDEN = "[redacted]"

_SECRET_NAME = re.compile(r"token|secret|passw|api_?key|authori[sz]ation|cookie|credential|private_?key", re.I)
_SECRET_TEXT = re.compile(
    r"(?i:bearer\s+[\w.~+/=-]{8,})|\bsk-[\w-]{8,}|\bEAA[A-Za-z0-9]{20,}|\bAIza[\w-]{30,}|\bpat-[a-z0-9-]{20,}"
    r"|(?i:(?:access_token|api_key|client_secret|password)=)[^\s&\"']+"
)
_TEXT, _ITEMS, _DEPTH = 400, 20, 6


def plain(value: object, *, name: str = "", depth: int = 0) -> Json:
    """The value for a log. `name` is the key it stands under: some names are secrets whatever they hold."""
    if _SECRET_NAME.search(name) or isinstance(value, SecretStr | SecretBytes):
        return HIDDEN
    if isinstance(value, BaseModel):
        value = dict(value)
    if isinstance(value, Mapping | list | tuple | Set):
        return _container(value, depth=depth) if depth < _DEPTH else f"({type(value).__name__})"
    if isinstance(value, bytes | bytearray | memoryview):
        return f"({len(value)} bytes)"
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return _text(str(value))


def _container(value: Mapping[object, object] | list[object] | tuple[object, ...] | Set[object], *, depth: int) -> Json:
    left = len(value) - _ITEMS
    if isinstance(value, Mapping):
        pairs = [(str(key), item) for key, item in list(value.items())[:_ITEMS]]
        shown = {_text(key): plain(item, name=key, depth=depth + 1) for key, item in pairs}
        return shown | ({"…": f"({left} more)"} if left > 0 else {})
    rows = [plain(item, depth=depth + 1) for item in list(value)[:_ITEMS]]
    return [*rows, f"({left} more)"] if left > 0 else rows


def _text(value: str) -> str:
    # More than is shown is searched, so that a secret across the cut is hidden as a whole.
    # NUL and half surrogate pairs are replaced: Postgres takes neither.
    start = value[: 4 * _TEXT].replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    hidden = _SECRET_TEXT.sub(HIDDEN, start)
    left = len(value) - _TEXT
    return f"{hidden[:_TEXT]}… ({left} more characters)" if left > 0 else hidden
