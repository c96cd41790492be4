"""Runs of reconciliation and the gaps they found; how each item looked when it was in step."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Items without a look are compared by id once. What jobs noted of the index was never read."""
    op.create_table(
        "gap_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("report_only", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.Double(), nullable=False),
        sa.Column("began_at", sa.Double(), nullable=True),
        sa.Column("searched_at", sa.Double(), nullable=True),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gap_runs"),
    )
    op.create_table(
        "gaps",
        sa.Column("run", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("scene", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rating_key", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("found_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("run", "server", "scene", "path", name="pk_gaps"),
    )
    with op.batch_alter_table("in_step") as table:
        table.add_column(sa.Column("look", sa.Text(), nullable=True))
        table.add_column(sa.Column("item_updated_at", sa.BigInteger(), nullable=True))
    op.create_index("ix_in_step_item", "in_step", ["server", "rating_key"])
    with op.batch_alter_table("jobs") as table:
        table.drop_column("wake_version")
