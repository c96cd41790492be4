"""Every table. A change here comes with a migration in `migrations/versions`; a test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    text,
    true,
)

from plexsync.store.columns import JsonText, PlainText, ValueText

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
    }
)

#: The one row "generation" numbers puts and never goes back.
counters = Table(
    "counters",
    metadata,
    Column("name", PlainText, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("server", PlainText, primary_key=True),
    Column("scene", Integer, primary_key=True, autoincrement=False),
    Column("lane", Integer, nullable=False),
    Column("reasons", JsonText, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("state", PlainText, nullable=False),
    Column("token", PlainText),
    Column("claimed_generation", BigInteger),
    Column("due_at", Double, nullable=False),
    Column("attempts", JsonText, nullable=False),
    Column("long_attempts", Integer, nullable=False),
    Column("first_failed_at", Double),
    Column("last_failure", JsonText),
    Column("queued_at", Double, nullable=False),
    Column("parked_in", Integer),
)

# Equality on the lane, then the due time: a claim and an idle poll cost the same at any backlog.
Index(
    "ix_jobs_ready",
    jobs.c.server,
    jobs.c.lane,
    jobs.c.due_at,
    jobs.c.scene,
    sqlite_where=text("state = 'ready'"),
    postgresql_where=text("state = 'ready'"),
)
Index(
    "ix_jobs_parked",
    jobs.c.server,
    jobs.c.parked_in,
    sqlite_where=text("parked_in IS NOT NULL"),
    postgresql_where=text("parked_in IS NOT NULL"),
)
Index(
    "ix_jobs_working",
    jobs.c.server,
    sqlite_where=text("state = 'working'"),
    postgresql_where=text("state = 'working'"),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("server", PlainText, primary_key=True),
    Column("scene", Integer, primary_key=True, autoincrement=False),
    Column("error", PlainText, nullable=False),
    Column("failure", JsonText),
    Column("context", JsonText, nullable=False),
    Column("reasons", JsonText, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("digest", PlainText),
    Column("first_failed_at", Double, nullable=False),
    Column("died_at", Double, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("server", PlainText, primary_key=True),
    Column("scene", Integer, primary_key=True, autoincrement=False),
    Column("kind", PlainText, nullable=False),
    Column("reason", PlainText, nullable=False),
    Column("digest", PlainText, nullable=False),
    Column("index_version", BigInteger, nullable=False),
    Column("facts", JsonText, nullable=False),
    Column("decided_at", Double, nullable=False),
)

seen = Table(
    "seen",
    metadata,
    Column("scene", Integer, primary_key=True, autoincrement=False),
    Column("content_hash", PlainText, nullable=False),
    Column("updated_at", PlainText, nullable=False),
    Column("title", PlainText, nullable=False),
    Column("seen_at", Double, nullable=False),
    Column("related", PlainText),
)

scene_files = Table(
    "scene_files",
    metadata,
    Column("scene", Integer, ForeignKey("seen.scene", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("path", PlainText, nullable=False),
    Column("path_key", PlainText, nullable=False),
    Column("name_key", PlainText, nullable=False),
    Index("ix_scene_files_path", "path_key"),
    Index("ix_scene_files_name", "name_key"),
)

#: The performers, tags, studios and groups that scenes name, as they were when their scenes were last put.
related = Table(
    "related",
    metadata,
    Column("kind", Integer, primary_key=True, autoincrement=False),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", PlainText, nullable=False),
    Column("facts", PlainText, nullable=False),
    Column("updated_at", PlainText, nullable=False),
)

# The largest table of all: its key is its only index. What a scene names is kept with the scene, as one text.
relations = Table(
    "relations",
    metadata,
    Column("kind", Integer, primary_key=True, autoincrement=False),
    Column("related", Integer, primary_key=True, autoincrement=False),
    Column("scene", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

in_step = Table(
    "in_step",
    metadata,
    Column("server", PlainText, primary_key=True),
    Column("scene", Integer, primary_key=True, autoincrement=False),
    Column("rating_key", Integer, primary_key=True, autoincrement=False),
    Column("digest", PlainText, nullable=False),
    Column("confirmed_at", Double, nullable=False),
    #: How the item looked in a listing, and when Plex says it last changed, when it was last found to be in step.
    Column("look", PlainText),
    Column("item_updated_at", BigInteger),
    Index("ix_in_step_item", "server", "rating_key"),
)

links = Table(
    "links",
    metadata,
    Column("server", PlainText, primary_key=True),
    Column("scene", Integer, primary_key=True, autoincrement=False),
    Column("stash_path", PlainText, primary_key=True),
    Column("rating_key", Integer, primary_key=True, autoincrement=False),
    Column("section", Integer, nullable=False),
    Column("plex_path", PlainText, nullable=False),
    Column("confidence", PlainText, nullable=False),
    Column("reason", PlainText, nullable=False),
    Index("ix_links_item", "server", "rating_key"),
)

items = Table(
    "items",
    metadata,
    Column("server", PlainText, primary_key=True),
    Column("rating_key", Integer, primary_key=True, autoincrement=False),
    Column("section", Integer, nullable=False),
    Column("title", PlainText, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("run", BigInteger, nullable=False),
    Index("ix_items_section", "server", "section", "run"),
)

item_files = Table(
    "item_files",
    metadata,
    Column("server", PlainText, primary_key=True),
    Column("rating_key", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("path", PlainText, nullable=False),
    Column("path_key", PlainText, nullable=False),
    Column("name_key", PlainText, nullable=False),
    Column("size", BigInteger),
    Column("duration", Double),
    ForeignKeyConstraint(["server", "rating_key"], ["items.server", "items.rating_key"], ondelete="CASCADE"),
    Index("ix_item_files_path", "server", "path_key"),
    Index("ix_item_files_name", "server", "name_key"),
)

index_versions = Table(
    "index_versions",
    metadata,
    Column("server", PlainText, primary_key=True),
    Column("version", BigInteger, nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    Column("server", PlainText, primary_key=True),
    Column("path", PlainText, primary_key=True),
    Column("field", PlainText, primary_key=True),
    Column("rating_key", Integer, nullable=False),
    Column("before", ValueText),
    Column("intended", ValueText),
    Column("confirmed", ValueText),
    Column("is_confirmed", Boolean, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("intended_at", Double, nullable=False),
    Column("confirmed_at", Double),
    Column("before_known", Boolean, nullable=False, server_default=true()),
    Column("before_locked", Boolean),
    Column("given", ValueText),
    Index("ix_ledger_item", "server", "rating_key"),
)

#: Fields of the file at a path that are not written, until somebody takes the pin away.
pins = Table(
    "pins",
    metadata,
    Column("server", PlainText, primary_key=True),
    Column("path", PlainText, primary_key=True),
    Column("field", PlainText, primary_key=True),
    Column("made_by", PlainText, nullable=False),
    Column("made_at", Double, nullable=False),
)

#: What is to be undone when the scene is worked on next.
undos = Table(
    "undos",
    metadata,
    Column("server", PlainText, primary_key=True),
    Column("scene", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("what", JsonText, nullable=False),
    Column("asked_at", Double, nullable=False),
)

#: Values of ours that Plex no longer held when it was last looked at, and what was done about that.
conflicts = Table(
    "conflicts",
    metadata,
    Column("server", PlainText, primary_key=True),
    Column("path", PlainText, primary_key=True),
    Column("field", PlainText, primary_key=True),
    Column("scene", Integer, nullable=False),
    Column("rating_key", Integer, nullable=False),
    Column("ours", ValueText),
    Column("now", ValueText),
    Column("done", PlainText, nullable=False),
    Column("edited", Boolean, nullable=False),
    Column("met_at", Double, nullable=False),
    Index("ix_conflicts_met", "met_at"),
)

#: What was last made of a picture of Stash: of a scene's cover, or of what a scene names.
pictures = Table(
    "pictures",
    metadata,
    Column("kind", PlainText, primary_key=True),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("recipe", PlainText, primary_key=True),
    Column("etag", PlainText, nullable=False),
    Column("sha1", PlainText, nullable=False),
    Column("size", Integer, nullable=False),
    Column("checked_for", PlainText, nullable=False),
    Column("checked_at", Double, nullable=False),
)

uploads = Table(
    "uploads",
    metadata,
    Column("server", PlainText, primary_key=True),
    Column("rating_key", Integer, primary_key=True, autoincrement=False),
    Column("field", PlainText, primary_key=True, server_default="poster"),
    Column("sha1", PlainText, primary_key=True),
    Column("key", PlainText, nullable=False),
    Column("uploaded_at", Double, nullable=False),
)

#: Which picture an item was seen to show at an address; as long as it tells that address, it shows that picture.
shown = Table(
    "shown",
    metadata,
    Column("server", PlainText, primary_key=True),
    Column("rating_key", Integer, primary_key=True, autoincrement=False),
    Column("field", PlainText, primary_key=True),
    Column("address", PlainText, nullable=False),
    Column("key", PlainText, nullable=False),
)

portraits = Table(
    "portraits",
    metadata,
    Column("server", PlainText, primary_key=True),
    Column("name_key", PlainText, primary_key=True),
    Column("name", PlainText, nullable=False),
    Column("performer", Integer),
    Column("before", PlainText),
    Column("intended", PlainText),
    Column("confirmed", PlainText),
    Column("is_confirmed", Boolean, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("rating_key", Integer),
    Column("intended_at", Double, nullable=False),
    Column("looked_at", Double, nullable=False),
)

history = Table(
    "history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", PlainText, nullable=False),
    Column("server", PlainText, nullable=False),
    Column("scene", Integer, nullable=False),
    Column("path", PlainText, nullable=False),
    Column("rating_key", Integer, nullable=False),
    Column("field", PlainText, nullable=False),
    Column("before", ValueText),
    Column("after", ValueText),
    Column("reason", PlainText, nullable=False),
    Column("at", Double, nullable=False),
    Index("ix_history_scene", "scene", "id"),
    Index("ix_history_run", "run"),
    Index("ix_history_at", "at"),
)

preferences = Table(
    "preferences",
    metadata,
    Column("name", PlainText, primary_key=True),
    Column("value", JsonText),
)

gates = Table(
    "gates",
    metadata,
    Column("peer", PlainText, primary_key=True),
    Column("facts", PlainText, nullable=False),
    Column("saved_at", Double, nullable=False),
)

outages = Table(
    "outages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("peer", PlainText, nullable=False),
    Column("kind", PlainText, nullable=False),
    Column("cause", PlainText, nullable=False),
    Column("first_failure_at", Double, nullable=False),
    Column("began_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("held", Integer, nullable=False),
    Column("drained", Integer, nullable=False),
    Column("first_drained_at", Double),
    Column("last_drained_at", Double),
    Index("ix_outages_peer", "peer", "began_at"),
)

wishes = Table(
    "wishes",
    metadata,
    Column("name", PlainText, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("asked_at", Double, nullable=False),
)

owners = Table(
    "owners",
    metadata,
    Column("server", PlainText, primary_key=True),
    Column("holder", PlainText, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("beat_at", Double, nullable=False),
    Column("since", Double, nullable=False, server_default="0"),
)

walks = Table(
    "walks",
    metadata,
    Column("name", PlainText, primary_key=True),
    Column("last_id", Integer, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("finished_at", Double),
    Column("facts", JsonText, nullable=False),
)

brakes = Table(
    "brakes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", PlainText, nullable=False),
    Column("about", PlainText, nullable=False),
    Column("state", PlainText, nullable=False),
    Column("asked_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("facts", JsonText, nullable=False),
)

#: Searches for gaps. `position` is where the search stands, `facts` are figures for people.
gap_runs = Table(
    "gap_runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("scope", PlainText, nullable=False),
    Column("cause", PlainText, nullable=False),
    Column("report_only", Boolean, nullable=False),
    Column("asked_at", Double, nullable=False),
    Column("began_at", Double),
    Column("searched_at", Double),
    Column("ended_at", Double),
    Column("position", JsonText, nullable=False),
    Column("facts", JsonText, nullable=False),
)

#: What the latest run found; of earlier ones some examples. Without a scene `scene` is 0.
gaps = Table(
    "gaps",
    metadata,
    Column("run", Integer, primary_key=True, autoincrement=False),
    Column("server", PlainText, primary_key=True),
    Column("scene", Integer, primary_key=True, autoincrement=False),
    Column("path", PlainText, primary_key=True),
    Column("kind", PlainText, nullable=False),
    Column("rating_key", Integer, nullable=False),
    Column("title", PlainText, nullable=False),
    Column("fields", JsonText, nullable=False),
    Column("outcome", PlainText),
    Column("found_at", Double, nullable=False),
)
