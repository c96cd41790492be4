"""Pins, what is to be undone, conflicts, and the locks that fields had before us."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add tables and a column; nothing that is there changes its meaning."""
    op.add_column("ledger", sa.Column("before_locked", sa.Boolean(), nullable=True))
    op.create_table(
        "pins",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("server", "path", "field", name="pk_pins"),
    )
    op.create_table(
        "undos",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("scene", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("server", "scene", name="pk_undos"),
    )
    op.create_table(
        "conflicts",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("scene", sa.Integer(), nullable=False),
        sa.Column("rating_key", sa.Integer(), nullable=False),
        sa.Column("ours", sa.Text(), nullable=True),
        sa.Column("now", sa.Text(), nullable=True),
        sa.Column("done", sa.Text(), nullable=False),
        sa.Column("edited", sa.Boolean(), nullable=False),
        sa.Column("met_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("server", "path", "field", name="pk_conflicts"),
    )
    op.create_index("ix_conflicts_met", "conflicts", ["met_at"], unique=False)
