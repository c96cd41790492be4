"""An outage of a day or a month costs nothing but time: no dead letter, one record, and no burst at its end."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from plexsync.model.work import Event
from plexsync.sync.service import Service
from world import FastClock, World, quiet, until, world

DAY = 86_400.0
#: How Plex is away: refused, hanging, failing, or in its own maintenance, and all of it one after another.
FAULTS: dict[str, tuple[Mapping[str, Any], ...]] = {
    "refused": ({"fault": "refuse"},),
    "hanging": ({"fault": "hang"},),
    "500s": ({"fault": "status500"},),
    "500s on all but the health check": ({"fault": "status500", "path": "/library"},),
    "maintenance": ({"fault": "maintenance503"},),
    "maintenance, then 500s, then refused": (
        {"fault": "maintenance503"},
        {"fault": "status500"},
        {"fault": "refuse"},
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What came out: seconds are the clock's."""

    first_write: float
    drained: float
    writes: tuple[float, ...]  #: each write's second after the end of the outage


async def edited(place: World, service: Service, scene: int, title: str) -> None:
    answer = await place.http.post(f"{place.stash.url}/_sim/silent", json={"id": scene, "title": title})
    assert answer.status_code == 200, answer.text
    await service.take([Event(type="Scene.Update.Post", id=scene)])


async def outage(folder: Path, name: str, *, lasts: float, edits: int, speed: float) -> Story:
    """Edits spread over the whole outage; then Plex is back and nobody tells anything."""
    async with world(folder, scenes=edits) as place:
        place.clock = FastClock(speed)
        async with place.running(read_timeout="5", connect_timeout="1") as service:
            await until(service.quiet, patience=30.0 + edits / 5)
            await place.forget_requests()
            await _away(place, service, name, lasts=lasts, edits=edits)
            return await _back(place, service, edits)


async def _away(place: World, service: Service, name: str, *, lasts: float, edits: int) -> None:
    gate = service.servers[0].gate

    async def not_closed() -> bool:
        """the gate is not closed"""
        return not gate.closed

    async def looked() -> bool:
        """a health check was made after the leap"""
        return gate.gate.since >= since or not gate.closed

    leaps = 2 * len(FAULTS[name]) + 4
    rules = [FAULTS[name][number * len(FAULTS[name]) // leaps] for number in range(leaps)]
    for number, rule in enumerate(rules):
        # A rule that is given again lets what hangs by it be answered first.
        if number == 0 or rule != rules[number - 1]:
            await place.faults(place.plex, rule)
        for scene in range(1 + edits * number // leaps, 1 + edits * (number + 1) // leaps):
            await edited(place, service, scene, f"Edited in part {number}")
        await until(not_closed)
        since = place.clock.now()
        place.clock.leap(lasts / leaps)
        await until(looked)
    assert await service.dead(10) == []


async def _back(place: World, service: Service, edits: int) -> Story:
    await place.faults(place.plex)
    ended = place.clock.now()

    async def arrived() -> bool:
        """every edit is in Plex"""
        return sum(str(item["title"]).startswith("Edited") for item in (await place.items()).values()) == edits

    await until(arrived, patience=60.0 + edits, every=0.01 + edits / 1000)
    drained = place.clock.now() - ended
    await quiet(service)
    assert await service.dead(10) == []
    record = await service.upkeep.outages()
    assert [one["peer"] for one in record["outages"]] == ["plex:plex"]
    assert record["outages"][0]["held"] >= edits - 1, record
    assert record["outages"][0]["ended_at"] is not None
    writes = await _writes(place, ended)
    assert len(writes) == edits
    return Story(first_write=writes[0], drained=drained, writes=tuple(writes))


async def _writes(place: World, ended: float) -> list[float]:
    """The clock's seconds of all writes since Plex was back, told from the machine's clock."""
    log = (await place.http.get(f"{place.plex.url}/_sim/requests")).json()["requests"]
    machine = place.clock.machine_time(ended)
    return [(row["at"] - machine) * place.clock.speed for row in log if row["kind"] == "write" and row["changed"]]


def burst(writes: tuple[float, ...], seconds: float) -> int:
    """The most writes in any so many seconds."""
    return max(sum(begin <= at < begin + seconds for at in writes) for begin in writes)


def rate(writes: tuple[float, ...], since: float, until_: float) -> float:
    """Writes a second between two times."""
    return sum(since <= at < until_ for at in writes) / (until_ - since)


@pytest.mark.parametrize("name", [name for name in FAULTS if name != "hanging"])
async def test_a_day_of_outage_loses_nothing_and_ends_without_a_burst(tmp_path: Path, name: str) -> None:
    story = await outage(tmp_path, name, lasts=DAY, edits=24, speed=2.0)
    assert story.first_write < 10.0
    assert burst(story.writes, 1.0) <= 8


@pytest.mark.alone
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("days", [1, 30])
@pytest.mark.parametrize("name", FAULTS)
async def test_a_thousand_edits_in_a_long_outage_arrive_at_a_rising_pace(tmp_path: Path, name: str, days: int) -> None:
    story = await outage(tmp_path, name, lasts=days * DAY, edits=1000, speed=1.0)
    told = f"first write {story.first_write:.1f} s, all after {story.drained:.0f} s, at most {burst(story.writes, 1.0)}"
    early, late = rate(story.writes, 1.0, 21.0), rate(story.writes, 80.0, 100.0)
    sys.stdout.write(f"\n{name}, {days} d: {told} in a second, {early:.1f} then {late:.1f} a second\n")
    assert story.first_write < 10.0
    assert burst(story.writes, 1.0) <= 20
    assert early < 8.0 < late
