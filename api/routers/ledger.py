"""The ledger: every spend change and what became of it, and the audit chain."""

from __future__ import annotations

from fastapi import APIRouter

from api.deps import EngineDep
from memory.audit import AuditReport
from memory.ledger import ChangeRecord

router = APIRouter(prefix="/ledger", tags=["ledger"])


@router.get("")
async def get_ledger(account_id: str, engine: EngineDep, set_id: str | None = None) -> list[ChangeRecord]:
    """The account's spend changes in the order proposed."""
    return list(await engine.services.treasury.ledger(account_id, set_id=set_id))


@router.get("/audit")
async def get_audit(account_id: str, engine: EngineDep) -> AuditReport:
    """Walk the account's hash chain and say whether it is whole."""
    return await engine.services.treasury.audit_verify(account_id)
