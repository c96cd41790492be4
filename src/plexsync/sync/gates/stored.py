"""The gate of a peer as the store remembers it, and what its moves do to the jobs of the servers behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from plexsync.log import logger
from plexsync.model.work import Peer
from plexsync.store import gates, jobs, outages, wishes
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions
from plexsync.store.outages import Outage, OutageKind
from plexsync.sync.clock import Clock
from plexsync.sync.gates.drains import Drains
from plexsync.sync.gates.facts import facts_of, gate_of
from plexsync.sync.gates.gate import Gate, GateState
from plexsync.sync.gates.gatekeeper import Gatekeeper, Surroundings

_log = logger("plexsync.gate")

#: The entry of the timetable that tries again what died in outages that are over.
RECOVERY = "recovery"


@dataclass(slots=True)
class _States:
    """The states that the gate was in, in their order, of which the store does not know yet."""

    unsaved: list[Gate] = field(default_factory=list)
    last: GateState = GateState.CLOSED

    def begin(self, gate: Gate) -> None:
        """The store knows this one, and what was before does not count."""
        self.unsaved.clear()
        self.last = gate.state

    def note(self, gate: Gate) -> None:
        """The gate is in this state now."""
        if gate.state is not self.last:
            self.unsaved.append(gate)
            self.last = gate.state

    def kept(self, count: int) -> None:
        """The store knows the first so many."""
        del self.unsaved[:count]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGate:
    """`name` is the peer as people know it, `key` as the store does; `servers` are those whose jobs need it."""

    name: str
    key: str
    servers: tuple[str, ...]
    database: Transactions
    clock: Clock
    drains: Drains
    recover: Callable[[], None]  #: called when an outage is over and its recovery is wished for
    _states: _States = field(default_factory=_States)
    _saving: asyncio.Lock = field(default_factory=asyncio.Lock)

    def keeper(self, peer: Peer, check: Callable[[], Awaitable[object]]) -> Gatekeeper:
        """A keeper of this gate that knows nothing yet; see `resume`."""
        around = Surroundings(check=check, jobs_wait=self._jobs_wait, save=self._save, opened=self._opened)
        keeper = Gatekeeper(name=self.name, peer=peer, clock=self.clock, around=around)
        # A store that fails is not even asked to keep a state before what comes first: none may be missed by that.
        keeper.on_change(lambda: self._states.note(keeper.gate))
        return keeper

    async def resume(self, keeper: Gatekeeper) -> None:
        """Go on where the last run, or the last owner, left the gate and what waits since its outages."""
        gate, over = await self.database.run(self._load)
        self._states.begin(gate)
        for outage in over:
            self.drains.follow(outage)
        keeper.resume(gate)

    def _load(self, connection: Connection) -> tuple[Gate, list[Outage]]:
        outages.watch(connection, self.key, self.clock.now())
        gate = self._read(gates.load(connection, self.key))
        # A gate that cannot be read counts as closed, and so its outage as over.
        self._record(connection, gate if gate.since else replace(gate, since=self.clock.now()))
        return gate, outages.draining(connection, self.key, self.servers)

    def _read(self, facts: dict[str, Any] | None) -> Gate:
        if facts is None:
            return Gate()
        try:
            return gate_of(facts)
        except (KeyError, TypeError, ValueError):
            _log.warning("the stored gate cannot be read and counts as closed", gate=self.key)
            return Gate()

    async def _jobs_wait(self) -> bool:
        return await self.database.run(lambda c: any(jobs.waits(c, server) for server in self.servers))

    async def _save(self, gate: Gate) -> None:
        """Keep the state, and the outage that it begins or ends; also those that passed while the store was away."""
        self._states.note(gate)
        async with self._saving:
            states = tuple(self._states.unsaved)
            over = await self.database.run(lambda c: self._keep(c, states, gate))
            self._states.kept(len(states))
        for outage in over:
            self.drains.follow(outage)
        if over:
            self.recover()

    def _keep(self, connection: Connection, states: Sequence[Gate], gate: Gate) -> list[Outage]:
        """The outages that ended with one of these states."""
        over = [outage for state in states if (outage := self._record(connection, state)) is not None]
        gates.save(connection, self.key, facts_of(gate), self.clock.now())
        if over:
            wishes.ask(connection, RECOVERY, self.clock.now())
        return over

    def _record(self, connection: Connection, gate: Gate) -> Outage | None:
        if gate.state is GateState.CLOSED:
            return outages.ended(connection, self.key, self.servers, gate.since)
        kind = OutageKind.HELD if gate.state is GateState.HELD else OutageKind.AWAY
        outages.began(connection, self.key, kind, gate.reason, gate.first_failure_at, gate.since)
        return None

    async def _opened(self, since: float) -> None:
        """What the first failures of an outage counted is given back."""

        def give_back(connection: Connection) -> None:
            for server in self.servers:
                jobs.give_back(connection, server, since)

        await self.database.run(give_back)
