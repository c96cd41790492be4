"""The provider alone as its process has it, server and all, beside a simulated Stash with a key; in a thread."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from newstore import spare_first_start
from plexsync.alone import server_of
from plexsync.app.alone import Alone, provider_alone
from plexsync.app.folder import home_of, open_store
from plexsync.app.sources import Sources
from plexsync.daemon import listener_of
from plexsync.log import Redactor
from plexsync.model.item import Section
from plexsync.sim.serving import serving
from plexsync.sim.stash import StashOptions
from plexsync.sim.stash import create_app as stash_app
from plexsync.store import owner, sections
from plexsync.store.database import Database
from plexsync.sync.clock import SystemClock
from plexsync.sync.gates.peers import plex_key
from plexsync.web.serving import QuietServer
from web.house import NOWHERE

STASH_KEY = "key-of-stash-0123456789"
PLEX_TOKEN = "token-of-plex-0123456789"
#: The name by which Plex reaches the provider.
NAME = "plexsync.example"


@dataclass
class Stand:
    """Where it is, what it was made of, and clients of it and of Stash."""

    alone: Alone
    port: int
    stash: httpx2.Client
    client: httpx2.Client
    redactor: Redactor
    server: QuietServer
    database: Database

    @property
    def base(self) -> str:
        """The path of the provider."""
        return f"/provider/{self.alone.identity.provider_path}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """All that nobody is to read anywhere."""
        mine = self.alone.identity
        return (STASH_KEY, PLEX_TOKEN, mine.signing_key, mine.provider_path, mine.api_key, mine.events_token)

    def said(self, request: bytes) -> bytes:
        """All that comes back for these very bytes, until the connection is closed."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as link:
            found = b""
            # Refused before everything was sent: what was said of it may still be read.
            with suppress(OSError):
                link.sendall(request)
            with suppress(ConnectionError):
                while part := link.recv(65536):
                    found += part
            return found

    def fault(self, *rules: dict[str, Any]) -> None:
        """Put these faults in force on Stash; none clears them, and what was told of Stash before counts no more."""
        self.stash.put("/_sim/faults", json=list(rules))
        now = self.alone.provider.catalogue.now
        self.alone.provider.catalogue.now = self.alone.gallery.now = lambda: now() + 60

    def asked_of_stash(self) -> list[dict[str, Any]]:
        """The requests that Stash got."""
        found: list[dict[str, Any]] = self.stash.get("/_sim/requests").json()["requests"]
        return found

    def picture(self, name: str = "thumb") -> str:
        """The path of a picture of the first scene."""
        item = self.client.get(f"{self.base}/library/metadata/1").json()["MediaContainer"]["Metadata"][0]
        return str(httpx2.URL(item[name]).path)


@contextmanager
def standing(folder: Path, *, without: Collection[str] = ()) -> Iterator[Stand]:
    """Served until the end of the block, without these settings; a daemon works on the same database."""
    with serving(stash_app(StashOptions(scenes=4, config_dir=folder, api_key=STASH_KEY))) as stash:
        environ = {
            "PLEXSYNC_STASH_URL": stash.url,
            "PLEXSYNC_STASH_API_KEY": STASH_KEY,
            "PLEXSYNC_PLEX_URL": NOWHERE,
            "PLEXSYNC_PLEX_TOKEN": PLEX_TOKEN,
            "PLEXSYNC_PATH_RULES": "/plex/media => /data",
            "PLEXSYNC_PEOPLE_PICTURES": "always",
            "PLEXSYNC_URL_FROM_PLEX": f"http://{NAME}:9797",
            "PLEXSYNC_PORT": "0",
        }
        environ = {name: value for name, value in environ.items() if name not in without}
        config = Sources(environ=environ, data_dir=folder / "data").load()
        spare_first_start(home_of(config))
        database = open_store(config)
        redactor = Redactor()
        library = Section(key=1, title="Films", type="movie", agent="any", locations=("/plex/media",))
        with database.transaction() as connection:
            sections.keep(connection, "plex", [library])
            sections.keep_synced(connection, "plex", [1])
            owner.take(connection, plex_key("plex"), "a daemon")
        alone = provider_alone(config, database, clock=SystemClock(), redactor=redactor)
        listener = listener_of(config)
        port = listener.getsockname()[1]
        ready, loops = threading.Event(), list[asyncio.AbstractEventLoop]()
        server = server_of(alone)

        async def serve() -> None:
            loops.append(asyncio.get_running_loop())
            ready.set()
            await server.serve_on(listener)
            await alone.stash.close()
            database.close()

        thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        thread.start()
        ready.wait()
        try:
            with (
                httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, verify=False) as client,
                httpx2.Client(base_url=stash.url, timeout=60, verify=False) as other,
            ):
                yield Stand(
                    alone=alone,
                    port=port,
                    stash=other,
                    client=client,
                    redactor=redactor,
                    server=server,
                    database=database,
                )
        finally:
            loops[0].call_soon_threadsafe(server.end)
            thread.join(30)
