"""The libraries of a simulated Plex and the index of their items, with nothing else around them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from plexsync.model.pathrules import PathRules
from plexsync.model.paths import path_key
from plexsync.plex.client import PlexClient
from plexsync.sim.plex import PlexOptions, create_app
from plexsync.sim.serving import Serving, serving
from plexsync.store import index, listings
from plexsync.store.database import Connection, Database
from plexsync.sync.index.libraries import Libraries
from sync.hands import SetClock
from world import CONNECTIONS, LIBRARY

SERVER = "plex"
TOKEN = {"X-Plex-Token": "sim-plex-token"}


@dataclass(slots=True, kw_only=True)
class Shop:
    """A Plex, a store, and ways to act on both."""

    url: str
    database: Database
    http: httpx2.AsyncClient
    plex: PlexClient
    clock: SetClock

    def libraries(self, *chosen: str) -> Libraries:
        """As after a start."""
        return Libraries(
            server=SERVER,
            plex=self.plex,
            database=self.database,
            paths=PathRules(),
            clock=self.clock,
            chosen=chosen or (LIBRARY,),
        )

    async def act(self, method: str, what: str, content: Any = None) -> Any:
        """Do something below /_sim/."""
        answer = await self.http.request(method, f"{self.url}/_sim/{what}", json=content)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def ask(self, method: str, path: str) -> None:
        """Do something that a person does in Plex."""
        (await self.http.request(method, f"{self.url}{path}", headers=TOKEN)).raise_for_status()

    async def file(self, path: str, **more: Any) -> int:
        """A file comes, and a scan finds it; the key of its item."""
        return int((await self.act("POST", "files", {"path": path, "scan": True, **more}))["ratingKey"])

    async def loses(self, path: str, section: int = 1) -> None:
        """A file goes, and its item with it."""
        await self.act("DELETE", "files", {"path": path, "scan": True})
        await self.ask("PUT", f"/library/sections/{section}/emptyTrash")

    async def held(self, path: str) -> list[int]:
        """The items that the index holds at a path."""
        key = path_key(path)
        found = await self.database.run(lambda c: index.at_paths(c, SERVER, [key]))
        return [item.rating_key for item in found.get(key, [])]

    async def paths(self) -> set[str]:
        """All files that Plex has."""
        return set(await self.act("GET", "items"))

    async def counted(self) -> dict[int, int]:
        """How many items the index holds of each library."""
        return await self.database.run(lambda c: index.count(c, SERVER))

    async def listing(self, section: int = 1) -> listings.Listing:
        """How far a library is followed."""

        def read(connection: Connection) -> listings.Listing | None:
            return listings.get(connection, SERVER, section)

        found = await self.database.run(read)
        assert found is not None
        return found

    async def asked(self) -> list[str]:
        """The paths of the requests since the last look, oldest first."""
        log = await self.act("GET", "requests")
        await self.http.delete(f"{self.url}/_sim/requests")
        return [row["path"] for row in log["requests"]]


@asynccontextmanager
async def shop(url: str, *, items: int = 5) -> AsyncIterator[Shop]:
    """A Plex with so many items; the store is at `url`."""
    with serving(create_app(PlexOptions(items=items))) as plex:
        async with opened(url, plex) as found:
            yield found


@asynccontextmanager
async def opened(url: str, plex: Serving) -> AsyncIterator[Shop]:
    """A store beside a Plex that runs."""
    database = Database.open(url)
    async with (
        httpx2.AsyncClient(timeout=60, limits=CONNECTIONS) as http,
        PlexClient(plex.url, "sim-plex-token", client_identifier="test", read_timeout=60) as client,
    ):
        try:
            yield Shop(url=plex.url, database=database, http=http, plex=client, clock=SetClock())
        finally:
            database.close()
