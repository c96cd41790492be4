"""What a daemon at work knows of damage to its store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from plexsync.model.errors import StoreDamagedError
from plexsync.store.opening import words_of

#: Seconds within which a second damage is believed without a look.
_LATELY = 3600.0


class Damage:
    """Whether the store has proved to be damaged since it was opened, and how.

    `before` are the times by the loop's clock at which the stores before it did.
    """

    def __init__(self, before: Sequence[float] = ()) -> None:
        self.met = asyncio.Event()
        self.why = ""
        self.heals = True  #: not where the database is a server's
        self._before = before
        self._loop = asyncio.get_running_loop()

    def report(self, why: str) -> None:
        """From any thread."""
        self.why = self.why or why
        self._loop.call_soon_threadsafe(self.met.set)

    def died_of(self, error: BaseException | None) -> None:
        """Work has ended so: who reads on a connection of its own may have been the first to meet the damage."""
        while isinstance(error, BaseExceptionGroup):
            found = error.subgroup(StoreDamagedError)
            error = None if found is None else found.exceptions[0]
        if isinstance(error, StoreDamagedError) and self.heals:
            self.report(words_of(error))

    def lately(self) -> list[float]:
        """When it happened within the last hour, this time not counted."""
        return [at for at in self._before if at > self._loop.time() - _LATELY]
