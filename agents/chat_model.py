"""The seam for language models: one structured call. Each provider is an adapter of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel

from geminivideo.model import Noun
from prompts.loader import Rendered

T = TypeVar("T", bound=BaseModel)
Check = Callable[[T], Sequence[str]]
"""Faults that a schema cannot express, as sentences for the model; empty when the value may be used."""


class Usage(Noun):
    """Tokens and requests of a call, failed attempts and repairs included."""

    tokens_in: int = 0
    tokens_out: int = 0
    requests: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            tokens_in=self.tokens_in + other.tokens_in,
            tokens_out=self.tokens_out + other.tokens_out,
            requests=self.requests + other.requests,
        )


@dataclass(frozen=True)
class Structured(Generic[T]):
    """A validated answer, what it cost and how many attempts it took."""

    value: T
    usage: Usage
    model: str
    attempts: int


class ChatModel(Protocol):
    """A language model that answers in a given schema."""

    @property
    def name(self) -> str:
        """The model's name as shown to people."""
        ...

    async def structured(self, prompt: Rendered, *, schema: type[T], check: Check[T] | None = None) -> Structured[T]:
        """An answer that fits `schema` and passes `check`; ModelError (with a named outcome and its cost) otherwise."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...
