"""A server of raw bytes: what it answers, and how it breaks, is what a test says."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request that came."""

    method: str
    target: str
    headers: Mapping[str, str]  #: names in lower case
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


#: Does as it likes with a connection. What is not closed when it returns goes on.
Act = Callable[[asyncio.StreamWriter], Awaitable[None]]
Answering = Callable[[Asked], bytes | Act]


def reply(status: int, body: bytes | str = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """A whole answer with its length; without the body where its status has none."""
    content = b"" if status in {204, 304} else body.encode() if isinstance(body, str) else body
    named = {"Content-Type": "text/html", "Content-Length": str(len(content))} | dict(headers or {})
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items() if value)
    reason = HTTPStatus(status).phrase if status in frozenset(HTTPStatus) else "Odd"
    return f"HTTP/1.1 {status} {reason}\r\n{lines}\r\n".encode("latin-1") + content


def always(answer: bytes | Act) -> Answering:
    """The same to every request."""
    return lambda _: answer


def then_close(content: bytes) -> Act:
    """These bytes and the end of the connection."""

    async def act(writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        await writer.drain()
        writer.close()

    return act


def then_reset(content: bytes) -> Act:
    """These bytes and a connection that breaks hard."""

    async def act(writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        await writer.drain()
        _reset(writer)

    return act


def then_silence(content: bytes) -> Act:
    """These bytes and nothing more, ever."""

    async def act(writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        await asyncio.Event().wait()

    return act


def dripping(content: bytes, every: float) -> Act:
    """One byte at a time."""

    async def act(writer: asyncio.StreamWriter) -> None:
        for at in range(len(content)):
            writer.write(content[at : at + 1])
            await asyncio.sleep(every)

    return act


@dataclass(slots=True, kw_only=True)
class RawServer:
    """`greeting` happens to each connection before anything is read from it; `takes` is False to read no body."""

    url: str
    answering: Answering
    greeting: Act | None = None
    takes: bool = True
    asked: list[Asked] = field(default_factory=list)
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection to its end."""
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await self._answer_all(reader, writer)
        except asyncio.CancelledError:
            # The test is over.
            writer.transport.abort()
        finally:
            self._open.discard(task)
            writer.close()

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.greeting is not None:
            await self.greeting(writer)
        while not writer.is_closing():
            asked = await self._request(reader)
            self.asked.append(asked)
            answer = self.answering(asked)
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(writer)

    async def _request(self, reader: asyncio.StreamReader) -> Asked:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip().split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0"))
        if length and not self.takes:
            await asyncio.Event().wait()
        return Asked(method=method, target=target, headers=headers, body=await reader.readexactly(length))

    async def end(self) -> None:
        """Break what is still open."""
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)


@contextlib.asynccontextmanager
async def raw_server(answering: Answering, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawServer]:
    """A server in this loop, gone at the end with all its connections."""
    raw = RawServer(url="", answering=answering)
    server = await asyncio.start_server(raw.serve, "127.0.0.1", 0, ssl=tls)
    scheme = "http" if tls is None else "https"
    raw.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield raw
    finally:
        server.close()
        await raw.end()


@contextlib.contextmanager
def closed_port() -> Iterator[int]:
    """A port at which nobody listens, kept from others."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@contextlib.contextmanager
def deaf_port() -> Iterator[int]:
    """A port that lets no connection come about: its queue is full and nobody takes from it."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
