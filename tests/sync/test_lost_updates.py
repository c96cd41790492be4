"""Ways in which a sync of this kind is known to lose an update or to hold others up: none of them is ours."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from plexsync.model.work import Event
from plexsync.sim.library import cover
from plexsync.sync.service import Service
from sync.test_story import picture
from world import FastClock, World, quiet, until, world

METADATA = "/library/metadata/"


@contextlib.asynccontextmanager
async def at_rest(folder: Path, *, scenes: int = 4, speed: float = 20.0, **settings: str) -> AsyncIterator[Any]:
    """A world in step, and the service that keeps it so."""
    async with world(folder, scenes=scenes) as place:
        place.clock = FastClock(speed)
        place.settings |= {f"PLEXSYNC_{name.upper()}": value for name, value in settings.items()}
        async with place.running() as service:
            await until(service.quiet, patience=30.0 + scenes / 5)
            yield place, service


async def edited(place: World, service: Service, scene: int, **values: Any) -> None:
    await silently(place, scene, **values)
    await service.take([Event(type="Scene.Update.Post", id=scene)])


async def silently(place: World, scene: int, **values: Any) -> None:
    answer = await place.http.post(f"{place.stash.url}/_sim/silent", json={"id": scene, **values})
    assert answer.status_code == 200, answer.text


async def poisoned(place: World, service: Service, scene: int) -> None:
    """Plex never takes this scene's poster, and its job is tried again and again."""
    key = (await place.item(scene))["ratingKey"]
    await place.faults(place.plex, {"path": f"{METADATA}{key}/posters", "method": "POST", "fault": "status500"})
    await edited(place, service, scene, cover_image=picture(cover(77)))


async def titled(place: World, scenes: range, title: str) -> None:
    async def all_hold_it() -> bool:
        """every scene has its title"""
        items = await place.items()
        return sum(bool(item["title"] == title) for item in items.values()) == len(scenes)

    await until(all_hold_it, patience=30.0 + len(scenes) / 5, every=0.01 + len(scenes) / 1000)


async def test_a_second_edit_shortly_after_the_first_needs_no_third_to_arrive(tmp_path: Path) -> None:
    async with at_rest(tmp_path) as (place, service):
        for pause in (0.0, 1.0, 4.0, 9.0):
            await edited(place, service, 1, title=f"After {pause} s")
            place.clock.leap(pause)
        await titled(place, range(1), "After 9.0 s")


async def test_one_scene_told_four_times_at_once_is_one_job(tmp_path: Path) -> None:
    async with at_rest(tmp_path) as (place, service):
        await place.faults(place.plex, {"fault": "maintenance503"})
        await service.take([Event(type="Scene.Update.Post", id=2)] * 4)
        assert [row["scene"] for row in await service.queue(10)] == [2]
        await place.faults(place.plex)
        await quiet(service)


async def test_a_scene_edited_between_two_syncs_of_everything_is_written_by_the_next_one(tmp_path: Path) -> None:
    async with at_rest(tmp_path) as (place, service):
        for title in ("One", "Two", "Three"):
            await silently(place, 3, title=title)
            await service.sync_all()
            await titled(place, range(1), title)


@pytest.mark.parametrize("fault", ["status500", "maintenance503", "html", "half_json", "refuse"])
async def test_a_failing_plex_is_never_taken_for_one_without_the_item(tmp_path: Path, fault: str) -> None:
    async with at_rest(tmp_path, skip_not_found="true") as (place, service):
        await place.faults(place.plex, {"path": METADATA, "method": "GET", "fault": fault})
        await edited(place, service, 1, title="While Plex failed")

        async def failing() -> bool:
            rows = await service.queue(10)
            return bool(rows) and rows[0]["failure"] is not None

        await until(failing)
        await place.faults(place.plex)
        await titled(place, range(1), "While Plex failed")


async def test_a_scene_in_its_back_off_delays_no_other(tmp_path: Path) -> None:
    async with at_rest(tmp_path, speed=0.5) as (place, service):
        await poisoned(place, service, 1)

        async def waiting() -> bool:
            rows = await service.queue(10)
            return bool(rows) and rows[0]["attempts"] > 0

        await until(waiting)
        began = place.clock.now()
        await edited(place, service, 2, title="Ready")
        await titled(place, range(1), "Ready")
        assert place.clock.now() - began < 5.0

        async def alone() -> bool:
            return [row["scene"] for row in await service.queue(10)] == [1]

        await until(alone)


async def test_two_files_of_one_name_that_no_rule_maps_are_a_decision_and_no_outage(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=1) as place, place.running(path_rules="/elsewhere => /nowhere") as service:
        for folder in ("/plex/media/a/x", "/plex/media/b/x"):
            body = {"path": f"{folder}/same.mp4", "scan": True, "size": 5, "duration": 10_000}
            answer = await place.http.post(f"{place.plex.url}/_sim/files", json=body)
            assert answer.status_code == 200, answer.text
        file = {"path": "/data/c/x/same.mp4", "size": 5, "duration": 10.0, "title": "Whose?"}
        scene = (await place.http.post(f"{place.stash.url}/_sim/files", json=file)).json()["id"]
        moves: list[str] = []
        service.servers[0].gate.on_change(lambda: moves.append("moved"))

        async def decided() -> bool:
            await service.sync_scenes([scene])
            await quiet(service)
            decision = (await service.why(scene))["servers"][0]["decision"]
            return decision is not None and decision["kind"] == "ambiguous"

        await until(decided)
        assert moves == []
        assert await service.queue(10) == []


async def poison_beside(folder: Path, good: int) -> dict[str, float]:
    """One scene that Plex never takes and one that it does not have, first alone, then among `good` ones.

    The clock's seconds that the good ones take without them and beside them.
    """
    others = range(3, good + 3)
    async with at_rest(folder, scenes=good + 2, speed=1.0, max_retries="20") as (place, service):
        moves: list[str] = []
        service.servers[0].gate.on_change(lambda: moves.append("moved"))
        took: dict[str, float] = {}
        for name in ("without", "beside"):
            if name == "beside":
                body = {"path": "/data/new/never.mp4", "title": "Not in Plex"}
                missing = (await place.http.post(f"{place.stash.url}/_sim/files", json=body)).json()["id"]
                await service.take([Event(type="Scene.Create.Post", id=missing)])
                await poisoned(place, service, 1)
                place.clock.leap(600.0)
            for scene in others:
                await silently(place, scene, title=f"Good {name}")
            began = place.clock.now()
            await service.take([Event(type="Scene.Update.Post", id=scene) for scene in others])
            await titled(place, others, f"Good {name}")
            took[name] = place.clock.now() - began

        async def only_they_wait() -> bool:
            """the two wait, and nobody else"""
            return sorted(row["scene"] for row in await service.queue(10)) == [1, missing]

        await until(only_they_wait)
        assert moves == []
        assert (await service.upkeep.outages())["outages"] == []
        return took


async def test_one_poison_scene_and_one_unmatched_delay_nobody_and_are_no_outage(tmp_path: Path) -> None:
    took = await poison_beside(tmp_path, 60)
    assert took["beside"] < 3 * took["without"] + 3.0


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_one_poison_scene_and_one_unmatched_delay_none_of_a_thousand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    took = await poison_beside(tmp_path, 1000)
    with capsys.disabled():
        print(f"\n1,000 good scenes: {took['without']:.1f} s alone, {took['beside']:.1f} s beside the two")  # noqa: T201
    assert took["beside"] < 1.5 * took["without"] + 3.0
