"""The titles of a server's libraries, also for a daemon that does not work on that server."""

from __future__ import annotations

from plexsync.store import preferences
from plexsync.store.database import Connection


def titles(connection: Connection, server: str) -> dict[int, str]:
    """Title by key, as Plex last told them to whoever works on it."""
    rows = preferences.get(connection, f"sections:{server}") or []
    return {int(row["key"]): str(row["title"]) for row in rows}
