"""What Plex took from our provider before it was written."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column to the ledger; of what was written so far nothing is known to be given."""
    op.add_column("ledger", sa.Column("given", sa.Text(), nullable=True))
