"""A relay before a database's port that can cut a connection at the very moment of its commit."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto


class Cut(Enum):
    """Where the next connection that commits breaks; NOWHERE lets everything through."""

    NOWHERE = auto()
    BEFORE = auto()  #: the commit never reaches the server
    AFTER = auto()  #: the server has committed, and its answer never reaches the client


class Relay:
    """Passes bytes on between clients and one port of loopback."""

    def __init__(self, listener: socket.socket, to: int) -> None:
        self.cut = Cut.NOWHERE
        self.port: int = listener.getsockname()[1]
        self._listener = listener
        self._to = to

    def serve(self) -> None:
        """Until the listener is shut down."""
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._to))
            threading.Thread(target=self._carry, args=(client, server), daemon=True).start()

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        with client, server:
            while True:
                for side in select.select([client, server], [], [])[0]:
                    data = side.recv(1 << 16)
                    if side is client and b"COMMIT" in data and self.cut is not Cut.NOWHERE:
                        self._break(data, server)
                        return
                    if not data:
                        return
                    (server if side is client else client).sendall(data)

    def _break(self, commit: bytes, server: socket.socket) -> None:
        where, self.cut = self.cut, Cut.NOWHERE
        if where is Cut.AFTER:
            server.sendall(commit)
            server.recv(1 << 16)


@contextmanager
def relay(to: int) -> Iterator[Relay]:
    """A relay to that port, at work."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = Relay(listener, to)
        serving = threading.Thread(target=found.serve)
        serving.start()
        try:
            yield found
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            serving.join()
