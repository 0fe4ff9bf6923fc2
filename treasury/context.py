"""What every part of the treasury works with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from geminivideo.accounts import Account
from geminivideo.clock import Clock
from memory.database import Database
from treasury.ports import AdReader, AdWriter, Assets, Boundary


@dataclass(frozen=True)
class Context:
    """Injected edges: database, platform, assets, clock, waiting, and the observer of boundaries."""

    db: Database
    writers: Callable[[Account], AdWriter]
    readers: Callable[[Account], AdReader]
    assets: Assets
    wall: Clock
    owner: str
    lease_seconds: int
    sleep: Callable[[float], Awaitable[None]]
    boundary: Boundary

    def now(self) -> datetime:
        """Wall time."""
        return self.wall.now()

    def lease_end(self) -> datetime:
        """When a lease that is taken now runs out."""
        return self.now() + timedelta(seconds=self.lease_seconds)
