"""the first slice"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import memory.types

revision = "0001"
down_revision: str | None = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=80), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("config", memory.types.JsonColumn, nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("stop_reason", sa.Text(), nullable=False),
        sa.Column("simulated_now", memory.types.UtcTime(timezone=True), nullable=True),
        sa.Column("created_at", memory.types.UtcTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("platform", "external_id", "simulated", name=op.f("uq_accounts_platform")),
    )
    op.create_table(
        "audit_log",
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", memory.types.UtcTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("who", sa.String(length=120), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_audit_log_account_id_accounts")),
        sa.PrimaryKeyConstraint("account_id", "seq", name=op.f("pk_audit_log")),
    )
    op.create_table(
        "chat_threads",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("draft", memory.types.JsonColumn, nullable=False),
        sa.Column("created_at", memory.types.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_chat_threads_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_threads")),
    )
    with op.batch_alter_table("chat_threads", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_chat_threads_account_id"), ["account_id"], unique=False)

    op.create_table(
        "deals",
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=80), nullable=False),
        sa.Column("ad_external_id", sa.String(length=80), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("created_at", memory.types.UtcTime(timezone=True), nullable=False),
        sa.Column("modified_at", memory.types.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_deals_account_id_accounts")),
        sa.PrimaryKeyConstraint("account_id", "external_id", name=op.f("pk_deals")),
    )
    op.create_table(
        "idempotency",
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("response", memory.types.JsonColumn, nullable=True),
        sa.Column("at", memory.types.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_idempotency_account_id_accounts")),
        sa.PrimaryKeyConstraint("account_id", "key", name=op.f("pk_idempotency")),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("graph", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("inputs", memory.types.JsonColumn, nullable=False),
        sa.Column("result", memory.types.JsonColumn, nullable=True),
        sa.Column("error", memory.types.JsonColumn, nullable=True),
        sa.Column("code_version", sa.String(length=40), nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=True),
        sa.Column("lease_owner", sa.String(length=80), nullable=True),
        sa.Column("lease_until", memory.types.UtcTime(timezone=True), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("wake_at", memory.types.UtcTime(timezone=True), nullable=True),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("created_at", memory.types.UtcTime(timezone=True), nullable=False),
        sa.Column("finished_at", memory.types.UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_runs_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        sa.UniqueConstraint("account_id", "idempotency_key", name=op.f("uq_runs_account_id")),
    )
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_runs_account_id"), ["account_id"], unique=False)
        batch_op.create_index("ix_runs_status", ["status"], unique=False)

    op.create_table(
        "tool_calls",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=True),
        sa.Column("tool", sa.String(length=40), nullable=False),
        sa.Column("caller", sa.String(length=120), nullable=False),
        sa.Column("arguments", memory.types.JsonColumn, nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("at", memory.types.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_tool_calls_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tool_calls")),
    )
    with op.batch_alter_table("tool_calls", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tool_calls_account_id"), ["account_id"], unique=False)

    op.create_table(
        "ads",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("campaign_external_id", sa.String(length=80), nullable=False),
        sa.Column("ad_set_external_id", sa.String(length=80), nullable=False),
        sa.Column("ad_external_id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("daily_budget_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("created_at", memory.types.UtcTime(timezone=True), nullable=False),
        sa.Column("copy_text", sa.Text(), nullable=False),
        sa.Column("call_to_action", sa.String(length=40), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("dna", memory.types.JsonColumn, nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=True),
        sa.Column("blueprint_id", sa.String(length=40), nullable=True),
        sa.Column("replaces_ad_id", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_ads_account_id_accounts")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_ads_run_id_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ads")),
        sa.UniqueConstraint("account_id", "platform", "ad_external_id", name=op.f("uq_ads_account_id")),
    )
    with op.batch_alter_table("ads", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ads_account_id"), ["account_id"], unique=False)

    op.create_table(
        "blueprints",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("body", memory.types.JsonColumn, nullable=False),
        sa.Column("created_at", memory.types.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_blueprints_account_id_accounts")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_blueprints_run_id_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blueprints")),
    )
    with op.batch_alter_table("blueprints", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_blueprints_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_blueprints_run_id"), ["run_id"], unique=False)

    op.create_table(
        "change_sets",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", memory.types.JsonColumn, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("supersedes", sa.String(length=40), nullable=True),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("created_at", memory.types.UtcTime(timezone=True), nullable=False),
        sa.Column("expires_at", memory.types.UtcTime(timezone=True), nullable=False),
        sa.Column("decided_at", memory.types.UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_change_sets_account_id_accounts")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_change_sets_run_id_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_sets")),
        sa.UniqueConstraint("run_id", "key", name=op.f("uq_change_sets_run_id")),
    )
    with op.batch_alter_table("change_sets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_change_sets_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_change_sets_run_id"), ["run_id"], unique=False)
        batch_op.create_index("ix_change_sets_state", ["state"], unique=False)

    op.create_table(
        "chat_messages",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("thread_id", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("data", memory.types.JsonColumn, nullable=False),
        sa.Column("at", memory.types.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_chat_messages_account_id_accounts")),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["chat_threads.id"], name=op.f("fk_chat_messages_thread_id_chat_threads")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_messages")),
    )
    with op.batch_alter_table("chat_messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_chat_messages_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_chat_messages_thread_id"), ["thread_id"], unique=False)

    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("payload", memory.types.JsonColumn, nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("result", memory.types.JsonColumn, nullable=True),
        sa.Column("error", memory.types.JsonColumn, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(length=80), nullable=True),
        sa.Column("lease_until", memory.types.UtcTime(timezone=True), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("created_at", memory.types.UtcTime(timezone=True), nullable=False),
        sa.Column("finished_at", memory.types.UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_jobs_account_id_accounts")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_jobs_run_id_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("run_id", "key", name=op.f("uq_jobs_run_id")),
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_jobs_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_jobs_run_id"), ["run_id"], unique=False)
        batch_op.create_index("ix_jobs_status", ["status"], unique=False)

    op.create_table(
        "node_results",
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("node", sa.String(length=60), nullable=False),
        sa.Column("branch", sa.String(length=80), nullable=False),
        sa.Column("input_hash", sa.String(length=64), nullable=False),
        sa.Column("value", memory.types.JsonColumn, nullable=False),
        sa.Column("at", memory.types.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_node_results_run_id_runs")),
        sa.PrimaryKeyConstraint("run_id", "node", "branch", "input_hash", name=op.f("pk_node_results")),
    )
    op.create_table(
        "predictions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=True),
        sa.Column("blueprint_id", sa.String(length=40), nullable=False),
        sa.Column("ad_id", sa.String(length=40), nullable=True),
        sa.Column("body", memory.types.JsonColumn, nullable=False),
        sa.Column("outcome_ctr_ppm", sa.Integer(), nullable=True),
        sa.Column("outcome_impressions", sa.BigInteger(), nullable=True),
        sa.Column("at", memory.types.UtcTime(timezone=True), nullable=False),
        sa.Column("scored_at", memory.types.UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_predictions_account_id_accounts")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_predictions_run_id_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_predictions")),
    )
    with op.batch_alter_table("predictions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_predictions_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_predictions_blueprint_id"), ["blueprint_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_predictions_run_id"), ["run_id"], unique=False)

    op.create_table(
        "run_events",
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", memory.types.UtcTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("who", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("data", memory.types.JsonColumn, nullable=False),
        sa.Column("key", sa.String(length=160), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_events_run_id_runs")),
        sa.PrimaryKeyConstraint("run_id", "seq", name=op.f("pk_run_events")),
        sa.UniqueConstraint("run_id", "key", name=op.f("uq_run_events_run_id")),
    )
    op.create_table(
        "ad_days",
        sa.Column("ad_id", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("impressions", sa.BigInteger(), nullable=False),
        sa.Column("reach", sa.BigInteger(), nullable=False),
        sa.Column("clicks", sa.BigInteger(), nullable=False),
        sa.Column("spend_minor", sa.BigInteger(), nullable=False),
        sa.Column("leads", sa.BigInteger(), nullable=False),
        sa.Column("synced_at", memory.types.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_ad_days_account_id_accounts")),
        sa.ForeignKeyConstraint(["ad_id"], ["ads.id"], name=op.f("fk_ad_days_ad_id_ads")),
        sa.PrimaryKeyConstraint("ad_id", "day", name=op.f("pk_ad_days")),
    )
    with op.batch_alter_table("ad_days", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ad_days_account_id"), ["account_id"], unique=False)

    op.create_table(
        "decisions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("set_id", sa.String(length=40), nullable=False),
        sa.Column("principal", sa.String(length=120), nullable=False),
        sa.Column("stand_in", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", memory.types.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_decisions_account_id_accounts")),
        sa.ForeignKeyConstraint(["set_id"], ["change_sets.id"], name=op.f("fk_decisions_set_id_change_sets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_decisions_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_decisions_set_id"), ["set_id"], unique=False)

    op.create_table(
        "renders",
        sa.Column("blueprint_id", sa.String(length=40), nullable=False),
        sa.Column("format", sa.String(length=8), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("asset_id", sa.String(length=64), nullable=False),
        sa.Column("poster_asset_id", sa.String(length=64), nullable=False),
        sa.Column("preview_asset_id", sa.String(length=64), nullable=True),
        sa.Column("receipt", memory.types.JsonColumn, nullable=False),
        sa.Column("created_at", memory.types.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_renders_account_id_accounts")),
        sa.ForeignKeyConstraint(["blueprint_id"], ["blueprints.id"], name=op.f("fk_renders_blueprint_id_blueprints")),
        sa.PrimaryKeyConstraint("blueprint_id", "format", name=op.f("pk_renders")),
    )
    with op.batch_alter_table("renders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_renders_account_id"), ["account_id"], unique=False)

    op.create_table(
        "spend_changes",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("set_id", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("entity_kind", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=80), nullable=True),
        sa.Column("ad_id", sa.String(length=40), nullable=False),
        sa.Column("before_status", sa.String(length=40), nullable=True),
        sa.Column("before_minor", sa.BigInteger(), nullable=True),
        sa.Column("after_status", sa.String(length=40), nullable=False),
        sa.Column("after_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("lease_owner", sa.String(length=80), nullable=True),
        sa.Column("lease_until", memory.types.UtcTime(timezone=True), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("sent_at", memory.types.UtcTime(timezone=True), nullable=True),
        sa.Column("settled_at", memory.types.UtcTime(timezone=True), nullable=True),
        sa.Column("steps", memory.types.JsonColumn, nullable=False),
        sa.Column("read_back", memory.types.JsonColumn, nullable=True),
        sa.Column("error", memory.types.JsonColumn, nullable=True),
        sa.Column("rollback_of", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_spend_changes_account_id_accounts")),
        sa.ForeignKeyConstraint(["set_id"], ["change_sets.id"], name=op.f("fk_spend_changes_set_id_change_sets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spend_changes")),
    )
    with op.batch_alter_table("spend_changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_spend_changes_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_spend_changes_set_id"), ["set_id"], unique=False)
        batch_op.create_index("ix_spend_changes_state", ["state"], unique=False)

    op.create_table(
        "models",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("asset_id", sa.String(length=64), nullable=False),
        sa.Column("report", memory.types.JsonColumn, nullable=False),
        sa.Column("data_until", sa.Date(), nullable=False),
        sa.Column("created_at", memory.types.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_models_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_models")),
    )
    with op.batch_alter_table("models", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_models_account_id"), ["account_id"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_table("models")
    with op.batch_alter_table("spend_changes", schema=None) as batch_op:
        batch_op.drop_index("ix_spend_changes_state")
        batch_op.drop_index(batch_op.f("ix_spend_changes_set_id"))
        batch_op.drop_index(batch_op.f("ix_spend_changes_account_id"))

    op.drop_table("spend_changes")
    with op.batch_alter_table("renders", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_renders_account_id"))

    op.drop_table("renders")
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_decisions_set_id"))
        batch_op.drop_index(batch_op.f("ix_decisions_account_id"))

    op.drop_table("decisions")
    with op.batch_alter_table("ad_days", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ad_days_account_id"))

    op.drop_table("ad_days")
    op.drop_table("run_events")
    with op.batch_alter_table("predictions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_predictions_run_id"))
        batch_op.drop_index(batch_op.f("ix_predictions_blueprint_id"))
        batch_op.drop_index(batch_op.f("ix_predictions_account_id"))

    op.drop_table("predictions")
    op.drop_table("node_results")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index("ix_jobs_status")
        batch_op.drop_index(batch_op.f("ix_jobs_run_id"))
        batch_op.drop_index(batch_op.f("ix_jobs_account_id"))

    op.drop_table("jobs")
    with op.batch_alter_table("chat_messages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_chat_messages_thread_id"))
        batch_op.drop_index(batch_op.f("ix_chat_messages_account_id"))

    op.drop_table("chat_messages")
    with op.batch_alter_table("change_sets", schema=None) as batch_op:
        batch_op.drop_index("ix_change_sets_state")
        batch_op.drop_index(batch_op.f("ix_change_sets_run_id"))
        batch_op.drop_index(batch_op.f("ix_change_sets_account_id"))

    op.drop_table("change_sets")
    with op.batch_alter_table("blueprints", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_blueprints_run_id"))
        batch_op.drop_index(batch_op.f("ix_blueprints_account_id"))

    op.drop_table("blueprints")
    with op.batch_alter_table("ads", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ads_account_id"))

    op.drop_table("ads")
    with op.batch_alter_table("tool_calls", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tool_calls_account_id"))

    op.drop_table("tool_calls")
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_index("ix_runs_status")
        batch_op.drop_index(batch_op.f("ix_runs_account_id"))

    op.drop_table("runs")
    op.drop_table("idempotency")
    op.drop_table("deals")
    with op.batch_alter_table("chat_threads", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_chat_threads_account_id"))

    op.drop_table("chat_threads")
    op.drop_table("audit_log")
    op.drop_table("accounts")
