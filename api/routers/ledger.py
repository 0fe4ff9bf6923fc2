"""The ledger: every spend change and what became of it, and the audit chain."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import AccountQuery, EngineDep
from memory import accounts
from memory.audit import AuditReport
from memory.ledger import ChangeRecord

router = APIRouter(prefix="/ledger", tags=["ledger"])


@router.get("")
async def get_ledger(
    account_id: AccountQuery,
    engine: EngineDep,
    set_id: Annotated[str | None, Query(description="Only this approval's changes.", max_length=60)] = None,
) -> list[ChangeRecord]:
    """The account's spend changes in the order proposed."""
    await engine.services.db.read(lambda conn: accounts.get_account(conn, account_id))
    return list(await engine.services.treasury.ledger(account_id, set_id=set_id))


@router.get("/audit")
async def get_audit(account_id: AccountQuery, engine: EngineDep) -> AuditReport:
    """Walk the account's hash chain and say whether it is whole."""
    return await engine.services.treasury.audit_verify(account_id)
