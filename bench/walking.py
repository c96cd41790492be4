"""One process that makes a store, or that walks and fetches the same in turn; it prints what that took as JSON.

python -m bench.walking (prepare|walk|meet|preview) STASH_URL PLEX_URL PLEX_TOKEN LIBRARY DATA_FOLDER
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import msgspec
import sqlalchemy as sa
from bench.many import COUNTS

from plexsync.app import Graph, Sources, build, merged, open_store
from plexsync.demo.stage import PLEX_ROOT, STASH_ROOT
from plexsync.log import Redactor
from plexsync.model.fields import Field
from plexsync.model.scene import Scene
from plexsync.plex.documents import ListAnswer, SectionAnswer
from plexsync.plex.listings import NOT_LISTED
from plexsync.stash import documents, windows
from plexsync.stash.answers import Envelope, ScenesPage
from plexsync.stash.walks import PAGE
from plexsync.store import in_step, pictures, preferences, schema, seen
from plexsync.store.database import Connection
from plexsync.sync.clock import SystemClock
from plexsync.sync.plandocuments import plan_document
from plexsync.sync.previewing import Previews
from plexsync.sync.readback import link_text
from plexsync.sync.tools import Tools
from plexsync.sync.walk import FULL_WALK

ROUNDS = 5
_LISTED_AT_ONCE = 1000


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
        environ = {
            "PLEXSYNC_STASH_URL": self.stash,
            "PLEXSYNC_PLEX_URL": self.plex,
            "PLEXSYNC_PLEX_TOKEN": self.token,
            "PLEXSYNC_LIBRARIES": self.library,
            "PLEXSYNC_PATH_RULES": f"{PLEX_ROOT} => {STASH_ROOT}",
        }
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
        await graph.service.timetable.entries[FULL_WALK].run()
        last_id, scenes = 0, 0
        while page := await graph.stash.scenes_after(last_id, PAGE):
            await graph.database.run(lambda c, page=page: take_for_done(c, page, server.tools))  # type: ignore[misc]
            last_id, scenes = page[-1].id, scenes + len(page)
        await graph.database.run(lambda c: c.execute(sa.delete(schema.jobs)))
    return {"scenes": scenes}


def take_for_done(connection: Connection, page: Sequence[Scene], tools: Tools) -> None:
    """As if each had just been synced."""
    now = tools.clock.now()
    seen.note(connection, page, now)
    for scene in page:
        found = tools.finder.find(connection, scene)
        tools.finder.remember(connection, scene, found)
        for tie in found.links:
            digest = tools.rules_of(tie.section).digest(scene, link_text(tie.rating_key, tie.plex_path))
            in_step.confirm(connection, tools.server, scene.id, tie.rating_key, digest, now)


async def walk(task: Task) -> dict[str, float]:
    """Each walk beside the bare fetching of the same round, so that a busy moment of the machine meets both."""
    headers = {"X-Plex-Token": task.token, "Accept": "application/json"}
    rounds, jobs = [], 0
    async with task.graph() as graph, httpx2.AsyncClient(timeout=60, trust_env=False, headers=headers) as client:
        await graph.service.servers[0].libraries.load()
        # The first round, which makes servers and caches warm, does not count.
        for _ in range(ROUNDS + 1):
            began = Watch.now()
            await list_plex(client, task.plex)
            await list_stash(client, task.stash)
            between = Watch.now()
            jobs += await walk_once(graph)
            rounds.append((between.since(began), Watch.now().since(between)))
    measured = rounds[1:]
    return {
        "limit": statistics.median(limit.seconds for limit, _ in measured),
        "walk": statistics.median(walk.seconds for _, walk in measured),
        "ratio": statistics.median(walk.seconds / limit.seconds for limit, walk in measured),
        "processor": min(walk.processor for _, walk in measured),
        "processor_ratio": statistics.median(walk.processor / limit.processor for limit, walk in measured),
        "jobs": jobs,
    }


async def walk_once(graph: Graph) -> int:
    """List Plex and walk through Stash, as a daemon does whose Plex says that something in the library changed."""
    server, walk = graph.service.servers[0], graph.service.timetable.entries[FULL_WALK]
    name = f"listed:{server.name}"
    listed = await graph.database.run(lambda c: preferences.get(c, name))
    await graph.database.run(lambda c: preferences.put(c, name, dict.fromkeys(listed or {}, "")))
    await server.libraries.refresh()
    # A walk that is wished for begins at the first scene.
    await graph.service.sync_all()
    put = await walk.run()
    assert isinstance(put, int)
    return put


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Seconds by the clock, and seconds of processor of this process."""

    seconds: float
    processor: float

    @classmethod
    def now(cls) -> Watch:
        """As they stand."""
        return cls(seconds=time.perf_counter(), processor=time.process_time())

    def since(self, began: Watch) -> Watch:
        """What passed."""
        return Watch(seconds=self.seconds - began.seconds, processor=self.processor - began.processor)


async def list_plex(client: httpx2.AsyncClient, url: str) -> None:
    """All pages of the first library."""
    sections = await client.get(f"{url}/library/sections")
    rows = msgspec.json.decode(sections.content, type=SectionAnswer).container.rows or []
    start, key = 0, rows[0].key
    while True:
        page = await client.get(
            f"{url}/library/sections/{key}/all?type=1&sort=addedAt&{NOT_LISTED}"
            f"&X-Plex-Container-Start={start}&X-Plex-Container-Size={_LISTED_AT_ONCE}"
        )
        listed = msgspec.json.decode(page.content, type=ListAnswer).container.rows or []
        start += len(listed)
        if len(listed) < _LISTED_AT_ONCE:
            return


async def list_stash(client: httpx2.AsyncClient, url: str) -> None:
    """All pages of scenes."""
    last_id = 0
    while True:
        body = {
            "operationName": documents.operation_name(documents.SCENES_AFTER),
            "query": documents.SCENES_AFTER,
            "variables": {"page": windows.page(PAGE), "which": windows.above(last_id), "tagParents": False},
        }
        answer = await client.post(f"{url}/graphql", json=body)
        envelope = msgspec.json.decode(answer.content, type=Envelope)
        scenes = msgspec.json.decode(envelope.data, type=ScenesPage).findScenes.scenes
        if len(scenes) < PAGE:
            return
        last_id = int(scenes[-1].id)


DOINGS = {"prepare": prepare, "walk": walk, "meet": meet, "preview": preview}


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
