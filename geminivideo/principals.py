"""Who acts. Nobody is anonymous, and the demo's stand-in is not a person."""

from __future__ import annotations

import getpass
from typing import Literal

from geminivideo.model import Noun

Role = Literal["viewer", "operator", "approver", "admin"]
_ORDER: tuple[Role, ...] = ("viewer", "operator", "approver", "admin")


class Principal(Noun):
    """A named person or service with a role. `stand_in` marks the demo's substitute for a person."""

    name: str
    role: Role
    stand_in: bool = False

    def may(self, role: Role) -> bool:
        """Whether this principal holds `role` or a higher one."""
        return _ORDER.index(self.role) >= _ORDER.index(role)


def local_person() -> Principal:
    """The person at this terminal, who owns the machine's key file: `local:<user>`."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    return Principal(name=f"local:{user}", role="admin")


STAND_IN = Principal(name="demo:stand-in", role="approver", stand_in=True)
"""Decides in the demo when no person is there. The executor refuses it outside the sandbox."""
