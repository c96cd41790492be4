"""Two daemons at one PostgreSQL: one works on a key, the other stands by for it and serves all the same."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from plexsync.app.folder import open_store
from plexsync.app.graph import Graph, build
from plexsync.app.sources import Sources
from plexsync.log import Redactor
from plexsync.model.errors import StoreError
from plexsync.model.work import Event, EventType
from plexsync.sim.plex import PlexOptions
from plexsync.sim.plex import create_app as plex_app
from plexsync.sim.serving import serving
from plexsync.store.schema import owners
from plexsync.sync.plans.documents import plan_document
from plexsync.sync.service import Service
from plexsync.sync.walks.walk import FULL_WALK
from world import LIBRARY, World, quiet, until, world


@contextlib.asynccontextmanager
async def graph_of(place: World, name: str, url: str, **settings: str) -> AsyncIterator[Graph]:
    """The graph of a daemon with a data folder of its own, not at work."""
    told = {f"PLEXSYNC_{key.upper()}": value for key, value in {"store_url": url, **settings}.items()}
    # An empty setting is one that is not given.
    environ = {key: value for key, value in (place.environ | told).items() if value}
    sources = Sources(environ=environ, data_dir=place.folder / name)
    config = sources.load()
    graph = build(config, open_store(config), clock=place.clock, chance=random.Random(name), redactor=Redactor())
    try:
        yield graph
    finally:
        await graph.close()


@contextlib.asynccontextmanager
async def daemon(place: World, name: str, url: str, **settings: str) -> AsyncIterator[Service]:
    """A daemon at work, which ends well after the block."""
    async with graph_of(place, name, url, **settings) as graph:
        work = asyncio.create_task(graph.service.run())
        try:
            yield graph.service
        finally:
            await graph.service.wind_down(5)
            work.cancel()
            await asyncio.wait([work])
            if not work.cancelled() and (error := work.exception()) is not None:
                raise error


def owned(service: Service) -> list[str]:
    """The keys that this daemon works on."""
    return [ownership.key for ownership in service.ownerships if ownership.reign is not None]


async def owns_all(service: Service) -> None:
    async def has_all() -> bool:
        return len(owned(service)) == len(service.ownerships)

    await until(has_all)


async def silence(service: Service) -> None:
    """As if this daemon had not beaten for a minute in the reigns it has, by the database's clock."""
    for reign in [ownership.reign for ownership in service.ownerships if ownership.reign is not None]:
        mine = sa.and_(owners.c.server == reign.key, owners.c.epoch == reign.epoch)
        aged = sa.update(owners).where(mine).values(beat_at=owners.c.beat_at - 60)
        await service.database.run(lambda c, aged=aged: c.execute(aged))  # type: ignore[misc]


async def saved(place: World, service: Service, scene: int, **values: Any) -> None:
    """A user saves a scene, and the hook tells that daemon."""
    await place.edit(scene, **values)
    await service.take([Event(type=EventType.SCENE_UPDATE, id=scene)])


async def titled(place: World, scene: int, title: str) -> None:
    async def holds() -> bool:
        return bool((await place.item(scene))["title"] == title)

    await until(holds)


async def test_one_works_and_one_stands_by_and_events_given_to_either_arrive(tmp_path: Path, postgres_url: str) -> None:
    async with world(tmp_path) as place, daemon(place, "first", postgres_url) as first:
        await owns_all(first)
        async with daemon(place, "second", postgres_url) as second:
            await quiet(first)
            await quiet(second)
            assert owned(second) == []
            await saved(place, first, 1, title="Told the one that works")
            await saved(place, second, 2, title="Told the one that stands by")
            await titled(place, 1, "Told the one that works")
            await titled(place, 2, "Told the one that stands by")
            await quiet(second)
            assert owned(second) == []


