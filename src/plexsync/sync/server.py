"""Everything that belongs to one Plex server while a daemon works."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from plexsync.model.work import Lane, Put
from plexsync.store import decisions, jobs, queue
from plexsync.store.database import Connection
from plexsync.sync.gatekeeper import Gatekeeper
from plexsync.sync.libraries import Libraries
from plexsync.sync.tools import Tools
from plexsync.sync.worker import Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One Plex: its gate, its libraries, the tools of its scenes and the worker that uses them."""

    name: str
    gate: Gatekeeper
    libraries: Libraries
    tools: Tools
    worker: Worker
    pin: Callable[[], Awaitable[None]]  #: makes sure that it is the server we know, and remembers a new one
    known: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Work and watch the gate until cancelled. Jobs wait until Plex has told its libraries once."""
        await self.libraries.load()
        if self.libraries.sections:
            self.known.set()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.gate.run())
            await self.known.wait()
            group.create_task(self.worker.run())

    async def refresh(self) -> None:
        """Look for new and vanished items; those who wait for them are woken."""
        await self.pin()
        if await self.libraries.refresh():
            self.worker.wake()
        self.known.set()

    async def go(self, section: int) -> int:
        """The user lets a library's backlog be written; how many scenes that puts."""
        await self.libraries.go(section)

        def put(connection: Connection) -> int:
            scenes: list[int] = []
            after: tuple[str, int] | None = None
            while rows := decisions.listing(connection, server=self.name, kind="preview", limit=1000, after=after):
                scenes += [row.scene for row in rows if section in row.decision.facts.get("sections", ())]
                after = (rows[-1].server, rows[-1].scene)
            # A job under way may have looked at the library before the go: what it decides then must not count.
            scenes += queue.working(connection, self.name)
            puts = [Put(server=self.name, scene=scene, lane=Lane.BULK, reason="go") for scene in dict.fromkeys(scenes)]
            jobs.put(connection, puts, self.tools.clock.now())
            return len(puts)

        count = await self.tools.database.run(put)
        self.worker.wake()
        return count
