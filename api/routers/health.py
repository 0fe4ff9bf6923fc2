"""Is the server there?"""

from __future__ import annotations

from fastapi import APIRouter

from api.deps import EngineDep
from geminivideo.model import Noun
from memory import accounts

router = APIRouter(tags=["health"])


class Health(Noun):
    """What is up."""

    status: str
    accounts: int
    models: tuple[str, ...]


@router.get("/health")
async def get_health(engine: EngineDep) -> Health:
    """Answers when the records can be read. Needs no key."""
    found = await engine.services.db.read(accounts.list_accounts)
    return Health(status="ok", accounts=len(found), models=engine.services.roster.describe())
