"""Two clocks: wall time for leases, expiry and events; business time for days, ages and caps.

A real account's business clock is the wall clock. A simulated account's business clock is the sandbox's:
it is copied into the account's record at each sync, so that reading it needs no network.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Anything that tells an aware UTC time."""

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        ...


class WallClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The current time in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        self.at = at.astimezone(UTC)

    def now(self) -> datetime:
        """The time that was set."""
        return self.at
