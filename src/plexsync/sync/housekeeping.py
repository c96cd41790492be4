"""Nothing grows for ever."""

from __future__ import annotations

from plexsync.store import conflicts, dead, dialect, gapruns, history
from plexsync.store.database import Connection
from plexsync.store.known_time import known_time

_DAY = 24 * 3600.0


def trim(connection: Connection, now: float, *, history_days: float, dead_letter_days: float) -> None:
    """Forget what is older than that, and give the room back. To be called about once a day."""
    known = known_time(connection, now)
    history.trim(connection, known - history_days * _DAY)
    conflicts.trim(connection, known - history_days * _DAY)
    gapruns.trim(connection, known - history_days * _DAY)
    dead.dead_purge(connection, known - dead_letter_days * _DAY)
    dialect.tidy(connection)
