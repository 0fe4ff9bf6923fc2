"""Text ids: a prefix for the kind, then a ULID, so that ids sort by the time they were made."""

from __future__ import annotations

import os
import time
from typing import Literal

Kind = Literal["acc", "ad", "call", "ap", "ast", "cr", "bp", "chg", "dec", "job", "msg", "pred", "run", "thr", "mdl"]

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(kind: Kind) -> str:
    """A fresh id such as `run_01kaf3…`: 48 bits of milliseconds, 80 random bits."""
    number = (int(time.time() * 1000) << 80) | int.from_bytes(os.urandom(10), "big")
    digits = [_ALPHABET[(number >> (5 * place)) & 31] for place in range(25, -1, -1)]
    return f"{kind}_{''.join(digits)}"
