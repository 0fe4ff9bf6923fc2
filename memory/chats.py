"""Chat threads: what was said, and the draft of a brief that grows out of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select, update

from geminivideo.errors import NotFound
from geminivideo.ids import new_id
from geminivideo.model import Noun
from memory.schema import messages, threads


class Thread(Noun):
    """One conversation about one account."""

    id: str
    account_id: str
    draft: dict[str, Any]
    created_at: datetime


class Message(Noun):
    """One turn of a conversation. `data` holds what a program would want of it."""

    id: str
    account_id: str
    thread_id: str
    role: Literal["person", "assistant"]
    text: str
    data: dict[str, Any]
    at: datetime


def create_thread(conn: Connection, *, account_id: str, now: datetime) -> Thread:
    """Start a conversation."""
    thread = Thread(id=new_id("thr"), account_id=account_id, draft={}, created_at=now)
    conn.execute(insert(threads).values(**thread.model_dump()))
    return thread


def get_thread(conn: Connection, thread_id: str, *, for_update: bool = False) -> Thread:
    """The thread, or NotFound."""
    query = select(threads).where(threads.c.id == thread_id)
    row = conn.execute(query.with_for_update() if for_update else query).mappings().first()
    if row is None:
        raise NotFound("There is no such thread", where=thread_id[:60], fix="Start one: POST /api/v1/chat/threads.")
    return Thread.model_validate(dict(row))


def set_draft(conn: Connection, thread_id: str, *, draft: dict[str, Any]) -> None:
    """Replace the draft."""
    conn.execute(update(threads).where(threads.c.id == thread_id).values(draft=draft))


def add_message(
    conn: Connection,
    thread: Thread,
    *,
    role: Literal["person", "assistant"],
    text: str,
    now: datetime,
    data: dict[str, Any] | None = None,
) -> Message:
    """Append one turn."""
    message = Message(
        id=new_id("msg"),
        account_id=thread.account_id,
        thread_id=thread.id,
        role=role,
        text=text,
        data=data or {},
        at=now,
    )
    conn.execute(insert(messages).values(**message.model_dump()))
    return message


def list_messages(conn: Connection, thread_id: str, *, limit: int = 500) -> list[Message]:
    """What was said, oldest first."""
    query = (
        select(messages).where(messages.c.thread_id == thread_id).order_by(messages.c.at, messages.c.id).limit(limit)
    )
    return [Message.model_validate(dict(row)) for row in conn.execute(query).mappings()]
