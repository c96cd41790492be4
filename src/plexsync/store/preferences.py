"""What people chose in the pages or by a verb: any JSON value under a name."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.store.dialect import put_new, put_rows
from plexsync.store.schema import preferences


def get(conn: Connection, name: str) -> Any | None:
    """The value, None when there is none."""
    return conn.scalar(sa.select(preferences.c.value).where(preferences.c.name == name))


def held(conn: Connection, name: str) -> Any | None:
    """The value as well, which nobody else changes until the end of this transaction: for a `put` that builds on it."""
    put_new(conn, preferences, {"name": name, "value": None})
    mine = sa.select(preferences.c.value).where(preferences.c.name == name)
    return conn.scalar(mine.with_for_update())


def put(conn: Connection, name: str, value: Any) -> None:
    """Keep the value under the name; None forgets it."""
    if value is None:
        conn.execute(sa.delete(preferences).where(preferences.c.name == name))
    else:
        put_rows(conn, preferences, [{"name": name, "value": value}])


def all_under(conn: Connection, prefix: str) -> dict[str, Any]:
    """Every value whose name begins with the prefix, case and all, by full name."""
    # LIKE ignores case on SQLite, so it only narrows the search.
    statement = sa.select(preferences).where(preferences.c.name.startswith(prefix, autoescape=True))
    found = conn.execute(statement.order_by(preferences.c.name))
    return {row.name: row.value for row in found if row.name.startswith(prefix)}
