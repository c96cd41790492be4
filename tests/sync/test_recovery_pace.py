"""The pace after an outage, over real HTTP: told from the requests that Stash gets, one for each job."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plexsync.model.work import Event
from plexsync.sync.gates.gate import GateState
from plexsync.sync.gates.gatekeeper import Gatekeeper
from plexsync.sync.gates.pace import FASTEST, TRICKLE, Pace
from plexsync.sync.service import Service
from world import FastClock, World, quiet, until, world

SCENES = 8
#: Seconds of the clock in a real one: slow enough that this machine is not what bounds the jobs.
SPEED = 1.0


@dataclass(slots=True)
class Crowd:
    """A service whose jobs never end: whatever was worked on is told anew."""

    place: World
    service: Service
    claimed: list[float] = field(default_factory=list)  #: when each job was asked for in Stash, by the clock

    @property
    def gate(self) -> Gatekeeper:
        return self.service.servers[0].gate

    @property
    def pace(self) -> Pace | None:
        return self.gate.gate.pace

    async def come(self) -> None:
        while True:
            await self.service.take([Event(type="Scene.Update.Post", id=scene) for scene in range(1, SCENES + 1)])
            await asyncio.sleep(0.05)

    async def outage(self, *faults: Mapping[str, Any]) -> None:
        """Plex is away until its gate has opened, and comes back."""
        await self.place.faults(self.place.plex, *(faults or ({"fault": "maintenance503"},)))

        async def opened() -> bool:
            return self.gate.gate.state is GateState.OPEN

        await until(opened)
        await self.place.faults(self.place.plex)
        await self.recovers()

    async def recovers(self) -> None:
        async def recovering() -> bool:
            if self.gate.gate.state is GateState.OPEN:
                self.place.clock.leap(1.0)
            return self.pace is not None

        await until(recovering)

    async def leap(self, seconds: float) -> None:
        """A quiet time, behind which the ramp goes on."""
        self.place.clock.leap(seconds)
        leapt = self.place.clock.now()

        async def looked() -> bool:
            return self.pace is None or (self.pace.looked_at or 0.0) >= leapt

        await until(looked)

    async def works(self) -> bool:
        """What a start asks Stash is over, jobs are worked on, and none waits for another's answer."""
        asked = [self.service.entries[name] for name in ("full walk", "change windows")]
        over = all(entry.runs and not entry.under_way for entry in asked)
        return over and bool(await self.jobs(1))

    async def jobs(self, seconds: float) -> list[float]:
        """When jobs began in the next so many seconds, by the clock."""
        clock = self.place.clock
        await self.place.forget_requests()
        since = clock.now()
        await clock.wait(asyncio.Event(), seconds)
        until_ = since + seconds
        log = (await self.place.http.get(f"{self.place.stash.url}/_sim/requests")).json()["requests"]
        machine = clock.machine_time(since)
        begun = [since + (row["at"] - machine) * clock.speed for row in log if row["label"] == "ScenesById"]
        return [at for at in begun if since <= at < until_]


@asynccontextmanager
async def in_step(folder: Path) -> AsyncIterator[World]:
    async with world(folder, scenes=SCENES) as place:
        place.clock = FastClock(50)
        async with place.running() as service:
            await quiet(service)
        place.clock = FastClock(SPEED)
        yield place


@asynccontextmanager
async def crowd(place: World) -> AsyncIterator[Crowd]:
    async with place.running() as service:
        it = Crowd(place, service)
        coming = asyncio.create_task(it.come())
        try:
            yield it
        finally:
            coming.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await coming


def within_the_pace(begun: list[float], rate: float) -> bool:
    """No window holds more jobs than the rate gives and one; a request may be a little late on its way to the log."""
    late = 0.1 * SPEED
    return all(
        number - first <= rate * (begun[number] - begun[first] + late) + 1
        for first in range(len(begun))
        for number in range(first + 1, len(begun))
    )


async def test_after_an_outage_work_rises_from_few_jobs_a_second_to_many_without_a_burst(tmp_path: Path) -> None:
    async with in_step(tmp_path) as place, crowd(place) as it:
        await it.outage()
        early = await it.jobs(2)
        assert within_the_pace(early, 6)
        for _ in range(3):
            await it.leap(80)
        late = await it.jobs(2)
        assert it.pace is not None
        assert 16 < it.pace.rate(place.clock.now()) <= FASTEST
        assert within_the_pace(late, FASTEST)
        assert 0 < 1.2 * len(early) < len(late)
        await it.leap(80)
        assert it.gate.admits > 1000, "the recovery is over"


async def test_a_restart_in_the_middle_of_a_recovery_goes_on_with_it(tmp_path: Path) -> None:
    async with in_step(tmp_path) as place:
        async with crowd(place) as it:
            await it.outage()
            assert it.pace is not None
            began = it.pace.began
        async with crowd(place) as it:

            async def read() -> bool:
                return it.pace is not None

            await until(read)
            assert it.pace is not None
            assert it.pace.began == began
            await until(it.works)
            assert within_the_pace(await it.jobs(2), 6)


async def test_errors_after_an_outage_slow_it_to_a_trickle_until_they_are_few(tmp_path: Path) -> None:
    async with in_step(tmp_path) as place, crowd(place) as it:
        bad = "|".join([item["ratingKey"] for item in (await place.items()).values()][:4])
        await it.outage()
        await it.leap(100)
        poison = {"path": rf"/library/metadata/({bad})$", "method": "GET", "fault": "status500"}
        await place.faults(place.plex, poison)

        async def braked() -> bool:
            return it.pace is not None and it.pace.braked_at is not None

        await until(braked)
        assert it.gate.closed
        begun = await it.jobs(3)
        assert within_the_pace(begun, TRICKLE)
        assert begun
        await place.faults(place.plex)
        await it.leap(61)
        assert it.pace is not None
        assert it.pace.braked_at is None
        assert within_the_pace(await it.jobs(1), 6)


async def test_no_job_is_begun_before_the_time_that_plex_asked_for(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=SCENES) as place:
        place.clock = FastClock(60)
        async with place.running() as service:
            await quiet(service)
            await place.forget_requests()
            busy = {"path": "/library/metadata", "fault": "status", "status": 429, "retry_after": 120, "times": 1}
            await place.faults(place.plex, busy)
            await service.take([Event(type="Scene.Update.Post", id=1)])

            async def asked() -> bool:
                return service.servers[0].gate.gate.not_before > 0

            await until(asked)
            await service.take([Event(type="Scene.Update.Post", id=scene) for scene in range(1, SCENES + 1)])
            await quiet(service)
            log = (await place.http.get(f"{place.plex.url}/_sim/requests")).json()["requests"]
            reads = [row for row in log if row["path"].startswith("/library/metadata")]
            refused, first = reads[0]["at"], reads[1]["at"]
            assert (first - refused) * place.clock.speed >= 119
