"""A cleared queue has lost its work, never the truth: a full walk finds what differs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from plexsync.model.work import Event, Lane
from plexsync.sim.library import cover
from plexsync.sync.service import Service
from sync.test_lost_updates import at_rest, silently
from sync.test_story import picture, sha1
from world import World, quiet, until


async def walked(service: Service) -> None:
    """A full walk, and all that it puts."""
    await service.sync_all()
    await quiet(service)


async def walked_while_plex_is_away(service: Service, *scenes: int) -> None:
    """A full walk while the jobs of these scenes wait."""
    await service.sync_all()

    async def all_wait() -> bool:
        """the jobs wait, and the walk is over"""
        waits = {row["scene"] for row in await service.queue(10) if row["state"] == "waiting"}
        return waits.issuperset(scenes) and not service.entries["full walk"].pending

    await until(all_wait)


async def cleared(service: Service, lane: Lane | None = None) -> None:
    """The queue is empty; what was being worked on at that moment is dropped once it waits again."""

    async def empty() -> bool:
        """nothing is queued any more"""
        await service.upkeep.clear_queue(lane)
        return await service.queue(10) == []

    await until(empty)


async def away(place: World) -> None:
    await place.faults(place.plex, {"fault": "maintenance503"})


async def test_edits_whose_jobs_were_dropped_are_written_by_the_next_walk(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=3) as (place, service):
        await away(place)
        for scene in (1, 2):
            await silently(place, scene, title=f"Dropped {scene}")
        await service.take([Event(type="Scene.Update.Post", id=scene) for scene in (1, 2)])
        await walked_while_plex_is_away(service, 1, 2)
        await cleared(service)
        await place.faults(place.plex)
        await quiet(service)
        assert (await place.item(1))["title"] != "Dropped 1"
        await walked(service)
        assert [(await place.item(scene))["title"] for scene in (1, 2)] == ["Dropped 1", "Dropped 2"]


async def test_a_new_picture_whose_job_was_dropped_is_uploaded_after_the_next_walk(tmp_path: Path) -> None:
    """The first walk has noted the scene as it is now; only its job knew of the picture."""
    async with at_rest(tmp_path, scenes=2) as (place, service):
        await away(place)
        await silently(place, 1, cover_image=picture(cover(71)))
        place.clock.leap(2 * 3600.0)
        await walked_while_plex_is_away(service, 1)
        await cleared(service)
        await place.faults(place.plex)
        await walked(service)
        assert (await place.item(1))["posterSha1"] == sha1(cover(71))


async def test_a_walk_after_a_clearing_writes_nothing_that_plex_holds_already(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=3) as (place, service):
        await away(place)
        await service.take([Event(type="Scene.Update.Post", id=scene) for scene in (1, 2, 3)])
        await until(lambda: service.queue(1))
        await cleared(service, Lane.CHANGE)
        await place.faults(place.plex)
        await place.forget_requests()
        await walked(service)
        counts = await place.plex_counts()
        assert (counts["writes"], counts["uploads"]) == (0, 0)
        why: dict[str, Any] = await service.why(1)
        assert [item["in_step"] for item in why["servers"][0]["items"]] == [True]


async def test_purged_letters_are_tried_again_by_the_next_walk_where_something_differs(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=2, max_retries="1") as (place, service):
        key = (await place.item(1))["ratingKey"]
        await place.faults(place.plex, {"fault": "status500", "path": f"/library/metadata/{key}"})
        await silently(place, 1, title="Purged")
        await walked_until_dead(service)
        assert await service.upkeep.purge(7) == 0
        assert await service.upkeep.purge(0) == 1
        await place.faults(place.plex)
        await walked(service)
        assert (await place.item(1))["title"] == "Purged"


async def walked_until_dead(service: Service) -> None:
    await service.sync_all()
    await until(lambda: service.dead(1))
