"""The simulated server in the foreground."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import msgspec

from plexsync.sim.plex.app import create_app
from plexsync.sim.serving import Serving

if TYPE_CHECKING:
    from plexsync.sim.plex.options import PlexOptions
    from plexsync.sim.plex.store import Store


def main(port: int, options: PlexOptions) -> None:
    """Serve until SIGTERM or SIGINT; once it answers, one line of JSON on standard output says what it is."""
    app = create_app(options)
    serving = Serving(app, port=port)

    def ready() -> None:
        sys.stdout.write(msgspec.json.encode(introduction(app.state.plex, serving.url)).decode() + "\n")
        sys.stdout.flush()

    asyncio.run(serving.serve(ready))


def introduction(store: Store, url: str) -> dict[str, object]:
    """What whoever started the server needs to know."""
    return {
        "url": url,
        "token": store.options.token,
        "machineIdentifier": store.machine_identifier,
        "sections": [
            {"key": str(section.key), "title": section.title, "path": section.path}
            for section in store.sections.values()
        ],
        "items": sum(1 for item in store.items.values() if item.type == "movie"),
    }
