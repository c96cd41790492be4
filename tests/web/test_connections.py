"""No client holds the server up: by silence, by slowness, by sending what nobody reads, or by not listening."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from starlette.responses import Response

from plexsync.config import load
from plexsync.daemon import listener_of
from plexsync.web import connections
from plexsync.web.serving import QuietServer

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
#: A test waits so long at most for what has to come.
PATIENCE = 30.0


@dataclass(frozen=True)
class House:
    """A server, and how it is spoken to byte by byte."""

    server: QuietServer
    port: int

    @asynccontextmanager
    async def link(self) -> AsyncIterator[tuple[Reader, Writer]]:
        """A connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            writer.close()

    async def told(self, sent: bytes) -> bytes:
        """All that comes back until the connection is closed; nothing more is sent."""
        async with self.link() as (reader, writer), asyncio.timeout(PATIENCE):
            writer.write(sent)
            return await whole(reader)


async def whole(reader: Reader) -> bytes:
    """Until the other side hangs up, however it does that."""
    found = b""
    try:
        while part := await reader.read(65536):
            found += part
    except ConnectionError:
        pass
    return found


@asynccontextmanager
async def house() -> AsyncIterator[House]:
    """A server of something small, something large, and something that reads what it is sent."""
    app = FastAPI()

    async def small(_request: Request) -> Response:
        return Response(b"{}", media_type="application/json")

    async def large(_request: Request) -> Response:
        return Response(b"x" * 50_000_000)

    async def reading(request: Request) -> Response:
        return Response(str(len(await request.body())))

    app.add_route("/small", small, methods=["GET", "POST"])
    app.add_route("/large", large)
    app.add_route("/reading", reading, methods=["POST"])
    listener = listener_of(load(config_file=None, environ={"PLEXSYNC_PORT": "0"}, data_dir=Path("/nowhere")))
    server = QuietServer(app)
    serving = asyncio.create_task(server.serve_on(listener))
    try:
        yield House(server=server, port=listener.getsockname()[1])
    finally:
        server.end()
        await serving


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Has one of the bounds pass almost at once."""
    return lambda name: monkeypatch.setattr(connections, name, 0.05)


HEAD = b"GET /small HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.parametrize("sent", [b"", b"G", HEAD, HEAD + b"\r\n" + HEAD, b"\r\n"])
async def test_a_head_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    # Time enough for the head that does come.
    monkeypatch.setattr(connections, "HEAD_SECONDS", 1.0)
    async with house() as one:
        told = await one.told(sent)
        assert told.count(b"200 OK") == (1 if b"\r\n\r\n" in sent else 0)
        monkeypatch.undo()
        assert b"200 OK" in await one.told(HEAD + b"Connection: close\r\n\r\n")


async def test_a_head_that_comes_byte_by_byte_has_no_more_time(soon: Callable[[str], None]) -> None:
    soon("HEAD_SECONDS")
    async with house() as one, one.link() as (reader, writer), asyncio.timeout(PATIENCE):
        gone = asyncio.create_task(whole(reader))
        while not gone.done():
            writer.write(b"x")
            await asyncio.sleep(0.005)
        assert await gone == b""


@pytest.mark.parametrize("kind", [b"Content-Length: 100", b"Transfer-Encoding: chunked"])
async def test_a_body_that_does_not_come_is_not_waited_for(soon: Callable[[str], None], kind: bytes) -> None:
    soon("BODY_SECONDS")
    async with house() as one:
        told = await one.told(b"POST /reading HTTP/1.1\r\nHost: localhost\r\n" + kind + b"\r\n\r\n5\r\nhello")
        assert b"200 OK" not in told


async def test_who_sends_on_after_the_answer_gets_it_and_is_hung_up_on(soon: Callable[[str], None]) -> None:
    soon("LATE_SECONDS")
    async with house() as one, one.link() as (reader, writer), asyncio.timeout(PATIENCE):
        writer.write(b"POST /small HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        gone = asyncio.create_task(whole(reader))
        while not gone.done():
            writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
            await asyncio.sleep(0.001)
        assert b"200 OK" in await gone


async def test_who_does_not_take_the_answer_is_hung_up_on(soon: Callable[[str], None]) -> None:
    soon("TAKING_SECONDS")
    async with house() as one, one.link() as (reader, writer), asyncio.timeout(PATIENCE):
        writer.write(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.readexactly(10)
        while one.server.server_state.connections:  # noqa: ASYNC110 -- it has no event for that
            await asyncio.sleep(0.005)


async def test_the_one_that_is_silent_longest_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST", 5)
    async with house() as one, asyncio.timeout(PATIENCE):
        links = [await asyncio.open_connection("127.0.0.1", one.port) for _ in range(12)]
        told = [await whole(reader) for reader, _ in links[:7]]
        assert told == [b""] * 7
        links[-1][1].write(HEAD + b"Connection: close\r\n\r\n")
        assert b"200 OK" in await whole(links[-1][0])
        for _, writer in links:
            writer.close()


async def test_who_does_not_take_an_answer_makes_room_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST", 3)
    async with house() as one, asyncio.timeout(PATIENCE):
        links = [await asyncio.open_connection("127.0.0.1", one.port) for _ in range(3)]
        for reader, writer in links:
            writer.write(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await reader.readexactly(10)
        for _ in range(3):
            assert b"200 OK" in await one.told(HEAD + b"Connection: close\r\n\r\n")
        for _, writer in links:
            writer.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET /small HTTP/1.1\r\nno header\r\n\r\n",
        b"GET /small HTTP/1.1\r\nX: " + b"x" * 200_000,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"POST /reading HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /reading HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: gzip\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_refused_in_json(sent: bytes) -> None:
    async with house() as one:
        head, _, body = (await one.told(sent)).partition(b"\r\n\r\n")
    assert head.split()[1] in (b"400", b"501")
    assert b"content-type: application/json" in head.lower()
    told: Any = json.loads(body)
    assert told["error"]


async def test_a_head_may_be_as_large_as_its_refusal_says() -> None:
    async with house() as one, one.link() as (reader, writer), asyncio.timeout(PATIENCE):
        writer.write(HEAD)
        for _ in range(connections.LARGEST_HEAD // 8000):
            writer.write(b"X-Odd: " + b"x" * 7991 + b"\r\n")
            await writer.drain()
            # Its parts come one by one.
            await asyncio.sleep(0.001)
        writer.write(b"\r\n")
        assert (await reader.readline()).split()[1] == b"200"


async def test_who_asks_for_a_websocket_is_answered_as_anybody() -> None:
    async with house() as one:
        asked = b"Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        told = await one.told(HEAD + asked + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        assert b"200 OK" in told


async def test_an_answer_does_not_wait_for_the_one_before_to_be_confirmed() -> None:
    accepted: list[int] = []

    class Looking(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            link: socket.socket = transport.get_extra_info("socket")
            accepted.append(link.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    listener = listener_of(load(config_file=None, environ={"PLEXSYNC_PORT": "0"}, data_dir=Path("/nowhere")))
    server = await asyncio.get_running_loop().create_server(Looking, sock=listener)
    async with server, asyncio.timeout(PATIENCE):
        _, writer = await asyncio.open_connection("127.0.0.1", listener.getsockname()[1])
        while not accepted:  # noqa: ASYNC110 -- told by the other side of the socket
            await asyncio.sleep(0)
        writer.close()
    assert accepted[0] != 0
