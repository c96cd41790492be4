"""A PlexSync that nobody tells anything, and changes in Stash that fire no hook."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plexsync.sync.service import Service
from plexsync.sync.walks.windows import WINDOWS
from world import FastClock, World, quiet, until, world

#: Seconds after which a change is due: the next look, and the next look at all names.
POLL, NAMES = 31.0, 331.0


@dataclass(slots=True)
class Silence:
    """A world at work, and the ways to change it in silence."""

    place: World
    service: Service

    async def pass_time(self, seconds: float = POLL) -> None:
        """Let so much time pass, and what was found then be done."""
        entry = self.service.timetable.entries[WINDOWS]
        # A look that is under way began too early.
        enough = entry.runs + 1 + entry.under_way
        self.place.clock.leap(seconds)

        async def over() -> bool:
            return entry.runs >= enough and not entry.under_way and await self.service.quiet()

        await until(over)

    async def scene(self, number: int, **values: Any) -> None:
        """As auto-tag, identify, generate and import do."""
        await self._post("silent", {"id": number, **values})

    async def named(self, kind: str, name: str, **values: Any) -> int:
        """As a batch against a stash-box does."""
        return int((await self._post("named", {"kind": kind, "name": name, **values}))["id"])

    async def file(self, **facts: Any) -> None:
        """A file that is the same to Stash and Plex: `path` below the root of both."""
        for server, root in ((self.place.stash, "/data"), (self.place.plex, "/plex/media")):
            body = {"path": f"{root}/{facts['path']}", "size": 5_000_000}
            if server is self.place.stash and "scene" in facts:
                body["scene"] = facts["scene"]
            answer = await self.place.http.post(f"{server.url}/_sim/files", json=body | {"scan": True})
            assert answer.status_code == 200, answer.text

    async def _post(self, route: str, body: dict[str, Any]) -> Any:
        answer = await self.place.http.post(f"{self.place.stash.url}/_sim/{route}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()


@asynccontextmanager
async def silence(
    folder: Path,
    *,
    scenes: int = 5,
    clock: FastClock | None = None,
    plugins: tuple[Path, ...] = (),
    knows_files_filter: bool = True,
    **settings: str,
) -> AsyncIterator[Silence]:
    """At rest after the first walk. Scene 3, say, has the tag "tag 3", the performer "performer 3" and so on."""
    place_of = world(
        folder, scenes=scenes, plugins=plugins, clock=clock or FastClock(10), knows_files_filter=knows_files_filter
    )
    async with place_of as place:
        for number in range(1, scenes + 1):
            facts = {"tags": [f"tag {number}"], "performers": [f"performer {number}"], "groups": [f"group {number}"]}
            body: dict[str, Any] = {"id": number, "studio": f"studio {number}", **facts}
            await place.http.post(f"{place.stash.url}/_sim/silent", json=body)
        async with place.running(dies=False, **{"stash_poll": "30"} | settings) as service:
            await quiet(service)
            quietness = Silence(place=place, service=service)
            # What was touched within the last seconds before the start is looked at once more.
            await quietness.pass_time(float(settings.get("stash_poll", POLL)) + 1)
            yield quietness
