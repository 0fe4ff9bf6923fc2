"""Every table of the records database. Changes here need a migration in `memory/migrations/versions`."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from memory.types import JsonColumn, UtcTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_ID = String(40)
_WORD = String(40)


def _account() -> Column[str]:
    return Column("account_id", _ID, ForeignKey("accounts.id"), nullable=False, index=True)


accounts = Table(
    "accounts",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", String(120), nullable=False),
    Column("platform", _WORD, nullable=False),
    Column("external_id", String(80), nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("config", JsonColumn, nullable=False),
    Column("stopped", Boolean, nullable=False, default=False),
    Column("stop_reason", Text, nullable=False, default=""),
    Column("simulated_now", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("platform", "external_id", "simulated"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", _ID, primary_key=True),
    _account(),
    Column("graph", _WORD, nullable=False),
    Column("status", _WORD, nullable=False),
    Column("inputs", JsonColumn, nullable=False),
    Column("result", JsonColumn),
    Column("error", JsonColumn),
    Column("code_version", _WORD, nullable=False),
    Column("idempotency_key", String(200)),
    Column("lease_owner", String(80)),
    Column("lease_until", UtcTime),
    Column("fence", Integer, nullable=False, default=0),
    Column("wake_at", UtcTime),
    Column("last_seq", Integer, nullable=False, default=0),
    Column("created_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    UniqueConstraint("account_id", "idempotency_key"),
    Index("ix_runs_status", "status"),
)

run_events = Table(
    "run_events",
    metadata,
    Column("run_id", _ID, ForeignKey("runs.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("kind", _WORD, nullable=False),
    Column("who", String(120), nullable=False),
    Column("text", Text, nullable=False),
    Column("data", JsonColumn, nullable=False),
    Column("key", String(160)),
    UniqueConstraint("run_id", "key"),
)

node_results = Table(
    "node_results",
    metadata,
    Column("run_id", _ID, ForeignKey("runs.id"), primary_key=True),
    Column("node", String(60), primary_key=True),
    Column("branch", String(80), primary_key=True),
    Column("input_hash", String(64), primary_key=True),
    Column("value", JsonColumn, nullable=False),
    Column("at", UtcTime, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", _ID, primary_key=True),
    _account(),
    Column("run_id", _ID, ForeignKey("runs.id"), index=True),
    Column("kind", _WORD, nullable=False),
    Column("key", String(160), nullable=False),
    Column("payload", JsonColumn, nullable=False),
    Column("status", _WORD, nullable=False),
    Column("progress", Integer, nullable=False, default=0),
    Column("result", JsonColumn),
    Column("error", JsonColumn),
    Column("attempts", Integer, nullable=False, default=0),
    Column("lease_owner", String(80)),
    Column("lease_until", UtcTime),
    Column("fence", Integer, nullable=False, default=0),
    Column("created_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    UniqueConstraint("run_id", "key"),
    Index("ix_jobs_status", "status"),
)

blueprints = Table(
    "blueprints",
    metadata,
    Column("id", _ID, primary_key=True),
    _account(),
    Column("run_id", _ID, ForeignKey("runs.id"), nullable=False, index=True),
    Column("body", JsonColumn, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

renders = Table(
    "renders",
    metadata,
    Column("blueprint_id", _ID, ForeignKey("blueprints.id"), primary_key=True),
    Column("format", String(8), primary_key=True),
    _account(),
    Column("asset_id", String(64), nullable=False),
    Column("poster_asset_id", String(64), nullable=False),
    Column("preview_asset_id", String(64)),
    Column("receipt", JsonColumn, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

ads = Table(
    "ads",
    metadata,
    Column("id", _ID, primary_key=True),
    _account(),
    Column("platform", _WORD, nullable=False),
    Column("campaign_external_id", String(80), nullable=False),
    Column("ad_set_external_id", String(80), nullable=False),
    Column("ad_external_id", String(80), nullable=False),
    Column("name", String(300), nullable=False),
    Column("status", _WORD, nullable=False),
    Column("daily_budget_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("copy_text", Text, nullable=False),
    Column("call_to_action", String(40), nullable=False),
    Column("link", Text, nullable=False, default=""),
    Column("dna", JsonColumn, nullable=False),
    Column("run_id", _ID, ForeignKey("runs.id")),
    Column("blueprint_id", _ID),
    Column("replaces_ad_id", _ID),
    UniqueConstraint("account_id", "platform", "ad_external_id"),
)

ad_days = Table(
    "ad_days",
    metadata,
    Column("ad_id", _ID, ForeignKey("ads.id"), primary_key=True),
    Column("day", Date, primary_key=True),
    _account(),
    Column("impressions", BigInteger, nullable=False),
    Column("reach", BigInteger, nullable=False),
    Column("clicks", BigInteger, nullable=False),
    Column("spend_minor", BigInteger, nullable=False),
    Column("leads", BigInteger, nullable=False),
    Column("synced_at", UtcTime, nullable=False),
)

deals = Table(
    "deals",
    metadata,
    Column("account_id", _ID, ForeignKey("accounts.id"), primary_key=True),
    Column("external_id", String(80), primary_key=True),
    Column("ad_external_id", String(80), nullable=False),
    Column("stage", _WORD, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("modified_at", UtcTime, nullable=False),
)

predictions = Table(
    "predictions",
    metadata,
    Column("id", _ID, primary_key=True),
    _account(),
    Column("run_id", _ID, ForeignKey("runs.id"), index=True),
    Column("blueprint_id", _ID, nullable=False, index=True),
    Column("ad_id", _ID),
    Column("body", JsonColumn, nullable=False),
    Column("outcome_ctr_ppm", Integer),
    Column("outcome_impressions", BigInteger),
    Column("at", UtcTime, nullable=False),
    Column("scored_at", UtcTime),
)

change_sets = Table(
    "change_sets",
    metadata,
    Column("id", _ID, primary_key=True),
    _account(),
    Column("run_id", _ID, ForeignKey("runs.id"), index=True),
    Column("state", _WORD, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("body", JsonColumn, nullable=False),
    Column("note", Text, nullable=False, default=""),
    Column("supersedes", _ID),
    Column("key", String(160), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("decided_at", UtcTime),
    UniqueConstraint("run_id", "key"),
    Index("ix_change_sets_state", "state"),
)

changes = Table(
    "spend_changes",
    metadata,
    Column("id", _ID, primary_key=True),
    _account(),
    Column("set_id", _ID, ForeignKey("change_sets.id"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("kind", _WORD, nullable=False),
    Column("platform", _WORD, nullable=False),
    Column("entity_kind", _WORD, nullable=False),
    Column("external_id", String(80)),
    Column("ad_id", _ID, nullable=False),
    Column("before_status", _WORD),
    Column("before_minor", BigInteger),
    Column("after_status", _WORD, nullable=False),
    Column("after_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("state", _WORD, nullable=False),
    Column("lease_owner", String(80)),
    Column("lease_until", UtcTime),
    Column("fence", Integer, nullable=False, default=0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("day", Date),
    Column("sent_at", UtcTime),
    Column("settled_at", UtcTime),
    Column("steps", JsonColumn, nullable=False, default=dict),
    Column("read_back", JsonColumn),
    Column("error", JsonColumn),
    Column("rollback_of", _ID),
    Index("ix_spend_changes_state", "state"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", _ID, primary_key=True),
    _account(),
    Column("set_id", _ID, ForeignKey("change_sets.id"), nullable=False, index=True),
    Column("principal", String(120), nullable=False),
    Column("stand_in", Boolean, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("verdict", _WORD, nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("at", UtcTime, nullable=False),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("account_id", _ID, ForeignKey("accounts.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("kind", _WORD, nullable=False),
    Column("who", String(120), nullable=False),
    Column("body", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

tool_calls = Table(
    "tool_calls",
    metadata,
    Column("id", _ID, primary_key=True),
    _account(),
    Column("run_id", _ID),
    Column("tool", _WORD, nullable=False),
    Column("caller", String(120), nullable=False),
    Column("arguments", JsonColumn, nullable=False),
    Column("result", Text, nullable=False),
    Column("milliseconds", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("account_id", _ID, ForeignKey("accounts.id"), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("request_hash", String(64), nullable=False),
    Column("status", Integer),
    Column("response", JsonColumn),
    Column("at", UtcTime, nullable=False),
)

threads = Table(
    "chat_threads",
    metadata,
    Column("id", _ID, primary_key=True),
    _account(),
    Column("draft", JsonColumn, nullable=False, default=dict),
    Column("created_at", UtcTime, nullable=False),
)

messages = Table(
    "chat_messages",
    metadata,
    Column("id", _ID, primary_key=True),
    _account(),
    Column("thread_id", _ID, ForeignKey("chat_threads.id"), nullable=False, index=True),
    Column("role", _WORD, nullable=False),
    Column("text", Text, nullable=False),
    Column("data", JsonColumn, nullable=False, default=dict),
    Column("at", UtcTime, nullable=False),
)

models = Table(
    "models",
    metadata,
    Column("id", _ID, primary_key=True),
    _account(),
    Column("kind", _WORD, nullable=False),
    Column("asset_id", String(64), nullable=False),
    Column("report", JsonColumn, nullable=False),
    Column("data_until", Date, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)
