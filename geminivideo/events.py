"""Run events: who did what and why, numbered per run. Readers resume after the last number they saw."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from geminivideo.model import Noun

EventKind = Literal[
    "run.started", "run.resumed", "run.waiting", "run.finished", "run.failed", "run.cancelled",
    "step.started", "step.finished", "step.failed",
    "recall.done", "blueprint.written", "blueprint.revised", "judge.scored", "judge.failed", "oracle.verdict",
    "gate.decided", "render.progress", "render.done", "render.failed", "allocation.done",
    "approval.waiting", "approval.decided", "change.sent", "change.applied", "change.refused", "change.unknown",
    "fatigue.found", "sync.done", "learned",
]  # fmt: skip


class RunEvent(Noun):
    """One line of a run's log. `text` is for a person; `data` holds the numbers behind it."""

    run_id: str
    seq: Annotated[int, Field(strict=True, ge=1)]
    at: datetime
    kind: EventKind
    who: str
    text: str
    data: dict[str, Any] = Field(default_factory=dict)
