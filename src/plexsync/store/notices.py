"""What happened to the store and a person should know: kept until somebody says that it is known."""

from __future__ import annotations

from sqlalchemy import Connection

from plexsync.store import preferences

_NAME = "notices"
#: Of more than that the oldest go.
_KEPT = 10


def add(conn: Connection, text: str) -> None:
    """Tell that sentence from now on."""
    told = preferences.held(conn, _NAME) or ()
    preferences.put(conn, _NAME, [*told, text][-_KEPT:])


def sentences(conn: Connection) -> list[str]:
    """All that nobody has said to know yet, the oldest first."""
    return list(preferences.get(conn, _NAME) or ())


def clear(conn: Connection) -> int:
    """Somebody knows; how many there were."""
    count = len(sentences(conn))
    preferences.put(conn, _NAME, None)
    return count
