"""What was changed in Stash is found by asking, without any hook."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from plexsync.model.work import Event, Lane
from plexsync.sim.library import cover
from plexsync.sync.causes import PICTURE
from plexsync.sync.walks.windows import WINDOWS, is_night
from sync.test_story import picture, sha1
from sync.unheard import POLL, silence
from world import FastClock, quiet, until

DAY = 86_400.0


class StashClock(FastClock):
    """What Stash takes for the time: off by some seconds, in a zone of its own, and at a stand where a test says so."""

    def __init__(self, *, off: float = 0.0, hours: int = 0) -> None:
        super().__init__(10)
        self.off, self.hours = off, hours
        self.stands_at: float | None = None

    def local_time(self) -> datetime:
        at = self.now() if self.stands_at is None else self.stands_at
        return datetime.fromtimestamp(at + self.off, UTC).astimezone(timezone(timedelta(hours=self.hours)))


async def test_an_edit_that_no_hook_told_arrives_within_one_poll(tmp_path: Path) -> None:
    async with silence(tmp_path, scenes=2) as world:
        await world.scene(2, title="Changed by a job")
        await world.pass_time()
        assert (await world.place.item(2))["title"] == "Changed by a job"


async def test_a_stash_that_cannot_tell_of_files_is_asked_for_all_else(tmp_path: Path) -> None:
    """Before 0.30 it refuses the whole question where files are a part of it."""
    async with silence(tmp_path, scenes=2, knows_files_filter=False) as world:
        await world.scene(1, title="Changed by a job")
        await world.named("performer", "performer 2", rename="Ann")
        await world.pass_time()
        assert (await world.place.item(1))["title"] == "Changed by a job"
        assert (await world.place.item(2))["actors"] == ["Ann"]


async def test_where_nothing_changes_each_poll_is_one_request_and_not_one_write(tmp_path: Path) -> None:
    async with silence(tmp_path, scenes=2) as world:
        for _ in range(3):
            await world.pass_time()
        entry = world.service.timetable.entries[WINDOWS]

        async def reads_of_looks() -> tuple[int, int]:
            """Requests to Stash, and looks at it, of one moment: between two looks."""
            while True:
                runs = entry.runs
                reads = (await world.place.http.get(f"{world.place.stash.url}/_sim/requests")).json()["reads"]
                if entry.runs == runs and not entry.under_way:
                    return reads, runs

        await world.place.forget_requests()
        reads, runs = await reads_of_looks()
        for _ in range(12):
            await world.pass_time()
        more, later = await reads_of_looks()
        counts = await world.place.plex_counts()
        assert more - reads == later - runs >= 12
        assert (counts["writes"], counts["uploads"]) == (0, 0)


async def test_a_second_edit_within_one_second_is_found_although_no_time_shows_it(tmp_path: Path) -> None:
    clock = StashClock()
    async with silence(tmp_path, scenes=2, clock=clock) as world:
        clock.stands_at = clock.now()
        await world.scene(1, title="First", cover_image=picture(cover(140)))
        await world.service.take([Event(type="Scene.Update.Post", id=1)])
        await until(world.service.quiet)
        await world.scene(1, title="Second", cover_image=picture(cover(141)))
        await world.scene(2, title="Told once")
        clock.stands_at = None
        await world.pass_time()
        await world.pass_time()
        item = await world.place.item(1)
        assert (item["title"], item["posterSha1"]) == ("Second", sha1(cover(141)))


@pytest.mark.parametrize("off", [-3 * DAY, 0.9 * DAY])
async def test_stashs_clock_may_be_another_one(tmp_path: Path, off: float) -> None:
    async with silence(tmp_path, scenes=1, clock=StashClock(off=off)) as world:
        await world.scene(1, title="Found")
        await world.pass_time()
        assert (await world.place.item(1))["title"] == "Found"


@pytest.mark.parametrize(("before", "after"), [(2, 1), (1, 2)])
async def test_neither_summer_nor_winter_time_hides_an_edit(tmp_path: Path, before: int, after: int) -> None:
    clock = StashClock(hours=before)
    async with silence(tmp_path, scenes=1, clock=clock) as world:
        await world.scene(1, title="Before")
        await world.pass_time()
        clock.hours = after
        await world.scene(1, title="After")
        await world.pass_time()
        assert (await world.place.item(1))["title"] == "After"


async def test_another_zone_altogether_hides_an_edit_for_an_hour_at_most(tmp_path: Path) -> None:
    clock = StashClock(hours=9)
    async with silence(tmp_path, scenes=1, clock=clock) as world:
        clock.hours = -5
        await world.scene(1, title="Moved house")
        await world.pass_time(3601)
        assert (await world.place.item(1))["title"] == "Moved house"


@pytest.mark.parametrize(("age", "seconds"), [(500, POLL), (5 * 3600, 3601)])
async def test_an_edit_that_shows_long_after_its_time_is_found(tmp_path: Path, age: float, seconds: float) -> None:
    async with silence(tmp_path, scenes=2) as world:
        await world.scene(1, title="Ordinary")
        await world.pass_time()
        then = world.place.clock.local_time() - timedelta(seconds=age)
        await world.scene(2, title="Late", updated_at=then.isoformat(timespec="seconds"))
        await world.pass_time(seconds)
        assert (await world.place.item(2))["title"] == "Late"


async def test_a_time_far_ahead_hides_nothing(tmp_path: Path) -> None:
    async with silence(tmp_path, scenes=2) as world:
        await world.scene(1, title="From the future", updated_at="2099-01-01T00:00:00Z")
        await world.pass_time()
        await world.scene(2, title="Of today")
        await world.pass_time()
        assert [(await world.place.item(number))["title"] for number in (1, 2)] == ["From the future", "Of today"]


async def test_a_new_scene_is_found(tmp_path: Path) -> None:
    async with silence(tmp_path, scenes=1) as world:
        await world.file(path="new/one.mp4")
        scenes: list[Any] = (await world.place.http.get(f"{world.place.stash.url}/_sim/scenes")).json()
        await world.scene(scenes[-1]["id"], title="Quite new")
        await world.pass_time()

        async def arrived() -> bool:
            world.place.clock.leap(POLL)
            return bool((await world.place.items())["/plex/media/new/one.mp4"]["title"] == "Quite new")

        await until(arrived)


async def test_at_night_stash_is_left_alone_where_that_is_wished_but_for_hooks(tmp_path: Path) -> None:
    clock = FastClock(10)
    now = datetime.fromtimestamp(clock.now(), UTC).astimezone()
    clock.jump((now.replace(hour=2, minute=0, second=0) - now).total_seconds())
    async with silence(tmp_path, scenes=1, clock=clock, night_poll="false") as world:
        await world.scene(1, title="In the morning")
        await world.named("performer", "performer 1", rename="At once")
        await world.pass_time(300)
        assert (await world.place.item(1))["title"] != "In the morning"
        await world.service.take([Event(type="Performer.Update.Post", id=1)])
        await until(world.service.quiet)
        assert (await world.place.item(1))["actors"] == ["At once"]


def test_the_night_is_from_one_to_six() -> None:
    day = datetime(2026, 7, 11).astimezone()
    hours = [hour for hour in range(24) if is_night(day.replace(hour=hour).timestamp())]
    assert hours == [1, 2, 3, 4, 5]
    noon_in_tokyo = datetime(2026, 7, 11, 3, tzinfo=UTC).timestamp()
    assert is_night(noon_in_tokyo, UTC)
    assert not is_night(noon_in_tokyo, timezone(timedelta(hours=9)))


async def test_a_hook_of_something_that_scenes_name_waits_for_no_poll(tmp_path: Path) -> None:
    """The next look is ten minutes away: only the event can bring it."""
    async with silence(tmp_path, scenes=4, stash_poll="600") as world:
        number = await world.named("performer", "performer 1", rename="Ann")
        await world.service.take([Event(type="Performer.Update.Post", id=number)])
        number = await world.named("studio", "studio 2", rename="House")
        await world.service.take([Event(type="Studio.Update.Post", id=number)])
        document = "mutation($input: TagDestroyInput!) { tagDestroy(input: $input) }"
        tag = await world.named("tag", "tag 3")
        await world.place.graphql(document, input={"id": str(tag)})
        await world.service.take([Event(type="Tag.Destroy.Post", id=tag)])
        await until(world.service.quiet)
        assert (await world.place.item(1))["actors"] == ["Ann"]
        assert (await world.place.item(2))["studio"] == "House"
        assert (await world.place.item(3))["genres"] == []


async def test_many_hooks_of_one_edit_cost_a_handful_of_requests(tmp_path: Path) -> None:
    # Half a second of this clock lies between two looks, and a hundred hooks take as long as the machine needs.
    async with silence(tmp_path, scenes=2, clock=FastClock(1), stash_poll="600") as world:
        await world.place.forget_requests()
        await world.named("tag", "tag 1", rename="Renamed")
        for _ in range(100):
            await world.service.take([Event(type="Tag.Update.Post", id=number) for number in range(1, 6)])
        await until(world.service.quiet)
        stash = (await world.place.http.get(f"{world.place.stash.url}/_sim/requests")).json()
        assert (await world.place.item(1))["genres"] == ["Renamed"]
        assert stash["reads"] <= 60, stash["reads"]


async def test_a_doubt_about_a_picture_writes_nothing_of_a_library_in_preview(tmp_path: Path) -> None:
    async with silence(tmp_path, scenes=2, preview_first_contact="true") as world:
        await world.pass_time()
        await world.service.intake.put([1], Lane.CHANGE, PICTURE)
        await quiet(world.service)
        assert (await world.place.plex_counts())["writes"] == 0


async def test_looks_leave_the_backlog_of_a_library_in_preview_alone_however_young_it_is(tmp_path: Path) -> None:
    async with silence(tmp_path, scenes=2, preview_first_contact="true") as world:
        for _ in range(3):
            await world.pass_time()
        assert (await world.place.plex_counts())["writes"] == 0
        await world.scene(1, title="Changed since")
        await world.pass_time()
        assert (await world.place.item(1))["title"] == "Changed since"
        assert (await world.place.item(2))["studio"] != "studio 2"
