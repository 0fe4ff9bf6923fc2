"""Faults that a test plants: which requests they hit, how often, and what goes wrong.

They live in memory only: a restarted sandbox is a healthy one.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from geminivideo.model import Noun
from sandbox.chance import uniforms

FaultKind = Literal[
    "commit_then_timeout", "commit_then_close", "commit_then_html_502", "commit_then_truncated_json",
    "timeout", "html_502", "graph_error", "expired_token", "null_batch_item", "human_edit", "hubspot_429",
]  # fmt: skip
_BEFORE: frozenset[FaultKind] = frozenset(
    {"timeout", "html_502", "graph_error", "expired_token", "human_edit", "hubspot_429"}
)


class HumanEdit(Noun):
    """A change that a person makes in the platform's own web page."""

    id: str
    daily_budget_minor: Annotated[int, Field(strict=True, ge=1)] | None = None
    status: Literal["ACTIVE", "PAUSED", "ARCHIVED", "DELETED"] | None = None


class Fault(Noun):
    """Hits requests whose `METHOD /path` matches and whose body contains `body`.

    The first `skip` matches pass; then each is hit with probability `rate`, at most `count` times (None: always).
    `seconds` is how long a time-out keeps the line open; `commit` says whether a null batch item took effect.
    """

    kind: FaultKind
    match: Annotated[str, Field(max_length=300)] = ""
    body: Annotated[str, Field(max_length=300)] = ""
    skip: Annotated[int, Field(strict=True, ge=0)] = 0
    count: Annotated[int, Field(strict=True, ge=1)] | None = 1
    rate: Annotated[float, Field(gt=0, le=1)] = 1.0
    code: int = 17
    subcode: int | None = None
    seconds: Annotated[float, Field(ge=0, le=600)] = 30.0
    commit: bool = True
    edit: HumanEdit | None = None

    @field_validator("match")
    @classmethod
    def _pattern(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"not a pattern: {error}") from None
        return value


class Faults:
    """The planted faults, in the order in which they are tried."""

    def __init__(self, *, seed: int) -> None:
        self._seed = seed
        self._planted: list[tuple[int, Fault]] = []
        self._seen: dict[int, int] = {}
        self._hits: dict[int, int] = {}
        self._next = 1

    def plant(self, fault: Fault) -> int:
        """Add a fault and return its number."""
        number, self._next = self._next, self._next + 1
        self._planted.append((number, fault))
        return number

    def clear(self) -> None:
        """Take all faults away."""
        self._planted.clear()

    def report(self) -> list[dict[str, Any]]:
        """Each fault with how often it matched and hit."""
        return [
            {"number": n, "seen": self._seen.get(n, 0), "hits": self._hits.get(n, 0), **fault.model_dump()}
            for n, fault in self._planted
        ]

    def take(self, *, request: str, body: str, kinds: frozenset[FaultKind] | None = None) -> Fault | None:
        """The first fault that hits this request (`METHOD /path`), counted as used."""
        for number, fault in self._planted:
            if kinds is None and fault.kind == "null_batch_item":
                continue
            if kinds is not None and fault.kind not in kinds:
                continue
            if not re.search(fault.match, request) or fault.body not in body:
                continue
            seen = self._seen[number] = self._seen.get(number, 0) + 1
            spent = fault.count is not None and self._hits.get(number, 0) >= fault.count
            if seen <= fault.skip or spent or not self._lucky(number, seen=seen, rate=fault.rate):
                continue
            self._hits[number] = self._hits.get(number, 0) + 1
            return fault
        return None

    def _lucky(self, number: int, *, seen: int, rate: float) -> bool:
        return uniforms(self._seed, "fault", number, seen)[0] < rate


def strikes_first(fault: Fault) -> bool:
    """Whether it hits before the request takes effect."""
    return fault.kind in _BEFORE
