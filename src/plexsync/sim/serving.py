"""Run an ASGI application on a loopback port, in this thread or beside it."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import FrameType

    from starlette.types import ASGIApp, Receive, Scope, Send

STOP_SECONDS = 60
GRACE_SECONDS = 0.5
#: Of the loop, after which whoever was accepted is a connection.
_ROUNDS = 3
#: Name of the ASGI extension that closes the connection at once: a callable without arguments.
DROP = "plexsync.drop"
#: The same for one that leaves it open and ignores all that comes over it, pings too. Of WebSockets only.
DEAFEN = "plexsync.deafen"


def droppable(app: ASGIApp, drop: Callable[[], None]) -> ASGIApp:
    """The application with the means to break its connection, which ASGI alone cannot express."""

    async def with_drop(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("extensions", {})[DROP] = drop
        await app(scope, receive, send)

    return with_drop


class DroppableProtocol(H11Protocol):
    """HTTP/1.1 whose connections the application may drop."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.app = droppable(self.app, transport.abort)


class DroppableWebSockets(WebSocketsSansIOProtocol):
    """WebSockets that the application may drop without a closing frame, or leave open and unanswered."""

    _deaf = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.app = self._deafening(droppable(self.app, transport.abort))

    def data_received(self, data: bytes) -> None:
        if not self._deaf:
            super().data_received(data)

    def _deafen(self) -> None:
        self._deaf = True

    def _deafening(self, app: ASGIApp) -> ASGIApp:
        async def with_deafness(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[DEAFEN] = self._deafen
            await app(scope, receive, send)

        return with_deafness


class _Server(uvicorn.Server):
    """Says when it is ready, stops without polling, on a signal too, and does not wait long for hung requests."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready: Callable[[], None] = lambda: None
        self._ending: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def end(self) -> None:
        """Begin to stop; may be called from any thread and more than once."""
        self.should_exit = True
        if self._loop is not None and self._ending is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ending.set)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self.end()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop, self._ending = asyncio.get_running_loop(), asyncio.Event()
        await super().startup(sockets)
        if self.started:
            self.ready()

    async def main_loop(self) -> None:
        if not self.should_exit and self._ending is not None:
            await self._ending.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        listeners = list(sockets or ())
        for listener in listeners:
            asyncio.get_running_loop().remove_reader(listener)
        # Python loses who was accepted and is no connection yet when the server closes.
        for _ in range(_ROUNDS):
            await asyncio.sleep(0)
        for server in self.servers:
            server.close()
        for listener in listeners:
            listener.close()
        connections, tasks = self.server_state.connections, self.server_state.tasks
        for connection in list(connections):
            connection.shutdown()
        if tasks:
            await asyncio.wait(set(tasks), timeout=GRACE_SECONDS)
        for connection in list(connections):
            connection.transport.abort()
        if tasks:
            await asyncio.wait(set(tasks), timeout=GRACE_SECONDS)
        await self.lifespan.shutdown()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        signals = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class Serving:
    """One HTTP server on 127.0.0.1. `port` 0 takes a free one; `url` is known before the first request.

    With a `certificate`, a file of it and one of its key, it speaks TLS only.
    """

    def __init__(self, app: ASGIApp, *, port: int = 0, certificate: tuple[Path, Path] | None = None) -> None:
        # asyncio turns Nagle's algorithm off only where the protocol is named; with it an answer takes 40 ms.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self._socket.listen(1024)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"
        shown, key = certificate or (None, None)
        self._server = _Server(
            uvicorn.Config(
                app,
                http=DroppableProtocol,
                ws=DroppableWebSockets,
                log_config=None,
                lifespan="on",
                h11_max_incomplete_event_size=1 << 20,
                ssl_certfile=shown,
                ssl_keyfile=key,
            )
        )
        self._thread: threading.Thread | None = None

    async def serve(self, ready: Callable[[], None] = lambda: None) -> None:
        """Serve until SIGINT or SIGTERM; `ready` is called once requests are answered."""
        self._server.ready = ready
        await self._server.serve(sockets=[self._socket])

    def start(self) -> Self:
        """Serve in a thread of its own; returns once requests are answered."""
        started = threading.Event()

        def run() -> None:
            try:
                asyncio.run(self.serve(started.set))
            finally:
                started.set()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        started.wait()
        if not self._server.started:
            raise RuntimeError("the application did not start")
        return self

    def stop(self) -> None:
        """End the thread of `start` and close the port, so that the next connection is refused.

        RuntimeError where the thread does not come to an end: it would take time from whatever runs next.
        """
        self._server.end()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)
        self._socket.close()
        if self._thread is not None and self._thread.is_alive():
            raise RuntimeError(f"the server at {self.url} did not stop within {STOP_SECONDS} s")


@contextmanager
def serving(app: ASGIApp, *, port: int = 0, certificate: tuple[Path, Path] | None = None) -> Iterator[Serving]:
    """A `Serving` that runs beside this thread for the length of a `with` block."""
    server = Serving(app, port=port, certificate=certificate).start()
    try:
        yield server
    finally:
        server.stop()
