"""The publishing tool: writes a proposal into the ledger. It can neither decide nor execute.

Account and run are fixed when the tool is made: no model can aim it elsewhere. What the proposal binds is the digest
of the stored set.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from langchain_core.tools import StructuredTool
from pydantic import Field
from sqlalchemy import Connection

from geminivideo.clock import Clock
from geminivideo.ids import new_id
from geminivideo.model import Noun
from geminivideo.spend import ChangeSet, SpendChange
from memory import ledger
from memory.accounts import get_account
from memory.database import Database

NAME = "propose_changes"


class Proposal(Noun):
    """Spend changes for one decision."""

    changes: Annotated[tuple[SpendChange, ...], Field(min_length=1, description="The exact changes, each with reason")]
    evidence: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")], ...],
        Field(description="SHA-256 of each record that the proposal rests on"),
    ] = ()
    key: Annotated[
        str, Field(min_length=1, max_length=120, description="The same key of a run gives the same proposal")
    ]


def propose_changes_tool(
    db: Database, *, account_id: str, run_id: str, wall: Clock, code_version: str, who: str = "graph"
) -> StructuredTool:
    """The tool for one run. Its result is the id of the set that now waits for a person."""

    async def propose(changes: tuple[SpendChange, ...], key: str, evidence: tuple[str, ...] = ()) -> str:
        now = wall.now()

        def fn(conn: Connection) -> str:
            account = get_account(conn, account_id)
            change_set = ChangeSet(
                id=new_id("ap"),
                account_id=account_id,
                simulated=account.simulated,
                run_id=run_id,
                changes=tuple(changes),
                evidence=tuple(evidence),
                policy_version=account.config.version,
                code_version=code_version,
                created_at=now,
                expires_at=now + timedelta(hours=account.config.caps.approval_hours),
            )
            return ledger.insert_set(conn, change_set, key=key, who=who).change_set.id

        return await db.write(fn)

    return StructuredTool.from_function(
        coroutine=propose,
        name=NAME,
        description="Propose exact spend changes for a person's approval. Nothing is spent by this.",
        args_schema=Proposal,
        metadata={"effect": "propose"},
    )
