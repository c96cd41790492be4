"""Outages, durable wishes, jobs of a held library, and before-values that a loss made doubtful."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add tables and columns; nothing that is there changes its meaning."""
    op.create_table(
        "outages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("first_failure_at", sa.Double(), nullable=False),
        sa.Column("began_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("drained", sa.Integer(), nullable=False),
        sa.Column("first_drained_at", sa.Double(), nullable=True),
        sa.Column("last_drained_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_outages"),
    )
    op.create_index("ix_outages_peer", "outages", ["peer", "began_at"], unique=False)
    op.create_table(
        "wishes",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_wishes"),
    )
    op.add_column("jobs", sa.Column("parked_in", sa.Integer(), nullable=True))
    op.create_index(
        "ix_jobs_parked",
        "jobs",
        ["server", "parked_in"],
        unique=False,
        sqlite_where=sa.text("parked_in IS NOT NULL"),
        postgresql_where=sa.text("parked_in IS NOT NULL"),
    )
    op.add_column("ledger", sa.Column("before_known", sa.Boolean(), nullable=False, server_default=sa.true()))
