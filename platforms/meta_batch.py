"""Batches: at most fifty items, one ad set per campaign in each, and an outcome for every item."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode

from geminivideo.errors import InvalidInput, OutcomeUnknown, PlatformError, PlatformTransient
from platforms.graph import VERSION, classify
from platforms.http import Json
from platforms.meta_types import MetaUpdate

BATCH_LIMIT = 50


@dataclass(frozen=True)
class BatchOutcome:
    """What became of one item: done, refused (with the reason), or unknown (read it back)."""

    change_id: str
    state: Literal["done", "refused", "unknown"]
    error: PlatformError | None = None


def plan_batches(updates: Sequence[MetaUpdate]) -> tuple[tuple[MetaUpdate, ...], ...]:
    """The fewest batches that keep to both limits, in the given order (Meta forbids two ad sets of one campaign)."""
    batches: list[list[MetaUpdate]] = []
    for update in updates:
        for batch in batches:
            if len(batch) < BATCH_LIMIT and all(update.campaign_id != other.campaign_id for other in batch):
                batch.append(update)
                break
        else:
            batches.append([update])
    return tuple(map(tuple, batches))


def batch_items(updates: Sequence[MetaUpdate]) -> list[dict[str, Any]]:
    """The items as Graph wants them. A name alone would make it leave the answer out."""
    if not 0 < len(updates) <= BATCH_LIMIT:
        raise InvalidInput(f"A batch takes 1 to {BATCH_LIMIT} updates", where="Meta batch")
    return [
        {
            "method": "POST",
            "relative_url": f"{VERSION}/{update.entity_id}",
            "body": urlencode(_changes(update)),
            "name": update.change_id,
            "omit_response_on_success": False,
        }
        for update in updates
    ]


def read_batch(body: Json, updates: Sequence[MetaUpdate], *, now: datetime) -> tuple[BatchOutcome, ...]:
    """Pair answers with updates by position; fewer or other answers than items leave all unknown."""
    if not isinstance(body, list) or len(body) != len(updates):
        error = _unknown("answered the batch with another number of items")
        return tuple(BatchOutcome(update.change_id, "unknown", error) for update in updates)
    return tuple(_outcome(item, update, now=now) for item, update in zip(body, updates, strict=True))


def _outcome(item: Json, update: MetaUpdate, *, now: datetime) -> BatchOutcome:
    if not isinstance(item, dict):
        return BatchOutcome(update.change_id, "unknown", _unknown("left this item without an answer"))
    try:
        body = json.loads(item["body"])
        status = int(item["code"])
        headers = {str(h["name"]).lower(): str(h["value"]) for h in item.get("headers") or []}
    except (KeyError, TypeError, ValueError):
        return BatchOutcome(update.change_id, "unknown", _unknown("answered this item unreadably"))
    error = classify(status, body, headers, now=now)
    if isinstance(error, PlatformTransient):
        return BatchOutcome(update.change_id, "unknown", _unknown(f"had a fault of its own: {error.what}"))
    if error is not None:
        return BatchOutcome(update.change_id, "refused", error)
    return BatchOutcome(update.change_id, "done")


def _changes(update: MetaUpdate) -> dict[str, str]:
    changes: dict[str, str] = {}
    if update.daily_budget_minor is not None:
        changes["daily_budget"] = str(update.daily_budget_minor)
    if update.status is not None:
        changes["status"] = update.status
    if not changes:
        raise InvalidInput("An update changes nothing", where=f"change {update.change_id}")
    return changes


def _unknown(what: str) -> OutcomeUnknown:
    return OutcomeUnknown(f"Meta {what}", where="Meta, batch", fix="It is read back before anything is sent again.")
