"""TLS in front of a server that speaks none."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit


@contextlib.contextmanager
def tls_front(url: str, context: ssl.SSLContext) -> Iterator[str]:
    """The address under which the server at `url` answers with this certificate, for the length of the block."""
    loop = asyncio.new_event_loop()
    started: asyncio.Future[int] = loop.create_future()
    stop = asyncio.Event()
    known = threading.Event()

    async def serve() -> None:
        server = await asyncio.start_server(lambda r, w: _pass(r, w, url), "127.0.0.1", 0, ssl=context)
        started.set_result(server.sockets[0].getsockname()[1])
        known.set()
        async with server:
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    known.wait()
    try:
        yield f"https://127.0.0.1:{started.result()}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, url: str) -> None:
    there, back = await asyncio.open_connection(urlsplit(url).hostname, urlsplit(url).port)
    with contextlib.suppress(OSError):
        await asyncio.gather(_pump(reader, back), _pump(there, writer))


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while piece := await source.read(65536):
            sink.write(piece)
            await sink.drain()
    finally:
        sink.close()
