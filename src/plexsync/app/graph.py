"""The object graph: from settings to a service at work, and back down again."""

from __future__ import annotations

import asyncio
import os
import random
import socket
from dataclasses import dataclass, field
from functools import partial

from plexsync.app.advice import advice_of, doctor_of
from plexsync.app.clients import checking, listener_of, plex_client, stash_client
from plexsync.app.parts import Parts
from plexsync.app.pictures import gallery_of, hints_of
from plexsync.app.provider import faces_of, provider_of
from plexsync.app.rules import paths_of, rules_of
from plexsync.app.servers import Site
from plexsync.app.sources import complete
from plexsync.app.timetables import common_entries, rebuilding_of, timetable_of, upkeep_of
from plexsync.config import Config, ServerSetting
from plexsync.log import Redactor
from plexsync.model.work import Peer
from plexsync.plex.client import PlexClient
from plexsync.provider.provider import Provider, Rest
from plexsync.stash.client import StashClient
from plexsync.store import identity
from plexsync.store.database import Database
from plexsync.store.fence import Transactions
from plexsync.sync.brakes.questions import Questions
from plexsync.sync.clock import Clock
from plexsync.sync.gaps.reconciling import Reconciling
from plexsync.sync.gaps.strangers import Strangers
from plexsync.sync.gates.drains import Drains
from plexsync.sync.gates.gatekeeper import Gatekeeper
from plexsync.sync.gates.identities import StashIdentity
from plexsync.sync.gates.outages import servers_of
from plexsync.sync.gates.peers import STASH, TIMETABLE, plex_key, plex_name
from plexsync.sync.gates.stored import StoredGate
from plexsync.sync.heard import Heard
from plexsync.sync.index.outsiders import Outsiders
from plexsync.sync.intake import Intake
from plexsync.sync.matched import Matches
from plexsync.sync.ownership import Claimant, Ownership
from plexsync.sync.reign import Reign, Terms
from plexsync.sync.server import Server
from plexsync.sync.service import Service
from plexsync.sync.spool import Spool
from plexsync.sync.story.tools import Tools
from plexsync.sync.timetable import Timetable
from plexsync.sync.undoing import Undoing


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Everything that was built, and how to take it down."""

    config: Config
    identity: identity.Identity
    database: Database
    service: Service
    provider: Provider
    stash: StashClient
    plexes: tuple[PlexClient, ...]

    async def close(self) -> None:
        """Close connections and the store. The service has to be at rest."""
        await self.stash.close()
        for plex in self.plexes:
            await plex.aclose()
        self.database.close()


def build(
    config: Config,
    database: Database,
    *,
    clock: Clock,
    chance: random.Random,
    redactor: Redactor,
    terms: Terms = Terms(),  # noqa: B008 -- frozen
) -> Graph:
    """The whole graph, not yet at work. Call it under the folder lock."""
    complete(config)
    me = identity.load_or_create(config.data_dir / identity.FILE_NAME)
    for secret in (*config.secrets(), me.api_key, me.events_token, me.signing_key, me.provider_path):
        redactor.add(secret)
    holder = f"{socket.gethostname()} process {os.getpid()}"
    claimant = Claimant(database=database, clock=clock, holder=holder, terms=terms)
    return _Builder(config, database, me, clock, chance, redactor, claimant).graph()


@dataclass(slots=True)
class _Builder:
    config: Config
    database: Database
    me: identity.Identity
    clock: Clock
    chance: random.Random
    redactor: Redactor
    claimant: Claimant
    parts: Parts = field(init=False)
    stash_gate: Gatekeeper = field(init=False)
    timetable: Ownership[Timetable] = field(init=False)
    servers: dict[str, Ownership[Server]] = field(default_factory=dict)
    heard: Heard = field(init=False)

    def __post_init__(self) -> None:
        self.heard = Heard(clock=self.clock)
        rules = rules_of(self.config)
        stash = stash_client(self.config, self.redactor, tag_parents=rules.asks_for_tag_parents)
        names = [server.name for server in self.config.servers]
        self.parts = Parts(
            config=self.config,
            database=self.database,
            me=self.me,
            clock=self.clock,
            chance=self.chance,
            stash=stash,
            stash_identity=StashIdentity(stash=stash, database=self.database, clock=self.clock),
            rules=rules,
            paths=paths_of(self.config),
            drains=Drains(database=self.database, clock=self.clock, servers_of=servers_of(names)),
            wake=self._wake,
            look=self._look,
            gates={},
            plexes={},
            reconciling=Reconciling(database=self.database, clock=self.clock, look=self._look),
            known=self._known,
        )

    def graph(self) -> Graph:
        self._own_timetable()
        plexes = tuple(self._own_server(setting) for setting in self.config.servers)
        # What Plex asks for, pictures too, is asked of Stash one by one: that leaves room for work.
        turn = asyncio.Lock()
        service = self._service(turn)
        self.timetable.begin()
        for ownership in self.servers.values():
            ownership.begin()
        return Graph(
            config=self.config,
            identity=self.me,
            database=self.database,
            service=service,
            provider=self._provider(turn),
            stash=self.parts.stash,
            plexes=plexes,
        )

    def _provider(self, turn: asyncio.Lock) -> Provider:
        parts = self.parts
        strangers = Strangers(database=self.database, clock=self.clock, servers=parts.names)
        matches = Matches(database=self.database, clock=self.clock, servers=parts.names, wake=self._wake)

        told: dict[str, Outsiders] = {}

        async def outsiders() -> list[Outsiders]:
            for tools in await self._known():
                if (one := tools.portraits.outsiders) is not None:
                    # The room of one who stands by is made anew each time.
                    one.recall(told.get(tools.server, one))
                    told[tools.server] = one
            return list(told.values())

        return provider_of(
            self.config,
            me=self.me,
            identity=parts.stash_identity,
            database=self.database,
            clock=self.clock,
            turn=turn,
            servers=parts.names,
            rest=Rest(
                faces=faces_of(self.config, outsiders),
                matched=matches.note,
                unknown=strangers.note,
                heard=self.heard.note,
            ),
        )

    def _service(self, turn: asyncio.Lock) -> Service:
        config, parts, database, clock = self.config, self.parts, self.database, self.clock
        names = parts.names
        intake = Intake(database=database, clock=clock, servers=names, wake=self._wake, ask=self._look)
        return Service(
            database=database,
            clock=clock,
            stash=parts.stash,
            stash_gate=self.stash_gate,
            claimant=self.claimant,
            server_ownerships=tuple(self.servers.values()),
            timetable_ownership=self.timetable,
            intake=intake,
            spools=tuple(Spool(folder=folder, intake=intake) for folder in config.spool_folders),
            drains=parts.drains,
            upkeep=upkeep_of(parts, database),
            gallery=gallery_of(
                config,
                me=self.me,
                identity=parts.stash_identity,
                database=database,
                rules=parts.rules,
                clock=clock,
                turn=turn,
            ),
            questions=Questions(database=database, clock=clock, wake=self._wake),
            undoing=Undoing(database=database, clock=clock, servers=names, wake=self._wake),
            reconciling=parts.reconciling,
            rebuilding=rebuilding_of(parts, database),
            advice=advice_of(parts, database),
            doctor=doctor_of(parts, database),
            refused_settings=config.refused,
            heard=self.heard,
            hints=hints_of(config),
            poll_interval=config.poll_interval,
        )

    def _wake(self) -> None:
        for server in self.servers.values():
            server.room.worker.wake()

    def _look(self, _wish: str = "") -> None:
        self.timetable.room.look()
        for server in self.servers.values():
            server.room.timetable.look()

    async def _known(self) -> list[Tools]:
        return [(await ownership.known()).tools for ownership in self.servers.values()]

    def _own_timetable(self) -> None:
        """Stash's gate, and the timetable: its maker runs once all gates are there."""

        def make(reign: Reign | None) -> Timetable:
            rows: Transactions = reign or self.database
            gates = (self.stash_gate, *self.parts.gates.values())
            entries = common_entries(self.parts, rows, gates)
            return timetable_of(self.parts, rows, entries, gates, partial(stored.resume, self.stash_gate))

        self.timetable = Ownership(
            key=TIMETABLE, title="the timetable", claimant=self.claimant, make=make, owns_other=lambda: False
        )
        stored = self._gate("Stash", STASH, self.parts.names, self.timetable)
        self.stash_gate = stored.keeper(Peer.STASH, self.parts.stash_identity.check)

    def _own_server(self, setting: ServerSetting) -> PlexClient:
        """Everything of one server that outlives a change of owners, and how its room is made."""
        name = setting.name
        key, gates = plex_key(name), self.parts.gates

        def make(reign: Reign | None) -> Server:
            return site.server(reign)

        def owns_other() -> bool:
            return any(other.reign is not None for other in self.servers.values() if other.key != key)

        ownership = Ownership(key=key, title=plex_name(name), claimant=self.claimant, make=make, owns_other=owns_other)
        plex = plex_client(setting, self.config, self.me, self.redactor, ownership.guard)
        self.parts.plexes[name] = plex
        stored = self._gate(plex_name(name), key, (name,), ownership)
        gates[name] = stored.keeper(Peer.PLEX, checking(plex))
        site = Site(
            parts=self.parts,
            setting=setting,
            plex=plex,
            listener=listener_of(setting, self.config, self.me, self.redactor),
            gate=gates[name],
            stash_gate=self.stash_gate,
            resume=partial(stored.resume, gates[name]),
        )
        self.servers[name] = ownership
        return plex

    def _gate(self, name: str, key: str, servers: tuple[str, ...], rows: Transactions) -> StoredGate:
        return StoredGate(
            name=name,
            key=key,
            servers=servers,
            database=rows,
            clock=self.clock,
            drains=self.parts.drains,
            recover=self._look,
        )
