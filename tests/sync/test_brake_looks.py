"""What looks at Stash find counts in the brake's limit as what walks find does, though few of it wait for no walk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from plexsync.model.work import Event
from plexsync.sim.library import cover
from plexsync.store import walks
from plexsync.sync.brakes.brake import Limits
from plexsync.sync.brakes.letgo import RECENT
from plexsync.sync.walks.walk import FULL
from sync.test_brake_story import brake_of, scenes_of, summaries
from sync.test_clearing import walked
from sync.test_story import picture, sha1
from sync.unheard import Silence, silence
from world import FastClock, World, quiet, until

SCENES = 12
#: So slow that all of a test is over before what was let go counts no more.
SPEED = 2.5
#: Eight scenes at the most are cleared or renamed without a question.
EIGHT = Limits(taken=8, taken_share=0.0, retitled=8, retitled_share=0.0)
#: More seconds than lie between two looks.
A_LOOK = 31.0
TELL = "mutation($input: BulkSceneUpdateInput!) { bulkSceneUpdate(input: $input) { id } }"


@asynccontextmanager
async def resting(folder: Path) -> AsyncIterator[tuple[Silence, list[int]]]:
    """A world in step, and the scenes, of which Plex has a summary each."""
    async with silence(folder, scenes=SCENES, clock=FastClock(SPEED)) as still:
        still.service.servers[0].brake.limits = EIGHT
        whole = list(range(1, SCENES + 1))
        await told(still, whole, details="Words")
        await walked(still.service)
        assert await summaries(still.place) == whole
        yield still, whole


async def told(still: Silence, scenes: Iterable[int], **values: Any) -> None:
    """Stash has other values of these scenes, from one moment to the next, and no hook says so."""
    await still.place.graphql(TELL, input={"ids": [str(scene) for scene in scenes], **values})


async def held_by(still: Silence) -> int:
    """How many scenes a person is asked about."""
    question = (await brake_of(still.service))["question"]
    return question["scenes"] if question is not None else 0


async def test_what_a_look_let_go_counts_for_the_walk_after_it(tmp_path: Path) -> None:
    async with resting(tmp_path) as (still, whole):
        first, rest = whole[:6], whole[6:]
        await told(still, first, details="")
        await still.pass_time()
        assert await summaries(still.place) == rest
        await told(still, rest, details="")
        await walked(still.service)
        assert (await summaries(still.place), await held_by(still)) == (rest, len(rest))
        await still.service.questions.release(1)
        await quiet(still.service)
        assert await summaries(still.place) == []


async def test_what_a_walk_let_go_counts_for_the_look_after_it(tmp_path: Path) -> None:
    async with resting(tmp_path) as (still, whole):
        first, rest = whole[:6], whole[6:]
        await told(still, first, details="")
        await walked(still.service)
        assert await summaries(still.place) == rest
        await told(still, rest, details="")
        await still.pass_time()
        assert (await summaries(still.place), await held_by(still)) == (rest, len(rest))


async def test_looks_one_after_the_other_let_no_more_go_than_one(tmp_path: Path) -> None:
    async with resting(tmp_path) as (still, whole):
        for few in (whole[:4], whole[4:8], whole[8:]):
            await told(still, few, title=f"Renamed with {few[0]}")
            await still.pass_time()
        assert await titles(still, "Renamed with") == 8
        assert await held_by(still) == 4
        # By then nobody who edits by hand is asked any more.
        await still.pass_time(RECENT)
        await told(still, whole[:4], title="Renamed again")
        await still.pass_time()
        assert await titles(still, "Renamed again") == 4


async def under_way(still: Silence, *, ends: bool = False) -> None:
    """A full walk has begun, or is over."""
    now = still.place.clock.now()
    walk = walks.Walk(name=FULL, last_id=0, started_at=now, finished_at=now if ends else None, facts={"completed": 1})
    await still.service.database.run(lambda c: walks.save(c, walk))


async def titles(still: Silence, beginning: str) -> int:
    """How many items have a title that begins so."""
    return sum(item["title"].startswith(beginning) for item in (await still.place.items()).values())


async def test_few_that_a_look_finds_wait_for_no_walk_but_many_do(tmp_path: Path) -> None:
    async with resting(tmp_path) as (still, whole):
        place, service = still.place, still.service
        await under_way(still)
        await told(still, whole[:2], details="")
        place.clock.leap(A_LOOK)

        await until(partial(holds, place, whole[2:]))
        await told(still, whole[2:10], details="")
        place.clock.leap(A_LOOK)

        async def too_many() -> bool:
            """what the look found waits to be judged"""
            return bool((await brake_of(service))["pending"] == 8)

        await until(too_many)
        # Another kind of change is not what is too much.
        await told(still, whole[10:], title="Renamed")
        place.clock.leap(A_LOOK)

        async def renamed() -> bool:
            """what a look found is renamed"""
            return await titles(still, "Renamed") == 2

        await until(renamed)
        assert await summaries(place) == whole[2:]
        await under_way(still, ends=True)
        await until(service.quiet)
        assert (await summaries(place), await held_by(still)) == (whole[2:], 8)
        # What comes soon after is a part of it.
        await told(still, whole[10:], details="")
        await still.pass_time()
        assert (await summaries(place), await held_by(still)) == (whole[2:], 10)


async def test_what_was_turned_down_stays_so_while_the_scene_is_only_touched(tmp_path: Path) -> None:
    async with resting(tmp_path) as (still, whole):
        service, place = still.service, still.place
        await told(still, whole, details="")
        await walked(service)
        assert await service.questions.reject(1) == len(whole)
        await told(still, whole[:2], organized=True)
        await still.pass_time()
        await service.take([Event(type="Scene.Update.Post", id=whole[2])])
        await quiet(service)
        assert (await summaries(place), (await brake_of(service))["rejected"]) == (whole, len(whole))
        why = (await service.why(whole[0]))["servers"][0]["decision"]
        assert (why["kind"], "you turned this change down" in why["reason"]) == ("rejected", True)

        # Another change of the scene is another matter, and so is a person's wish for it.
        await told(still, whole[:1], title="Renamed")
        await still.pass_time()
        await service.sync_scenes(whole[1:2])
        await quiet(service)
        assert (await summaries(place), (await brake_of(service))["rejected"]) == (whole[2:], len(whole) - 2)


async def all_turned_down(still: Silence, whole: list[int]) -> None:
    """A person leaves in Plex the summaries that Stash has no more."""
    await told(still, whole, details="")
    await walked(still.service)
    assert await still.service.questions.reject(1) == len(whole)


async def hooked(still: Silence, scene: int) -> None:
    """The plugin tells of the scene."""
    await still.service.take([Event(type="Scene.Update.Post", id=scene)])
    await quiet(still.service)


async def test_a_new_cover_is_not_what_was_turned_down(tmp_path: Path) -> None:
    async with resting(tmp_path) as (still, whole):
        await all_turned_down(still, whole)
        await still.scene(1, cover_image=picture(cover(71)))
        await still.pass_time()
        await still.scene(2, cover_image=picture(cover(72)))
        await hooked(still, 2)
        held = [(await still.place.item(scene))["posterSha1"] for scene in (1, 2)]
        assert held == [sha1(cover(71)), sha1(cover(72))]


async def test_yet_another_cover_is_not_the_one_that_was_turned_down(tmp_path: Path) -> None:
    async with resting(tmp_path) as (still, whole):
        for scene in whole:
            await still.scene(scene, details="", cover_image=picture(cover(200 + scene)))
        await walked(still.service)
        assert await still.service.questions.reject(1) > 0
        await still.scene(whole[-1], cover_image=picture(cover(71)))
        await hooked(still, whole[-1])
        assert (await still.place.item(whole[-1]))["posterSha1"] == sha1(cover(71))


async def test_a_new_photo_comes_by_another_scene_than_one_that_was_turned_down(tmp_path: Path) -> None:
    async with silence(tmp_path, scenes=3, clock=FastClock(SPEED), url_from_plex="http://plexsync.lan:9797") as still:
        for scene in (1, 2):
            await still.scene(scene, performers=["shared"])
        await told(still, [1], details="Words")
        await still.pass_time()
        await walked(still.service)
        await still.named("performer", "shared", image=picture(cover(98)))
        await still.pass_time()
        before = (await still.place.item(2))["thumbs"]["shared"]
        assert before
        still.service.servers[0].brake.limits = Limits(taken=0, taken_share=0.0, retitled=0, retitled_share=0.0)
        await told(still, [1], details="")
        await still.pass_time()
        assert await still.service.questions.reject(1) == 1
        await still.named("performer", "shared", image=picture(cover(99)))
        await still.pass_time()
        assert (await still.place.item(2))["thumbs"]["shared"] not in ("", None, before)


async def test_an_item_that_came_anew_is_filled_whatever_was_turned_down_for_the_old_one(tmp_path: Path) -> None:
    async with resting(tmp_path) as (still, whole):
        await all_turned_down(still, whole)
        place = still.place
        path, old = next(iter((await place.items()).items()))
        files = f"{place.plex.url}/_sim/files"
        await place.http.request("DELETE", files, json={"path": path, "scan": True})
        await place.http.put(
            f"{place.plex.url}/library/sections/1/emptyTrash", headers={"X-Plex-Token": "sim-plex-token"}
        )
        answer = await place.http.post(files, json={"path": path, "size": 5_000_000, "scan": True})
        assert answer.status_code == 200
        await still.service.intake.wish("libraries of plex")
        await quiet(still.service)
        await walked(still.service)
        new = (await place.items())[path]
        assert new["ratingKey"] != old["ratingKey"]
        assert (new["studio"], new["posterSha1"]) == (old["studio"], old["posterSha1"])


async def test_what_was_turned_down_is_over_once_nothing_of_it_is_left(tmp_path: Path) -> None:
    async with resting(tmp_path) as (still, whole):
        await all_turned_down(still, whole)
        place = still.place
        item = await place.item(1)
        await place.http.put(f"{place.plex.url}/_sim/items/{item['ratingKey']}", json={"summary": ""})
        await hooked(still, 1)
        assert (await brake_of(still.service))["rejected"] == len(whole) - 1
        await place.http.put(f"{place.plex.url}/_sim/items/{item['ratingKey']}", json={"title": "Reset by an agent"})
        await hooked(still, 1)
        assert (await place.item(1))["title"] == item["title"]


async def test_scenes_that_stash_has_again_under_new_numbers_are_synced_though_their_end_was_turned_down(
    tmp_path: Path,
) -> None:
    async with resting(tmp_path) as (still, whole):
        place, service = still.place, still.service
        paths = [one["paths"][0] for one in await scenes_of(place)]
        await place.http.request("DELETE", f"{place.stash.url}/_sim/files", json={"path": "/data/"})
        await walked(service)
        assert await service.questions.reject(1) == len(whole)
        for path in paths[:2]:
            file = {"path": path, "size": 5_000_000, "scan": True}
            assert (await place.http.post(f"{place.stash.url}/_sim/files", json=file)).status_code == 200
        new = [one["id"] for one in await scenes_of(place)]
        assert not set(new) & set(whole)
        await still.pass_time()
        for scene in new:
            await told(still, [scene], title=f"Anew {scene}")
            await hooked(still, scene)
        await still.pass_time()
        assert await titles(still, "Anew") == 2


async def test_few_that_were_too_many_go_on_in_a_long_walk_once_ten_minutes_are_over(tmp_path: Path) -> None:
    async with resting(tmp_path) as (still, whole):
        place, service = still.place, still.service
        await under_way(still)
        for few, gone in ((whole[:6], whole[6:]), (whole[6:], [])):
            await told(still, few, details="")
            place.clock.leap(A_LOOK)

            async def pending_or_written(few: list[int] = few, gone: list[int] = gone) -> bool:
                """what the look found is set aside or written"""
                waits = (await brake_of(service))["pending"]
                return bool(waits == len(few)) or await summaries(place) == gone

            await until(pending_or_written)
            if gone:
                await until(partial(holds, place, gone))
        assert await summaries(place) == whole[6:]
        place.clock.leap(RECENT)
        await until(partial(holds, place, []))


async def holds(place: World, scenes: list[int]) -> bool:
    """Whether Plex has a summary of these scenes alone."""
    return await summaries(place) == scenes
