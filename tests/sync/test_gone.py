"""A scene or a file that Stash has no more: its item is left, cleared or put back, by the rule of its library."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from plexsync.model.fields import Field
from plexsync.model.work import Event, Lane
from plexsync.store import pins, undos
from plexsync.store.pins import PinnedBy
from plexsync.sync.brakes.brake import Limits
from plexsync.sync.service import Service
from plexsync.sync.undoing import NothingToUndoError
from sync.test_clearing import cleared, walked
from sync.test_several_files import MORE, holds, standing
from sync.test_story import Play
from sync.test_undo import look
from world import LIBRARY, FastClock, quiet, until, world

DESTROYED = "Scene.Destroy.Post"
#: What a user made of the items before PlexSync ever came.
BY_HAND = {"summary": "By hand", "genres": ["Old"], "labels": ["Keep"], "collections": ["Mine"], "userRating": 9.0}
LABELS = {"like": "ours*", "to": ["label", "genre"]}
TIGHT = Limits(taken=2, taken_share=0.0)


def rules(gone: str = "restore", **more: Any) -> str:
    return json.dumps({"gone": gone, "tags": [LABELS], "collections": ["groups"], **more})


@asynccontextmanager
async def house(folder: Path, gone: str = "restore", *, scenes: int = 3, **settings: str) -> AsyncIterator[Any]:
    """Items with something of their users', then PlexSync in step; and the items as they were before."""
    async with world(folder, scenes=scenes) as place:
        place.clock = FastClock(60.0)
        place.settings |= {"PLEXSYNC_RULES": rules(gone)} | {f"PLEXSYNC_{k.upper()}": v for k, v in settings.items()}
        for number, item in enumerate((await place.items()).values()):
            edit = BY_HAND | {"lock": bool(number % 2)}
            await place.http.put(f"{place.plex.url}/_sim/items/{item['ratingKey']}", json=edit)
        before = await place.items()
        for scene in range(1, scenes + 1):
            values = {"title": f"Ours {scene}", "details": f"Words {scene}", "date": "2001-02-03", "rating100": 40}
            values |= {"tags": ["ours", "also"], "groups": ["Our set"], "studio": "Our studio"}
            await place.http.post(f"{place.stash.url}/_sim/silent", json={"id": scene, **values})
        yield place, before


@asynccontextmanager
async def at_home(folder: Path, gone: str = "restore", **more: Any) -> AsyncIterator[tuple[Play, dict[str, Any]]]:
    async with house(folder, gone, **more) as (place, before), place.running() as service:
        await quiet(service)
        yield Play(place, service), before


async def destroy(it: Play, *scenes: int, told: bool = True) -> None:
    """Somebody deletes scenes in Stash, not their files; a hook may tell."""
    for scene in scenes:
        await it.place.graphql("mutation($id: ID!) { sceneDestroy(input: {id: $id}) }", id=str(scene))
    if told:
        await it.service.take([Event(type=DESTROYED, id=scene) for scene in scenes])


def alike(items: dict[str, Any], others: dict[str, Any], *paths: str) -> bool:
    return all(look(items[path]) == look(others[path]) for path in paths)


async def question_of(service: Service) -> Any:
    return (await service.status())["servers"][0]["brake"]["question"]


async def lost(service: Service) -> int:
    return int((await service.status())["servers"][0]["lost"])


async def test_by_default_what_plex_holds_is_left_alone(tmp_path: Path) -> None:
    async with at_home(tmp_path, "leave") as (it, _):
        path = await it.path_of(1)
        held = await it.place.items()
        await destroy(it, 1)
        await it.decided(1, "gone")
        await it.at_rest()
        assert await it.place.items() == held
        why = await it.service.why(1)
        assert why["servers"][0]["decision"]["reason"] == "Stash has no such scene; what Plex holds is left alone"
        # A rule that comes later asks for nothing that was left; a person may.
        assert held[path]["summary"] == "Words 1"


