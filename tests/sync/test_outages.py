"""Outages of a Plex and a Stash that are really away, and the record of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from plexsync.model.work import Event
from plexsync.store.database import Database
from plexsync.sync.gates import outages
from plexsync.sync.service import Service
from sync.test_lost_updates import at_rest, silently
from sync.test_recovery import letter, with_letters
from world import World, quiet, until, world


async def edited(place: World, service: Service, *scenes: int, title: str) -> None:
    for scene in scenes:
        await silently(place, scene, title=f"{title} {scene}")
    await service.take([Event(type="Scene.Update.Post", id=scene) for scene in scenes])


async def hold(place: World, *scenes: int, title: str) -> None:
    async def written() -> bool:
        """Plex holds the new titles"""
        titles = {item["title"] for item in (await place.items()).values()}
        return titles >= {f"{title} {scene}" for scene in scenes}

    await until(written)


async def report(place: World) -> dict[str, Any]:
    """What a stopped PlexSync left in its store."""
    database = Database.open_reading(f"sqlite:///{place.folder / 'data' / 'plexsync.db'}")
    try:
        return await database.run(lambda c: outages.report(c, ["plex"], place.clock.now()))
    finally:
        database.close()


async def open_outages(service: Service) -> list[dict[str, Any]]:
    """The outages that go on; none as long as a job that began before them is under way."""
    if not all(server.worker.idle for server in service.servers):
        return []
    found: list[dict[str, Any]] = (await service.upkeep.outages())["outages"]
    return [one for one in found if one["ended_at"] is None]


async def drained(service: Service) -> dict[str, Any]:
    """The one outage there was, once all that waited for its end is through and kept."""

    async def all_is_kept() -> Any:
        """the count of what drained is kept"""
        outages = (await service.upkeep.outages())["outages"]
        return [one for one in outages if one["ended_at"] and one["drained"] == one["held"]]

    (one,) = await until(all_is_kept)
    found: dict[str, Any] = one
    return found


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ({"fault": "refuse"}, "Plex"),
        ({"fault": "status500"}, "500"),
        ({"fault": "maintenance503"}, "503"),
    ],
    ids=["refused", "500s", "maintenance"],
)
async def test_an_outage_of_plex_is_recorded_once_with_what_waited_for_its_end(
    tmp_path: Path, fault: Mapping[str, Any], cause: str
) -> None:
    async with at_rest(tmp_path, scenes=4) as (place, service):
        assert (await service.upkeep.outages())["outages"] == []
        before = place.clock.now()
        await place.faults(place.plex, fault)
        await edited(place, service, 1, 2, 3, 4, title="Waits")
        (going_on,) = await until(lambda: open_outages(service))
        assert (going_on["kind"], going_on["held"], cause in going_on["cause"]) == ("away", 4, True)
        place.clock.leap(3600.0)
        await place.faults(place.plex)
        await hold(place, 1, 2, 3, 4, title="Waits")
        one = await drained(service)
        assert (one["id"], one["name"], one["kind"]) == (going_on["id"], "Plex (plex)", "away")
        assert (one["held"], one["drained"]) == (4, 4)
        assert before <= one["first_failure_at"] <= one["began_at"] < one["began_at"] + 3600 <= one["ended_at"]
        assert one["ended_at"] <= one["first_drained_at"] <= one["last_drained_at"] <= place.clock.now()
        (stash, plex) = (await service.upkeep.outages())["peers"]
        assert (stash["outages"], stash["availability"]) == (0, 1.0)
        assert (plex["outages"], plex["going_on"]) == (1, False)
        assert plex["mttr"] == pytest.approx(one["lasted"])
        assert plex["availability"] < 1.0


async def test_maintenance_then_failures_then_silence_are_one_outage_with_its_first_cause(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=4) as (place, service):
        await place.faults(place.plex, {"fault": "maintenance503"})
        await edited(place, service, 1, 2, 3, 4, title="Waits")
        await until(lambda: open_outages(service))
        for fault in ("status500", "refuse"):
            await place.faults(place.plex, {"fault": fault})
            place.clock.leap(90.0)
            since = service.servers[0].gate.gate.since

            async def moved(since: float = since) -> bool:
                """the gate tried and failed again"""
                return bool(service.servers[0].gate.gate.since > since)

            await until(moved)
        await place.faults(place.plex)
        await hold(place, 1, 2, 3, 4, title="Waits")
        one = await drained(service)
        assert "503" in one["cause"]
        assert len((await service.upkeep.outages())["outages"]) == 1


async def test_a_plex_that_wants_a_sign_in_is_held(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=2) as (place, service):
        await place.faults(place.plex, {"fault": "unauthorized401"})
        await edited(place, service, 1, title="Waits")
        (one,) = await until(lambda: open_outages(service))
        assert one["kind"] == "held"
        await place.faults(place.plex)
        place.clock.leap(120.0)
        await hold(place, 1, title="Waits")
        assert (await drained(service))["kind"] == "held"


async def test_an_outage_of_stash_holds_the_jobs_of_every_server(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=4) as (place, service):
        await silently(place, 1, title="Waits 1")
        await place.faults(place.stash, {"fault": "refuse"})
        await service.take([Event(type="Scene.Update.Post", id=scene) for scene in (1, 2, 3)])
        (one,) = await until(lambda: open_outages(service))
        assert (one["name"], one["held"]) == ("Stash", 3)
        await place.faults(place.stash)
        await hold(place, 1, title="Waits")
        one = await drained(service)
        assert (one["held"], one["drained"]) == (3, 3)


async def test_an_outage_goes_on_after_a_restart_and_so_does_the_count_of_what_waited(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=5) as place:
        async with place.running() as service:
            await quiet(service)
            key = (await place.item(5))["ratingKey"]
            await place.faults(place.plex, {"fault": "maintenance503"})
            await edited(place, service, 1, 2, 3, 4, 5, title="Waits")
            (before,) = await until(lambda: open_outages(service))
        async with place.running() as service:
            (still,) = await until(lambda: open_outages(service))
            told = ("id", "began_at", "cause", "held")
            assert [still[name] for name in told] == [before[name] for name in told]
            await place.faults(place.plex, {"fault": "status500", "path": f"/library/metadata/{key}"})
            await hold(place, 1, 2, 3, 4, title="Waits")

            async def is_over() -> bool:
                """the outage has ended"""
                return all(one["ended_at"] for one in (await service.upkeep.outages())["outages"])

            await until(is_over)
        (half,) = (await report(place))["outages"]
        assert (half["held"], half["drained"]) == (5, 4)
        await place.faults(place.plex)
        async with place.running() as service:
            await hold(place, 5, title="Waits")
            one = await drained(service)
            assert (one["id"], one["held"], one["drained"]) == (before["id"], 5, 5)
            assert one["first_drained_at"] == half["first_drained_at"] < one["last_drained_at"]


async def test_a_wave_of_short_failures_that_opens_no_gate_is_no_outage(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=2) as (place, service):
        await place.faults(place.plex, {"fault": "status500", "times": 2})
        await edited(place, service, 1, title="Soon")
        await hold(place, 1, title="Soon")
        await quiet(service)
        assert (await service.upkeep.outages())["outages"] == []


async def test_on_postgresql_an_outage_is_recorded_and_its_victims_recovered(tmp_path: Path, postgres_url: str) -> None:
    async with at_rest(tmp_path, scenes=4, store_url=postgres_url) as (place, service):
        await place.faults(place.plex, {"fault": "refuse"})
        await edited(place, service, 2, 3, 4, title="Waits")
        await until(lambda: open_outages(service))
        await silently(place, 1, title="Died 1")
        await with_letters(service, letter(1, "PlexServerDown", place.clock.now()))
        await place.faults(place.plex)
        await hold(place, 2, 3, 4, title="Waits")
        await hold(place, 1, title="Died")
        one = await drained(service)
        assert (one["held"], one["drained"]) == (3, 3)
        assert await service.dead(10) == []