async def test_the_one_that_stands_by_answers_questions_and_takes_wishes(tmp_path: Path, postgres_url: str) -> None:
    preview = {"preview_first_contact": "true"}
    async with world(tmp_path) as place, daemon(place, "first", postgres_url, **preview) as first:
        await owns_all(first)
        async with daemon(place, "second", postgres_url, **preview) as second:
            await quiet(second)
            status = await second.status()
            assert [server["synced"] for server in status["servers"]] == [[LIBRARY]]
            assert [server["first_contact"]["waiting"] for server in status["servers"]] == [5]
            assert {one["key"] for one in status["owners"]} == {"timetable", "plex:plex"}
            assert not any(one["mine"] for one in status["owners"])
            assert all("process" in one["holder"] and one["beat_age"] < 20 for one in status["owners"])
            assert all(one["mine"] for one in (await first.status())["owners"])
            assert second.troubles() == []
            plans = [plan_document(planned) async for planned in second.plan([1, 2])]
            assert all(planned["items"][0]["changes"] for planned in plans)
            assert (await second.why(1))["files"]
            walks = first.entries[FULL_WALK].runs
            await second.sync_all()
            await quiet(second)
            assert first.entries[FULL_WALK].runs == walks + 1
            await second.sync_library(LIBRARY, go=True)
            await quiet(second)
            assert (await place.plex_counts())["writes"] == 5
            # What the working one decides from now on knows of the go as well.
            assert (await second.status())["servers"][0]["first_contact"]["waiting"] == 0


async def test_a_daemon_that_ends_well_is_followed_at_once(tmp_path: Path, postgres_url: str) -> None:
    async with world(tmp_path) as place:
        async with daemon(place, "first", postgres_url) as first:
            await owns_all(first)
        async with daemon(place, "second", postgres_url) as second:
            # Without silence: it is the first look that finds both keys free.
            await owns_all(second)
            assert {one["owned_for"] < 20 for one in (await second.status())["owners"]} == {True}
            await saved(place, second, 1, title="Under new management")
            await titled(place, 1, "Under new management")


async def test_a_deposed_owner_stands_by_and_what_it_had_under_way_is_looked_at_again(
    tmp_path: Path, postgres_url: str
) -> None:
    async with world(tmp_path) as place, daemon(place, "first", postgres_url) as first:
        await owns_all(first)
        await quiet(first)
        await place.faults(place.plex, {"path": "/library/sections", "method": "PUT", "fault": "hang", "times": 1})
        await saved(place, first, 1, title="Under way")

        async def hangs() -> bool:
            return bool((await place.http.get(f"{place.plex.url}/_sim/faults")).json()[0]["struck"])

        await until(hangs)
        async with daemon(place, "second", postgres_url) as second:

            async def moved() -> bool:
                # A beat of the first between two looks of the second would keep it the owner.
                await silence(first)
                return len(owned(second)) == len(second.ownerships)

            await until(moved)

            async def gave_up() -> bool:
                return owned(first) == []

            await until(gave_up)
            await titled(place, 1, "Under way")
            await saved(place, first, 2, title="Told the deposed one")
            await titled(place, 2, "Told the deposed one")
            await quiet(second)
            status = await first.status()
            assert {one["mine"] for one in status["owners"]} == {False}


async def test_two_daemons_that_start_together_share_two_servers(tmp_path: Path, postgres_url: str) -> None:
    async with world(tmp_path) as place:
        with serving(plex_app(PlexOptions(items=5, token="other"))) as other:
            servers = [
                {"name": "attic", "url": place.plex.url, "token": "sim-plex-token", "libraries": [LIBRARY]},
                {"name": "cellar", "url": other.url, "token": "other", "libraries": [LIBRARY]},
            ]
            settings = {"servers": json.dumps(servers), "plex_url": "", "plex_token": "", "libraries": ""}
            async with (
                daemon(place, "first", postgres_url, **settings) as first,
                daemon(place, "second", postgres_url, **settings) as second,
            ):

                async def all_owned() -> bool:
                    return sorted(owned(first) + owned(second)) == ["plex:attic", "plex:cellar", "timetable"]

                await until(all_owned)
                assert {key for key in owned(first) if key != "timetable"} != set()
                assert {key for key in owned(second) if key != "timetable"} != set()
                await quiet(first)
                await saved(place, second, 3, title="On both")
                await titled(place, 3, "On both")

                async def there() -> bool:
                    found = (await place.http.get(f"{other.url}/_sim/items")).json()
                    return any(item["title"] == "On both" for item in found.values())

                await until(there)


async def test_a_command_that_finds_another_daemon_at_work_names_it_and_the_remedy(
    tmp_path: Path, postgres_url: str
) -> None:
    async with world(tmp_path) as place, daemon(place, "first", postgres_url) as first:
        await owns_all(first)
        async with graph_of(place, "second", postgres_url) as graph:
            with pytest.raises(StoreError, match=r"process \d+ works on the timetable .* stop it first"):
                async with graph.service.owning():
                    pass
            assert owned(graph.service) == []
    for name in ("second", "third"):
        async with graph_of(place, name, postgres_url) as graph:
            async with graph.service.owning():
                assert len(owned(graph.service)) == 2
            assert owned(graph.service) == []