async def test_a_destroyed_scene_gives_the_item_back_as_it_was(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (it, before):
        first, second, third = [await it.path_of(scene) for scene in (1, 2, 3)]
        written = await it.place.items()
        assert not alike(written, before, first)
        await destroy(it, 1)
        await it.decided(1, "gone")
        await it.at_rest()
        assert alike(await it.place.items(), before, first)
        assert alike(await it.place.items(), written, second, third)
        reason = (await it.decided(1, "gone"))["reason"]
        key = before[first]["ratingKey"]
        assert reason == (
            f"Stash has no such scene; by `rules.gone = restore` item {key} gets back what it held before PlexSync"
        )
        # The walk finds what no hook told.
        await destroy(it, 2, told=False)
        await walked(it.service)
        assert alike(await it.place.items(), before, first, second)
        assert alike(await it.place.items(), written, third)
        # It is told afterwards, and there is nothing left to undo.
        told = await it.service.why(1)
        assert {row["why"] for row in told["history"][:3]} == {"gone from Stash"}
        run = next(row["run"] for row in await it.service.undoing.runs(20) if row["run"].startswith("gone-"))
        with pytest.raises(NothingToUndoError, match="by the rule `gone`"):
            await it.service.undoing.undo_run(run)
        with pytest.raises(NothingToUndoError, match="Nothing that PlexSync wrote for scene 1 is left"):
            await it.service.undoing.undo_scene(1)
        await it.service.sync_scenes([1])
        await it.at_rest()
        again = (await it.decided(1, "gone"))["reason"]
        assert "was taken back by the rule `gone` (run gone-" in again
        assert alike(await it.place.items(), before, first, second)


async def test_clear_takes_out_what_is_ours_and_unlocks_it(tmp_path: Path) -> None:
    async with at_home(tmp_path, "clear") as (it, before):
        path = await it.path_of(2)
        written = (await it.place.items())[path]
        assert (written["summary"], written["userRating"]) == ("Words 2", 9.0)
        await it.in_plex(written["ratingKey"], labels=["Keep", "ours", "Mine too"], tagline="Theirs")
        await destroy(it, 2)
        await it.decided(2, "gone")
        await it.at_rest()
        item = (await it.place.items())[path]
        assert not any(item[name] for name in ("summary", "originallyAvailableAt", "year", "studio", "genres"))
        assert item["actors"] == []
        assert sorted(item["labels"]) == ["Keep", "Mine too"]
        assert item["collections"] == ["Mine"]
        assert (item["userRating"], item["tagline"]) == (9.0, "Theirs")
        assert item["title"] == before[path]["title"], "a title cannot be empty: it becomes what it was"
        assert item["posterSha1"] == before[path]["posterSha1"]
        assert not {"summary", "originallyAvailableAt", "studio", "genre", "actor"} & set(item["locks"])
        assert "collection" in item["locks"], "what others put there stays as they locked it"
        # What was cleared only can still be put back by a person.
        await it.service.undoing.undo_scene(2)
        await it.at_rest()
        assert (await it.place.items())[path]["summary"] == "By hand"
        assert (await it.place.items())[path]["genres"] == ["Old"]


@pytest.mark.parametrize("gone", ["restore", "clear"])
async def test_what_a_person_changed_or_pinned_and_what_is_switched_off_stays(tmp_path: Path, gone: str) -> None:
    async with at_home(tmp_path, gone, sync_director="true") as (it, _):
        path = await it.path_of(1)
        key = (await it.place.items())[path]["ratingKey"]
        await it.in_plex(key, title="Theirs now", studio="Their studio", userRating=2.0)
        now = [Field.SUMMARY]
        await it.service.database.run(lambda c: pins.pin(c, "plex", path, now, PinnedBy.USER, 1.0))
        await destroy(it, 1)
        decision = await it.decided(1, "gone")
        await it.at_rest()
        item = (await it.place.items())[path]
        assert (item["title"], item["studio"], item["userRating"]) == ("Theirs now", "Their studio", 2.0)
        assert item["summary"] == "Words 1"
        assert {"title", "studio", "summary"} <= set(item["locks"])
        assert "also" not in item["genres"]
        assert "summary (pinned)" in decision["reason"]
        assert "title (somebody chose another value in Plex since)" in decision["reason"]


async def test_a_merged_scene_leaves_its_item_to_the_one_that_has_its_files(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (it, _):
        path = await it.path_of(1)
        merge = "mutation { sceneMerge(input: {source: [1], destination: 2}) { id } }"
        await it.place.graphql(merge)
        # The lost scene is met before anybody knows of its heir.
        await it.service.take([Event(type="Scene.Update.Post", id=1)])
        await holds(it.place, path, summary="Words 2")
        await it.at_rest()
        item = (await it.place.items())[path]
        assert "ours" in [label.lower() for label in item["labels"]]
        assert f"scene 2 has {path} now" in (await it.decided(1, "gone"))["reason"]
        assert await it.service.database.run(lambda c: undos.count(c, "plex")) == 0
        histories = (await it.service.why(1))["history"] + (await it.service.why(2))["history"]
        assert not [row for row in histories if row["why"] == "gone from Stash"]


async def test_a_scene_made_anew_of_the_same_file_owns_the_item(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (it, before):
        path = await it.path_of(1)
        file = path.replace("/plex/media", "/data", 1)
        await destroy(it, 1, told=False)
        await it.place.graphql("mutation { scenesDestroy(input: {ids: [3]}) }")
        again = await it.stash_file(file, title="Made anew")
        await it.service.take([Event(type=DESTROYED, id=1)])
        await holds(it.place, path, title="Made anew")
        await it.at_rest()
        item = (await it.place.items())[path]
        assert item["title"] == "Made anew"
        assert f"scene {again} has {path} now" in (await it.decided(1, "gone"))["reason"]
        # What was there before us is still known of the item that has another scene now.
        await it.service.undoing.undo_scene(again)
        await it.at_rest()
        assert alike(await it.place.items(), before, path)


async def test_one_of_several_files_that_is_deleted_gives_its_item_back(tmp_path: Path) -> None:
    async with two_libraries(tmp_path, {"gone": "leave", "library": {"More": {"gone": "restore"}}}) as (it, made):
        own = await it.path_of(1)
        held = (await it.place.items())[own]
        await it.place.graphql("mutation($ids: [ID!]!) { deleteFiles(ids: $ids) }", ids=[await file_id(it, 1, 1)])
        await it.service.take([Event(type="Scene.Update.Post", id=1)])
        await holds(it.place, MORE, title=made["title"])
        await it.at_rest()
        items = await it.place.items()
        assert look(items[MORE]) == look(made)
        assert look(items[own]) == look(held)
        assert [item["path"] for item in (await standing(it.service, 1))["items"]] == [own]
        # The rule of the other library leaves what is destroyed.
        await destroy(it, 1)
        await it.decided(1, "gone")
        await it.at_rest()
        assert look((await it.place.items())[own]) == look(held)


async def test_a_file_that_moved_or_went_to_another_scene_is_not_lost(tmp_path: Path) -> None:
    async with two_libraries(tmp_path, {"gone": "restore"}) as (it, _):
        own = await it.path_of(2)
        held = (await it.place.items())[own]
        was = own.replace("/plex/media", "/data", 1)
        # Out of every mapped path, and out of the folders that Plex has.
        await it.stash_file("/elsewhere/moved.mp4", was=was)
        await it.service.take([Event(type="Scene.Update.Post", id=2)])
        await it.at_rest()
        assert look((await it.place.items())[own]) == look(held)
        copy = (await it.place.items())[MORE]
        await it.place.graphql(
            "mutation($input: AssignSceneFileInput!) { sceneAssignFile(input: $input) }",
            input={"scene_id": "3", "file_id": await file_id(it, 1, 1)},
        )
        await it.service.take([Event(type="Scene.Update.Post", id=1)])
        await holds(it.place, MORE, summary="Words 3")
        await it.at_rest()
        assert (await it.place.items())[MORE]["title"] != copy["title"]
        assert await it.service.database.run(lambda c: undos.count(c, "plex")) == 0


@asynccontextmanager
async def two_libraries(folder: Path, book: dict[str, Any]) -> AsyncIterator[tuple[Play, dict[str, Any]]]:
    """Scene 1 has a second file, in a library of its own; and its item there as its user made it."""
    async with house(folder) as (place, _):
        told = {"title": "More", "path": "/plex/more", "items": 0}
        (await place.http.post(f"{place.plex.url}/_sim/sections", json=told)).raise_for_status()
        place.settings |= {
            "PLEXSYNC_PATH_RULES": "/plex/media => /data; /plex/more => /more",
            "PLEXSYNC_LIBRARIES": f"{LIBRARY}, More",
            "PLEXSYNC_RULES": json.dumps(book),
        }
        made = (await place.http.post(f"{place.plex.url}/_sim/files", json={"path": MORE, "scan": True})).json()
        edit = {"title": "A copy", "summary": "Theirs"}
        key = made.get("ratingKey") or (await place.items())[MORE]["ratingKey"]
        await place.http.put(f"{place.plex.url}/_sim/items/{key}", json=edit)
        before = (await place.items())[MORE]
        await place.http.post(f"{place.stash.url}/_sim/files", json={"path": "/more/copy.mp4", "scene": 1})
        async with place.running() as service:
            await quiet(service)
            assert (await place.items())[MORE]["summary"] == "Words 1"
            yield Play(place, service), before


async def file_id(it: Play, scene: int, place: int) -> str:
    found = await it.place.graphql("query($id: ID) { findScene(id: $id) { files { id } } }", id=str(scene))
    return str(found["findScene"]["files"][place]["id"])


async def test_an_item_that_also_holds_a_file_of_a_living_scene_is_not_touched(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (it, _):
        path = await it.path_of(1)
        await it.plex_file("/plex/media/parts/second.mp4", version_of=path)
        await it.service.intake.wish("libraries of plex")
        await it.at_rest()
        held = (await it.place.items())[path]
        other = await it.stash_file("/data/parts/second.mp4", title="The other one")
        # Nobody told of the other one yet: only Stash knows that it is there.
        await destroy(it, 1)
        decision = await it.decided(1, "gone")
        assert f"scene {other} has {path} now" in decision["reason"]
        await it.at_rest()
        assert (await it.place.items())[path]["labels"] != []
        assert held["summary"] == "Words 1"


async def test_what_plex_no_longer_lists_is_recorded_and_nothing_is_written(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (it, _):
        path = await it.path_of(1)
        await it.plex_loses(path)
        await it.place.forget_requests()
        await destroy(it, 1)
        decision = await it.decided(1, "gone")
        await it.at_rest()
        assert (await it.place.plex_counts())["writes"] == 0
        assert await lost(it.service) == 0
        assert decision["reason"] == (
            f"Stash has no such scene; Plex does not list {path} any more, so nothing is to be taken back there"
        )


async def test_while_plex_is_away_it_waits_and_a_failing_stash_is_no_sign_that_anything_is_gone(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (it, before):
        first, second = [await it.path_of(scene) for scene in (1, 2)]
        written = await it.place.items()
        await it.place.faults(it.place.plex, {"fault": "maintenance503"})
        await destroy(it, 1)
        await until(lambda: lost(it.service))
        assert alike(await it.place.items(), written, first, second)
        await it.place.faults(it.place.plex)
        await it.at_rest()
        assert alike(await it.place.items(), before, first)
        for fault in ("status500", "half_json", "html"):
            await it.place.faults(it.place.stash, {"path": "/graphql", "fault": fault})
            await it.service.take([Event(type=DESTROYED, id=2)])
            await it.failing(2)
            await it.place.faults(it.place.stash)
            await it.at_rest()
        assert alike(await it.place.items(), written, second)
        assert [item["in_step"] for item in (await standing(it.service, 2))["items"]] == [True]


#: Where it is cut off: before the write is handled, or after it and before it was read back.
CUTS: dict[str, dict[str, Any]] = {
    "before the write": {"method": "PUT", "path": "/library/sections/", "fault": "hang"},
    "after the write": {"method": "GET", "path": "/library/metadata/[0-9,]+$", "after": 2, "fault": "hang"},
}


@pytest.mark.parametrize("cut", list(CUTS))
async def test_a_daemon_that_is_killed_in_the_middle_does_the_rest_at_its_next_start(tmp_path: Path, cut: str) -> None:
    async with house(tmp_path) as (place, before):
        async with place.running(dies=True) as service:
            await quiet(service)
            it = Play(place, service)
            path = await it.path_of(1)
            await place.faults(place.plex, CUTS[cut])
            await destroy(it, 1)

            async def struck() -> bool:
                """a request is under way that is never answered"""
                found = (await place.http.get(f"{place.plex.url}/_sim/faults")).json()
                return any(rule["struck"] for rule in found)

            await until(struck)
        await place.faults(place.plex)
        async with place.running() as service:
            await quiet(service)
            assert alike(await place.items(), before, path)
            assert await service.database.run(lambda c: undos.count(c, "plex")) == 0


async def test_many_at_once_are_one_question_also_where_hooks_tell_of_them(tmp_path: Path) -> None:
    async with at_home(tmp_path, scenes=5) as (it, before):
        it.service.servers[0].brake.limits = TIGHT
        written = await it.place.items()
        await destroy(it, 1, 2, 3, 4)
        await it.at_rest()
        question = await question_of(it.service)
        assert question["scenes"] == 4
        assert question["counts"]["put_back"] == 4
        assert "4 put back as before PlexSync, of " in question["says"]
        example = question["examples"][0]
        assert example["what"] == ["put_back"]
        assert {"summary", "title"} <= set(example["fields"])
        assert example["changes"][0]["why"] == "gone from Stash"
        assert example["title"]
        assert alike(await it.place.items(), written, *written)
        planned = [one async for one in it.service.plan([1])]
        assert [change.field for change in planned[0].plans[0].changes if change.after == "By hand"] == [Field.SUMMARY]
        assert "gets back what it held before PlexSync" in planned[0].reason
        # Walks and restarts change nothing of that, and nobody asks twice.
        await walked(it.service)
        assert (await question_of(it.service))["scenes"] == 4
        assert alike(await it.place.items(), written, *written)
        assert await it.service.questions.release(question["id"]) == 4
        await it.at_rest()
        items = await it.place.items()
        assert sum(look(items[path]) == look(before[path]) for path in items) == 4


async def test_a_few_go_by_themselves_until_they_are_many(tmp_path: Path) -> None:
    async with at_home(tmp_path, scenes=4) as (it, before):
        it.service.servers[0].brake.limits = TIGHT
        paths = [await it.path_of(scene) for scene in range(1, 5)]
        written = await it.place.items()
        for scene in (1, 2):
            await destroy(it, scene)
            await it.decided(scene, "gone")
            await it.at_rest()
            assert await question_of(it.service) is None
        await destroy(it, 3)
        await it.decided(3, "brake")
        await it.at_rest()
        assert (await question_of(it.service))["scenes"] == 1
        # Whoever asks for one scene is not asked himself.
        await destroy(it, 4, told=False)
        await it.service.sync_scenes([4])
        await it.decided(4, "gone")
        await it.at_rest()
        items = await it.place.items()
        assert alike(items, before, paths[0], paths[1], paths[3])
        assert alike(items, written, paths[2])


async def test_what_is_turned_down_stays_as_it_is_for_good(tmp_path: Path) -> None:
    async with at_home(tmp_path, scenes=4) as (it, before):
        it.service.servers[0].brake.limits = TIGHT
        paths = [await it.path_of(scene) for scene in range(1, 5)]
        written = await it.place.items()
        await destroy(it, 1, 2, 3)
        await it.at_rest()
        question = await question_of(it.service)
        assert await it.service.questions.reject(question["id"]) == 3
        assert await lost(it.service) == 0
        await walked(it.service)
        await destroy(it, 4)
        await it.decided(4, "gone")
        await it.at_rest()
        assert await question_of(it.service) is None
        assert alike(await it.place.items(), written, *paths[:3])
        assert alike(await it.place.items(), before, paths[3])
        # A person may ask for it all the same.
        await it.service.undoing.undo_scene(1)
        await it.at_rest()
        assert alike(await it.place.items(), before, paths[0])


async def test_a_walk_that_misses_many_says_what_the_rule_would_do_with_them(tmp_path: Path) -> None:
    async with at_home(tmp_path, scenes=4) as (it, before):
        it.service.servers[0].brake.limits = TIGHT
        written = await it.place.items()
        await it.place.http.request("DELETE", f"{it.place.stash.url}/_sim/files", json={"path": "/data/"})
        await walked(it.service)
        question = await question_of(it.service)
        assert (question["scenes"], question["counts"]["put_back"]) == (4, 4)
        told = {example["instead"] for example in question["examples"]}
        assert "Stash has no such scene; what its item held before PlexSync would be put back" in told
        assert alike(await it.place.items(), written, *written)
        await it.service.questions.release(question["id"])
        await it.at_rest()
        assert alike(await it.place.items(), before, *before)
        assert await question_of(it.service) is None


async def test_a_library_in_preview_holds_it_until_the_go(tmp_path: Path) -> None:
    async with house(tmp_path) as (place, before):
        async with place.running() as service:
            await quiet(service)
        async with place.running(preview=LIBRARY) as service:
            await quiet(service)
            it = Play(place, service)
            path = await it.path_of(1)
            written = await place.items()
            await destroy(it, 1)
            decision = await it.decided(1, "preview")
            await it.at_rest()
            assert alike(await place.items(), written, path)
            assert "by the rule `gone`" in decision["reason"]
            await walked(service)
            assert (await it.decided(1, "preview"))["fields"] == decision["fields"]
            (section,) = service.servers[0].libraries.synced
            await service.servers[0].go(section.key)
            await it.decided(1, "gone")
            await it.at_rest()
            assert alike(await place.items(), before, path)


async def test_a_rule_that_comes_later_leaves_what_was_left_and_one_that_goes_spares_what_waits(tmp_path: Path) -> None:
    async with house(tmp_path, "leave") as (place, before):
        async with place.running() as service:
            await quiet(service)
            it = Play(place, service)
            first, second = [await it.path_of(scene) for scene in (1, 2)]
            written = await place.items()
            await destroy(it, 1)
            await it.decided(1, "gone")
        async with place.running(rules=rules("restore"), dies=True) as service:
            await quiet(service)
            it = Play(place, service)
            await walked(service)
            assert alike(await place.items(), written, first)
            await place.faults(place.plex, {"fault": "maintenance503"})
            await destroy(it, 2)
            await until(lambda: lost(service))
        await place.faults(place.plex)
        async with place.running(rules=rules("leave")) as service:
            await quiet(service)
            it = Play(place, service)
            assert alike(await place.items(), written, first, second)
            assert (await it.decided(2, "gone"))["reason"].endswith("what Plex holds is left alone")
            # A person may have it all the same.
            await service.undoing.undo_scene(1)
            await it.at_rest()
            assert alike(await place.items(), before, first)


async def test_work_that_was_dropped_from_the_queue_is_found_by_the_next_walk(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (it, before):
        path = await it.path_of(1)
        await it.place.faults(it.place.plex, {"fault": "maintenance503"})
        await destroy(it, 1)
        await until(lambda: lost(it.service))
        await cleared(it.service, Lane.CHANGE)
        await it.place.faults(it.place.plex)
        await it.at_rest()
        assert await lost(it.service) == 1
        await walked(it.service)
        assert alike(await it.place.items(), before, path)
