"""What looks at Stash find counts in the brake's limit as what walks find does, though few of it wait for no walk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from plexsync.model.work import Event
from plexsync.store import walks
from plexsync.sync.brakes.brake import Limits
from plexsync.sync.brakes.letgo import RECENT
from plexsync.sync.walks.walk import FULL
from sync.test_brake_story import brake_of, summaries
from sync.test_clearing import walked
from sync.unheard import Silence, silence
from world import FastClock, quiet, until

SCENES = 12
#: So slow that all of a test is over before what was let go counts no more.
SPEED = 5.0
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

        async def cleared() -> bool:
            """what the look found is written"""
            return await summaries(place) == whole[2:]

        await until(cleared)
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
