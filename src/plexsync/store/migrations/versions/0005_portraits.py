"""Pictures by recipe, backgrounds, what an item shows, and the pictures of people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What was made of covers and where it was uploaded is kept; nothing changes its meaning."""
    op.create_table(
        "pictures",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recipe", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("sha1", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("checked_for", sa.Text(), nullable=False),
        sa.Column("checked_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", "recipe", name="pk_pictures"),
    )
    op.execute(
        "INSERT INTO pictures (kind, id, recipe, etag, sha1, size, checked_for, checked_at) "
        "SELECT 'scene', scene, recipe, etag, sha1, 0, checked_for, checked_at FROM covers"
    )
    op.drop_table("covers")
    _uploads_by_field()
    op.create_table(
        "shown",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("rating_key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("server", "rating_key", "field", name="pk_shown"),
    )
    op.create_table(
        "portraits",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("performer", sa.Integer(), nullable=True),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("intended", sa.Text(), nullable=True),
        sa.Column("confirmed", sa.Text(), nullable=True),
        sa.Column("is_confirmed", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("rating_key", sa.Integer(), nullable=True),
        sa.Column("intended_at", sa.Double(), nullable=False),
        sa.Column("looked_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("server", "name_key", name="pk_portraits"),
    )


def _uploads_by_field() -> None:
    """The same picture may be poster and background of one item: made anew, because SQLite alters no primary key."""
    op.create_table(
        "uploads_by_field",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("rating_key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("field", sa.Text(), server_default="poster", nullable=False),
        sa.Column("sha1", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("uploaded_at", sa.Double(), nullable=False),
    )
    op.execute(
        "INSERT INTO uploads_by_field (server, rating_key, sha1, key, uploaded_at) "
        "SELECT server, rating_key, sha1, key, uploaded_at FROM uploads"
    )
    op.drop_table("uploads")
    op.create_table(
        "uploads",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("rating_key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("field", sa.Text(), server_default="poster", nullable=False),
        sa.Column("sha1", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("uploaded_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("server", "rating_key", "field", "sha1", name="pk_uploads"),
    )
    op.execute(
        "INSERT INTO uploads (server, rating_key, field, sha1, key, uploaded_at) "
        "SELECT server, rating_key, field, sha1, key, uploaded_at FROM uploads_by_field"
    )
    op.drop_table("uploads_by_field")
