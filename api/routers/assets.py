"""Rendered files by hash, with byte ranges, for those whose account they belong to."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import FileResponse

from api.deps import AccountQuery, EngineDep
from geminivideo.errors import NotFound
from memory import creatives

router = APIRouter(prefix="/assets", tags=["assets"])
_TYPES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_VIDEO: dict[int | str, dict[str, Any]] = {
    200: {"content": {"video/mp4": {}, "image/png": {}}},
    206: {"description": "The bytes that were asked for"},
}


@router.get("/{asset_id}", response_class=FileResponse, responses=_VIDEO)
async def get_asset(
    asset_id: Annotated[str, Path(max_length=80)], account_id: AccountQuery, engine: EngineDep
) -> FileResponse:
    """A video, poster or preview of this account. Range requests are answered with 206."""
    owned = await engine.services.db.read(lambda conn: creatives.owns_asset(conn, asset_id, account_id=account_id))
    if not owned:
        raise NotFound("There is no such file", where=asset_id[:64])
    path = engine.services.assets.path(asset_id)
    with path.open("rb") as file:
        head = file.read(4)
    media = next((kind for magic, kind in _TYPES.items() if head.startswith(magic)), "video/mp4")
    return FileResponse(path, media_type=media, headers={"Cache-Control": "private, immutable, max-age=31536000"})
