"""Blueprints, their rendered files, and what was predicted of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from geminivideo.blueprint import Blueprint
from geminivideo.errors import NotFound
from geminivideo.ids import new_id
from geminivideo.judgement import Prediction
from geminivideo.model import Noun
from geminivideo.vocabulary import Format
from memory.schema import blueprints, predictions, renders


def _saving(dialect: Any) -> Any:
    statement = dialect.insert(blueprints)
    return statement.on_conflict_do_update(
        index_elements=["id"],
        set_={"body": statement.excluded.body},
        where=blueprints.c.account_id == statement.excluded.account_id,
    )


_ADD_PREDICTION = insert(predictions)
_SAVE_SQLITE, _SAVE_POSTGRES = _saving(sqlite), _saving(postgresql)
_BLUEPRINTS = select(blueprints.c.id, blueprints.c.body).where(
    blueprints.c.account_id == bindparam("the_account"),
    blueprints.c.id.in_(bindparam("the_ids", expanding=True)),
)


class Render(Noun):
    """One rendered file of a blueprint, with the receipt of what was measured on it."""

    blueprint_id: str
    format: Format
    asset_id: str
    poster_asset_id: str
    preview_asset_id: str | None
    receipt: dict[str, Any]


def save_blueprint(conn: Connection, blueprint: Blueprint, *, account_id: str, run_id: str, now: datetime) -> None:
    """Store a blueprint, or its newer revision under the same id."""
    save_blueprints(conn, [blueprint], account_id=account_id, run_id=run_id, now=now)


def save_blueprints(
    conn: Connection, items: Sequence[Blueprint], *, account_id: str, run_id: str, now: datetime
) -> None:
    """Store several; a row of another account under the same id is left alone."""
    rows = [
        {
            "id": item.id,
            "account_id": account_id,
            "run_id": run_id,
            "body": item.model_dump(mode="json"),
            "created_at": now,
        }
        for item in items
    ]
    if rows:
        conn.execute(_SAVE_SQLITE if conn.dialect.name == "sqlite" else _SAVE_POSTGRES, rows)


def get_blueprint(conn: Connection, blueprint_id: str, *, account_id: str) -> Blueprint:
    """The newest revision, or NotFound."""
    return get_blueprints(conn, [blueprint_id], account_id=account_id)[0]


def get_blueprints(conn: Connection, blueprint_ids: Sequence[str], *, account_id: str) -> list[Blueprint]:
    """The newest revision of each, in this order, or NotFound."""
    where = {"the_account": account_id, "the_ids": list(blueprint_ids)}
    found = {key: Blueprint.model_validate(body) for key, body in conn.execute(_BLUEPRINTS, where)}
    missing = [key for key in blueprint_ids if key not in found]
    if missing:
        raise NotFound("There is no such blueprint", where=missing[0][:60])
    return [found[key] for key in blueprint_ids]


def blueprints_of_run(conn: Connection, run_id: str) -> list[Blueprint]:
    """Every blueprint of a run, in the order written."""
    query = select(blueprints.c.body).where(blueprints.c.run_id == run_id).order_by(blueprints.c.id)
    return [Blueprint.model_validate(body) for body in conn.execute(query).scalars()]


def save_render(conn: Connection, render: Render, *, account_id: str, now: datetime) -> None:
    """Store one file of a blueprint; the same format again replaces it."""
    key = (renders.c.blueprint_id == render.blueprint_id, renders.c.format == render.format)
    values = render.model_dump() | {"account_id": account_id, "created_at": now}
    if not conn.execute(update(renders).where(*key).values(**values)).rowcount:
        conn.execute(insert(renders).values(**values))


def renders_of_run(conn: Connection, run_id: str) -> list[Render]:
    """Every rendered file of a run's blueprints."""
    query = (
        select(renders)
        .join(blueprints, blueprints.c.id == renders.c.blueprint_id)
        .where(blueprints.c.run_id == run_id)
        .order_by(renders.c.blueprint_id, renders.c.format.desc())
    )
    rows = conn.execute(query).mappings()
    return [Render.model_validate({name: row[name] for name in Render.model_fields}) for row in rows]


def owns_asset(conn: Connection, asset_id: str, *, account_id: str) -> bool:
    """Whether this file belongs to a creative of this account."""
    columns = (renders.c.asset_id, renders.c.poster_asset_id, renders.c.preview_asset_id)
    query = select(renders.c.account_id).where(renders.c.account_id == account_id)
    return any(conn.execute(query.where(column == asset_id)).first() is not None for column in columns)


def log_prediction(
    conn: Connection, prediction: Prediction, *, account_id: str, run_id: str, blueprint_id: str, now: datetime
) -> None:
    """Keep a prediction, so that it can be scored against what happened."""
    row = {
        "id": new_id("pred"),
        "account_id": account_id,
        "run_id": run_id,
        "blueprint_id": blueprint_id,
        "body": prediction.model_dump(mode="json"),
        "at": now,
    }
    conn.execute(_ADD_PREDICTION, row)


def prediction_of_blueprint(conn: Connection, blueprint_id: str, *, run_id: str) -> Prediction:
    """The newest prediction of a blueprint in this run, or NotFound."""
    return predictions_of_blueprints(conn, [blueprint_id], run_id=run_id)[blueprint_id]


def predictions_of_blueprints(conn: Connection, blueprint_ids: Sequence[str], *, run_id: str) -> dict[str, Prediction]:
    """The newest prediction of each blueprint in this run, or NotFound."""
    query = (
        select(predictions.c.blueprint_id, predictions.c.body)
        .where(predictions.c.blueprint_id.in_(blueprint_ids), predictions.c.run_id == run_id)
        .order_by(predictions.c.id)
    )
    newest = {key: body for key, body in conn.execute(query)}  # noqa: C416 (rows are not pairs to a type checker)
    missing = [key for key in blueprint_ids if key not in newest]
    if missing:
        raise NotFound("Nothing was predicted of this blueprint", where=missing[0][:60])
    return {key: Prediction.model_validate(newest[key]) for key in blueprint_ids}


def link_prediction(conn: Connection, *, blueprint_id: str, ad_id: str) -> None:
    """The blueprint went live as this ad."""
    conn.execute(update(predictions).where(predictions.c.blueprint_id == blueprint_id).values(ad_id=ad_id))


def predictions_of_ads(conn: Connection, *, account_id: str) -> dict[str, Prediction]:
    """The newest prediction by ad id."""
    query = (
        select(predictions.c.ad_id, predictions.c.body)
        .where(predictions.c.account_id == account_id, predictions.c.ad_id.is_not(None))
        .order_by(predictions.c.at)
    )
    return {ad_id: Prediction.model_validate(body) for ad_id, body in conn.execute(query)}


def score_prediction(conn: Connection, *, ad_id: str, ctr_ppm: int, impressions: int, now: datetime) -> None:
    """Note what happened beside what was predicted."""
    conn.execute(
        update(predictions)
        .where(predictions.c.ad_id == ad_id)
        .values(outcome_ctr_ppm=ctr_ppm, outcome_impressions=impressions, scored_at=now)
    )
