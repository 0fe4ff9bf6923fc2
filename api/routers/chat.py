"""Chat: plain English becomes a brief and a run. Answers are server-sent AG-UI events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import Field

from api import chat
from api.deps import EngineDep
from geminivideo.errors import GeminiVideoError
from geminivideo.model import Noun
from memory import chats
from memory.chats import Message, Thread

router = APIRouter(prefix="/chat/threads", tags=["chat"])


class ThreadRequest(Noun):
    """The account that the conversation is about."""

    account_id: Annotated[str, Field(max_length=60)]


class MessageRequest(Noun):
    """What the person says."""

    text: Annotated[str, Field(min_length=1, max_length=200_000)]


class Conversation(Noun):
    """A thread with what was said so far, oldest first."""

    thread: Thread
    messages: tuple[Message, ...]


async def get_thread(thread_id: str, engine: EngineDep) -> Thread:
    """The thread of the path, or NotFound, before any answer begins."""
    return await engine.services.db.read(lambda conn: chats.get_thread(conn, thread_id))


ThreadDep = Annotated[Thread, Depends(get_thread)]


@router.post("", status_code=201)
async def post_thread(body: ThreadRequest, engine: EngineDep) -> Thread:
    """Start a conversation."""
    return await chat.open_thread(engine, body.account_id)


@router.get("/{thread_id}")
async def get_conversation(thread: ThreadDep, engine: EngineDep) -> Conversation:
    """What was said: a conversation survives a reload and a restart."""
    said = await engine.services.db.read(lambda conn: chats.list_messages(conn, thread.id))
    return Conversation(thread=thread, messages=tuple(said))


@router.post("/{thread_id}/messages", response_class=EventSourceResponse)
async def post_message(thread: ThreadDep, body: MessageRequest, engine: EngineDep) -> AsyncIterator[ServerSentEvent]:
    """Say something; the answer streams. A complete brief starts a run, which spends nothing until approved."""
    try:
        async for event in chat.events(engine, thread.id, body.text):
            yield ServerSentEvent(data=event, event=event["type"])
    except GeminiVideoError as error:
        failed = {"type": "RUN_ERROR", "code": error.code, "message": str(error)}
        yield ServerSentEvent(data=failed, event="RUN_ERROR")
