"""The gate of a peer as the store remembers it, and what its moves do to the jobs of the servers behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

from plexsync.log import logger
from plexsync.model.work import Lane, Peer
from plexsync.store import gates, jobs
from plexsync.store.database import Connection, Database
from plexsync.sync.clock import Clock
from plexsync.sync.gate import Gate, GateState
from plexsync.sync.gatekeeper import Gatekeeper, Surroundings
from plexsync.sync.recovery import revive

_log = logger("plexsync.gate")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGate:
    """`name` is the peer as people know it, `key` as the store does; `servers` are those whose jobs need it."""

    name: str
    key: str
    servers: tuple[str, ...]
    database: Database
    clock: Clock

    def keeper(self, peer: Peer, check: Callable[[], Awaitable[object]]) -> Gatekeeper:
        """The keeper of this gate, which goes on where the last run left it."""
        around = Surroundings(
            check=check, jobs_wait=self._jobs_wait, save=self._save, opened=self._opened, closed=self._closed
        )
        return Gatekeeper(name=self.name, peer=peer, clock=self.clock, around=around, gate=self._load())

    def _load(self) -> Gate:
        with self.database.transaction() as connection:
            facts = gates.load(connection, self.key)
        if facts is None:
            return Gate()
        try:
            return Gate(**facts | {"state": GateState(facts["state"]), "sources": tuple(facts["sources"])})
        except (KeyError, TypeError, ValueError):
            _log.warning("the stored gate cannot be read and counts as closed", gate=self.key)
            return Gate()

    async def _jobs_wait(self) -> bool:
        return await self.database.run(
            lambda c: any(jobs.next_due(c, server, list(Lane)) is not None for server in self.servers)
        )

    async def _save(self, gate: Gate) -> None:
        await self.database.run(lambda c: gates.save(c, self.key, asdict(gate), self.clock.now()))

    async def _opened(self, since: float) -> None:
        """What the first failures of an outage counted is given back."""

        def give_back(connection: Connection) -> None:
            for server in self.servers:
                jobs.give_back(connection, server, since)

        await self.database.run(give_back)

    async def _closed(self, since: float) -> None:
        now = self.clock.now()
        revived = await self.database.run(lambda c: sum(revive(c, server, since, now) for server in self.servers))
        if revived:
            _log.info("what died in the outage is tried again", peer=self.name, scenes=revived)
