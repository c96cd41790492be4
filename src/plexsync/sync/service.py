"""PlexSync at work: what the command line and the pages may ask of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from plexsync.log import logger
from plexsync.model.compare import text_key
from plexsync.model.work import Event, Lane
from plexsync.stash.client import StashClient
from plexsync.store import seen
from plexsync.store.database import Database
from plexsync.sync import reports
from plexsync.sync.clock import Clock
from plexsync.sync.gatekeeper import Gatekeeper
from plexsync.sync.intake import Intake
from plexsync.sync.planning import Planned, plan_scenes
from plexsync.sync.server import Server
from plexsync.sync.spool import Spool
from plexsync.sync.timetable import Timetable
from plexsync.sync.walk import Walker

_log = logger("plexsync.service")

_PLANNED_AT_ONCE = 50


class UnknownLibraryError(Exception):
    """No synced library goes by that title or key; the message lists those that do."""


@dataclass(slots=True, kw_only=True)
class Service:
    """The running graph. `run` works until cancelled; everything else may be called meanwhile."""

    database: Database
    clock: Clock
    stash: StashClient
    stash_gate: Gatekeeper
    servers: tuple[Server, ...]
    intake: Intake
    walker: Walker
    timetable: Timetable
    spools: tuple[Spool, ...]
    refused_settings: tuple[str, ...] = ()
    poll_interval: float = 1.0
    started: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.stash_gate.run())
            for server in self.servers:
                group.create_task(server.run())
            group.create_task(self.timetable.run())
            for spool in self.spools:
                group.create_task(self._watch(spool))
            self.started.set()

    async def wind_down(self, grace: float) -> None:
        """Start nothing more and let what is under way end, for at most `grace` seconds."""
        await asyncio.gather(*(server.worker.stop(grace) for server in self.servers))

    async def quiet(self) -> bool:
        """Whether nothing is due or under way, and the walk of the start is over."""
        if not self.servers or not all(server.worker.idle for server in self.servers):
            return False
        if any(
            (entry.at_start and not entry.runs) or entry.asked.is_set() or entry.under_way
            for entry in self.timetable.entries.values()
        ):
            return False
        nothing_due = all(self._nothing_due(depth) for depth in await self._depths())
        # What was claimed while the depths were read is no longer due, but it is under way.
        return nothing_due and all(server.worker.idle for server in self.servers)

    async def take(self, events: Sequence[Event]) -> None:
        """Note events durably."""
        await self.intake.take(events)

    async def plan(self, scenes: Sequence[int]) -> AsyncIterator[Planned]:
        """What a sync of these scenes would do, on every server; nothing is written to Plex."""
        for start in range(0, len(scenes), _PLANNED_AT_ONCE):
            some = scenes[start : start + _PLANNED_AT_ONCE]
            for server in self.servers:
                for planned in await plan_scenes(some, self.stash, server.tools):
                    yield planned

    async def all_scenes(self) -> list[int]:
        """The ids of all scenes seen so far."""
        return await self.database.run(lambda c: seen.ids_after(c, 0, 2**31 - 1))

    async def sync_scenes(self, scenes: Sequence[int]) -> int:
        """Queue scenes in front of everything else."""
        await self.intake.put(scenes, Lane.USER, "user")
        return len(scenes) * len(self.servers)

    def sync_all(self) -> None:
        """Walk through all of Stash now and queue what differs."""
        self.walker.start_over()
        self.timetable.ask("full walk")

    def sync_recent(self) -> None:
        """Queue what was touched in the last 24 hours."""
        self.timetable.ask("recent")

    async def sync_library(self, name: str, *, go: bool) -> int:
        """Let a library's backlog be written (`go`), or only count what waits. UnknownLibraryError names the others."""
        matches = [
            (server, section)
            for server in self.servers
            for section in server.libraries.synced
            if text_key(section.title) == text_key(name) or str(section.key) == name
        ]
        if not matches:
            titles = [section.title for server in self.servers for section in server.libraries.synced]
            raise UnknownLibraryError(
                f"no synced library is called {name!r}; synced are: {', '.join(titles) or 'none (see `libraries`)'}"
            )
        if go:
            return sum([await server.go(section.key) for server, section in matches])
        status = await self.status()
        return sum(server["first_contact"]["waiting"] for server in status["servers"])

    async def status(self) -> dict[str, Any]:
        """How everything stands, as JSON facts."""
        facts = await self.database.run(lambda c: reports.status(c, [server.name for server in self.servers]))
        facts["stash"]["gate"] = _gate(self.stash_gate)
        for known, server in zip(facts["servers"], self.servers, strict=True):
            known["gate"] = _gate(server.gate)
            known["synced"] = [section.title for section in server.libraries.synced]
            known["unknown_libraries"] = list(server.libraries.unknown)
        return facts | {
            "running": True,
            "accepted_events": self.intake.accepted,
            "timetable": {
                name: {"runs": entry.runs, "fault": entry.fault} for name, entry in self.timetable.entries.items()
            },
            "troubles": self.troubles(),
        }

    def troubles(self) -> list[str]:
        """What needs a person, in full sentences."""
        found = [spool.fault for spool in self.spools if spool.fault]
        found += [f"setting refused: {line}" for line in self.refused_settings]
        for gate in (self.stash_gate, *(server.gate for server in self.servers)):
            if not gate.closed:
                found.append(f"{gate.name} is {_gate(gate)['state']}: {gate.gate.reason}")
        for server in self.servers:
            found += [f"Plex has no library called {name!r}" for name in server.libraries.unknown]
            if not server.libraries.chosen:
                titles = ", ".join(section.title for section in server.libraries.candidates)
                found.append(f"no library is chosen, so nothing is written; Plex has: {titles or 'none known yet'}")
        return found

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

    async def _depths(self) -> list[dict[str, Any]]:
        return [server["queue"] for server in (await self.status())["servers"]]

    @staticmethod
    def _nothing_due(depth: dict[str, int]) -> bool:
        return depth["user"] + depth["change"] + depth["bulk"] == 0


def _gate(gate: Gatekeeper) -> dict[str, Any]:
    return {"state": gate.gate.state.value, "since": gate.gate.since, "reason": gate.gate.reason}
