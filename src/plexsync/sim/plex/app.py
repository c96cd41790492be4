"""The simulated server as one ASGI application."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qs

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import StreamingResponse
from starlette.routing import Route, WebSocketRoute

from plexsync.sim.exchange import Answer
from plexsync.sim.faults import FaultLayer
from plexsync.sim.plex import control, front, libraries, matching, providers, reading, writing
from plexsync.sim.plex.agency import Agency
from plexsync.sim.plex.answers import page
from plexsync.sim.plex.caller import Caller
from plexsync.sim.plex.events import Hub, wanted
from plexsync.sim.plex.listing import Order
from plexsync.sim.plex.refreshing import RefreshQueue
from plexsync.sim.plex.refused import Refused
from plexsync.sim.plex.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send
    from starlette.websockets import WebSocket

    from plexsync.sim.plex.options import PlexOptions

OPEN_PATHS = ("/identity", "/_sim/")
ACTIONS_BY_GET = ("/:/rate", "/:/scrobble", "/:/unscrobble")
READS = frozenset({"GET", "HEAD", "OPTIONS"})


def create_app(options: PlexOptions) -> Starlette:
    """A server with its library in place; `app.state.plex` is its `Store`, for tests that look inside."""
    store = Store(options)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        store.open()
        looking = asyncio.create_task(caller.look_around(anew=True))
        yield
        looking.cancel()
        await asyncio.wait([looking])
        await queue.stop()
        await caller.close()
        store.close()

    caller, hub = Caller(store), Hub(store)
    agency = Agency(store, hub, caller)
    queue = RefreshQueue(store, hub, agency)

    async def notifications(socket: WebSocket) -> None:
        await hub.listen(socket)

    async def stream(request: Request) -> Response:
        return StreamingResponse(hub.stream(wanted(request.query_params)), media_type="text/event-stream")

    app = Starlette(
        routes=[
            *control.ROUTES,
            *providers.ROUTES,
            *libraries.ROUTES,
            *matching.ROUTES,
            *writing.ROUTES,
            *front.ROUTES,
            *reading.ROUTES,
            WebSocketRoute("/:/websockets/notifications", notifications),
            WebSocketRoute("/:/websocket/notifications", notifications),
            Route("/:/eventsource/notifications", stream),
        ],
        middleware=[
            Middleware(FaultLayer, classify=classify, clock=options.clock),
            Middleware(Door, store=store),
        ],
        exception_handlers={
            Refused: _refused,
            HTTPException: _unknown,
            msgspec.DecodeError: _misunderstood,
        },
        lifespan=lifespan,
    )
    app.state.plex, app.state.order, app.state.hub = store, Order(store), hub
    app.state.caller, app.state.agency, app.state.queue = caller, agency, queue
    return app


class Door:
    """Turns away requests that are too long or have no right to come in."""

    def __init__(self, app: ASGIApp, *, store: Store) -> None:
        self._app = app
        self._store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        status = self._turned_away(scope)
        if status is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            turned_away = page(status)
            await Answer(turned_away.status_code, turned_away.raw_headers, bytes(turned_away.body)).instead_of_upgrade(
                send
            )
        else:
            await page(status)(scope, receive, send)

    def _turned_away(self, scope: Scope) -> int | None:
        limit = self._store.switches.url_limit
        if limit is not None and scope["type"] == "http" and _line_length(scope) > limit:
            return 414
        scope.setdefault("state", {})["guest"] = False
        if scope["path"].startswith(OPEN_PATHS):
            return None
        token = _token(scope, self._store.switches.websocket_admits if scope["type"] == "websocket" else "any")
        options = self._store.options
        if token == options.token or (token is None and not self._store.switches.claimed):
            return None
        if options.guest_token is None or token != options.guest_token:
            return 401
        scope["state"]["guest"] = True
        allowed = scope["path"] not in {"/library", "/library/"} and classify(scope) == "read"
        return None if allowed or scope["path"] == "/:/rate" else 403


def classify(scope: Scope) -> Literal["read", "write", "upload"]:
    """What a request is about to do."""
    path: str = scope["path"]
    if scope.get("method", "GET") in READS:
        acts = path in ACTIONS_BY_GET or path.endswith("/refresh")
        return "write" if acts else "read"
    return "upload" if path.endswith(("/posters", "/arts")) else "write"


def _line_length(scope: Scope) -> int:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    return len(scope["method"]) + len(raw) + len(query) + len("  HTTP/1.1?")


def _token(scope: Scope, where: Literal["any", "header", "query"]) -> str | None:
    header = next((value for name, value in scope["headers"] if name == b"x-plex-token"), None)
    if where == "header" or (header is not None and where == "any"):
        return None if header is None else str(header.decode("latin-1"))
    return next(iter(parse_qs(scope["query_string"].decode("latin-1")).get("X-Plex-Token", [])), None)


async def _refused(_request: Request, error: Exception) -> Response:
    return page(error.status if isinstance(error, Refused) else 500)


async def _unknown(_request: Request, error: Exception) -> Response:
    return page(error.status_code if isinstance(error, HTTPException) else 500)


async def _misunderstood(_request: Request, _error: Exception) -> Response:
    return page(400)
