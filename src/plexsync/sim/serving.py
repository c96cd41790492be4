"""Run an ASGI application on a loopback port, in this thread or beside it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp

STOP_SECONDS = 5


class Serving:
    """One HTTP server on 127.0.0.1. `port` 0 takes a free one; `url` is known before the first request."""

    def __init__(self, app: ASGIApp, *, port: int = 0) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self._socket.listen(1024)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, lifespan="on", timeout_graceful_shutdown=1, ws="websockets-sansio")
        )
        self._thread: threading.Thread | None = None

    async def serve(self, ready: Callable[[], None] = lambda: None) -> None:
        """Serve until SIGINT or SIGTERM; `ready` is called once requests are answered."""
        task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started and not task.done():
            await asyncio.sleep(0.005)
        if self._server.started:
            ready()
        await task

    def start(self) -> Self:
        """Serve in a thread of its own; returns once requests are answered."""
        started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self.serve(started.set)), daemon=True)
        self._thread.start()
        started.wait()
        return self

    def stop(self) -> None:
        """End the thread of `start` and close the port, so that the next connection is refused."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)
        self._socket.close()


@contextmanager
def serving(app: ASGIApp, *, port: int = 0) -> Iterator[Serving]:
    """A `Serving` that runs beside this thread for the length of a `with` block."""
    server = Serving(app, port=port).start()
    try:
        yield server
    finally:
        server.stop()
