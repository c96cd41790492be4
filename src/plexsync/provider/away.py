"""Stash cannot be asked now: that is neither "no such file" nor "no such scene"."""

from __future__ import annotations

from plexsync.model.errors import SyncError

#: Seconds after which Plex may ask again, where Stash does not say.
RETRY_SECONDS = 60.0


class AwayError(Exception):
    """Why, and in how many seconds it is worth asking again."""

    def __init__(self, reason: str, retry_after: float = RETRY_SECONDS) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


def away(error: SyncError) -> AwayError:
    """The same as Plex is told it."""
    return AwayError(error.message, error.retry_after or RETRY_SECONDS)
