"""The daemon's HTTP server: it works when a request comes, and never looks whether there is something to do."""

from __future__ import annotations

import asyncio
import contextlib
from email.utils import formatdate
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.server import ServerState

from plexsync.web.connections import LARGEST_HEAD, BoundedProtocol

if TYPE_CHECKING:
    import socket

    from fastapi import FastAPI


#: Of the loop, after which whoever was accepted is a connection.
_ROUNDS = 3


class QuietServer(uvicorn.Server):
    """Serves an application until `end`. Signals are the daemon's own affair."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=BoundedProtocol,
                ws="none",
                log_config=None,
                log_level="warning",
                lifespan="off",
                access_log=False,
                timeout_graceful_shutdown=1,
                h11_max_incomplete_event_size=LARGEST_HEAD,
            )
        )
        self.server_state = _DatedState(self.config)
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Answer what is being asked, then stop."""
        self.should_exit = True
        self._ending.set()

    async def main_loop(self) -> None:
        """Wait for the end. The loop of the original wakes ten times a second, on a NAS that should sleep."""
        await self._ending.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let nobody in any more, and show out who is there."""
        for listener in sockets or ():
            asyncio.get_running_loop().remove_reader(listener)
        # Python loses who was accepted and is no connection yet when the listener closes.
        for _ in range(_ROUNDS):
            await asyncio.sleep(0)
        await super().shutdown(sockets)

    def capture_signals(self) -> contextlib.AbstractContextManager[None]:  # type: ignore[override]
        """Leave them alone: handlers of its own would take the daemon's away."""
        return contextlib.nullcontext()

    async def serve_on(self, listener: socket.socket) -> None:
        """Serve what comes in there; the listener is closed at the end."""
        await self.serve(sockets=[listener])


class _DatedState(ServerState):
    """The headers of every answer, with the date as it is then."""

    def __init__(self, config: uvicorn.Config) -> None:
        self._config = config
        super().__init__()

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        """Asked for once by each answer."""
        return [(b"date", formatdate(usegmt=True).encode()), *self._config.encoded_headers]

    @default_headers.setter
    def default_headers(self, _value: list[tuple[bytes, bytes]]) -> None:
        """Nothing to keep."""
