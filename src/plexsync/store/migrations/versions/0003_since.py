"""Since when an owner owns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column; nothing that is there changes its meaning."""
    op.add_column("owners", sa.Column("since", sa.Double(), nullable=False, server_default="0"))
