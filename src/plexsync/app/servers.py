"""The room of one Plex server: what it is made of while a daemon owns it, or stands by for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from plexsync.app.parts import Parts
from plexsync.app.pictures import art_of, portraits_of
from plexsync.app.timetables import timetable_of
from plexsync.config import ServerSetting
from plexsync.plex.answers import OtherServer
from plexsync.plex.client import PlexClient
from plexsync.plex.listener import Listener
from plexsync.plex.writer import Writer
from plexsync.store import identity
from plexsync.store.fence import Transactions
from plexsync.sync.brakes.judging import Brake
from plexsync.sync.gates.backoff import standard
from plexsync.sync.gates.gatekeeper import Gatekeeper
from plexsync.sync.gates.identities import accepted_plex, known_plex, other_plex
from plexsync.sync.index.libraries import Libraries
from plexsync.sync.index.listening import Listening
from plexsync.sync.index.scanning import Scanning
from plexsync.sync.locking import lock_pinned
from plexsync.sync.paths.roundtrip import EVERY as ROUND_TRIP
from plexsync.sync.paths.roundtrip import RoundTrip
from plexsync.sync.rebuilding import index_of
from plexsync.sync.reign import Reign
from plexsync.sync.server import Server, libraries_of
from plexsync.sync.story.collectionposters import CollectionPosters
from plexsync.sync.story.finder import Finder
from plexsync.sync.story.tools import Tools
from plexsync.sync.story.writerlock import WriterLock
from plexsync.sync.timetable import Entry
from plexsync.sync.work.worker import LONGEST_SLEEP, Worker

#: Seconds between two looks at Plex's list of libraries.
_LIBRARIES_EVERY = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One Plex server as the settings name it, with what outlives a change of owners."""

    parts: Parts
    setting: ServerSetting
    plex: PlexClient
    listener: Listener
    gate: Gatekeeper
    stash_gate: Gatekeeper
    resume: Callable[[], Awaitable[None]]  #: takes up the gate where the store knows it to stand

    @property
    def name(self) -> str:
        """The server's."""
        return self.setting.name

    def server(self, reign: Reign | None) -> Server:
        """The room under this reign; None: for one who stands by."""
        parts = self.parts
        rows: Transactions = reign or parts.database
        epoch = 0 if reign is None else reign.epoch
        libraries = self._libraries(rows)
        tools = self._tools(rows, libraries, f"daemon {epoch}")
        worker = self._worker(tools, epoch)
        brake = Brake(server=self.name, database=rows, clock=parts.clock, wake=worker.wake)
        worker.on_end(parts.drains.job_ended)
        worker.on_end(brake.job_ended)
        server: Server

        async def refresh() -> None:
            await server.refresh()

        async def rebuild() -> None:
            await server.rebuild()

        looks = Entry(name=libraries_of(self.name), run=refresh, every=_LIBRARIES_EVERY)
        entries = [looks, Entry(name=index_of(self.name), run=rebuild, at_start=False), brake.entry]
        round_trip = RoundTrip(server=self.name, database=rows, paths=parts.paths, clock=parts.clock)
        entries.append(Entry(name=f"path rules of {self.name}", run=round_trip.check, every=ROUND_TRIP))
        if parts.config.scan_new_files:
            entries.append(self._scanning(rows, libraries, worker).entry)
        server = Server(
            name=self.name,
            gate=self.gate,
            libraries=libraries,
            tools=tools,
            worker=worker,
            timetable=timetable_of(parts, rows, entries, (self.gate,), self.resume),
            brake=brake,
            round_trip=round_trip,
            listening=self._listening(libraries, looks, worker),
            pin=self._pin,
        )
        return server

    def _scanning(self, rows: Transactions, libraries: Libraries, worker: Worker) -> Scanning:
        scanning = Scanning(
            server=self.name,
            plex=self.plex,
            database=rows,
            libraries=libraries,
            paths=self.parts.paths,
            clock=self.parts.clock,
        )
        worker.on_end(scanning.job_ended)
        return scanning

    def _listening(self, libraries: Libraries, looks: Entry, worker: Worker) -> Listening:
        return Listening(
            listener=self.listener,
            libraries=libraries,
            gate=self.gate,
            clock=self.parts.clock,
            chance=self.parts.chance,
            look=looks.asked.set,
            wake=worker.wake,
        )

    def _libraries(self, rows: Transactions) -> Libraries:
        config = self.parts.config
        return Libraries(
            server=self.name,
            plex=self.plex,
            database=rows,
            paths=self.parts.paths,
            clock=self.parts.clock,
            chosen=tuple(self.setting.libraries),
            preview=config.preview_first_contact,
            held=config.preview,
            taken=lambda c, keys: lock_pinned(c, self.name, keys, self.parts.clock.now()),
        )

    def _tools(self, rows: Transactions, libraries: Libraries, run: str) -> Tools:
        parts, config = self.parts, self.parts.config
        finder = Finder(
            server=self.name,
            libraries=libraries,
            paths=parts.paths,
            strict=config.strict_matching,
            skip_missing=config.skip_not_found,
        )
        art, pen = art_of(config, parts.stash, rows), WriterLock()
        return Tools(
            server=self.name,
            database=rows,
            plex=self.plex,
            writer=Writer(self.plex),
            pen=pen,
            art=art,
            portraits=portraits_of(art, config, parts.me, parts.rules, self.plex, libraries, parts.clock),
            collection_posters=CollectionPosters(
                server=self.name, database=rows, plex=self.plex, pen=pen, art=art, clock=parts.clock
            ),
            rules=parts.rules,
            libraries=libraries,
            finder=finder,
            clock=parts.clock,
            run=run,
        )

    def _worker(self, tools: Tools, epoch: int) -> Worker:
        parts = self.parts
        return Worker(
            tools=tools,
            stash=parts.stash,
            stash_gate=self.stash_gate,
            plex_gate=self.gate,
            backoff=standard(parts.config.max_retries),
            chance=parts.chance,
            token=f"{self.name}/{epoch}",
            longest_sleep=parts.poll or LONGEST_SLEEP,
            sure=parts.stash_identity.insist,
        )

    async def _pin(self) -> None:
        """Make sure that it is the server we know, and remember a new one."""
        try:
            await self.plex.verify_identity()
        except OtherServer as error:
            await self._other(error)
        parts = self.parts
        await parts.database.run(lambda c: known_plex(c, self.name, parts.clock.now()))
        if self.plex.machine_identifier is not None:
            identity.pin(parts.config.data_dir / identity.FILE_NAME, self.name, self.plex.machine_identifier)

    async def _other(self, error: OtherServer) -> None:
        """Go on with it where a person says so; else ask, and raise."""
        database, now = self.parts.database, self.parts.clock.now()
        if not await database.run(lambda c: accepted_plex(c, self.name, error.found)):
            await database.run(lambda c: other_plex(c, self.name, error.expected, error.found, now))
            raise error
        self.plex.adopt(error.found)
        await self.plex.verify_identity()
