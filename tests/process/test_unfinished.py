"""A write that never came to its end leaves nothing behind that the next attempt takes for somebody else's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from plexsync.model.work import Event
from world import World, quiet, until, world


async def saved(place: World, service: Any, scene: int, **values: Any) -> None:
    """A user saves a scene, and the hook tells of it."""
    await place.edit(scene, **values)
    await service.take([Event(type="Scene.Update.Post", id=scene)])


async def held(place: World, scene: int, name: str, value: Any) -> None:
    """Wait until Plex holds this value."""

    async def holds() -> bool:
        return bool((await place.item(scene))[name] == value)

    await until(holds, patience=25)


@pytest.mark.parametrize("fault", ["status500", "refuse", "cut"])
async def test_a_rating_arrives_although_its_first_write_failed(tmp_path: Path, fault: str) -> None:
    async with world(tmp_path) as place, place.running() as service:
        await quiet(service)
        await place.faults(place.plex, {"path": "/library/sections", "method": "PUT", "fault": fault, "times": 1})
        await saved(place, service, 1, rating100=13)
        await held(place, 1, "userRating", 1.3)


async def test_a_text_emptied_after_a_failed_write_is_cleared(tmp_path: Path) -> None:
    async with world(tmp_path) as place, place.running() as service:
        await quiet(service)
        rule = {"path": "/library/sections", "method": "PUT", "fault": "status500"}
        await place.faults(place.plex, rule)
        await saved(place, service, 1, details="Never written to Plex")

        async def struck() -> bool:
            rules = (await place.http.get(f"{place.plex.url}/_sim/faults")).json()
            return bool(rules[0]["struck"])

        await until(struck)
        await place.edit(1, details="")
        await place.faults(place.plex)
        await held(place, 1, "summary", None)


async def test_a_rating_arrives_although_two_writes_in_a_row_were_cut_short(tmp_path: Path) -> None:
    """The first reached Plex and its answer was lost; the second never came to be."""
    async with world(tmp_path) as place, place.running() as service:
        await quiet(service)
        edits = {"path": "/library/sections", "method": "PUT", "times": 1}
        await place.faults(place.plex, {**edits, "fault": "cut"})
        await saved(place, service, 1, rating100=13)
        await held(place, 1, "userRating", 1.3)
        await quiet(service)
        await place.faults(place.plex, {**edits, "fault": "status500"})
        await saved(place, service, 1, rating100=77)
        await held(place, 1, "userRating", 7.7)


async def test_a_text_is_cleared_although_two_writes_in_a_row_were_cut_short(tmp_path: Path) -> None:
    async with world(tmp_path) as place, place.running() as service:
        await quiet(service)
        edits = {"path": "/library/sections", "method": "PUT"}
        await place.faults(place.plex, {**edits, "fault": "cut", "times": 1})
        await saved(place, service, 1, details="Arrived, and nobody was told")
        await held(place, 1, "summary", "Arrived, and nobody was told")
        await quiet(service)
        await place.faults(place.plex, {**edits, "fault": "status500"})
        await saved(place, service, 1, details="Never written to Plex")

        async def struck() -> bool:
            rules = (await place.http.get(f"{place.plex.url}/_sim/faults")).json()
            return bool(rules[0]["struck"])

        await until(struck)
        await place.edit(1, details="")
        await place.faults(place.plex)
        await held(place, 1, "summary", None)


async def test_a_job_that_died_of_temporary_errors_is_done_once_the_outage_is_over(tmp_path: Path) -> None:
    async with world(tmp_path) as place, place.running(max_retries="1") as service:
        await quiet(service)
        await place.faults(place.plex, {"path": "/library/sections", "method": "PUT", "fault": "status500"})
        await saved(place, service, 1, title="Died young")

        async def dead() -> bool:
            return bool(await service.dead(1))

        await until(dead)
        await place.faults(place.plex, {"path": "/", "fault": "maintenance503"})
        for scene in range(2, 6):
            await saved(place, service, scene, title=f"In the outage {scene}")

        async def opened() -> bool:
            return not service.servers[0].gate.closed

        await until(opened)
        await place.faults(place.plex)
        await held(place, 5, "title", "In the outage 5")
        await held(place, 1, "title", "Died young")
