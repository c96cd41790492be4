"""Claims of one worker, each under a token of its own, and what becomes of those that may or may not have been kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

from plexsync.model.errors import StoreError
from plexsync.store import jobs
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions
from plexsync.sync.clock import Clock

T = TypeVar("T")

#: Seconds for which a claim that failed is looked for: a database that was cut off in a commit may yet end it.
_DOUBTED_FOR = 300.0


@dataclass(slots=True, kw_only=True)
class Claims:
    """`run` names the run of the worker in every token."""

    server: str
    database: Transactions
    clock: Clock
    run: str
    _count: count[int] = field(default_factory=count)
    _doubtful: dict[str, float] = field(default_factory=dict)  #: tokens that nobody here holds, and since when

    async def take(self, claim: Callable[[Connection, str], T]) -> T:
        """What `claim` takes under the token that it is given, in one transaction.

        StoreError when that failed. Were the jobs taken all the same, the next call gives them back.
        """
        token, now = f"{self.run}/{next(self._count)}", self.clock.now()
        self._doubtful = {old: since for old, since in self._doubtful.items() if abs(now - since) < _DOUBTED_FOR}
        doubtful = tuple(self._doubtful)

        def work(connection: Connection) -> T:
            if doubtful:
                jobs.void_claims(connection, self.server, doubtful)
            return claim(connection, token)

        try:
            return await self.database.run(work)
        except StoreError:
            self._doubtful[token] = now
            raise
