"""What was asked for outlives the daemon that was asked, until it is done."""

from __future__ import annotations

from pathlib import Path

from plexsync.model.work import Event, EventType
from plexsync.store import walks, wishes
from plexsync.store.database import Database
from plexsync.sync.service import Service
from plexsync.sync.walks.walk import FULL, FULL_WALK
from world import World, quiet, until, world


async def wished(service: Service) -> dict[str, int]:
    return await service.database.run(wishes.waiting)


async def stash_answers_nothing(place: World) -> None:
    await place.faults(place.stash, {"path": "/graphql", "fault": "hang"})


async def test_a_walk_that_was_asked_for_is_done_by_the_next_daemon_when_the_first_one_dies(tmp_path: Path) -> None:
    async with world(tmp_path) as place:
        async with place.running(dies=True) as service:
            await quiet(service)
            await stash_answers_nothing(place)
            await service.take([Event(type=EventType.SYNC_ALL)])
            assert await wished(service) == {FULL_WALK: 1}
        await place.faults(place.stash)
        await place.edit(2, title="No hook told")
        async with place.running() as service:
            await quiet(service)
            assert await wished(service) == {}
            assert (await place.item(2))["title"] == "No hook told"


async def test_a_wished_walk_begins_at_the_first_scene_and_goes_on_where_it_was_cut_off_itself(tmp_path: Path) -> None:
    async with world(tmp_path) as place, place.running() as service:
        await quiet(service)
        half = walks.Walk(name=FULL, last_id=3, started_at=place.clock.now(), facts={"completed": 1})
        await service.database.run(lambda c: walks.save(c, half))
        await place.edit(1, title="Before the middle")
        await service.sync_all()
        await quiet(service)
        assert (await place.item(1))["title"] == "Before the middle"
        # Cut off in the middle of what was wished for: the wish is older than the middle.
        number = await service.database.run(lambda c: wishes.ask(c, FULL_WALK, 1.0))
        half = walks.Walk(name=FULL, last_id=3, started_at=place.clock.now(), facts={"completed": 2, "wish": number})
        await service.database.run(lambda c: walks.save(c, half))
        await place.forget_requests()
        service.timetable.look()
        await quiet(service)
        walk = await service.database.run(lambda c: walks.load(c, FULL))
        assert walk is not None
        assert walk.started_at == half.started_at


async def test_what_fails_stays_wished_for_until_it_is_done(tmp_path: Path) -> None:
    async with world(tmp_path) as place, place.running() as service:
        await quiet(service)
        await place.faults(place.stash, {"path": "/graphql", "fault": "status500"})
        await service.sync_recent()

        async def failed() -> bool:
            return bool(service.entries["recent"].fault)

        await until(failed)
        assert await wished(service) == {"recent": 1}
        assert not await service.quiet()
        await place.faults(place.stash)
        await quiet(service)
        assert await wished(service) == {}
        assert service.entries["recent"].runs == 1


async def test_a_wish_that_comes_during_a_run_is_another_run(tmp_path: Path) -> None:
    async with world(tmp_path) as place, place.running() as service:
        await quiet(service)
        entry = service.entries["recent"]
        await place.faults(place.stash, {"path": "/graphql", "fault": "delay", "seconds": 0.3})
        await service.sync_recent()

        async def under_way() -> bool:
            return entry.under_way

        await until(under_way)
        await service.sync_recent()
        await place.faults(place.stash)
        await quiet(service)
        assert entry.runs == 2


async def test_a_wish_left_in_the_store_is_found_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    database = Database.open(f"sqlite:///{tmp_path / 'data' / 'plexsync.db'}")
    with database.transaction() as conn:
        wishes.ask(conn, "recent", 1.0)
        wishes.ask(conn, "an entry of another version", 1.0)
    database.close()
    async with world(tmp_path) as place, place.running() as service:
        await quiet(service)
        assert service.entries["recent"].runs == 1
