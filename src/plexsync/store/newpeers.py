"""A peer was replaced by another one: what was known by its numbers is forgotten or put away."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.store import index, preferences, schema, undos

_BY_SCENE = (
    schema.jobs,
    schema.dead_letters,
    schema.decisions,
    schema.links,
    schema.in_step,
    schema.scene_files,
    schema.seen,
    schema.related,
    schema.relations,
    schema.walks,
    schema.pictures,
)
_BY_ITEM = (schema.links, schema.in_step, schema.items)
_PICTURES = (schema.uploads, schema.shown)
_RECORDS = (schema.ledger, schema.history, schema.pins, schema.portraits)


def forget_scenes(conn: Connection) -> None:
    """The ids of scenes mean others. What is known by paths stays."""
    for table in _BY_SCENE:
        conn.execute(sa.delete(table))
    # Performers have other ids too: whose picture a name shows is found anew, and what Plex showed before is kept.
    conn.execute(sa.update(schema.portraits).values(performer=None, looked_at=0.0))
    undos.leave_all(conn)


def forget_items(conn: Connection, server: str, away: str) -> None:
    """The keys of items mean others: the server is indexed anew, its pictures are kept under the name `away`."""
    for table in _BY_ITEM:
        conn.execute(sa.delete(table).where(table.c.server == server))
    _rename(conn, _PICTURES, server, away)
    preferences.put(conn, f"listed:{server}", None)
    index.advance(conn, server)


def put_away(conn: Connection, server: str, away: str) -> None:
    """All that was ever done to the server is kept under another name, and it is met for the first time."""
    _rename(conn, _RECORDS, server, away)
    for name in preferences.all_under(conn, f"first contact:{server}:"):
        preferences.put(conn, name, None)


def _rename(conn: Connection, tables: tuple[sa.Table, ...], server: str, away: str) -> None:
    for table in tables:
        conn.execute(sa.update(table).where(table.c.server == server).values(server=away))
