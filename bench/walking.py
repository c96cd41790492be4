"""One process that makes a store, or that measures what goes through it; it prints what that took as JSON.

python -m bench.walking (prepare|both|meet|preview) STASH_URL PLEX_URL PLEX_TOKEN LIBRARY DATA_FOLDER
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx2
import sqlalchemy as sa
from bench.bothsides import BothSides
from bench.limits import Watch
from bench.many import COUNTS
from bench.walk import task_environ

from plexsync.app.folder import open_store
from plexsync.app.graph import Graph, build
from plexsync.app.sources import Sources, merged
from plexsync.log import Redactor
from plexsync.model.fields import Field
from plexsync.model.scene import Scene
from plexsync.store import pictures, schema, seen
from plexsync.store.database import Connection
from plexsync.sync.clock import SystemClock
from plexsync.sync.plans.documents import plan_document
from plexsync.sync.plans.previewing import Previews
from plexsync.sync.story.ties import link_texts
from plexsync.sync.story.tools import Tools
from plexsync.sync.walks.walk import FULL_WALK


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Between which servers, and where the data folder is."""

    stash: str
    plex: str
    token: str
    library: str
    data: Path

    @asynccontextmanager
    async def graph(self) -> AsyncIterator[Graph]:
        """The daemon's graph, not at work."""
        environ = task_environ(self.stash, self.plex, self.token, self.library)
        sources, redactor = Sources(environ=environ, data_dir=self.data), Redactor()
        database = open_store(sources.load())
        config = await merged(sources, sources.load(), database, redactor)
        graph = build(config, database, clock=SystemClock(), chance=random.Random(7), redactor=redactor)
        try:
            yield graph
        finally:
            await graph.close()


async def prepare(task: Task) -> dict[str, float]:
    """Make the store know all scenes and items, and take all of them for being in step."""
    async with task.graph() as graph:
        server = graph.service.servers[0]
        await server.libraries.refresh()
        looks, start, scenes = dict[int, tuple[str, int]](), 0, 0
        while (listing := await server.tools.plex.plain_page(server.libraries.synced[0].key, start)).rows:
            items = [one.read() for one in listing.items]
            looks |= {item.rating_key: (item.look, item.updated_at) for item in items}
            start += listing.rows
            if listing.ends(start - listing.rows):
                break
        async for page in Previews(stash=graph.stash, targets=()).pages():
            await graph.database.run(lambda c, page=page: take_for_done(c, page, server.tools, looks))  # type: ignore[misc]
            scenes += len(page)
        await graph.service.timetable.entries[FULL_WALK].run()
        await graph.database.run(lambda c: c.execute(sa.delete(schema.jobs)))
    return {"scenes": scenes}


def take_for_done(
    connection: Connection, page: Sequence[Scene], tools: Tools, looks: Mapping[int, tuple[str, int]]
) -> None:
    """As if each had just been synced, and had looked so then."""
    now = tools.clock.now()
    seen.note(connection, page, now)
    ties = [tie for found in tools.finder.find_each(connection, page).values() for tie in found.links]
    scenes = {scene.id: scene for scene in page}
    connection.execute(sa.insert(schema.links), [asdict(tie) for tie in ties])
    rows = [
        {
            "server": tools.server,
            "scene": tie.scene,
            "rating_key": tie.rating_key,
            "digest": tools.rules_of(tie.section).digest(scenes[tie.scene], link_texts([tie])[tie.rating_key]),
            "confirmed_at": now,
            "look": looks[tie.rating_key][0],
            "item_updated_at": looks[tie.rating_key][1],
        }
        for tie in ties
    ]
    connection.execute(sa.insert(schema.in_step), rows)


async def both(task: Task) -> dict[str, float]:
    """Each work beside its limit."""
    async with task.graph() as graph:
        await graph.service.servers[0].libraries.load()
        # The turn of the day is over with it, and the next one knows nothing of what it found.
        await BothSides(graph=graph, stash=task.stash, plex=task.plex, token=task.token).reconcile()
    async with task.graph() as graph:
        return await BothSides(graph=graph, stash=task.stash, plex=task.plex, token=task.token).measured()


async def meet(task: Task) -> dict[str, float]:
    """Make the store know all scenes and items, and take every cover for looked at, as at first contact."""
    async with task.graph() as graph:
        server, scenes = graph.service.servers[0], 0
        await server.libraries.refresh()
        await graph.service.meet()
        async for page in Previews(stash=graph.stash, targets=()).pages():
            covers = [picture_of(scene, server.tools) for scene in page]
            await graph.database.run(lambda c, covers=covers: pictures.put(c, covers))  # type: ignore[misc]
            scenes += len(page)
    return {"scenes": scenes}


def picture_of(scene: Scene, tools: Tools) -> pictures.Picture:
    """The cover of a scene, as if it had just been looked at."""
    return pictures.Picture(
        kind=pictures.SCENE,
        id=scene.id,
        recipe=tools.rules.default.recipe(Field.POSTER).name,
        etag=f'"{scene.id}"',
        sha1=f"{scene.id:040x}",
        size=50_000,
        checked_for=scene.updated_at,
        checked_at=tools.clock.now(),
    )


async def preview(task: Task) -> dict[str, float]:
    """Plan everything, keep nothing."""
    async with task.graph() as graph, httpx2.AsyncClient(timeout=60, trust_env=False) as client:
        await graph.service.servers[0].libraries.load()
        before = [(await client.get(url + COUNTS)).json() for url in (task.stash, task.plex)]
        began, scenes, largest = Watch.now(), 0, 0
        async for planned in graph.service.plan_all():
            scenes += 1
            largest = max(largest, len(json.dumps(plan_document(planned))))
        took = Watch.now().since(began)
        after = [(await client.get(url + COUNTS)).json() for url in (task.stash, task.plex)]
        counts = {
            f"{name}_{what}": now[what] - then[what]
            for name, then, now in zip(("stash", "plex"), before, after, strict=True)
            for what in ("requests", "writes")
        }
        return counts | {
            "scenes": scenes,
            "seconds": took.seconds,
            "processor": took.processor,
            "largest": largest,
        }


DOINGS = {"prepare": prepare, "both": both, "meet": meet, "preview": preview}


def main(words: Sequence[str]) -> None:
    """Do one thing and tell."""
    what, stash, plex, token, library, data = words
    task = Task(stash=stash, plex=plex, token=token, library=library, data=Path(data))
    found = asyncio.run(DOINGS[what](task))
    # Linux counts it in kibibytes.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1_000_000
    sys.stdout.write(json.dumps({**found, "peak_megabytes": peak}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
