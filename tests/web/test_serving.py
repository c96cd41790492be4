"""The daemon's HTTP server: it answers, tells each answer's date, wakes for nothing else, and ends when told to."""

from __future__ import annotations

import asyncio
import socket
from email.utils import parsedate_to_datetime

import httpx2
from fastapi import FastAPI

from plexsync.web.serving import QuietServer


async def test_each_answer_has_its_date_and_the_server_ends_when_told_to() -> None:
    app = FastAPI()
    app.get("/")(lambda: {"said": "hello"})
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    server = QuietServer(app)
    serving = asyncio.create_task(server.serve_on(listener))
    async with httpx2.AsyncClient(trust_env=False) as client:
        answer = await client.get(url)
    assert answer.json() == {"said": "hello"}
    assert parsedate_to_datetime(answer.headers["date"]).tzinfo is not None
    assert answer.headers["server"] == "uvicorn"
    server.end()
    await serving
    assert listener.fileno() == -1


async def test_between_requests_nothing_is_due() -> None:
    _, server, serving = await _started()
    loop = asyncio.get_running_loop()
    due = [handle for handle in getattr(loop, "_scheduled") if not handle.cancelled()]  # noqa: B009 -- no public name
    assert due == []
    server.end()
    await serving


async def test_who_is_let_in_at_the_very_end_is_shown_out() -> None:
    listener, server, serving = await _started()
    with socket.create_connection(listener.getsockname()) as late:
        # It is let in and the server is told to end in the same round of the loop.
        asyncio.get_running_loop().call_soon(server.end)
        await serving
        late.setblocking(False)
        assert await asyncio.wait_for(_last_words(late), 5) == b""


async def _last_words(client: socket.socket) -> bytes:
    try:
        return await asyncio.get_running_loop().sock_recv(client, 1)
    except ConnectionResetError:
        return b""


async def _started() -> tuple[socket.socket, QuietServer, asyncio.Task[None]]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = QuietServer(FastAPI())
    serving = asyncio.create_task(server.serve_on(listener))
    while not server.started:  # noqa: ASYNC110 -- it has no event for that
        await asyncio.sleep(0)
    return listener, server, serving
