"""The store as far as an answer needs it: what it does not tell at once, Stash tells."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from plexsync.log import logger
from plexsync.model.errors import StoreError
from plexsync.store.database import Connection, Database

_log = logger("plexsync.provider")

T = TypeVar("T")
#: Seconds that an answer of the store is waited for, and for which one that is away is left alone.
_PATIENCE = 3.0
_PAUSE = 5.0


@dataclass(slots=True, kw_only=True)
class Reading:
    """Reads of a store that may be away."""

    database: Database
    now: Callable[[], float]
    _away_at: float | None = None

    async def run(self, work: Callable[[Connection], T]) -> T:
        """What the store tells. StoreError while it does not, soon after it was asked."""
        if self._away_at is not None and 0 <= self.now() - self._away_at < _PAUSE:
            raise StoreError("the store was away a moment ago")
        try:
            async with asyncio.timeout(_PATIENCE):
                told = await self.database.look(work)
        except TimeoutError as error:
            self._left(f"no answer within {_PATIENCE:g} s")
            raise StoreError(f"the store gave no answer within {_PATIENCE:g} s") from error
        except StoreError as error:
            self._left(str(error))
            raise
        self._away_at = None
        return told

    def _left(self, reason: str) -> None:
        if self._away_at is None:
            _log.warning("the store cannot be read: Plex is answered from what Stash tells", reason=reason)
        self._away_at = self.now()
