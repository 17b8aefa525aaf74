"""Runs the migrations over the connection that `storage.migrate` hands in, in its transaction."""

from __future__ import annotations

from alembic import context

from storage.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
