"""Run by Alembic: migrate over the connection that `database` hands in, inside its transaction."""

from __future__ import annotations

from alembic import context

from plexsync.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
