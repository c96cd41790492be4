"""What grows old goes, and a clock that jumps makes nothing old."""

from __future__ import annotations

from pathlib import Path

from plexsync.store import history
from plexsync.sync.service import Service
from world import World, quiet, until, world

DAY = 24 * 3600.0


async def entries(service: Service) -> int:
    return len(await service.database.run(lambda c: history.latest(c, 1000)))


async def kept(place: World) -> int:
    """How many entries of the history are there after the housekeeping of a start."""
    async with place.running() as service:
        await quiet(service)
        return await entries(service)


async def test_a_clock_a_year_ahead_for_a_while_throws_no_history_away(tmp_path: Path) -> None:
    async with world(tmp_path) as place:
        before = await kept(place)
        assert before
        for jump in (365 * DAY, 0, 3600, -365 * DAY, 3600):
            place.clock.jump(jump)
            assert await kept(place) == before
        assert len(list((tmp_path / "data" / "backups").iterdir())) <= 3, "nor does it flood the folder of backups"


async def test_what_is_older_than_its_time_goes_a_day_later(tmp_path: Path) -> None:
    async with world(tmp_path) as place:
        before = await kept(place)
        place.clock.jump(95 * DAY)
        async with place.running() as service:
            await quiet(service)
            assert await entries(service) == before
            place.clock.leap(DAY + 60)

            async def gone() -> bool:
                """The history is forgotten."""
                return not await entries(service)

            await until(gone)
