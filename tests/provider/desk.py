"""The provider over HTTP, between a simulated Stash and a test that asks as Plex does."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import httpx2

from newstore import spare_first_start
from plexsync.app.folder import home_of, open_store
from plexsync.app.graph import Graph, build
from plexsync.app.sources import Sources
from plexsync.log import Redactor
from plexsync.model.errors import StoreError
from plexsync.model.item import Section
from plexsync.model.scene import Scene
from plexsync.provider.routes import provider_routes
from plexsync.sim.serving import serving
from plexsync.sim.stash import StashOptions
from plexsync.sim.stash import create_app as stash_app
from plexsync.stash.client import StashClient
from plexsync.store import gapruns, gaps, jobs, sections, seen
from plexsync.store.database import Database
from plexsync.sync.clock import SystemClock
from plexsync.sync.gates.identities import StashIdentity
from web.house import NOWHERE, Door, served

IDENTIFIER = "tv.plex.agents.custom.plexsync"
MATCHES = "/library/metadata/matches"
SERVER = "plex"


@dataclass(frozen=True, repr=False)
class Desk:
    """A client of the provider, one of the simulated Stash, and what lies behind both."""

    client: httpx2.Client
    stash: httpx2.Client
    graph: Graph
    door: Door

    def match(self, **asked: Any) -> list[dict[str, Any]]:
        """What a question for a match finds."""
        answer = self.client.post(MATCHES, json={"type": 1, **asked})
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["MediaContainer"]["Metadata"]
        return found

    def keys(self, **asked: Any) -> list[str]:
        """The rating keys of what it finds."""
        return [one["ratingKey"] for one in self.match(**asked)]

    def item(self, scene: int) -> dict[str, Any]:
        """All of a scene."""
        answer = self.client.get(f"/library/metadata/{scene}")
        assert answer.status_code == 200, answer.text
        (found,) = answer.json()["MediaContainer"]["Metadata"]
        return dict(found)

    def file(self, path: str, **facts: Any) -> int:
        """A file appears in Stash; the id of its scene."""
        answer = self.stash.post("/_sim/files", json={"path": path, **facts})
        assert answer.status_code == 200, answer.text
        return int(answer.json()["id"])

    def edit(self, scene: int, **values: Any) -> None:
        """Change a scene, by names."""
        answer = self.stash.post("/_sim/silent", json={"id": scene, **values})
        assert answer.status_code == 200, answer.text

    def scenes(self) -> list[dict[str, Any]]:
        """All that Stash has."""
        found: list[dict[str, Any]] = self.stash.get("/_sim/scenes", params={"covers": "0"}).json()
        return found

    def asked_of_stash(self) -> list[dict[str, Any]]:
        """The requests that Stash got."""
        found: list[dict[str, Any]] = self.stash.get("/_sim/requests").json()["requests"]
        return found

    def fault(self, *rules: Mapping[str, Any]) -> None:
        """Put these faults in force on Stash; none clears them."""
        self.stash.put("/_sim/faults", json=list(rules))

    def index(self) -> None:
        """Note every scene as a walk would."""
        with self.graph.database.transaction() as connection:
            seen.note(connection, asyncio.run(_all_scenes(str(self.stash.base_url))), 1.0)

    def walked(self) -> None:
        """The same, and which Stash it is is known."""
        self.index()
        asyncio.run(_learn(str(self.stash.base_url), self.graph.database))

    def libraries(self, *folders: Sequence[str], titles: Sequence[str] = ()) -> None:
        """Plex has a synced library with each of these lists of folders."""
        names = titles or [f"Films {number}" for number in range(1, len(folders) + 1)]
        shelf = [
            Section(key=number, title=name, type="movie", agent=IDENTIFIER, locations=tuple(places))
            for number, (name, places) in enumerate(zip(names, folders, strict=True), 1)
        ]
        with self.graph.database.transaction() as connection:
            sections.keep(connection, SERVER, shelf)
            sections.keep_synced(connection, SERVER, [one.key for one in shelf])

    def queued(self) -> dict[int, tuple[str, ...]]:
        """The scenes that wait for a sync, and why."""
        self.door.settle()
        with self.graph.database.transaction() as connection:
            return {row.scene: tuple(row.reasons) for row in jobs.listing(connection, limit=1000)}

    def unknown(self, limit: int = 100) -> list[str]:
        """The files that were noted as gaps."""
        self.door.settle()
        with self.graph.database.transaction() as connection:
            runs = gapruns.listing(connection, 10)
            return [one.gap.path for run in runs for one in gaps.listing(connection, run.id, limit=limit)]

    def later(self) -> None:
        """What was told of scenes is told no longer."""
        now = self.graph.provider.catalogue.now
        self.graph.provider.catalogue.now = lambda: now() + 60

    def lose_store(self) -> None:
        """From now on the database is away."""

        async def away(_work: object) -> NoReturn:
            raise StoreError("the database is away")

        self.graph.database.run = self.graph.database.look = away  # type: ignore[method-assign,assignment]


async def _all_scenes(url: str) -> list[Scene]:
    stash = StashClient(url)
    try:
        return await stash.scenes_after(0, 10_000)
    finally:
        await stash.close()


async def _learn(url: str, database: Database) -> None:
    stash = StashClient(url)
    try:
        await StashIdentity(stash=stash, database=database, clock=SystemClock()).learn()
    finally:
        await stash.close()


@contextmanager
def desk(folder: Path, *, scenes: int = 6, rules: str = "/plex/media => /data", **settings: str) -> Iterator[Desk]:
    """The provider of a Stash of so many scenes; Plex has one synced library with all of them."""
    with (
        serving(stash_app(StashOptions(scenes=scenes, config_dir=folder))) as stash,
        desk_at(stash.url, folder, rules=rules, **settings) as made,
    ):
        yield made


@contextmanager
def desk_at(stash: str, folder: Path, *, rules: str, **settings: str) -> Iterator[Desk]:
    """The same of the Stash at this address."""
    environ = {
        "PLEXSYNC_STASH_URL": stash,
        "PLEXSYNC_PLEX_URL": NOWHERE,
        "PLEXSYNC_PLEX_TOKEN": "sim-plex-token",
        "PLEXSYNC_PATH_RULES": rules,
    } | {f"PLEXSYNC_{name.upper()}": value for name, value in settings.items()}
    with (
        opened(Sources(environ=environ, data_dir=folder / "data")) as (graph, door),
        httpx2.Client(base_url=stash, verify=False, timeout=30) as other,
        httpx2.Client(
            base_url=f"{door.url}/provider/{graph.identity.provider_path}", verify=False, timeout=60
        ) as client,
    ):
        made = Desk(client=client, stash=other, graph=graph, door=door)
        made.libraries(["/plex/media"])
        yield made


@contextmanager
def opened(sources: Sources) -> Iterator[tuple[Graph, Door]]:
    """The service over HTTP, not at work: what it is told lies in the store."""
    config = sources.load()
    spare_first_start(home_of(config))
    database = open_store(config)
    graph = build(config, database, clock=SystemClock(), chance=random.Random(1), redactor=Redactor())
    routes = provider_routes(graph.provider, graph.identity.provider_path)
    with served(graph.service, graph=graph, beside=[routes]) as door:
        yield graph, door
