"""One HTTP exchange in the hands of a middleware: whole answers, and requests that can be watched."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from plexsync.sim.serving import DROP

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

PIECES = 16


@dataclass(slots=True)
class Answer:
    """One whole HTTP answer."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    async def start(self, send: Send) -> None:
        """Send status and headers; the length is the body's, whatever is sent of it."""
        headers = [(name, value) for name, value in self.headers if name.lower() != b"content-length"]
        length = (b"content-length", str(len(self.body)).encode())
        await send({"type": "http.response.start", "status": self.status, "headers": [*headers, length]})

    async def whole(self, send: Send) -> None:
        """Send all of it."""
        await self.start(send)
        await send({"type": "http.response.body", "body": self.body})

    async def instead_of_upgrade(self, send: Send) -> None:
        """Give this answer to a client that asked for a WebSocket."""
        headers = [(name, value) for name, value in self.headers if name.lower() != b"content-length"]
        await send({"type": "websocket.http.response.start", "status": self.status, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": self.body})

    async def slowly(self, send: Send, seconds: float) -> None:
        """Send the body in small pieces that take this long together."""
        await self.start(send)
        size = len(self.body) // PIECES + 1
        for at in range(0, len(self.body), size):
            await asyncio.sleep(seconds / PIECES)
            await send({"type": "http.response.body", "body": self.body[at : at + size], "more_body": True})
        await send({"type": "http.response.body"})


class Receiving:
    """An ASGI `receive` that can look out for the client's leaving without losing what came before."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._held: deque[Message] = deque()

    async def __call__(self) -> Message:
        return self._held.popleft() if self._held else await self._receive()

    async def gone(self) -> None:
        """Return when the client has left."""
        while True:
            message = await self._receive()
            self._held.append(message)
            if message["type"] in {"http.disconnect", "websocket.disconnect"}:
                return


async def whole_body(receive: Receive) -> bytes:
    whole = b""
    while (message := await receive())["type"] == "http.request":
        whole += message.get("body", b"")
        if not message.get("more_body"):
            break
    return whole


async def collect(app: ASGIApp, scope: Scope, receiving: Receiving) -> Answer:
    answer = Answer()
    body: list[bytes] = []

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], list(message.get("headers", []))
        elif message["type"] == "http.response.body":
            body.append(message.get("body", b""))

    await app(scope, receiving, keep)
    answer.body = b"".join(body)
    return answer


def break_off(scope: Scope) -> None:
    """Close the connection as it is."""
    found = scope.get("extensions", {}).get(DROP)
    if found is None:
        raise ConnectionAbortedError("this server cannot drop a connection")
    found()


async def drop(scope: Scope, receiving: Receiving) -> None:
    """Close the connection as it is and wait until it is closed."""
    break_off(scope)
    await receiving.gone()
