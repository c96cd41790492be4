"""What is known of Plex's libraries while a daemon starts."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from plexsync.app.sources import Sources
from plexsync.store import index
from world import LIBRARY, opened, world

#: Seconds in which a Plex that answers at once overtakes a store that is busy.
HEAD_START = 0.5


async def test_what_the_store_remembers_late_does_not_replace_what_plex_told_first(tmp_path: Path) -> None:
    async with world(tmp_path) as place:
        sources = Sources(environ=place.environ, data_dir=tmp_path / "data")
        async with opened(sources, place.clock) as graph:
            server, free = graph.service.servers[0], threading.Event()
            busy = asyncio.create_task(graph.database.run(lambda _: free.wait(10)))
            loading = asyncio.create_task(server.libraries.load())
            refreshing = asyncio.create_task(server.libraries.refresh())
            await asyncio.wait([refreshing], timeout=HEAD_START)
            free.set()
            await asyncio.gather(busy, loading, refreshing)
            assert [section.title for section in server.libraries.synced] == [LIBRARY]
            assert sum((await graph.database.run(lambda c: index.count(c, server.name))).values()) == 5
