"""An endpoint that answers everything with the bytes of a file: what the server itself costs, and nothing else.

python -m bench.bare FILE
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from pathlib import Path

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from plexsync.web.serving import QuietServer


def app_of(content: bytes) -> Starlette:
    """Reads what is sent, and answers."""

    async def answer(request: Request) -> Response:
        await request.body()
        return Response(content, media_type="application/json")

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])


async def main(content: bytes) -> None:
    """Serve as the daemon does, until SIGTERM; one line of JSON says where."""
    app = FastAPI()
    app.mount("/", app_of(content))
    # Nothing of FastAPI is between the server and the answer.
    server = QuietServer(app)
    server.config.app = app_of(content)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.end)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(256)
        print(json.dumps({"url": f"http://127.0.0.1:{listener.getsockname()[1]}"}), flush=True)
        await server.serve_on(listener.dup())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).read_bytes()))
