"""PlexSync at work: what the command line and the pages may ask of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from plexsync.art.gallery import Gallery
from plexsync.log import logger
from plexsync.model.compare import text_key
from plexsync.model.errors import StoreError
from plexsync.model.item import Section
from plexsync.model.provider import IDENTIFIER
from plexsync.model.scene import Scene
from plexsync.model.work import Event, Lane
from plexsync.stash.client import StashClient
from plexsync.store import brakes, notices, queue, seen, walks, wishes
from plexsync.store.database import Connection, Database
from plexsync.sync import reports
from plexsync.sync.brakes.brake import PENDING
from plexsync.sync.brakes.questions import Questions
from plexsync.sync.checks import Doctor
from plexsync.sync.clock import Clock
from plexsync.sync.gaps.reconciling import Reconciling
from plexsync.sync.gates.drains import Drains
from plexsync.sync.gates.gatekeeper import Gatekeeper
from plexsync.sync.gates.peers import plex_key
from plexsync.sync.heard import Heard
from plexsync.sync.intake import Intake
from plexsync.sync.libraryrules import unmet
from plexsync.sync.ownership import Claimant, Ownership
from plexsync.sync.paths.advice import PathAdvice
from plexsync.sync.plans.explaining import explain
from plexsync.sync.plans.planning import Planned, Scope
from plexsync.sync.plans.previewing import Previews
from plexsync.sync.rebuilding import Rebuilding
from plexsync.sync.runs import new_run
from plexsync.sync.server import Server, libraries_of
from plexsync.sync.spool import Spool
from plexsync.sync.timetable import Entry, Timetable
from plexsync.sync.undoing import Undoing
from plexsync.sync.upkeep import Upkeep
from plexsync.sync.walks.walk import FULL, FULL_WALK

_log = logger("plexsync.service")

#: The entry of the timetable that makes the daily backup.
BACKUP = "backup"


class UnknownLibraryError(Exception):
    """No synced library goes by that title or key; the message lists those that do."""


@dataclass(slots=True, kw_only=True)
class Service:
    """The running graph. `run` works until cancelled; everything else may be called meanwhile."""

    database: Database
    clock: Clock
    stash: StashClient
    stash_gate: Gatekeeper
    claimant: Claimant
    server_ownerships: tuple[Ownership[Server], ...]
    timetable_ownership: Ownership[Timetable]
    intake: Intake
    spools: tuple[Spool, ...]
    drains: Drains
    upkeep: Upkeep
    gallery: Gallery
    questions: Questions
    undoing: Undoing
    reconciling: Reconciling
    rebuilding: Rebuilding
    advice: PathAdvice
    doctor: Doctor
    heard: Heard
    refused_settings: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()  #: what is not done for want of a setting
    poll_interval: float = 1.0
    started: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.stash_gate.run())
            for ownership in self.ownerships:
                group.create_task(ownership.live())
            group.create_task(self.drains.run())
            for spool in self.spools:
                group.create_task(self._watch(spool))
            self.started.set()

    async def wind_down(self, grace: float) -> None:
        """Start nothing more and let what is under way end, for at most `grace` seconds."""
        await asyncio.gather(*(ownership.room.stop(grace) for ownership in self.ownerships))

    @property
    def ownerships(self) -> tuple[Ownership[Server] | Ownership[Timetable], ...]:
        """All that this daemon owns or stands by for."""
        return (self.timetable_ownership, *self.server_ownerships)

    @property
    def servers(self) -> tuple[Server, ...]:
        """Every Plex server; what is only stood by for knows what the store last told it."""
        return tuple(ownership.room for ownership in self.server_ownerships)

    @property
    def timetable(self) -> Timetable:
        """What is done again and again beside the servers' own; at rest where this daemon stands by for it."""
        return self.timetable_ownership.room

    @property
    def owned(self) -> tuple[Server, ...]:
        """The Plex servers that this daemon works on."""
        return tuple(ownership.room for ownership in self.server_ownerships if ownership.reign is not None)

    @property
    def entries(self) -> dict[str, Entry]:
        """What this daemon does again and again."""
        tables = [server.timetable for server in self.owned]
        if self.timetable_ownership.reign is not None:
            tables.append(self.timetable_ownership.room)
        return {name: entry for table in tables for name, entry in table.entries.items()}

    async def quiet(self) -> bool:
        """Whether nothing is due or under way anywhere, and the walk of the start is over."""
        if not self.servers or not self._resting:
            return False
        nothing_waits = await self.database.run(self._nothing_waits)
        # What was claimed while the store was read is no longer due, but it is under way.
        return nothing_waits and self._resting

    @property
    def _resting(self) -> bool:
        idle = all(server.worker.idle for server in self.owned)
        return idle and not any(entry.pending for entry in self.entries.values())

    def _nothing_waits(self, connection: Connection) -> bool:
        walk = walks.load(connection, FULL)
        tables = (self.timetable, *(server.timetable for server in self.servers))
        # A wish that another version left, and nobody here can grant, keeps nobody waiting.
        wished = any(name in table.entries for name in wishes.waiting(connection) for table in tables)
        if walk is None or walk.finished_at is None or wished:
            return False
        if any(brakes.held(connection, server.name, PENDING) for server in self.servers):
            return False
        depths = [queue.depth(connection, server.name) for server in self.servers]
        return not any(depth[lane.name.lower()] for depth in depths for lane in Lane)

    async def take(self, events: Sequence[Event]) -> None:
        """Note events durably."""
        await self.intake.take(events)

    async def plan(self, scenes: Sequence[int]) -> AsyncIterator[Planned]:
        """What a sync of these scenes would do, on every server; nothing is written to Plex."""
        targets = [(server.tools, Scope(closely=True)) for server in await self._known_servers()]
        async for planned in Previews(stash=self.stash, targets=targets).of(scenes):
            yield planned

    async def plan_all(self, library: str | None = None) -> AsyncIterator[Planned]:
        """The same of all that Stash has, or of what belongs to one library. UnknownLibraryError names the others."""
        if library is None:
            targets = [(server.tools, Scope()) for server in await self._known_servers()]
        else:
            matches = await self._libraries(library)
            targets = [(server.tools, Scope(section=section.key)) for server, section in matches]
        async for planned in Previews(stash=self.stash, targets=targets).all():
            yield planned

    async def meet(self) -> None:
        """Note the scenes that were never seen: which file is which item may depend on them. A walk still puts them."""
        async for page in Previews(stash=self.stash, targets=()).pages():
            await self.database.run(partial(self._meet, page))

    def _meet(self, page: Sequence[Scene], connection: Connection) -> None:
        known = seen.known(connection, [scene.id for scene in page])
        seen.note(connection, [scene for scene in page if scene.id not in known], self.clock.now())

    async def sync_scenes(self, scenes: Sequence[int]) -> int:
        """Queue scenes in front of everything else."""
        run = await self.database.run(new_run)
        await self.intake.put(scenes, Lane.USER, "user", run)
        return len(scenes) * len(self.servers)

    async def sync_all(self) -> None:
        """Walk through all of Stash now and queue what differs."""
        await self.intake.wish(FULL_WALK)

    async def sync_recent(self) -> None:
        """Queue what was touched in the last 24 hours."""
        await self.intake.wish("recent")

    async def sync_library(self, name: str, *, go: bool) -> int:
        """Let a library's backlog be written (`go`), or only count what waits. UnknownLibraryError names the others."""
        matches = await self._libraries(name)
        if go:
            again = any(section in server.libraries.left for server, section in matches)
            count = sum([await server.go(section.key) for server, section in matches])
            if again:
                await self.sync_all()
            for server, _ in matches:
                # Whichever daemon works on it is to know at once.
                await self.intake.wish(libraries_of(server.name))
            return count
        return sum([await server.waiting(section.key) for server, section in matches])

    async def undo_library(self, name: str) -> list[dict[str, Any]]:
        """Put back all that was ever written in the libraries of that name, and pin it."""
        return [
            {"library": section.title, **await self.undoing.undo_library(server.name, section.key)}
            for server, section in await self._libraries(name)
        ]

    async def uninstall(self, name: str | None) -> list[dict[str, Any]]:
        """Put all of a library (None: of each) back as it was before us, and write there no more until a go."""
        found = []
        for server, section in await self._libraries(name):
            await server.libraries.leave(section.key)
            facts = await self.undoing.undo_library(server.name, section.key, pinned=False)
            asks = section.agent == IDENTIFIER
            found.append({"server": server.name, "library": section.title, "asks_provider": asks, **facts})
            # Whichever daemon works on it is to know at once.
            await self.intake.wish(libraries_of(server.name))
        return found

    async def _libraries(self, name: str | None) -> list[tuple[Server, Section]]:
        """The chosen libraries of that title or key, None for all; UnknownLibraryError names those that there are."""
        servers = await self._known_servers()
        for server in servers:
            await server.libraries.load()
        chosen = [
            (server, section) for server in servers for section in (*server.libraries.synced, *server.libraries.left)
        ]
        if name is None:
            return chosen
        found = [one for one in chosen if text_key(one[1].title) == text_key(name) or str(one[1].key) == name]
        if not found:
            titles = ", ".join(section.title for _, section in chosen)
            raise UnknownLibraryError(
                f"no synced library is called {name!r}; synced are: {titles or 'none (see `libraries`)'}"
            )
        return found

    async def status(self) -> dict[str, Any]:
        """How everything stands, as JSON facts."""
        servers = await self._known_servers()
        titles = {ownership.key: ownership.title for ownership in self.ownerships}
        mine = {ownership.key for ownership in self.ownerships if ownership.reign is not None}
        facts, owners = await self.database.run(
            lambda c: (reports.status(c, [server.name for server in servers]), reports.owners(c, titles, mine))
        )
        if self.timetable_ownership.reign is not None:
            facts["stash"]["gate"] = _gate(self.stash_gate)
        for known, server in zip(facts["servers"], servers, strict=True):
            if plex_key(server.name) in mine:
                known["gate"] = _gate(server.gate)
            known["synced"] = [section.title for section in server.libraries.synced]
            known["unknown_libraries"] = list(server.libraries.unknown)
            known["listening"] = server.listening.facts()
        return facts | {
            "running": True,
            "owners": owners if self.database.shared else [one | {"beat_age": None} for one in owners],
            "accepted_events": self.intake.accepted,
            "provider_asked_at": self.heard.at,
            "timetable": {name: {"runs": entry.runs, "fault": entry.fault} for name, entry in self.entries.items()},
            "hints": [*self.hints, *(hint for server in self.owned for hint in server.hints)],
            "troubles": [*self.troubles(), *facts["notices"], *facts["questions"]],
        }

    def troubles(self) -> list[str]:
        """What needs a person, in full sentences."""
        found = [spool.fault for spool in self.spools if spool.fault]
        found += [f"setting refused: {line}" for line in self.refused_settings]
        for gate in self.gates:
            if not gate.closed:
                found.append(f"{gate.name} is {_gate(gate)['state']}: {gate.gate.reason}")
        for server in self.owned:
            found += server.held_libraries
            found += server.round_trip.faults
            found += [f"Plex has no library called {name!r}" for name in server.libraries.unknown]
            found += [_left_line(section.title) for section in server.libraries.left]
            if not server.libraries.chosen:
                titles = ", ".join(section.title for section in server.libraries.candidates)
                found.append(f"no library is chosen, so nothing is written; Plex has: {titles or 'none known yet'}")
        if len(self.owned) == len(self.server_ownerships):
            found += unmet(self.owned)
        found += {server.worker.trouble for server in self.owned} - {""}
        if (backup := self.entries.get(BACKUP)) is not None and backup.fault:
            found.append(backup.fault)
        return found

    @property
    def gates(self) -> tuple[Gatekeeper, ...]:
        """Stash's gate as this daemon sees it, and those of the servers that it works on."""
        return (self.stash_gate, *(server.gate for server in self.owned))

    async def noted(self) -> int:
        """Somebody knows what happened to the store; how many messages about that there were."""
        return await self.database.run(notices.clear)

    async def queue(self, limit: int) -> list[dict[str, Any]]:
        """The jobs that wait or are worked on."""
        return await self.database.run(lambda c: reports.queue_rows(c, limit))

    async def dead(self, limit: int) -> list[dict[str, Any]]:
        """The dead letters."""
        return await self.database.run(lambda c: reports.dead_rows(c, limit))

    async def why(self, scene: int) -> dict[str, Any]:
        """Where one scene stands, and why."""
        names = [server.name for server in self.servers]
        return await self.database.run(lambda c: reports.why(c, scene, names))

    async def explain(self, scene: int) -> dict[str, Any]:
        """The same, and how it was matched and why each field is as it is, as Stash and Plex are now."""
        facts = await self.why(scene)
        for server, known in zip(await self._known_servers(), facts["servers"], strict=True):
            known["live"] = await explain(scene, self.stash, server.tools)
        return facts

    @asynccontextmanager
    async def owning(self) -> AsyncIterator[None]:
        """Own everything meanwhile, for a command that works here and now, also while nothing is `run`.

        StoreError names a daemon that owns some of it.
        """
        try:
            for ownership in self.ownerships:
                if ownership.reign is None and (holder := await ownership.take()):
                    raise StoreError(
                        f"{holder} works on {ownership.title} by the same database {self.database.place}: give the "
                        "command to that daemon (by its own data folder), or stop it first"
                    )
            reigns = [ownership.reign for ownership in self.ownerships if ownership.reign is not None]
            keeping = [asyncio.create_task(reign.keep()) for reign in reigns]
            try:
                yield
            finally:
                for task in keeping:
                    task.cancel()
                await asyncio.gather(*keeping, return_exceptions=True)
        finally:
            for ownership in self.ownerships:
                await ownership.end()

    async def _known_servers(self) -> list[Server]:
        return [await ownership.known() for ownership in self.server_ownerships]

    async def _watch(self, spool: Spool) -> None:
        """Take in what lies in the folder, at each nudge and each `poll_interval`."""
        nudged = asyncio.Event()
        try:
            while True:
                spool.listen(nudged)
                await spool.drain()
                await self.clock.wait(nudged, self.poll_interval)
                nudged.clear()
        finally:
            spool.close()


def _left_line(title: str) -> str:
    return (
        f"the library {title!r} was put back as it was before PlexSync, and is not written any more: take it out of "
        f"`libraries`, or begin anew with `plexsync sync --library {title!r} --go`"
    )


def _gate(gate: Gatekeeper) -> dict[str, Any]:
    held = [{"library": one.section, "since": one.since, "reason": one.reason} for one in gate.held_sections]
    facts = {"state": gate.gate.state.value, "since": gate.gate.since, "reason": gate.gate.reason}
    return facts | ({"held_libraries": held} if held else {})
