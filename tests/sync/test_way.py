"""The way of one change: from an edit in Stash to what Plex holds."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from plexsync.model.work import Event
from plexsync.sim.library import cover
from world import LIBRARY, FastClock, World, quiet, until, world


def data_url(picture: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(picture).decode()


async def in_plex(place: World, scene: int, **values: Any) -> None:
    async def holds() -> bool:
        item = await place.item(scene)
        return all(item[name] == value for name, value in values.items())

    await until(holds)


async def edited(place: World, service: Any, scene: int, **values: Any) -> None:
    await place.edit(scene, **values)
    await service.take([Event(type="Scene.Update.Post", id=scene)])


async def test_every_item_holds_what_stash_holds_after_the_first_walk(tmp_path: Path) -> None:
    async with world(tmp_path) as place, place.running() as service:
        await quiet(service)
        scenes = (await place.http.get(f"{place.stash.url}/_sim/scenes")).json()
        for scene in scenes if isinstance(scenes, list) else scenes.values():
            item = await place.item(int(scene["id"]))
            assert (item["title"], item["summary"], item["studio"]) == (
                scene["title"],
                scene["details"],
                scene["studio"],
            )
            assert sorted(item["genres"]) == sorted(scene["tags"])
            assert sorted(item["actors"]) == sorted(scene["performers"])
            assert item["originallyAvailableAt"] == scene["date"]
            assert item["userRating"] == (scene["rating100"] / 10 if scene["rating100"] else None)
            assert item["posterSha1"]


async def test_an_edit_arrives_with_one_write_and_locks_what_it_wrote(tmp_path: Path) -> None:
    async with world(tmp_path) as place, place.running() as service:
        await quiet(service)
        await place.forget_requests()
        await edited(place, service, 2, title="Another, title & more", details="One\nTwo")
        await in_plex(place, 2, title="Another, title & more", summary="One\nTwo")
        await quiet(service)
        assert {"title", "summary"} <= set((await place.item(2))["locks"])
        counts = await place.plex_counts()
        assert (counts["writes"], counts["uploads"], counts["repeats"]) == (1, 0, 0)


async def test_nothing_is_written_where_nothing_differs(tmp_path: Path) -> None:
    async with world(tmp_path) as place, place.running() as service:
        await quiet(service)
        await place.forget_requests()
        await service.take([Event(type="Scene.Update.Post", id=number) for number in range(1, 6)])
        await service.sync_all()
        await quiet(service)
        counts = await place.plex_counts()
        assert (counts["writes"], counts["uploads"]) == (0, 0)


async def test_what_was_emptied_in_stash_is_cleared_where_we_wrote_it(tmp_path: Path) -> None:
    async with world(tmp_path) as place, place.running() as service:
        await quiet(service)
        await edited(place, service, 1, details="", studio_id=None, rating100=None, tag_ids=[], performer_ids=[])
        await in_plex(place, 1, summary=None, studio=None, userRating=None, genres=[], actors=[])


async def test_a_removed_tag_goes_and_the_users_own_labels_stay(tmp_path: Path) -> None:
    async with world(tmp_path) as place, place.running() as service:
        await quiet(service)
        item = await place.item(1)
        await place.http.put(f"{place.plex.url}/_sim/items/{item['ratingKey']}", json={"labels": ["Mine"]})
        found = await place.graphql("{ findScene(id: 1) { tags { id name } } }")
        tags = found["findScene"]["tags"]
        await edited(place, service, 1, tag_ids=[tag["id"] for tag in tags[1:]])
        await in_plex(place, 1, genres=[tag["name"] for tag in tags[1:]], labels=["Mine"])


async def test_a_library_at_first_contact_waits_for_the_users_go(tmp_path: Path) -> None:
    async with world(tmp_path) as place, place.running(preview_first_contact="true") as service:
        await quiet(service)
        status = await service.status()
        assert status["servers"][0]["first_contact"]["waiting"] == 5
        assert (await place.plex_counts())["writes"] == 0
        await edited(place, service, 3, title="Changed from now on")
        await in_plex(place, 3, title="Changed from now on")
        await quiet(service)
        assert (await place.item(4))["studio"] is None
        assert await service.sync_library(LIBRARY, go=True) == 4
        await quiet(service)
        assert (await place.item(4))["studio"]


async def test_no_library_chosen_writes_nothing_and_names_the_candidates(tmp_path: Path) -> None:
    async with world(tmp_path) as place, place.running(libraries="[]") as service:
        await quiet(service)
        assert (await place.plex_counts())["writes"] == 0
        assert any(LIBRARY in trouble for trouble in service.troubles())


async def test_a_lost_hook_is_found_by_the_walk_of_the_next_start(tmp_path: Path) -> None:
    async with world(tmp_path) as place:
        async with place.running() as service:
            await quiet(service)
        await place.edit(5, title="Nobody told")
        async with place.running() as service:
            await quiet(service)
            assert (await place.item(5))["title"] == "Nobody told"


async def test_an_outage_of_plex_loses_nothing_and_ends_by_itself(tmp_path: Path) -> None:
    async with world(tmp_path) as place, place.running() as service:
        await quiet(service)
        await place.faults(place.plex, {"path": "/", "fault": "maintenance503"})
        for number in range(1, 6):
            await edited(place, service, number, title=f"Edited in the outage {number}")

        async def opened() -> bool:
            return not service.servers[0].gate.closed

        await until(opened)
        await place.faults(place.plex)
        await quiet(service)
        assert {(await place.item(n))["title"] for n in range(1, 6)} == {
            f"Edited in the outage {n}" for n in range(1, 6)
        }
        assert await service.dead(10) == []


async def test_a_poison_scene_ends_as_a_dead_letter_beside_living_ones(tmp_path: Path) -> None:
    async with world(tmp_path) as place, place.running(max_retries="2") as service:
        await quiet(service)
        key = (await place.item(1))["ratingKey"]
        await place.faults(
            place.plex, {"path": f"/library/metadata/{key}/posters", "method": "POST", "fault": "status500"}
        )
        await edited(place, service, 1, title="Poison", cover_image=data_url(cover(77)))
        await edited(place, service, 2, title="Well")
        await in_plex(place, 2, title="Well")

        async def dead() -> Any:
            return await service.dead(10)

        letters = await until(dead)
        assert letters[0]["scene"] == 1
        assert letters[0]["failure"]["status"] == 500
        assert letters[0]["context"]["title"] == "Poison"
        await place.faults(place.plex)
        await edited(place, service, 1, title="Healed")
        await in_plex(place, 1, title="Healed", posterSha1=hashlib.sha1(cover(77)).hexdigest())


async def test_stash_being_away_does_not_open_the_gate_of_plex(tmp_path: Path) -> None:
    async with world(tmp_path) as place, place.running() as service:
        await quiet(service)
        await place.faults(place.stash, {"path": "/graphql", "fault": "status500"})
        await service.take([Event(type="Scene.Update.Post", id=number) for number in range(1, 6)])

        async def opened() -> bool:
            return not service.stash_gate.closed

        await until(opened)
        assert service.servers[0].gate.closed
        await place.faults(place.stash)
        await quiet(service)


async def test_a_cover_that_changes_silently_in_the_second_of_the_last_look_is_found_by_the_next_walk(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, scenes=1) as place:
        place.clock = FastClock(speed=1.0)  # as fast as Stash's own
        async with place.running() as service:
            await quiet(service)
            await place.edit(1, title="Noted in this second")
            await service.sync_all()
            await quiet(service)
            picture = data_url(cover(78))
            await place.http.post(f"{place.stash.url}/_sim/silent", json={"id": 1, "cover_image": picture})
            await service.sync_all()
            await in_plex(place, 1, posterSha1=hashlib.sha1(cover(78)).hexdigest())
