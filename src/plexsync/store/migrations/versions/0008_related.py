"""What scenes name, and which scenes name it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two tables and a column, which the next walk fills."""
    op.add_column("seen", sa.Column("related", sa.Text(), nullable=True))
    op.create_table(
        "related",
        sa.Column("kind", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name="pk_related"),
    )
    op.create_table(
        "relations",
        sa.Column("kind", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("related", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("scene", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("kind", "related", "scene", name="pk_relations"),
        sqlite_with_rowid=False,
    )
