"""Scenes with several files, items with several versions: every item is kept in step, each by its own rules."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from plexsync.model.fields import Field
from plexsync.sync.service import Service
from sync.gaphands import found, in_step
from sync.test_story import Play
from world import FastClock, World, quiet, until, world

MORE = "/plex/more/copy.mp4"
RULES = """
[rules.library."More"]
title = "{title} (copy)"
labels = ["studio"]
"""


@asynccontextmanager
async def two_libraries(folder: Path) -> AsyncIterator[Play]:
    """Scene 1 has a second file, in a library with rules of its own."""
    async with world(folder, scenes=2) as place:
        place.clock = FastClock(60.0)
        told = {"title": "More", "path": "/plex/more", "items": 0}
        (await place.http.post(f"{place.plex.url}/_sim/sections", json=told)).raise_for_status()
        (folder / "data").mkdir()
        (folder / "data" / "plexsync.toml").write_text(RULES)
        place.settings |= {
            "PLEXSYNC_PATH_RULES": "/plex/media => /data; /plex/more => /more",
            "PLEXSYNC_LIBRARIES": "Open movies, More",
        }
        async with place.running() as service:
            await quiet(service)
            yield Play(place, service)


async def holds(place: World, path: str, **values: Any) -> dict[str, Any]:
    found: list[dict[str, Any]] = []

    async def held() -> bool:
        """the item at that path holds these values"""
        item = (await place.items()).get(path)
        found[:] = [item] if item is not None else []
        return item is not None and all(item[name] == value for name, value in values.items())

    await until(held)
    return found[0]


async def standing(service: Service, scene: int) -> dict[str, Any]:
    found: dict[str, Any] = (await service.why(scene))["servers"][0]
    return found


async def test_two_files_in_two_libraries_are_written_each_by_its_own_rules(tmp_path: Path) -> None:
    async with two_libraries(tmp_path) as it:
        first = await it.path_of(1)
        await it.plex_file(MORE, scan=True)
        await it.stash_file("/more/copy.mp4", scene=1)
        await it.silent(1, title="In both", studio="A studio")
        await it.told(1)
        copy = await holds(it.place, MORE, title="In both (copy)", studio="A studio")
        own = await holds(it.place, first, title="In both", studio="A studio")
        assert copy["labels"] == ["A studio"]
        assert own["labels"] == []
        assert copy["posterSha1"] == own["posterSha1"], "the cover is the scene's, whichever file it is"
        await it.at_rest()
        items = (await standing(it.service, 1))["items"]
        assert [item["in_step"] for item in items] == [True, True]
        assert len({item["library"] for item in items}) == 2
        explained = (await it.service.explain(1))["servers"][0]["live"]["items"]
        title_of = {item["path"]: next(one for one in item["fields"] if one["field"] == "title") for item in explained}
        assert "rules.library" in title_of[MORE]["rule"]
        assert title_of[MORE]["says"].startswith("as it should be, by ")
        assert title_of[first]["says"] == "as it should be, from Stash"


async def test_a_file_without_an_item_is_a_gap_of_its_own_while_the_others_are_written(tmp_path: Path) -> None:
    async with two_libraries(tmp_path) as it:
        await it.stash_file("/more/copy.mp4", scene=1)
        await it.edited(1, title="One of two")
        await holds(it.place, await it.path_of(1), title="One of two")
        assert MORE in await it.failing(1)

        async def given_up() -> Any:
            """the file never came, however long it was waited for"""
            it.place.clock.leap(700.0)
            return (await standing(it.service, 1))["decision"]

        decision = await until(given_up, every=0.1)
        assert decision["kind"] == "missing"
        assert MORE in decision["reason"]
        assert [item["in_step"] for item in (await standing(it.service, 1))["items"]] == [True]
        # It comes at last: only the new item is written.
        await it.place.forget_requests()
        await it.plex_file(MORE, scan=True)
        await it.service.intake.wish("libraries of plex")
        await holds(it.place, MORE, title="One of two (copy)")
        await it.at_rest()
        assert (await standing(it.service, 1))["decision"] is None


async def test_an_item_of_two_scenes_is_explained_and_untouched_until_they_part(tmp_path: Path) -> None:
    async with two_libraries(tmp_path) as it:
        path = await it.path_of(2)
        await it.plex_file("/plex/media/parts/second.mp4", version_of=path)
        other = await it.stash_file("/data/parts/second.mp4", title="The other one")
        await it.service.intake.wish("libraries of plex")
        await it.told(other)
        decision = await it.decided(other, "shared")
        assert "also holds a file of scene 2" in decision["reason"]
        planned = [one async for one in it.service.plan([other, 2])]
        assert [one.kind for one in planned] == ["shared", "shared"]
        assert all(not one.plans for one in planned)
        live = (await it.service.explain(other))["servers"][0]["live"]
        assert "also holds a file of scene 2" in live["trouble"]
        assert live["items"] == []


async def test_an_item_of_two_versions_stays_one_whichever_file_is_the_primary_one(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=1, clock=FastClock(60.0)) as place:
        (path,) = await place.items()
        second = path.rsplit("/", 1)[0] + "/a second one.mp4"
        for server, told in (
            (place.plex, {"path": second, "version_of": path}),
            (place.stash, {"path": second.replace("/plex/media", "/data", 1), "scene": 1}),
        ):
            (await place.http.post(f"{server.url}/_sim/files", json=told)).raise_for_status()
        await place.edit(1, details="By us")
        async with place.running() as service:
            await quiet(service)
            assert (await place.items())[path]["summary"] == "By us"
            files = await place.graphql("query { findScene(id: 1) { files { id } } }")
            await place.edit(1, primary_file_id=files["findScene"]["files"][1]["id"])
            await service.sync_scenes([1])
            await quiet(service)
            await service.undoing.pin(1, [Field.STUDIO])
            studio = (await place.items())[path]["studio"]
            await place.edit(1, details="", tag_ids=[], studio_id=None)
            await service.sync_scenes([1])
            await quiet(service)
            item = (await place.items())[path]
            assert (item["summary"], item["genres"], item["studio"]) == (None, [], studio)


@pytest.mark.parametrize("primary", [0, 1])
async def test_an_item_of_two_versions_is_no_gap_in_step_and_one_where_it_differs(tmp_path: Path, primary: int) -> None:
    async with in_step(tmp_path, scenes=2) as hands:
        path = next(iter(await hands.place.items()))
        second = path.rsplit("/", 1)[0] + "/a second one.mp4"
        await hands.plex_file(second, version_of=path)
        await hands.stash_file(second.replace("/plex/media", "/data", 1), scene=1)
        files = await hands.place.graphql("query { findScene(id: 1) { files { id } } }")
        await hands.place.edit(1, details="By us", primary_file_id=files["findScene"]["files"][primary]["id"])
        await hands.work_off()
        assert (await hands.place.items())[path]["summary"] == "By us"
        assert found(await hands.search()) == {}
        # The one search finds it in Stash, the other in Plex.
        await hands.silent(1, details="Newer")
        await hands.item_edited((await hands.place.items())[path]["ratingKey"], title="By hand")
        assert found(await hands.search()) == {"stale": 1}
