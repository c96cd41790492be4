"""The first version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    _queue()
    _stash()
    _plex()
    _record()
    _own()


def _queue() -> None:
    """Durable work."""
    op.create_table(
        "counters",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )
    op.create_table(
        "jobs",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("scene", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("claimed_generation", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.Column("attempts", sa.Text(), nullable=False),
        sa.Column("long_attempts", sa.Integer(), nullable=False),
        sa.Column("first_failed_at", sa.Double(), nullable=True),
        sa.Column("last_failure", sa.Text(), nullable=True),
        sa.Column("queued_at", sa.Double(), nullable=False),
        sa.Column("wake_version", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("server", "scene", name="pk_jobs"),
    )
    op.create_index(
        "ix_jobs_ready",
        "jobs",
        ["server", "lane", "due_at", "scene"],
        unique=False,
        sqlite_where=sa.text("state = 'ready'"),
        postgresql_where=sa.text("state = 'ready'"),
    )
    op.create_index(
        "ix_jobs_working",
        "jobs",
        ["server"],
        unique=False,
        sqlite_where=sa.text("state = 'working'"),
        postgresql_where=sa.text("state = 'working'"),
    )
    op.create_table(
        "dead_letters",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("scene", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("first_failed_at", sa.Double(), nullable=False),
        sa.Column("died_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("server", "scene", name="pk_dead_letters"),
    )
    op.create_table(
        "decisions",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("scene", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("index_version", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("server", "scene", name="pk_decisions"),
    )
    op.execute("INSERT INTO counters (name, value) VALUES ('generation', 0)")


def _stash() -> None:
    """What Stash holds."""
    op.create_table(
        "seen",
        sa.Column("scene", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("scene", name="pk_seen"),
    )
    op.create_table(
        "scene_files",
        sa.Column("scene", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("path_key", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["scene"], ["seen.scene"], name="fk_scene_files_seen", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("scene", "position", name="pk_scene_files"),
    )
    op.create_index("ix_scene_files_name", "scene_files", ["name_key"], unique=False)
    op.create_index("ix_scene_files_path", "scene_files", ["path_key"], unique=False)
    op.create_table(
        "covers",
        sa.Column("scene", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("sha1", sa.Text(), nullable=False),
        sa.Column("recipe", sa.Text(), nullable=False),
        sa.Column("checked_for", sa.Text(), nullable=False),
        sa.Column("checked_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("scene", name="pk_covers"),
    )


def _plex() -> None:
    """What Plex holds and how it belongs to scenes."""
    op.create_table(
        "items",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("rating_key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("section", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("run", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("server", "rating_key", name="pk_items"),
    )
    op.create_index("ix_items_section", "items", ["server", "section", "run"], unique=False)
    op.create_table(
        "item_files",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("rating_key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("path_key", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("duration", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["server", "rating_key"],
            ["items.server", "items.rating_key"],
            name="fk_item_files_items",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("server", "rating_key", "position", name="pk_item_files"),
    )
    op.create_index("ix_item_files_name", "item_files", ["server", "name_key"], unique=False)
    op.create_index("ix_item_files_path", "item_files", ["server", "path_key"], unique=False)
    op.create_table(
        "index_versions",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("server", name="pk_index_versions"),
    )
    op.create_table(
        "links",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("scene", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stash_path", sa.Text(), nullable=False),
        sa.Column("rating_key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("section", sa.Integer(), nullable=False),
        sa.Column("plex_path", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("server", "scene", "stash_path", "rating_key", name="pk_links"),
    )
    op.create_index("ix_links_item", "links", ["server", "rating_key"], unique=False)
    op.create_table(
        "in_step",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("scene", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rating_key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("server", "scene", "rating_key", name="pk_in_step"),
    )
    op.create_table(
        "uploads",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("rating_key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sha1", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("uploaded_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("server", "rating_key", "sha1", name="pk_uploads"),
    )


def _record() -> None:
    """What was written."""
    op.create_table(
        "ledger",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("rating_key", sa.Integer(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("intended", sa.Text(), nullable=True),
        sa.Column("confirmed", sa.Text(), nullable=True),
        sa.Column("is_confirmed", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("intended_at", sa.Double(), nullable=False),
        sa.Column("confirmed_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("server", "path", "field", name="pk_ledger"),
    )
    op.create_index("ix_ledger_item", "ledger", ["server", "rating_key"], unique=False)
    op.create_table(
        "history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("scene", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("rating_key", sa.Integer(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_history"),
    )
    op.create_index("ix_history_at", "history", ["at"], unique=False)
    op.create_index("ix_history_run", "history", ["run"], unique=False)
    op.create_index("ix_history_scene", "history", ["scene", "id"], unique=False)


def _own() -> None:
    """What the daemon knows of itself."""
    op.create_table(
        "preferences",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_preferences"),
    )
    op.create_table(
        "gates",
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("peer", name="pk_gates"),
    )
    op.create_table(
        "owners",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("beat_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("server", name="pk_owners"),
    )
    op.create_table(
        "walks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("finished_at", sa.Double(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_walks"),
    )
