"""Chunked upload of a video. Pieces are addressed by offset, so a lost answer is met by asking where we are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from geminivideo.errors import InvalidInput, OutcomeUnknown, PlatformTransient
from platforms.graph import GraphClient, GraphRefusal
from platforms.http import Json

_WRONG_OFFSET = 1363037
_TRIES = 3


@dataclass(frozen=True)
class UploadSession:
    """An open upload: keep it, and the upload can go on after a crash."""

    video_id: str
    session_id: str
    start_offset: int
    end_offset: int


async def upload(
    client: GraphClient,
    *,
    account: str,
    path: Path,
    title: str,
    session: UploadSession | None,
    on_session: Callable[[UploadSession], None] | None,
) -> str:
    """Start (or take up) an upload, send what is missing and close it; returns the video's id."""
    size = await asyncio.to_thread(_size, path)
    current = session or await _start(client, account=account, size=size)
    edge = f"{account}/advideos"
    while current.start_offset < size:
        if on_session is not None:
            on_session(current)
        chunk = await asyncio.to_thread(_slice, path, current)
        current = await _transfer(client, edge=edge, session=current, chunk=chunk)
    finish = {"upload_phase": "finish", "upload_session_id": current.session_id, "title": title}
    reply = await client.write(edge, data=finish)
    if not isinstance(reply.json, dict) or reply.json.get("success") is not True:
        raise OutcomeUnknown("Meta closed an upload without saying that it was done", where=f"Meta, {edge}")
    return current.video_id


async def _start(client: GraphClient, *, account: str, size: int) -> UploadSession:
    reply = await client.write(f"{account}/advideos", data={"upload_phase": "start", "file_size": str(size)})
    try:
        return UploadSession(
            video_id=str(reply.json["video_id"]),
            session_id=str(reply.json["upload_session_id"]),
            start_offset=int(reply.json["start_offset"]),
            end_offset=int(reply.json["end_offset"]),
        )
    except (KeyError, TypeError, ValueError):
        raise OutcomeUnknown("Meta opened an upload without a session", where="Meta, advideos") from None


async def _transfer(client: GraphClient, *, edge: str, session: UploadSession, chunk: bytes) -> UploadSession:
    """Send one piece. Sending it twice is harmless: the second is answered with the true offset."""
    data = {
        "upload_phase": "transfer",
        "upload_session_id": session.session_id,
        "start_offset": str(session.start_offset),
    }
    files = {"video_file_chunk": ("chunk.mp4", chunk, "application/octet-stream")}
    for attempt in range(_TRIES):
        try:
            reply = await client.write(edge, data=data, files=files)
            return _moved(session, reply.json)
        except GraphRefusal as error:
            if error.subcode != _WRONG_OFFSET or "start_offset" not in error.data:
                raise
            return _moved(session, error.data)
        except (OutcomeUnknown, PlatformTransient):
            if attempt == _TRIES - 1:
                raise
    raise OutcomeUnknown("The upload does not move on", where=f"Meta, {edge}")


def _moved(session: UploadSession, span: Json) -> UploadSession:
    try:
        return replace(session, start_offset=int(span["start_offset"]), end_offset=int(span["end_offset"]))
    except (KeyError, TypeError, ValueError):
        raise OutcomeUnknown("Meta took a piece without saying where it stands", where="Meta, advideos") from None


def _size(path: Path) -> int:
    try:
        size = path.stat().st_size
    except OSError:
        raise InvalidInput("The video file cannot be read", where=str(path)) from None
    if not size:
        raise InvalidInput("The video file is empty", where=str(path))
    return size


def _slice(path: Path, session: UploadSession) -> bytes:
    with path.open("rb") as file:
        file.seek(session.start_offset)
        return file.read(max(1, session.end_offset - session.start_offset))
