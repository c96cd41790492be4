"""The object graph: from settings to a service at work, and back down again."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from plexsync.app.clients import checking, plex_client, stash_client
from plexsync.app.folder import home_of
from plexsync.app.pictures import art_of, gallery_of, hints_of, portraits_of, watch_of
from plexsync.app.rules import paths_of, rules_of
from plexsync.app.sources import PLUGIN_ID, complete
from plexsync.config import Config, ServerSetting
from plexsync.log import Redactor
from plexsync.model.pathrules import PathRules
from plexsync.model.rules import RuleBook
from plexsync.model.work import Peer
from plexsync.plex.answers import OtherServer
from plexsync.plex.client import PlexClient
from plexsync.plex.writer import Writer
from plexsync.stash.client import StashClient
from plexsync.store import identity
from plexsync.store.database import Database
from plexsync.store.fence import Transactions
from plexsync.sync.backoff import standard
from plexsync.sync.clock import Clock
from plexsync.sync.collectionposters import CollectionPosters
from plexsync.sync.drains import Drains
from plexsync.sync.finder import Finder
from plexsync.sync.gatekeeper import Gatekeeper
from plexsync.sync.housekeeping import trim
from plexsync.sync.identities import StashIdentity, accepted_plex, known_plex, other_plex
from plexsync.sync.intake import Intake
from plexsync.sync.judging import Brake
from plexsync.sync.libraries import Libraries
from plexsync.sync.outages import servers_of
from plexsync.sync.ownership import Claimant, Ownership
from plexsync.sync.peers import STASH, TIMETABLE, plex_key, plex_name
from plexsync.sync.questions import Questions
from plexsync.sync.recovery import Recovery
from plexsync.sync.reign import Reign, Terms
from plexsync.sync.server import Server, libraries_of
from plexsync.sync.service import BACKUP, Service
from plexsync.sync.spool import Spool
from plexsync.sync.storedgate import RECOVERY, StoredGate
from plexsync.sync.tasks import Tasks
from plexsync.sync.timetable import Entry, Timetable
from plexsync.sync.tools import Tools
from plexsync.sync.undoing import Undoing
from plexsync.sync.upkeep import Upkeep
from plexsync.sync.walk import FULL_WALK, Walker
from plexsync.sync.worker import LONGEST_SLEEP, Worker
from plexsync.sync.writerlock import WriterLock

#: Seconds between two looks at Plex's list of libraries.
_LIBRARIES_EVERY = 30.0
_DAY = 24 * 3600.0
#: Seconds between two looks whether a backup is due.
_BACKUP_LOOK = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Everything that was built, and how to take it down."""

    config: Config
    identity: identity.Identity
    database: Database
    service: Service
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
    stash: StashClient = field(init=False)
    stash_identity: StashIdentity = field(init=False)
    drains: Drains = field(init=False)
    rules: RuleBook = field(init=False)
    paths: PathRules = field(init=False)
    stash_gate: Gatekeeper = field(init=False)
    timetable: Ownership[Timetable] = field(init=False)
    servers: dict[str, Ownership[Server]] = field(default_factory=dict)
    gates: dict[str, Gatekeeper] = field(default_factory=dict)  #: of the Plex servers

    def __post_init__(self) -> None:
        self.rules, self.paths = rules_of(self.config), paths_of(self.config)
        self.stash = stash_client(self.config, self.redactor, tag_parents=self.rules.asks_for_tag_parents)
        self.stash_identity = StashIdentity(stash=self.stash, database=self.database, clock=self.clock)
        self.drains = Drains(database=self.database, clock=self.clock, servers_of=servers_of(self.names))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(server.name for server in self.config.servers)

    def graph(self) -> Graph:
        config = self.config
        self._own_timetable()
        plexes = tuple(self._own_server(setting) for setting in config.servers)
        intake = Intake(database=self.database, clock=self.clock, servers=self.names, wake=self._wake, ask=self._look)
        service = Service(
            database=self.database,
            clock=self.clock,
            stash=self.stash,
            stash_gate=self.stash_gate,
            claimant=self.claimant,
            server_ownerships=tuple(self.servers.values()),
            timetable_ownership=self.timetable,
            intake=intake,
            spools=tuple(Spool(folder=folder, intake=intake) for folder in config.spool_folders),
            drains=self.drains,
            upkeep=self._upkeep(self.database),
            gallery=gallery_of(art_of(config, self.stash, self.database), self.me, self.rules, self.clock),
            questions=Questions(database=self.database, clock=self.clock, wake=self._wake),
            undoing=Undoing(database=self.database, clock=self.clock, servers=self.names, wake=self._wake),
            refused_settings=config.refused,
            hints=hints_of(config),
            poll_interval=config.poll_interval,
        )
        self.timetable.begin()
        for ownership in self.servers.values():
            ownership.begin()
        return Graph(
            config=config, identity=self.me, database=self.database, service=service, stash=self.stash, plexes=plexes
        )

    def _wake(self) -> None:
        for server in self.servers.values():
            server.room.worker.wake()

    def _look(self, _wish: str = "") -> None:
        self.timetable.room.look()
        for server in self.servers.values():
            server.room.timetable.look()

    @property
    def _poll(self) -> float | None:
        """Seconds between two looks for what other daemons left in the store; None where there are no others."""
        return self.config.poll_interval if self.database.shared else None

    def _own_timetable(self) -> None:
        stored: list[StoredGate] = []

        def make(reign: Reign | None) -> Timetable:
            return self._timetable(reign or self.database, partial(stored[0].resume, self.stash_gate))

        self.timetable = Ownership(
            key=TIMETABLE, title="the timetable", claimant=self.claimant, make=make, owns_other=lambda: False
        )
        stored.append(self._gate("Stash", STASH, self.names, self.timetable))
        self.stash_gate = stored[0].keeper(Peer.STASH, self.stash_identity.check)

    def _timetable(self, rows: Transactions, resume: Callable[[], Awaitable[None]]) -> Timetable:
        walker = Walker(
            stash=self.stash,
            database=rows,
            clock=self.clock,
            rules=self.rules,
            servers=self.names,
            wake=self._wake,
            identity=self.stash_identity,
            people=watch_of(self.config, self.me, self.rules),
        )
        upkeep = self._upkeep(rows)
        gates = (self.stash_gate, *self.gates.values())
        entries = [
            Entry(name=FULL_WALK, run=walker.full, every=self.config.full_walk_hours * 3600),
            Entry(name="recent", run=walker.recent, at_start=False),
            Entry(name="housekeeping", run=partial(self._housekeeping, rows), every=_DAY),
            Entry(name=BACKUP, run=self._back_up, every=_BACKUP_LOOK, optional=True),
            Entry(name=RECOVERY, run=upkeep.recovery.after_outage),
            *Tasks(upkeep=upkeep, stash=self.stash, gates=gates, plugin=PLUGIN_ID).entries(),
        ]
        return self._entries(rows, entries, gates, resume)

    def _entries(
        self,
        rows: Transactions,
        entries: Sequence[Entry],
        gates: tuple[Gatekeeper, ...],
        resume: Callable[[], Awaitable[None]],
    ) -> Timetable:
        return Timetable(
            clock=self.clock,
            database=rows,
            entries={entry.name: entry for entry in entries},
            gates=gates,
            poll=self._poll,
            resume=resume,
        )

    def _upkeep(self, rows: Transactions) -> Upkeep:
        recovery = Recovery(database=rows, clock=self.clock, stash=self.stash, gates=self.gates, wake=self._wake)
        return Upkeep(
            database=rows,
            clock=self.clock,
            servers=self.names,
            recovery=recovery,
            wake=self._wake,
            purge_days=self.config.purge_days,
        )

    def _own_server(self, setting: ServerSetting) -> PlexClient:
        """Everything of one server that outlives a change of owners, and how its room is made."""
        name = setting.name
        key = plex_key(name)

        def make(reign: Reign | None) -> Server:
            return self._server(setting, plex, reign, partial(stored.resume, self.gates[name]))

        def owns_other() -> bool:
            return any(other.reign is not None for other in self.servers.values() if other.key != key)

        ownership = Ownership(key=key, title=plex_name(name), claimant=self.claimant, make=make, owns_other=owns_other)
        plex = plex_client(setting, self.config, self.me, self.redactor, ownership.guard)
        stored = self._gate(plex_name(name), key, (name,), ownership)
        self.gates[name] = stored.keeper(Peer.PLEX, checking(plex))
        self.servers[name] = ownership
        return plex

    def _server(
        self, setting: ServerSetting, plex: PlexClient, reign: Reign | None, resume: Callable[[], Awaitable[None]]
    ) -> Server:
        name, config = setting.name, self.config
        rows: Transactions = reign or self.database
        epoch = 0 if reign is None else reign.epoch
        libraries = Libraries(
            server=name,
            plex=plex,
            database=rows,
            paths=self.paths,
            clock=self.clock,
            chosen=tuple(setting.libraries),
            preview=config.preview_first_contact,
            held=config.preview,
        )
        finder = Finder(
            server=name,
            libraries=libraries,
            paths=self.paths,
            strict=config.strict_matching,
            skip_missing=config.skip_not_found,
        )
        art, pen = art_of(config, self.stash, rows), WriterLock()
        tools = Tools(
            server=name,
            database=rows,
            plex=plex,
            writer=Writer(plex),
            pen=pen,
            art=art,
            portraits=portraits_of(art, config, self.me, self.rules, plex, libraries, self.clock),
            collection_posters=CollectionPosters(
                server=name, database=rows, plex=plex, pen=pen, art=art, clock=self.clock
            ),
            rules=self.rules,
            libraries=libraries,
            finder=finder,
            clock=self.clock,
            run=f"daemon {epoch}",
        )
        gate = self.gates[name]
        worker = Worker(
            tools=tools,
            stash=self.stash,
            stash_gate=self.stash_gate,
            plex_gate=gate,
            backoff=standard(config.max_retries),
            chance=self.chance,
            token=f"{name}/{epoch}",
            longest_sleep=self._poll or LONGEST_SLEEP,
            sure=self.stash_identity.insist,
        )
        worker.on_end(self.drains.job_ended)
        brake = Brake(server=name, database=rows, clock=self.clock, wake=worker.wake)
        worker.on_end(brake.job_ended)
        server: Server

        async def refresh() -> None:
            await server.refresh()

        entries = [Entry(name=libraries_of(name), run=refresh, every=_LIBRARIES_EVERY), brake.entry]
        server = Server(
            name=name,
            gate=gate,
            libraries=libraries,
            tools=tools,
            worker=worker,
            timetable=self._entries(rows, entries, (gate,), resume),
            brake=brake,
            pin=self._pinning(name, plex),
        )
        return server

    def _pinning(self, name: str, plex: PlexClient) -> Callable[[], Awaitable[None]]:
        async def pin() -> None:
            try:
                await plex.verify_identity()
            except OtherServer as error:
                await self._other_plex(name, plex, error)
            await self.database.run(lambda c: known_plex(c, name, self.clock.now()))
            if plex.machine_identifier is not None:
                identity.pin(self.config.data_dir / identity.FILE_NAME, name, plex.machine_identifier)

        return pin

    async def _other_plex(self, name: str, plex: PlexClient, error: OtherServer) -> None:
        """Go on with it where a person says so; else ask, and raise."""
        expected, found = error.expected, error.found
        if not await self.database.run(lambda c: accepted_plex(c, name, found)):
            await self.database.run(lambda c: other_plex(c, name, expected, found, self.clock.now()))
            raise error
        plex.adopt(found)
        await plex.verify_identity()

    def _gate(self, name: str, key: str, servers: tuple[str, ...], rows: Transactions) -> StoredGate:
        return StoredGate(
            name=name,
            key=key,
            servers=servers,
            database=rows,
            clock=self.clock,
            drains=self.drains,
            recover=self._look,
        )

    async def _housekeeping(self, rows: Transactions) -> None:
        now, config = self.clock.now(), self.config
        await rows.run(
            lambda c: trim(c, now, history_days=config.history_days, dead_letter_days=config.dead_letter_days)
        )

    async def _back_up(self) -> None:
        """On a thread of its own: it reads long, and holds up nobody, nor the end of the daemon."""
        halt = threading.Event()
        try:
            await asyncio.to_thread(home_of(self.config).backups.make_if_due, self.clock.now(), halt)
        finally:
            halt.set()
