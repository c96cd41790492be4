"""What died while a server was in trouble is tried again once that server is well."""

from __future__ import annotations

from collections.abc import Iterator

from plexsync.model.errors import (
    PlexServerDown,
    PlexTemporaryError,
    StashServerDown,
    StashTemporaryError,
)
from plexsync.model.work import Lane, Put
from plexsync.store import dead, jobs
from plexsync.store.database import Connection

#: Seconds before an outage in which its first signs already cost jobs their attempts.
EARLIER = 600.0
_MAY_PASS = frozenset(
    error.__name__ for error in (PlexServerDown, PlexTemporaryError, StashServerDown, StashTemporaryError)
)
_PAGE = 500


def revive(connection: Connection, server: str, since: float, now: float) -> int:
    """Queue what began to fail in the outage that began at `since`, or shortly before; how many scenes."""
    puts = [
        Put(server=server, scene=letter.scene, lane=Lane.BULK, reason=reason)
        for letter in _letters(connection, server)
        if letter.error in _MAY_PASS and letter.first_failed_at >= since - EARLIER
        for reason in letter.reasons
    ]
    jobs.put(connection, puts, now)
    return len({put.scene for put in puts})


def _letters(connection: Connection, server: str) -> Iterator[dead.DeadLetter]:
    after: tuple[str, int] | None = None
    while letters := dead.dead_list(connection, server=server, limit=_PAGE, after=after):
        yield from letters
        after = (letters[-1].server, letters[-1].scene)
