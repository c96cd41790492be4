"""Stash, PlexSync with its provider at a port, and a Plex whose library asks that provider: all at work."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from plexsync.app.graph import Graph
from plexsync.app.sources import Sources
from plexsync.model.fields import Field
from plexsync.model.plan import Written
from plexsync.model.work import Lane
from plexsync.provider.routes import provider_routes
from plexsync.sim.plex import PlexOptions
from plexsync.sim.plex import create_app as plex_app
from plexsync.sim.serving import serving
from plexsync.sim.stash import StashOptions
from plexsync.sim.stash import create_app as stash_app
from plexsync.store import ledger
from plexsync.sync.service import Service
from plexsync.web.api import create_app
from plexsync.web.serving import QuietServer
from provider.desk import IDENTIFIER
from world import CONNECTIONS, FastClock, World, opened, quiet, until

_OWNER = {"X-Plex-Token": "sim-plex-token", "Accept": "application/json"}


@dataclass(slots=True)
class Stage:
    """`away` closes the provider for whoever asks; scenes are `paths` in Plex by their ids."""

    place: World
    graph: Graph
    port: int
    paths: dict[int, str] = field(default_factory=dict)
    _door: QuietServer | None = None
    _serving: asyncio.Task[None] | None = None
    _work: asyncio.Task[None] | None = None

    @property
    def service(self) -> Service:
        """What works."""
        return self.graph.service

    @property
    def answers(self) -> bool:
        """Whether the provider can be asked."""
        return self._door is not None

    async def open(self) -> None:
        """The provider answers from now on."""
        routes = provider_routes(self.graph.provider, self.graph.identity.provider_path)
        app = create_app(
            self.service, api_key="key", events_token="token", allowed_hosts=(), stop=lambda: None, beside=[routes]
        )
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._door = QuietServer(app)
        self._serving = asyncio.create_task(self._door.serve_on(listener))

    async def shut(self) -> None:
        """Nobody answers any more."""
        if self._door is not None and self._serving is not None:
            self._door.end()
            await self._serving
            self._door = self._serving = None

    @property
    def root(self) -> str:
        """The provider's address."""
        return f"http://127.0.0.1:{self.port}/provider/{self.graph.identity.provider_path}"

    async def ask(self, method: str, path: str, **asked: Any) -> Any:
        """What Plex says to its owner, who must be obeyed."""
        answer = await self.place.http.request(method, self.place.plex.url + path, headers=_OWNER, **asked)
        assert answer.status_code < 300, (path, answer.status_code, answer.text)
        return answer.json() if answer.text.startswith("{") else None

    async def give_library(self) -> None:
        """Plex asks the provider about the first library."""
        await self.ask("POST", "/media/providers/metadata", params={"uri": self.root})
        wanted = {"title": "Stash", "primaryIdentifier": IDENTIFIER}
        made = (await self.ask("POST", "/media/providers/metadata/group", params=wanted))["MediaContainer"]
        group = str(made["MetadataAgentProviderGroup"][0]["id"])
        agent = {"agent": IDENTIFIER, "metadataAgentProviderGroupId": group}
        await self.ask("PUT", "/library/sections/1", params=agent)

    def begin(self) -> None:
        """PlexSync is at work from now on."""
        self._work = self._work or asyncio.create_task(self.service.run())

    async def end(self) -> None:
        """Everything is at rest."""
        await self.shut()
        if self._work is not None:
            await self.service.wind_down(5)
            self._work.cancel()
            await asyncio.wait([self._work])

    async def scan(self, **ends: bool) -> None:
        """The files of all scenes appear in Plex, which asks about each; all that follows is done."""
        for path in self.paths.values():
            await self.ask("POST", "/_sim/files", json={"path": path})
        await self.ask("POST", "/library/sections/1/refresh")
        await self.ask("GET", "/_sim/agents?settled=1")
        self.begin()
        await self.at_rest(**ends)

    async def refresh(self, *scenes: int) -> None:
        """Plex asks again about these scenes' items, or about all; nothing waits for a sync."""
        items = await self.place.items()
        for scene in scenes or self.paths:
            await self.ask("PUT", f"/library/metadata/{items[self.paths[scene]]['ratingKey']}/refresh")
        await self.ask("GET", "/_sim/agents?settled=1")

    async def at_rest(self, *, previewed: bool = False, excluded: bool = False, busy: bool = False) -> None:
        """Plex has nothing left to ask, each scene has come to its end with its item, and nothing is queued.

        A scene is in step, or is `previewed` or `excluded` where those may be; where it is `busy` others may wait.
        """
        await self.ask("GET", "/_sim/agents?settled=1")
        ends = {"preview"} if previewed else {"excluded"} if excluded else set()

        await self.service.intake.wish("libraries of plex")

        async def whole() -> bool:
            """each scene came to its end"""
            whys = [(await self.service.why(scene))["servers"][0] for scene in self.paths]
            done = all(
                any(one["in_step"] for one in why["items"]) or (why["decision"] or {}).get("kind") in ends
                for why in whys
            )
            return done and (busy or await self.service.quiet())

        await until(whole)

    async def item(self, scene: int) -> dict[str, Any]:
        """What Plex holds for a scene."""
        return (await self.place.items())[self.paths[scene]]

    async def silently(self, scene: int, **values: Any) -> None:
        """Stash changes a scene, and nobody is told."""
        answer = await self.place.http.post(f"{self.place.stash.url}/_sim/silent", json={"id": scene, **values})
        assert answer.status_code == 200, answer.text

    async def synced(self, scene: int, **values: Any) -> dict[str, Any]:
        """Stash changes a scene and its hook tells; the item as it is then."""
        await self.silently(scene, **values)
        await self.service.intake.put([scene], Lane.CHANGE, "hook")
        await quiet(self.service)
        return await self.item(scene)

    async def edit_in_plex(self, scene: int, **values: Any) -> None:
        """A person edits an item in Plex."""
        await self.ask("PUT", f"/_sim/items/{(await self.item(scene))['ratingKey']}", json=values)

    async def ledger(self, scene: int) -> dict[Field, Written]:
        """What is known of the writes to a scene's item."""
        path = self.paths[scene]
        rows = await self.service.database.run(lambda c: ledger.rows(c, "plex", [path]))
        return rows.get(path, {})

    async def writes(self) -> tuple[int, int]:
        """How many edits and uploads Plex got since they were counted anew."""
        answer = await self.place.http.get(f"{self.place.plex.url}/_sim/requests")
        told = [(one["method"], str(one)) for one in answer.json()["requests"]]
        edits = [text for method, text in told if method == "PUT" and ".locked" in text]
        return len(edits), sum(method == "POST" and "/posters" in text for method, text in told)


@asynccontextmanager
async def stage(folder: Path, *, scenes: int = 1, scan: bool = True, **settings: str) -> AsyncIterator[Stage]:
    """A Plex whose only library asks the provider; with `scan` it has asked about each scene's file already."""
    with (
        serving(plex_app(PlexOptions(items=0))) as plex,
        serving(stash_app(StashOptions(scenes=scenes, config_dir=folder))) as stash,
    ):
        async with httpx2.AsyncClient(timeout=60, verify=False, limits=CONNECTIONS) as http:
            place = World(folder=folder, stash=stash, plex=plex, http=http, clock=FastClock(60.0))
            place.settings |= {f"PLEXSYNC_{name.upper()}": value for name, value in settings.items()}
            sources = Sources(environ=place.environ, data_dir=folder / "data")
            async with opened(sources, place.clock) as graph:
                made = Stage(place=place, graph=graph, port=0)
                told = (await http.get(f"{stash.url}/_sim/scenes?covers=0")).json()
                made.paths = {one["id"]: one["paths"][0].replace("/data", "/plex/media", 1) for one in told}
                try:
                    await made.open()
                    await made.give_library()
                    if scan:
                        await made.scan()
                    yield made
                finally:
                    await made.end()
