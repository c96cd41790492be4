"""A service with its HTTP side, on a loop and a port of its own."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from newstore import spare_first_start
from plexsync.app.folder import home_of, open_store
from plexsync.app.graph import Graph, build
from plexsync.app.sources import Sources
from plexsync.log import Redactor
from plexsync.sim.serving import serving
from plexsync.sync.clock import SystemClock
from plexsync.sync.service import Service
from plexsync.web.api import create_app

KEY = "api-key-of-the-tests-0123456789"
TOKEN = "events-token-of-the-tests-0123456789"
#: Port 9 of loopback: nobody answers there.
NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Settings:
    """Where the peers are and what is synced."""

    folder: Path
    stash: str = NOWHERE
    plex: str = NOWHERE
    libraries: tuple[str, ...] = ()
    preview: bool = True

    def sources(self) -> Sources:
        """As a settings file; the rule fits the folders of the simulators."""
        lines = {
            "stash_url": self.stash,
            "plex_url": self.plex,
            "plex_token": "sim-plex-token",
            "libraries": list(self.libraries),
            "preview_first_contact": self.preview,
        }
        text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items())
        text += '[[path_rules]]\nplex = "/plex/media"\nstash = "/data"\n'
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "plexsync.toml").write_text(text, encoding="utf-8")
        return Sources(environ={}, data_dir=self.folder)


class UnderWay:
    """The requests that are being answered, and what goes on behind answers that were already given."""

    def __init__(self) -> None:
        self.nothing = threading.Event()
        self.nothing.set()
        self._count = 0

    def around(self, app: ASGIApp) -> ASGIApp:
        """The application, counted. One thread serves it."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            self._count += 1
            self.nothing.clear()
            try:
                await app(scope, receive, send)
            finally:
                self._count -= 1
                if not self._count:
                    self.nothing.set()

        return counted


@dataclass
class Door:
    """A running server: `url`, clients of it, and whether it was told to stop."""

    url: str
    stopped: threading.Event = field(default_factory=threading.Event)
    under_way: UnderWay = field(default_factory=UnderWay)

    def settle(self) -> None:
        """Wait until nothing goes on behind answers any more."""
        assert self.under_way.nothing.wait(30), "an answer is not at its end"

    def client(self, *, key: str | None = KEY, timeout: float = 30.0) -> httpx2.Client:
        """A client that shows that API key."""
        headers = {} if key is None else {"X-Api-Key": key}
        return httpx2.Client(base_url=self.url, headers=headers, timeout=timeout, verify=False)

    def status_of(self, request: bytes) -> int:
        """The status of the answer to these very bytes, which need not be a whole request."""
        with self._sent(request) as link, link.makefile("rb") as answer:
            return int(answer.readline().split()[1])

    def abandon(self, request: bytes) -> None:
        """Send these bytes and hang up."""
        self._sent(request).close()

    def _sent(self, request: bytes) -> socket.socket:
        host, _, port = self.url.removeprefix("http://").partition(":")
        link = socket.create_connection((host, int(port)), timeout=30)
        link.sendall(request)
        return link


@contextmanager
def opened(settings: Settings, *, working: bool, allowed_hosts: Sequence[str] = ()) -> Iterator[Door]:
    """A real service over HTTP. One that is not `working` takes in everything and leaves it in the store."""
    sources = settings.sources()
    config = sources.load()
    spare_first_start(home_of(config))
    database = open_store(config)
    graph = build(config, database, clock=SystemClock(), chance=random.Random(1), redactor=Redactor())
    with served(graph.service, allowed_hosts=allowed_hosts, graph=graph, working=working) as door:
        yield door


@contextmanager
def served(
    service: Service,
    *,
    allowed_hosts: Sequence[str] = (),
    secrets: tuple[str, str] = (KEY, TOKEN),
    graph: Graph | None = None,
    working: bool = False,
    beside: Sequence[APIRouter] = (),
) -> Iterator[Door]:
    """The HTTP side of `service`; with the graph it is also closed, and worked when asked to."""
    stopped = threading.Event()
    app = create_app(
        service,
        api_key=secrets[0],
        events_token=secrets[1],
        allowed_hosts=allowed_hosts,
        stop=stopped.set,
        beside=beside,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        work = asyncio.create_task(service.run()) if working else None
        yield
        if work is not None:
            await service.wind_down(2.0)
            work.cancel()
            await asyncio.wait({work})
        if graph is not None:
            await graph.close()

    app.router.lifespan_context = lifespan
    under_way = UnderWay()
    with serving(under_way.around(app)) as running:
        yield Door(url=running.url, stopped=stopped, under_way=under_way)


def jobs_in(client: httpx2.Client) -> dict[int, dict[str, Any]]:
    """The queue by scene, up to as many as one answer holds."""
    return {job["scene"]: job for job in client.get("/api/v1/queue", params={"limit": 10_000}).json()}


def event(scene: Any, **facts: Any) -> dict[str, Any]:
    """The event of an edit, as the hook writes it."""
    return {"v": 1, "type": "Scene.Update.Post", "id": scene, "at": 1783756800.25, **facts}


def request_bytes(line: str, headers: Mapping[str, str] | Sequence[tuple[str, str]], body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return "\r\n".join([line, *(f"{name}: {value}" for name, value in pairs), "", ""]).encode() + body
