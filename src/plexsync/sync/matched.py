"""Scenes that Plex took from the provider: each is queued, so that a sync brings what a provider cannot give."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from plexsync.model.work import Lane, Put, PutKind
from plexsync.store import brakes, jobs
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions
from plexsync.sync.brakes.brake import KINDS
from plexsync.sync.causes import MATCHED
from plexsync.sync.clock import Clock

#: So many scenes in so many seconds go before bulk work; a whole library that is matched anew is bulk work itself.
FEW = 50
_WHILE = 60.0


@dataclass(slots=True, kw_only=True)
class Matches:
    """Queues on each of these servers. `wake` is called whenever there is work."""

    database: Transactions
    clock: Clock
    servers: Sequence[str]
    wake: Callable[[], None]
    _since: float = 0.0
    _count: int = field(default=0, init=False)

    async def note(self, scenes: Collection[int]) -> None:
        """Plex takes these scenes for items of its."""
        if not self.servers or not scenes:
            return
        room = self._room()
        self._count += len(scenes)
        await self.database.run(lambda c: self._put(c, list(scenes), room))
        self.wake()

    def _room(self) -> int:
        """How many more go first."""
        now = self.clock.now()
        if not 0 <= now - self._since < _WHILE:
            self._since, self._count = now, 0
        return max(FEW - self._count, 0)

    def _put(self, connection: Connection, scenes: Sequence[int], room: int) -> None:
        """What waits for a person's answer goes on waiting for it."""
        for server in self.servers:
            asked = brakes.among(connection, server, scenes, KINDS)
            puts = [
                Put(
                    server=server,
                    scene=scene,
                    lane=Lane.CHANGE if number < room else Lane.BULK,
                    reason=MATCHED,
                    kind=PutKind.GAP if scene in asked else PutKind.CHANGED,
                )
                for number, scene in enumerate(scenes)
            ]
            jobs.put(connection, puts, self.clock.now())
