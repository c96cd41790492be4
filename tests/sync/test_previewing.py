"""A plan is exactly what a sync then does, and making it changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from plexsync.model.fields import Field
from plexsync.model.pictures import UNMADE
from plexsync.model.scene import Scene
from plexsync.sim.library import cover
from plexsync.store import history
from plexsync.store.database import Connection
from plexsync.sync.plainvalues import value_json
from plexsync.sync.plans.documents import plan_document
from plexsync.sync.plans.planning import Scope, plan_scenes
from plexsync.sync.service import Service
from plexsync.sync.story.known import Known
from store.lookups import statements_of
from sync.test_clearing import walked
from sync.test_lost_updates import at_rest, silently
from sync.test_story import picture
from world import FastClock, World, quiet, world

Written = dict[tuple[int, int, str], tuple[str, str]]


async def planned(service: Service, *scenes: int, library: str | None = None) -> list[dict[str, Any]]:
    plans = service.plan(scenes) if scenes else service.plan_all(library)
    return [plan_document(one) async for one in plans]


def changes_of(documents: list[dict[str, Any]]) -> Written:
    """What is to be written: (scene, item, field) to (now, will be)."""
    return {
        (one["scene"], item["item"], change["field"]): (json.dumps(change["now"]), json.dumps(change["will_be"]))
        for one in documents
        for item in one["items"]
        for change in item["changes"]
    }


async def recorded(service: Service, after: int = 0) -> Written:
    """What the history tells of since that entry."""
    rows = await service.database.run(lambda c: history.latest(c, 10_000))
    return {
        (row.scene, row.rating_key, row.field.value): (
            json.dumps(value_json(row.before)),
            json.dumps(value_json(row.after)),
        )
        for row in rows
        if row.id > after
    }


async def newest(service: Service) -> int:
    rows = await service.database.run(lambda c: history.latest(c, 1))
    return rows[0].id if rows else 0


def without_pictures(written: Written) -> Written:
    """What was shown before the first picture of ours is asked for only when it is about to be replaced."""
    pictures = {Field.POSTER.value, Field.BACKGROUND.value}
    return {key: values if key[2] not in pictures else ("", values[1]) for key, values in written.items()}


async def test_what_is_planned_at_first_contact_is_what_is_written(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=6) as place:
        place.clock = FastClock(60.0)
        async with place.running(preview_first_contact="true") as service:
            await quiet(service)
            await place.forget_requests()
            documents = await planned(service)
            assert {one["scene"] for one in documents} == set(range(1, 7))
            assert all(item["waits"] for one in documents for item in one["items"])
            counts = await place.plex_counts()
            assert (counts["writes"], counts["uploads"]) == (0, 0)
            assert counts["reads"] <= 8, "items are read together"
            assert await recorded(service) == {}
            assert await planned(service, library="Open movies") == documents
            await service.sync_library("Open movies", go=True)
            await quiet(service)
            assert without_pictures(await recorded(service)) == without_pictures(changes_of(documents))
            again = await planned(service)
            assert changes_of(again) == {}


async def test_what_is_planned_of_edits_is_what_is_written(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=6, speed=60.0) as (place, service):
        await silently(place, 1, title="Another title", tags=["new tag"], performers=[])
        await silently(place, 2, details="", rating100=80)
        await silently(place, 3, cover_image=picture(cover(9)), date="1999")
        await silently(place, 4, studio="A new studio")
        key = (await place.item(5))["ratingKey"]
        edit = {"summary": "A person wrote this", "genres": ["Odd"]}
        await place.http.put(f"{place.plex.url}/_sim/items/{key}", json=edit)
        before = await newest(service)
        documents = await planned(service, 1, 2, 3, 4, 5, 6, 99)
        assert [one["scene"] for one in documents] == [1, 2, 3, 4, 5, 6, 99]
        assert documents[-1]["kind"] == "gone"
        assert await newest(service) == before
        await service.sync_scenes([1, 2, 3, 4, 5, 6])
        await quiet(service)
        assert without_pictures(await recorded(service, before)) == without_pictures(changes_of(documents))
        assert {key[0] for key in changes_of(documents)} == {1, 2, 3, 4, 5}


async def test_a_plan_in_between_does_not_change_what_a_walk_finds(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=4, speed=60.0) as (place, service):
        await silently(place, 1, title="Seen by the plan first")
        await silently(place, 2, cover_image=picture(cover(8)))
        documents = await planned(service)
        before = await newest(service)
        assert (await place.item(1))["title"] != "Seen by the plan first"
        await walked(service)
        assert (await place.item(1))["title"] == "Seen by the plan first"
        written = await recorded(service, before)
        assert (1, (await item_key(place, 1)), "title") in written
        assert (2, (await item_key(place, 2)), "poster") in written
        assert (1, (await item_key(place, 1)), "title") in changes_of(documents)
        (grown,) = [one["growth"] for one in documents if one["growth"]]
        poster = changes_of(documents)[2, (await item_key(place, 2)), "poster"]
        assert (poster[1], grown) == (json.dumps(UNMADE), len(cover(8)))


async def test_however_many_scenes_are_planned_together_the_store_is_asked_as_often(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=12, speed=60.0) as (_, service):
        tools = service.servers[0].tools
        found = (await service.stash.scenes_each(list(range(1, 13)))).found

        def asked(connection: Connection, scenes: list[Scene]) -> int:
            def work() -> None:
                ties = [tie for one in tools.finder.find_each(connection, scenes).values() for tie in one.links]
                assert len(ties) == len(scenes)
                Known.of(connection, tools.server, [scene.id for scene in scenes], ties, tools.clock.now())

            return len(statements_of(connection, work))

        assert await tools.database.run(lambda c: asked(c, [found[1]]) == asked(c, list(found.values())))
        together = await plan_scenes(list(found.values()), tools, Scope())
        apart = [one for scene in found.values() for one in await plan_scenes([scene], tools, Scope())]
        assert together == apart


async def item_key(place: World, scene: int) -> int:
    return int((await place.item(scene))["ratingKey"])


async def test_a_library_that_is_always_previewed_gets_nothing_without_a_go(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=3) as place:
        place.clock = FastClock(60.0)
        async with place.running() as service:
            await quiet(service)
        async with place.running(preview="Open movies") as service:
            await quiet(service)
            await always_previewed(place, service)


async def always_previewed(place: World, service: Service) -> None:
    before = await newest(service)
    await place.forget_requests()
    await silently(place, 1, title="By a walk")
    await walked(service)
    await silently(place, 2, title="By a hook")
    await service.sync_scenes([2])
    await quiet(service)
    assert (await place.plex_counts())["writes"] == 0
    waiting = (await service.status())["servers"][0]["first_contact"]
    assert waiting["waiting"] == 2
    assert [(row["scene"], row["fields"]) for row in waiting["shown"]] == [(1, ["title"]), (2, ["title"])]

    # A later change is planned anew.
    await silently(place, 2, title="By a hook, twice", details="More words")
    await service.sync_scenes([2])
    await quiet(service)
    shown = (await service.status())["servers"][0]["first_contact"]["shown"]
    assert (shown[1]["scene"], shown[1]["fields"]) == (2, ["summary", "title"])
    assert (await place.plex_counts())["writes"] == 0

    assert await service.sync_library("Open movies", go=True) == 2
    await quiet(service)
    assert (await place.item(1))["title"] == "By a walk"
    assert (await place.item(2))["title"] == "By a hook, twice"
    assert await newest(service) > before

    # The go was for what waited then.
    await silently(place, 3, title="Later")
    await service.sync_scenes([3])
    await quiet(service)
    assert (await place.item(3))["title"] != "Later"
