"""What a person may do with the queue, with dead letters and after outages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from plexsync.model.work import Lane
from plexsync.store import clearing, dead, jobs, queue
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions
from plexsync.sync import reports
from plexsync.sync.clock import Clock
from plexsync.sync.gates import outages
from plexsync.sync.recovery import Recovered, Recovery, Victims, put_again

_DAY = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """How many dead letters are tried again, and the scenes that have none."""

    retried: int
    unknown: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """`servers` are the names of the Plex servers. `wake` is called when there is work."""

    database: Transactions
    clock: Clock
    servers: tuple[str, ...]
    recovery: Recovery
    wake: Callable[[], None]
    purge_days: int  #: how long a purge leaves dead letters alone, where it is not told

    async def status(self) -> dict[str, Any]:
        """How everything stands, as the store knows it."""
        return await self.database.run(lambda c: reports.status(c, self.servers))

    async def waiting(self, limit: int) -> list[dict[str, Any]]:
        """The jobs that wait or are worked on."""
        return await self.database.run(lambda c: reports.queue_rows(c, limit))

    async def clear_queue(self, lane: Lane | None = None) -> int:
        """Drop what waits; how many jobs. A full walk finds what still differs."""
        return await self.database.run(lambda c: clearing.clear(c, lane))

    async def hurry(self) -> int:
        """Let nothing wait for its next attempt; how many jobs had to until now."""
        moved = await self.database.run(lambda c: hurry(c, self.clock.now()))
        self.wake()
        return moved

    async def dead(self, limit: int) -> list[dict[str, Any]]:
        """The dead letters."""
        return await self.database.run(lambda c: reports.dead_rows(c, limit))

    async def dead_of(self, scene: int) -> list[dict[str, Any]]:
        """The dead letters of one scene."""
        return await self.database.run(lambda c: reports.dead_of(c, scene))

    async def retry(self, scenes: Sequence[int] | None) -> Retried:
        """Try these scenes again in front of everything else, or (None) every dead letter."""
        found = await self.database.run(lambda c: retry(c, scenes, self.clock.now()))
        self.wake()
        return found

    async def purge(self, days: float | None) -> int:
        """Forget the letters that died longer ago than so many days (None: as the settings say); how many."""
        older = self.purge_days if days is None else days
        return await self.database.run(lambda c: purge(c, older, self.clock.now()))

    async def forget_dead(self) -> int:
        """Forget every dead letter; how many. A full walk tries what still differs."""
        return await self.database.run(lambda c: dead.dead_purge(c, None))

    async def recover(self, victims: Victims) -> list[Recovered]:
        """Try what died in an outage again, once the servers are well."""
        return await self.recovery.run(victims)

    async def outages(self) -> dict[str, Any]:
        """The record of outages."""
        return await self.database.run(lambda c: outages.report(c, self.servers, self.clock.now()))


def hurry(connection: Connection, now: float) -> int:
    """Make every waiting job due; how many had to wait until then."""
    return sum(jobs.make_due(connection, server, now) for server in queue.servers(connection))


def retry(connection: Connection, scenes: Sequence[int] | None, now: float) -> Retried:
    """Queue dead letters in lane user, for the reasons they had."""
    letters = list(dead.dead_all(connection)) if scenes is None else dead.dead_some(connection, scenes)
    known = {letter.scene for letter in letters}
    put = put_again(connection, letters, Lane.USER, now)
    return Retried(retried=put, unknown=tuple(scene for scene in dict.fromkeys(scenes or ()) if scene not in known))


def purge(connection: Connection, days: float, now: float) -> int:
    """Forget the letters that died longer ago than so many days; how many."""
    return dead.dead_purge(connection, now - days * _DAY)
