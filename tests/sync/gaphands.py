"""Two servers in step, hands that make gaps between them while PlexSync rests, and searches for those gaps."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plexsync.app.graph import Graph
from plexsync.app.sources import Sources
from plexsync.model.gaps import Scope
from plexsync.sync.gaps.reconcile import RECONCILE
from world import FastClock, World, opened, quiet, until, world

TOKEN = {"X-Plex-Token": "sim-plex-token"}


@dataclass(frozen=True, slots=True)
class Hands:
    """What people, disks and PlexSync do."""

    place: World

    async def in_plex(self, scene: int, **values: Any) -> None:
        """Edit the scene's item."""
        await self.item_edited((await self.place.item(scene))["ratingKey"], **values)

    async def item_edited(self, key: str, **values: Any) -> None:
        """Edit an item, later than PlexSync did: Plex tells times in whole seconds."""
        (item,) = (one for one in (await self.place.items()).values() if one["ratingKey"] == key)

        async def later() -> bool:
            """the second of the last change is over"""
            return bool(time.time() >= item["updatedAt"] + 1)

        await until(later)
        answer = await self.place.http.put(f"{self.place.plex.url}/_sim/items/{key}", json=values)
        assert answer.status_code == 200, answer.text

    async def plex_file(self, path: str, **more: Any) -> None:
        """A file appears on Plex's disk, and Plex scans it."""
        answer = await self.place.http.post(
            f"{self.place.plex.url}/_sim/files", json={"path": path, "scan": True, **more}
        )
        assert answer.status_code < 300, answer.text

    async def plex_loses(self, path: str) -> None:
        """A file goes, and Plex forgets it."""
        content = {"path": path, "scan": True}
        await self.place.http.request("DELETE", f"{self.place.plex.url}/_sim/files", json=content)
        await self.place.http.put(f"{self.place.plex.url}/library/sections/1/emptyTrash", headers=TOKEN)

    async def stash_file(self, path: str, **more: Any) -> int:
        """A file appears on Stash's disk, and Stash scans it."""
        answer = await self.place.http.post(f"{self.place.stash.url}/_sim/files", json={"path": path, **more})
        assert answer.status_code == 200, answer.text
        return int(answer.json()["id"])

    async def silent(self, scene: int, **values: Any) -> None:
        """Edit a scene of which no hook tells."""
        answer = await self.place.http.post(f"{self.place.stash.url}/_sim/silent", json={"id": scene, **values})
        assert answer.status_code == 200, answer.text

    @asynccontextmanager
    async def graph(self) -> AsyncIterator[Graph]:
        """PlexSync with nothing at work; it knows what Plex has."""
        sources = Sources(environ=self.place.environ, data_dir=self.place.folder / "data")
        async with opened(sources, self.place.clock) as graph, graph.service.owning():
            for server in graph.service.servers:
                await server.libraries.load()
                await server.refresh()
            yield graph

    async def search(self, scope: Scope = Scope.ALL, *, report_only: bool = False) -> dict[str, Any]:
        """Search for gaps; what was found, and queued unless it is only reported."""
        async with self.graph() as graph:
            return await searched(graph, scope, report_only=report_only)

    async def work_off(self) -> None:
        """Let PlexSync do what is queued."""
        async with self.place.running() as service:
            await quiet(service)

    async def run(self, number: int) -> dict[str, Any]:
        """What became of a run."""
        async with self.graph() as graph:
            await graph.service.timetable.entries[RECONCILE].run()
            return await graph.service.reconciling.run(number)


async def searched(graph: Graph, scope: Scope = Scope.ALL, *, report_only: bool = False) -> dict[str, Any]:
    """The same by a graph that is open."""
    asked = await graph.service.reconciling.ask(scope, report_only=report_only)
    await graph.service.timetable.entries[RECONCILE].run()
    return await graph.service.reconciling.run(asked["run"])


def found(run: dict[str, Any]) -> dict[str, int]:
    """How many gaps of each kind."""
    return {kind: sum(outcomes.values()) for kind, outcomes in run["found"].items() if outcomes}


@asynccontextmanager
async def in_step(folder: Path, *, scenes: int = 6, **settings: str) -> AsyncIterator[Hands]:
    """Both servers hold the same, and PlexSync rests."""
    async with world(folder, scenes=scenes) as place:
        place.clock = FastClock(20.0)
        place.settings = settings
        hands = Hands(place)
        await hands.work_off()
        yield hands
