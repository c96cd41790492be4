"""Everything that belongs to one Plex server while a daemon owns it, and what is known of it by one that stands by."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from plexsync.model.work import Lane, Put
from plexsync.store import decisions, jobs, queue
from plexsync.store.database import Connection
from plexsync.sync.brakes.brake import PREVIEW
from plexsync.sync.brakes.judging import Brake
from plexsync.sync.causes import TOOK_OVER
from plexsync.sync.gates.gatekeeper import Gatekeeper
from plexsync.sync.index.libraries import Libraries
from plexsync.sync.index.listening import Listening
from plexsync.sync.paths.roundtrip import RoundTrip
from plexsync.sync.story.holding import go_ahead
from plexsync.sync.story.tools import Tools
from plexsync.sync.timetable import Timetable
from plexsync.sync.work.worker import Worker


def libraries_of(server: str) -> str:
    """The entry of the server's timetable that looks what libraries and items it has."""
    return f"libraries of {server}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One Plex: its gate, its libraries, its own timetable, the tools of its scenes and the worker that uses them."""

    name: str
    gate: Gatekeeper
    libraries: Libraries
    tools: Tools
    worker: Worker
    timetable: Timetable
    brake: Brake
    round_trip: RoundTrip
    listening: Listening
    pin: Callable[[], Awaitable[None]]  #: makes sure that it is the server we know, and remembers a new one
    known: asyncio.Event = field(default_factory=asyncio.Event)

    async def load(self) -> None:
        """Learn what the store knows of it."""
        await self.libraries.load()

    async def run(self) -> None:
        """Work and watch the gate until cancelled. Jobs wait until Plex has told its libraries once."""
        await self.libraries.load()
        if self.libraries.sections:
            self.known.set()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.timetable.run())
            group.create_task(self.gate.run())
            group.create_task(self.listening.run())
            await self.known.wait()
            group.create_task(self.worker.run())

    @property
    def held_libraries(self) -> list[str]:
        """Each library that is held while the others work, in a sentence for people."""
        titles = {section.key: section.title for section in self.libraries.sections}
        return [
            f"the library {titles.get(held.section, str(held.section))!r} of {self.gate.name} fails while Plex itself"
            f" is well: {held.reason}. Its work waits, and one scene tries it every minute; the others go on. Look"
            " whether its disk is there and whether Plex can write to its own data"
            for held in self.gate.held_sections
        ]

    @property
    def hints(self) -> list[str]:
        """What is done, and is better said otherwise in the settings."""
        return [
            f"the library {before!r} is called {now!r} in Plex now, and is written as before: change its name in the"
            " settings too"
            for before, now in self.libraries.renamed.items()
        ]

    async def stop(self, grace: float) -> None:
        """Begin no more jobs, and let those under way end for at most so many seconds."""
        await self.worker.stop(grace)

    def unkept(self) -> Sequence[Put]:
        """The scenes that were begun: what was sent of them may come to Plex after others looked at it."""
        scenes = sorted(self.worker.unkept)
        return [Put(server=self.name, scene=scene, lane=Lane.CHANGE, reason=TOOK_OVER) for scene in scenes]

    async def rebuild(self) -> None:
        """List all items of all synced libraries anew."""
        await self.refresh(whole=True)

    async def refresh(self, *, whole: bool = False) -> None:
        """Look for new and vanished items; those who wait for them are woken."""
        held = {section.key for section in self.libraries.synced if self.libraries.in_preview(section.key)}
        await self.pin()
        try:
            await self.libraries.refresh(whole=whole)
        finally:
            self.worker.wake()
        for section in held:
            # The user may have let it go by another daemon, while a job of ours still took it for held.
            if not self.libraries.in_preview(section):
                await self._put_held(section)
        self.known.set()
        self.libraries.insist()

    async def go(self, section: int) -> int:
        """The user lets a library's backlog be written; how many scenes that puts."""
        await self.libraries.go(section)
        return await self._put_held(section)

    async def waiting(self, section: int) -> int:
        """How many scenes wait for the user's go in that library."""
        return len(await self.tools.database.run(lambda c: self._previewed(c, section)))

    def _previewed(self, connection: Connection, section: int) -> list[int]:
        scenes: list[int] = []
        after: tuple[str, int] | None = None
        while rows := decisions.listing(connection, server=self.name, kind=PREVIEW, limit=1000, after=after):
            scenes += [row.scene for row in rows if section in row.decision.facts.get("sections", ())]
            after = (rows[-1].server, rows[-1].scene)
        return scenes

    async def _put_held(self, section: int) -> int:
        def put(connection: Connection) -> int:
            # A job under way may have looked at the library before the go: what it decides then must not count.
            scenes = [*self._previewed(connection, section), *queue.working(connection, self.name)]
            reason = go_ahead(section)
            puts = [Put(server=self.name, scene=one, lane=Lane.BULK, reason=reason) for one in dict.fromkeys(scenes)]
            jobs.put(connection, puts, self.tools.clock.now())
            return len(puts)

        count = await self.tools.database.run(put)
        self.worker.wake()
        return count
