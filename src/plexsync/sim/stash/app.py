"""A whole simulated Stash as an ASGI application, and as a process of its own."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from plexsync.sim.faults import FaultLayer
from plexsync.sim.serving import Serving
from plexsync.sim.stash.access import Access
from plexsync.sim.stash.control import Control
from plexsync.sim.stash.endpoint import Endpoint
from plexsync.sim.stash.execution import Execution
from plexsync.sim.stash.images import Images
from plexsync.sim.stash.jobs import Jobs
from plexsync.sim.stash.mutations import Mutations
from plexsync.sim.stash.plugins import Plugins
from plexsync.sim.stash.queries import Queries
from plexsync.sim.stash.scanning import Scanner
from plexsync.sim.stash.sessions import Sessions
from plexsync.sim.stash.store import Store
from plexsync.sim.stash.types import resolvers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from plexsync.sim.stash.options import StashOptions


@dataclass(frozen=True, slots=True)
class Listening:
    """ASGI middleware that learns from requests on which port the server listens; plugins are told it."""

    app: ASGIApp
    plugins: Plugins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note the port and hand the request on."""
        if scope["type"] != "lifespan" and scope.get("server"):
            self.plugins.port = scope["server"][1]
        await self.app(scope, receive, send)


def create_app(options: StashOptions) -> ASGIApp:
    """The application; its lifespan runs the jobs and closes the state."""
    return build(options, Store(options))


def build(options: StashOptions, store: Store) -> ASGIApp:
    """The application over a store that is open."""
    sessions = Sessions(secret=store.secret, seconds=options.session_seconds, clock=options.clock)
    plugins, jobs = Plugins(store, options, sessions), Jobs(store.now)
    plugins.reload()
    scanner, queries = Scanner(store, plugins), Queries(store, options, plugins, jobs)
    mutations = Mutations(store, plugins, jobs, scanner)
    execution = Execution(resolvers(store), queries.resolvers(), queries.gated(mutations.resolvers()), options)
    routes = [
        Route("/graphql", Endpoint(execution, sessions, options.api_key).serve, methods=["GET", "POST"]),
        Route("/healthz", _healthy),
        Route("/login", _login),
        *Images(store).routes(),
        *Control(store, plugins, scanner, queries).routes(),
        Route("/{path:path}", _page),
    ]
    inner = Starlette(routes=routes, lifespan=partial(_life, store=store, jobs=jobs))
    return FaultLayer(Listening(Access(inner, options.api_key, sessions), plugins))


def main(port: int, options: StashOptions) -> None:
    """Serve in the foreground until SIGINT or SIGTERM. One JSON line says when requests are answered."""
    store = Store(options)
    server = Serving(build(options, store), port=port)
    ready = {"url": server.url, "apiKey": options.api_key, "scenes": len(store.scenes)}

    def tell() -> None:
        sys.stdout.write(msgspec.json.encode(ready).decode() + "\n")
        sys.stdout.flush()

    asyncio.run(server.serve(tell))


@asynccontextmanager
async def _life(_app: Starlette, store: Store, jobs: Jobs) -> AsyncIterator[None]:
    working = asyncio.create_task(jobs.run())
    try:
        yield
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        store.close()


async def _healthy(_request: Request) -> Response:
    return PlainTextResponse(".")


async def _login(_request: Request) -> Response:
    return HTMLResponse("<!DOCTYPE html><html><title>Login</title><form method=post></form></html>")


async def _page(_request: Request) -> Response:
    return HTMLResponse("<!DOCTYPE html><html><title>Stash</title></html>")
