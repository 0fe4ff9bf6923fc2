"""Trained models: the artefact in the asset store, its report and data window here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from geminivideo.ids import new_id
from geminivideo.model import Noun
from memory.schema import models

_CURRENT = (
    select(models)
    .where(models.c.account_id == bindparam("the_account"), models.c.kind == bindparam("the_kind"))
    .order_by(models.c.id.desc())
    .limit(1)
)


class StoredModel(Noun):
    """One version of a model of an account."""

    id: str
    account_id: str
    kind: str
    asset_id: str
    report: dict[str, Any]
    data_until: date
    created_at: datetime


def save_model(
    conn: Connection,
    *,
    account_id: str,
    kind: str,
    asset_id: str,
    report: Mapping[str, Any],
    data_until: date,
    now: datetime,
) -> StoredModel:
    """Add a version; it is the current one from now on."""
    stored = StoredModel(
        id=new_id("mdl"),
        account_id=account_id,
        kind=kind,
        asset_id=asset_id,
        report=dict(report),
        data_until=data_until,
        created_at=now,
    )
    conn.execute(insert(models).values(**stored.model_dump()))
    return stored


def current_model(conn: Connection, *, account_id: str, kind: str) -> StoredModel | None:
    """The newest version, if any."""
    row = conn.execute(_CURRENT, {"the_account": account_id, "the_kind": kind}).mappings().first()
    return StoredModel.model_validate(dict(row)) if row else None
