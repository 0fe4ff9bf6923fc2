"""Alembic's entry: runs on the connection that `memory.migrate` hands over."""

from __future__ import annotations

from alembic import context

from memory.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
