"""A simulator that ends leaves nobody behind."""

from __future__ import annotations

import socket

from plexsync.sim.plex import PlexOptions, create_app
from plexsync.sim.serving import Serving


def test_who_is_let_in_at_the_very_end_is_shown_out() -> None:
    for _ in range(10):
        server = Serving(create_app(PlexOptions(items=0))).start()
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as late:
            server.stop()
            assert _last_words(late) == b""


def _last_words(client: socket.socket) -> bytes:
    try:
        return client.recv(1)
    except ConnectionResetError:
        return b""
