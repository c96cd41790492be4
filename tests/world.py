"""A Stash, a Plex and a PlexSync between them, on loopback, with time that runs fast."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2

from newstore import spare_first_start
from plexsync.app.folder import home_of, open_store
from plexsync.app.graph import Graph, build
from plexsync.app.sources import Sources, merged
from plexsync.log import Redactor
from plexsync.sim.plex import PlexOptions
from plexsync.sim.plex import create_app as plex_app
from plexsync.sim.serving import Serving, serving
from plexsync.sim.stash import StashOptions
from plexsync.sim.stash import create_app as stash_app
from plexsync.sim.stash.options import local_now
from plexsync.sync.service import Service

LIBRARY = "Open movies"
#: Real seconds until a condition has to hold.
PATIENCE = 30.0
#: A simulator closes what is silent for 5 s: whoever asks in that moment is not answered.
CONNECTIONS = httpx2.Limits(keepalive_expiry=1)
#: Real seconds between two looks at what is waited for, at first and at last.
SHORTEST, LONGEST = 0.01, 0.05


class FastClock:
    """A clock that passes `speed` seconds in each real one, and more where a test says so."""

    def __init__(self, speed: float = 20.0) -> None:
        self._speed = speed
        self._began = time.monotonic()
        self._leapt = 0.0
        self._base = time.time()
        self._leaps = asyncio.Event()

    def now(self) -> float:
        """Seconds since the epoch, fast."""
        return self._base + self._age

    def local_time(self) -> datetime:
        """The same with the offset of this machine's zone."""
        return datetime.fromtimestamp(self.now(), UTC).astimezone()

    @property
    def speed(self) -> float:
        """Fast seconds in each real one."""
        return self._speed

    def machine_time(self, at: float) -> float:
        """When the machine's clock showed, or would have shown, that time, counted from now."""
        return time.time() - (self.now() - at) / self._speed

    def leap(self, seconds: float) -> None:
        """So much time passes at once: every wait that would be over by then is over."""
        self._leapt += seconds
        self._leaps.set()
        self._leaps = asyncio.Event()

    def jump(self, seconds: float) -> None:
        """The clock is set forward or back, as a machine's may be; no time passes."""
        self._base += seconds

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        """Like the machine's clock, in fast seconds."""
        end = None if seconds is None else self._age + seconds
        heard = asyncio.ensure_future(event.wait())
        await asyncio.sleep(0)
        try:
            while not heard.done() and (end is None or self._age < end):
                left = None if end is None else (end - self._age) / self._speed
                leap = asyncio.ensure_future(self._leaps.wait())
                try:
                    await asyncio.wait({heard, leap}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    leap.cancel()
            return heard.done()
        finally:
            heard.cancel()

    @property
    def _age(self) -> float:
        return (time.monotonic() - self._began) * self._speed + self._leapt


@dataclass(slots=True, kw_only=True)
class World:
    """The two simulators and, while `running`, the service between them."""

    folder: Path
    stash: Serving
    plex: Serving
    http: httpx2.AsyncClient
    settings: dict[str, str] = field(default_factory=dict)
    clock: FastClock = field(default_factory=FastClock)

    @contextlib.asynccontextmanager
    async def running(self, *, dies: bool = False, **settings: str) -> AsyncIterator[Service]:
        """PlexSync at work on this world's data folder; at rest and closed after the block, or dead in mid-work."""
        environ = self.environ | {f"PLEXSYNC_{name.upper()}": value for name, value in settings.items()}
        async with opened(Sources(environ=environ, data_dir=self.folder / "data"), self.clock) as graph:
            work = asyncio.create_task(graph.service.run())
            try:
                yield graph.service
            finally:
                await graph.service.wind_down(0 if dies else 5)
                work.cancel()
                await asyncio.wait([work])
                if not work.cancelled() and (error := work.exception()) is not None:
                    raise error

    @property
    def environ(self) -> dict[str, str]:
        """The settings that tie both simulators together, live from the start."""
        return {
            "PLEXSYNC_STASH_URL": self.stash.url,
            "PLEXSYNC_PLEX_URL": self.plex.url,
            "PLEXSYNC_PLEX_TOKEN": "sim-plex-token",
            "PLEXSYNC_LIBRARIES": LIBRARY,
            "PLEXSYNC_PATH_RULES": "/plex/media => /data",
            "PLEXSYNC_PREVIEW_FIRST_CONTACT": "false",
            "PLEXSYNC_RECONCILE": "never",
            # What looks find, they find beside whatever a test is about.
            "PLEXSYNC_STASH_POLL": "600",
        } | self.settings

    async def graphql(self, document: str, **variables: Any) -> Any:
        """The data of a query or mutation against Stash; an answer with errors fails the test."""
        answer = await self.http.post(f"{self.stash.url}/graphql", json={"query": document, "variables": variables})
        body = answer.json()
        assert "errors" not in body, body
        return body["data"]

    async def edit(self, scene: int, **values: Any) -> None:
        """Change a scene as a person in Stash's pages does; hooks run if a plugin is there."""
        await self.graphql(
            "mutation($input: SceneUpdateInput!) { sceneUpdate(input: $input) { id } }",
            input={"id": str(scene), **values},
        )

    async def items(self) -> dict[str, dict[str, Any]]:
        """What Plex holds, by path."""
        found: dict[str, dict[str, Any]] = (await self.http.get(f"{self.plex.url}/_sim/items")).json()
        return found

    async def item(self, scene: int) -> dict[str, Any]:
        """What Plex holds for the primary file of a scene."""
        found = await self.graphql("query($id: ID) { findScene(id: $id) { files { path } } }", id=str(scene))
        path = found["findScene"]["files"][0]["path"].replace("/data", "/plex/media", 1)
        return (await self.items())[path]

    async def plex_counts(self) -> dict[str, int]:
        """How many reads, writes, uploads and repeats Plex got."""
        counts = (await self.http.get(f"{self.plex.url}/_sim/requests")).json()
        counts.pop("requests")
        return dict(counts)

    async def forget_requests(self) -> None:
        """Count from nothing again."""
        for server in (self.plex, self.stash):
            await self.http.delete(f"{server.url}/_sim/requests")

    async def faults(self, server: Serving, *rules: Mapping[str, Any]) -> None:
        """Put these faults in force on one simulator; none clears them."""
        answer = await self.http.put(f"{server.url}/_sim/faults", json=list(rules))
        assert answer.status_code < 300, answer.text

    async def switches(self, **values: Any) -> None:
        """Set the simulator's answer to what is not known of Plex."""
        answer = await self.http.put(f"{self.plex.url}/_sim/switches", json=values)
        assert answer.status_code < 300, answer.text


@contextlib.asynccontextmanager
async def opened(sources: Sources, clock: FastClock) -> AsyncIterator[Graph]:
    """The graph of a data folder."""
    redactor = Redactor()
    config = sources.load()
    spare_first_start(home_of(config))
    database = open_store(config, clock)
    config = await merged(sources, config, database, redactor)
    graph = build(config, database, clock=clock, chance=random.Random(7), redactor=redactor)
    try:
        yield graph
    finally:
        await graph.close()


@contextlib.asynccontextmanager
async def world(
    folder: Path,
    *,
    scenes: int = 5,
    plugins: tuple[Path, ...] = (),
    clock: FastClock | None = None,
    knows_files_filter: bool = True,
) -> AsyncIterator[World]:
    """Both simulators with the same films under different roots. With a `clock` Stash writes its times by that one."""
    stash_options = StashOptions(
        scenes=scenes,
        config_dir=folder,
        plugins=plugins,
        clock=local_now if clock is None else clock.local_time,
        knows_files_filter=knows_files_filter,
    )
    with serving(plex_app(PlexOptions(items=scenes))) as plex, serving(stash_app(stash_options)) as stash:
        async with httpx2.AsyncClient(timeout=30, verify=False, limits=CONNECTIONS) as http:
            yield World(folder=folder, stash=stash, plex=plex, http=http, clock=clock or FastClock())


async def until(condition: Callable[[], Any], *, patience: float = PATIENCE, every: float | None = None) -> Any:
    """The first true value of an async condition, asked again and again.

    The pause is `every` real seconds; without it longer and longer ones, for asking costs what is waited for.
    """
    deadline = time.monotonic() + patience
    pause = SHORTEST if every is None else every
    while True:
        value = await condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"never came true: {condition.__doc__ or condition}"
        await asyncio.sleep(pause)
        if every is None:
            pause = min(pause * 1.2, LONGEST)


async def quiet(service: Service) -> None:
    """Wait until nothing is due and nothing is under way."""
    await until(service.quiet)
