"""One dead library beside a living one, over real HTTP: the living one notices nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from plexsync.model.work import Event
from plexsync.store import jobs, links
from plexsync.sync.gates.gate import GateState
from plexsync.sync.gates.gatekeeper import Gatekeeper
from plexsync.sync.service import Service
from world import LIBRARY, FastClock, World, quiet, until, world

ATTIC, CELLAR = 2, 3
WRITES = {"path": f"/library/sections/{ATTIC}/", "method": "PUT", "fault": "status500"}


@dataclass(slots=True)
class House:
    """Scenes of a living library, and those of one in the attic that may die."""

    place: World
    service: Service
    alive: Sequence[int]
    attic: Sequence[int]

    @property
    def gate(self) -> Gatekeeper:
        return self.service.servers[0].gate

    async def edited(self, scenes: Sequence[int], title: str) -> None:
        for scene in scenes:
            await self.place.edit(scene, title=f"{title} {scene}")
        await self.told(scenes)

    async def told(self, scenes: Sequence[int]) -> None:
        await self.service.take([Event(type="Scene.Update.Post", id=scene) for scene in scenes])

    async def arrive(self, scenes: Sequence[int], title: str) -> None:
        async def all_there() -> bool:
            """the titles are in Plex"""
            held = {item["title"] for item in (await self.place.items()).values()}
            return {f"{title} {scene}" for scene in scenes} <= held

        await until(all_there)

    async def attic_is(self, *states: GateState) -> None:
        async def so() -> bool:
            return self.gate.gate.section(ATTIC).state in states

        await until(so)

    async def parked(self) -> int:
        found = await self.service.database.run(lambda c: jobs.parked(c, "plex"))
        return found.get(ATTIC, 0)

    async def all_parked(self, count: int) -> None:
        async def so() -> bool:
            return await self.parked() == count

        await until(so)

    async def requests(self, place: str) -> list[dict[str, Any]]:
        server = self.place.plex if place == "plex" else self.place.stash
        log = (await self.place.http.get(f"{server.url}/_sim/requests")).json()["requests"]
        return [row for row in log if row["path"] not in {"/identity", "/library/sections"}]

    async def reads(self) -> int:
        """How many questions Stash was asked but for the look of each `stash_poll`, which waits for no job."""
        asked = (row for row in await self.requests("stash") if row["path"] == "/graphql")
        return sum(row["label"] != "Changes" for row in asked)

    async def keys(self, folder: str) -> list[str]:
        return [item["ratingKey"] for path, item in (await self.place.items()).items() if path.startswith(folder)]


@asynccontextmanager
async def two_libraries(folder: Path, *, alive: int, attic: int) -> AsyncIterator[tuple[World, list[int]]]:
    """A world with a second library, and the scenes in it."""
    async with world(folder, scenes=alive) as place:
        place.clock = FastClock(100)
        place.settings = {
            "PLEXSYNC_LIBRARIES": f'["{LIBRARY}", "Attic", "Cellar"]',
            "PLEXSYNC_PATH_RULES": "/plex/media => /data\n/plex/attic => /attic\n/plex/cellar => /cellar",
        }
        yield place, await add_library(place, "Attic", attic)


async def add_library(place: World, title: str, count: int) -> list[int]:
    """A library in a folder of its name, and the scenes in it."""
    made = {"title": title, "path": f"/plex/{title.lower()}"}
    await place.http.post(f"{place.plex.url}/_sim/sections", json=made)
    return [await add_scene(place, title, number) for number in range(count)]


async def add_scene(place: World, title: str, number: int) -> int:
    path = f"/{title.lower()}/{number}.mp4"
    await place.http.post(f"{place.plex.url}/_sim/files", json={"path": f"/plex{path}", "scan": True})
    scene = {"path": path, "title": f"In the {title.lower()} {number}"}
    return int((await place.http.post(f"{place.stash.url}/_sim/files", json=scene)).json()["id"])


@asynccontextmanager
async def living_in(place: World, attic: Sequence[int], *, alive: int = 4) -> AsyncIterator[House]:
    async with place.running() as service:
        yield House(place, service, range(1, alive + 1), attic)


@asynccontextmanager
async def house(folder: Path, *, alive: int = 4, attic: int = 6) -> AsyncIterator[House]:
    """Both libraries in step."""
    async with (
        two_libraries(folder, alive=alive, attic=attic) as (place, scenes),
        living_in(place, scenes, alive=alive) as it,
    ):
        await quiet(it.service)
        assert len(it.service.servers[0].libraries.synced) == 2
        await place.forget_requests()
        yield it


async def test_a_library_whose_writes_fail_is_held_and_the_other_goes_on_at_once(tmp_path: Path) -> None:
    async with house(tmp_path) as it:
        moves: list[GateState] = []
        it.gate.on_change(lambda: moves.append(it.gate.gate.state))
        await it.place.faults(it.place.plex, WRITES)
        await it.edited(it.attic, "Attic")
        await it.attic_is(GateState.OPEN, GateState.HALF_OPEN)
        assert [held.reason for held in it.gate.held_sections] == ["Plex failed with 500"]
        assert any("'Attic' of Plex (plex) fails while Plex itself is well" in line for line in it.service.troubles())
        [server] = (await it.service.status())["servers"]
        assert [held["library"] for held in server["gate"]["held_libraries"]] == [ATTIC]
        await it.edited(it.alive, "Alive")
        await it.arrive(it.alive, "Alive")
        await it.place.faults(it.place.plex)
        await it.arrive(it.attic, "Attic")
        await quiet(it.service)
        assert moves == [], "the server itself was well all along"
        assert await it.service.dead(10) == []


async def test_what_waits_for_a_held_library_costs_no_request_but_one_try_a_minute(tmp_path: Path) -> None:
    async with house(tmp_path, attic=12) as it:
        await it.place.faults(it.place.plex, WRITES)
        await it.edited(it.attic, "Attic")
        await it.attic_is(GateState.OPEN, GateState.HALF_OPEN)
        await it.told(it.attic)
        await it.all_parked(len(it.attic))
        await it.attic_is(GateState.OPEN)
        since = it.place.clock.now()
        await it.place.forget_requests()
        for _ in range(3):
            await it.attic_is(GateState.HALF_OPEN)
            await it.attic_is(GateState.OPEN)
        minutes = (it.place.clock.now() - since) / 60
        writes = [row for row in await it.requests("plex") if row["method"] == "PUT"]
        reads = await it.reads()
        assert len(writes) <= minutes + 1
        assert len({row["path"] for row in writes}) == 1
        assert reads <= minutes + 1
        await it.place.faults(it.place.plex)
        await it.arrive(it.attic, "Attic")


async def test_a_library_that_cannot_be_read_does_not_spoil_what_is_read_with_it(tmp_path: Path) -> None:
    async with house(tmp_path) as it:
        keys = "|".join(await it.keys("/plex/attic/"))
        unreadable = {"path": rf"/library/metadata/(\d+,)*({keys})\b", "method": "GET", "fault": "status500"}
        await it.place.faults(it.place.plex, unreadable)
        for scene in (*it.alive, *it.attic):
            await it.place.edit(scene, title=f"Read {scene}")
        await it.told([*it.alive, *it.attic])
        await it.arrive(it.alive, "Read")
        await it.told(it.attic)
        await it.attic_is(GateState.OPEN, GateState.HALF_OPEN)
        assert it.gate.closed
        await it.place.faults(it.place.plex)
        await it.arrive(it.attic, "Read")
        assert await it.service.dead(10) == []


async def test_a_library_that_cannot_even_be_listed_does_not_hide_what_is_new_in_another(tmp_path: Path) -> None:
    async with house(tmp_path) as it:
        moves: list[GateState] = []
        it.gate.on_change(lambda: moves.append(it.gate.gate.state))
        await it.place.faults(it.place.plex, {"path": "/library/sections/1/", "fault": "status500"})
        old = {"path": "/plex/media/unseen.mp4", "scan": True}
        await it.place.http.post(f"{it.place.plex.url}/_sim/files", json=old)
        new = {"path": "/plex/attic/new.mp4", "scan": True}
        await it.place.http.post(f"{it.place.plex.url}/_sim/files", json=new)
        answer = await it.place.http.post(
            f"{it.place.stash.url}/_sim/files", json={"path": "/attic/new.mp4", "title": "New in the attic"}
        )
        await it.told([int(answer.json()["id"])])

        async def there() -> bool:
            return bool((await it.place.items())["/plex/attic/new.mp4"]["title"] == "New in the attic")

        await until(there)

        async def told() -> bool:
            faults = [entry.fault for entry in it.service.entries.values()]
            return any(f"the library {LIBRARY!r} cannot be listed" in fault for fault in faults)

        await until(told)
        assert moves == []


async def test_attempts_that_a_dying_library_counted_are_given_back(tmp_path: Path) -> None:
    async with house(tmp_path) as it:
        await it.place.faults(it.place.plex, WRITES)
        await it.edited(it.attic, "Attic")
        await it.attic_is(GateState.OPEN, GateState.HALF_OPEN)

        async def given_back() -> bool:
            rows = await it.service.database.run(lambda c: jobs.listing(c, server="plex"))
            return all(row.attempts == 0 for row in rows)

        await until(given_back)


async def test_when_every_library_fails_the_server_s_gate_opens(tmp_path: Path) -> None:
    async with house(tmp_path) as it:
        await it.place.faults(it.place.plex, WRITES | {"path": "/library/sections/"})
        await it.edited([*it.alive, *it.attic], "All")

        async def opened() -> bool:
            return not it.gate.closed and it.gate.held_sections == ()

        await until(opened)
        await it.place.faults(it.place.plex)
        await it.arrive([*it.alive, *it.attic], "All")
        await quiet(it.service)
        assert await it.service.dead(10) == []


async def test_a_held_library_is_held_still_after_a_restart_and_recovers_by_itself(tmp_path: Path) -> None:
    async with two_libraries(tmp_path, alive=4, attic=6) as (place, scenes):
        async with living_in(place, scenes) as it:
            await quiet(it.service)
            await place.faults(place.plex, WRITES)
            await it.edited(it.attic, "Attic")
            await it.attic_is(GateState.OPEN, GateState.HALF_OPEN)
            await it.all_parked(len(it.attic))
            since = it.gate.gate.section(ATTIC).first_failure_at
        async with living_in(place, scenes) as it:
            await it.attic_is(GateState.OPEN, GateState.HALF_OPEN)
            assert it.gate.gate.section(ATTIC).first_failure_at == since
            await place.faults(place.plex)
            await it.arrive(it.attic, "Attic")
            await quiet(it.service)


async def test_a_scene_in_both_libraries_is_brought_up_to_date_where_it_can_be(tmp_path: Path) -> None:
    """Its part in the held library follows once that works again."""
    async with house(tmp_path) as it:
        path = next(path for path, item in (await it.place.items()).items() if item["section"] == "1")
        stash_path = path.replace("/plex/media", "/data", 1)
        found = await it.place.graphql(
            "{ allScenes: findScenes(filter: {per_page: -1}) { scenes { id files { path } } } }"
        )
        scene = next(int(row["id"]) for row in found["allScenes"]["scenes"] if row["files"][0]["path"] == stash_path)
        await it.place.http.post(f"{it.place.plex.url}/_sim/files", json={"path": "/plex/attic/twin.mp4", "scan": True})
        twin = {"path": "/attic/twin.mp4", "scene": scene}
        answer = await it.place.http.post(f"{it.place.stash.url}/_sim/files", json=twin)
        assert answer.status_code == 200, answer.text
        await it.edited([scene], "Twice")

        async def twice(title: str) -> bool:
            items = await it.place.items()
            return {items[path]["title"], items["/plex/attic/twin.mp4"]["title"]} == {title}

        await until(lambda: twice(f"Twice {scene}"))
        await it.place.faults(it.place.plex, WRITES)
        await it.edited(it.attic, "Attic")
        await it.attic_is(GateState.OPEN, GateState.HALF_OPEN)
        await it.edited([scene], "Once")
        await it.arrive([scene], "Once")
        assert (await it.place.items())["/plex/attic/twin.mp4"]["title"] == f"Twice {scene}"
        await it.place.faults(it.place.plex)
        await until(lambda: twice(f"Once {scene}"))


async def test_two_dead_libraries_wait_each_for_itself(tmp_path: Path) -> None:
    async with two_libraries(tmp_path, alive=2, attic=5) as (place, attic):
        cellar = await add_library(place, "Cellar", 5)
        async with living_in(place, attic, alive=2) as it:
            await quiet(it.service)
            both = WRITES | {"path": f"/library/sections/({ATTIC}|{CELLAR})/"}
            await place.faults(place.plex, both)
            await it.edited([*attic, *cellar], "Two")

            async def held() -> bool:
                return {one.section for one in it.gate.held_sections} == {ATTIC, CELLAR}

            await until(held)
            # Seen for the first time: that it lies in a held library is known only once Stash and the index were read.
            late = await add_scene(place, "Cellar", 99)
            await it.told([late])

            async def apart() -> bool:
                found = await it.service.database.run(lambda c: jobs.parked(c, "plex"))
                return found == {ATTIC: 5, CELLAR: 6}

            await until(apart)
            await place.faults(place.plex, WRITES)
            await it.arrive(cellar, "Two")
            assert it.gate.gate.section(ATTIC).held
            await place.faults(place.plex)
            await it.arrive(attic, "Two")


@pytest.mark.parametrize("lane", ["hook", "user"])
async def test_an_edit_in_a_living_library_does_not_wait_behind_a_thousand_parked_ones(
    tmp_path: Path, lane: str
) -> None:
    async with house(tmp_path, attic=6) as it:
        await it.place.faults(it.place.plex, WRITES)
        await it.edited(it.attic, "Attic")
        await it.attic_is(GateState.OPEN, GateState.HALF_OPEN)
        crowd = range(1_000, 2_000)
        await it.service.database.run(lambda c: _crowd(c, crowd))
        await it.told(crowd)
        await it.place.edit(1, title="At once 1")
        await (it.told([1]) if lane == "hook" else it.service.sync_scenes([1]))
        await it.arrive([1], "At once")
        await it.all_parked(len(it.attic) + len(crowd))
        await it.place.forget_requests()
        await asyncio.sleep(0.1)
        # One may be tried, to see whether the library is back.
        assert await it.reads() <= 1


def _crowd(connection: Any, scenes: Sequence[int]) -> None:
    for scene in scenes:
        link = links.Link(
            server="plex",
            scene=scene,
            stash_path=f"/attic/{scene}.mp4",
            rating_key=100_000 + scene,
            section=ATTIC,
            plex_path=f"/plex/attic/{scene}.mp4",
            confidence="high",
            reason="the mapped path",
        )
        links.replace(connection, "plex", scene, [link])
