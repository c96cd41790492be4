"""The database goes away in the middle of everything: work waits, events are refused by name, and all is well after."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest
from bench.cluster import Cluster

from plexsync.model.errors import StoreError
from plexsync.model.work import Event, EventType, Job
from plexsync.store.database import Connection
from plexsync.sync.reign import Reign
from plexsync.sync.service import Service
from plexsync.web.api import create_app
from postgres import fresh_database
from world import World, quiet, until, world

T = TypeVar("T")
TOKEN = "events-token-of-the-tests"


@pytest.fixture
def own_url(stoppable_postgres: Cluster) -> Iterator[str]:
    """The address of a database of the server that may be stopped."""
    with fresh_database(stoppable_postgres) as url:
        yield url


def door(service: Service) -> httpx2.AsyncClient:
    """The HTTP side of a service, as the hook meets it."""
    app = create_app(service, api_key="key", events_token=TOKEN, allowed_hosts=(), stop=lambda: None)
    transport = httpx2.ASGITransport(app=app)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers, timeout=30)


async def told(client: httpx2.AsyncClient, scene: int) -> httpx2.Response:
    body = {"events": [{"type": EventType.SCENE_UPDATE.value, "id": scene, "at": 1.0}]}
    return await client.post("/api/v1/events", json=body)


async def titles(place: World, scenes: int) -> list[Any]:
    return [(await place.item(scene))["title"] for scene in range(1, scenes + 1)]


async def in_plex(place: World, expected: list[str]) -> None:
    async def holds() -> bool:
        return await titles(place, len(expected)) == expected

    await until(holds)


async def test_a_database_that_stops_in_the_middle_of_work_costs_nothing_but_time(
    tmp_path: Path, stoppable_postgres: Cluster, own_url: str
) -> None:
    scenes = 8
    async with (
        world(tmp_path, scenes=scenes) as place,
        place.running(store_url=own_url) as service,
        door(service) as client,
    ):
        await quiet(service)
        before = await place.plex_counts()
        for scene in range(1, scenes + 1):
            await place.edit(scene, title=f"Edit {scene}")
            assert (await told(client, scene)).status_code == 202

        async def has_begun() -> bool:
            return (await place.plex_counts())["writes"] > before["writes"]

        await until(has_begun, every=0.0)
        await asyncio.to_thread(stoppable_postgres.stop, "immediate")
        for scene in (1, 2):
            await place.edit(scene, title=f"Meanwhile {scene}")
            refused = await told(client, scene)
            assert refused.status_code == 503
            assert "cannot be reached" in refused.json()["error"]
            assert "of-a-test" not in refused.text
        assert (await client.get("/healthz")).status_code == 200
        await asyncio.to_thread(stoppable_postgres.start)
        for scene in (1, 2):
            assert (await told(client, scene)).status_code == 202
        await in_plex(place, [f"Meanwhile {n}" if n < 3 else f"Edit {n}" for n in range(1, scenes + 1)])
        await quiet(service)
        assert await service.dead(10) == []


async def test_connections_that_are_cut_again_and_again_lose_no_event(
    tmp_path: Path, stoppable_postgres: Cluster, own_url: str
) -> None:
    async with (
        world(tmp_path) as place,
        place.running(store_url=own_url) as service,
        door(service) as client,
    ):
        await quiet(service)
        over = asyncio.Event()

        def cut() -> None:
            with stoppable_postgres.ruling() as ruling:
                ruling.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'plexsync'")

        async def keep_cutting() -> None:
            pause = 0.1
            while not over.is_set():
                await asyncio.to_thread(cut)
                await asyncio.sleep(pause)
                # On a busy machine a piece of work may take longer than the first pauses.
                pause *= 1.03

        cutting = asyncio.create_task(keep_cutting())
        for turn in range(3):
            for scene in range(1, 6):
                await place.edit(scene, title=f"Turn {turn} of {scene}")
                while (await told(client, scene)).status_code != 202:
                    pass
        await in_plex(place, [f"Turn 2 of {scene}" for scene in range(1, 6)])
        over.set()
        await cutting
        await quiet(service)
        assert await service.dead(10) == []


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_claim_that_was_kept_though_it_failed_holds_no_job_back(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = {"store_url": request.getfixturevalue("postgres_url")} if kind == "postgresql" else {}
    run = Reign.run
    failed: list[object] = []

    async def run_and_fail(reign: Reign, work: Callable[[Connection], T]) -> T:
        result = await run(reign, work)
        if isinstance(result, list) and result and isinstance(result[0], Job) and len(failed) < 2:
            failed.append(result)
            raise StoreError("the connection broke during the commit")
        return result

    monkeypatch.setattr(Reign, "run", run_and_fail)
    async with world(tmp_path, scenes=2) as place, place.running(**store) as service:
        await place.edit(1, title="Edited")
        await service.take([Event(type=EventType.SCENE_UPDATE, id=1)])
        await in_plex(place, ["Edited", (await titles(place, 2))[1]])
        await quiet(service)
    assert len(failed) == 2
