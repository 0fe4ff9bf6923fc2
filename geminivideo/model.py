"""The base of our nouns: frozen, strict about numbers, closed to unknown fields."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Noun(BaseModel):
    """A frozen record. Unknown fields are refused; `false` is not an integer."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)
