"""The store for those who cannot go on without it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from plexsync.log import logger
from plexsync.model.errors import NotOwnerError, StoreDamagedError, StoreError
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions
from plexsync.sync.clock import Clock

_log = logger("plexsync.worker")

T = TypeVar("T")

#: Seconds until a store that failed is asked again.
_AGAIN = 5.0


@dataclass(slots=True, kw_only=True)
class PatientStore:
    """Asks again until the store can, or `hurry` was called. What no waiting mends is raised at once."""

    server: str
    database: Transactions
    clock: Clock
    _hurried: asyncio.Event = field(default_factory=asyncio.Event)
    _told: str = ""
    _told_at: float = 0.0

    @property
    def trouble(self) -> str:
        """Why the store failed lately, for people; "" when it did not."""
        return self._told if abs(self.clock.now() - self._told_at) < 3 * _AGAIN else ""

    def hurry(self) -> None:
        """From now on a store that fails is not waited for."""
        self._hurried.set()

    async def run(self, work: Callable[[Connection], T]) -> T:
        """One transaction."""
        while True:
            try:
                return await self.database.run(work)
            except (NotOwnerError, StoreDamagedError):
                raise
            except StoreError as error:
                if self._hurried.is_set():
                    raise
                await self.failed(error)

    async def failed(self, error: StoreError) -> None:
        """Tell of it, and wait until it is worth asking again."""
        self._told, self._told_at = str(error), self.clock.now()
        _log.error("the store cannot be used, work waits for it", server=self.server, reason=str(error))
        await self.clock.wait(self._hurried, _AGAIN)
