"""Whatever happened in between: once all is well again, Plex equals Stash, with no further event."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from plexsync.model.work import Event
from plexsync.sim.library import cover
from plexsync.sync.service import Service
from sync.test_story import picture
from world import FastClock, World, until, world

SCENES = 4
DAY = 86_400.0
HOUR = 3600.0
DESTROY = "mutation($input: SceneDestroyInput!) { sceneDestroy(input: $input) }"
WORDS = ("Dawn", "River & Sea", "Ärger, Öl", "夜", "O'Neil", "100 %", "Ⅻ", "🎬 Take")
PLEX_FAULTS: tuple[Mapping[str, Any], ...] = (
    {"fault": "maintenance503"},
    {"fault": "refuse"},
    {"fault": "status500"},
    {"fault": "unauthorized401"},
    {"fault": "status500", "method": "PUT", "probability": 0.5},
    {"fault": "cut", "method": "PUT", "probability": 0.5},
    {"fault": "cut", "method": "POST", "probability": 0.5},
    {"fault": "half_json", "probability": 0.5},
    {"fault": "html", "path": "/library/metadata"},
    {"fault": "delay", "seconds": 0.05, "probability": 0.5},
    {"fault": "status", "status": 429, "probability": 0.3},
)
STASH_FAULTS: tuple[Mapping[str, Any], ...] = (
    {"fault": "refuse"},
    {"fault": "status500", "probability": 0.5},
    {"fault": "status500", "path": "/scene/"},
    {"fault": "html"},
    {"fault": "unauthorized401"},
    {"fault": "half_json", "path": "/graphql", "probability": 0.5},
    {"fault": "delay", "seconds": 0.05},
)


@dataclass(slots=True)
class Chaos:
    """Everything that may happen, drawn from one source."""

    place: World
    clock: FastClock
    chance: random.Random
    kept: list[Event] = field(default_factory=list)  #: told later, or never
    done: list[str] = field(default_factory=list)
    _wrong: float = 0.0  #: by how much the clock is wrong now, in seconds
    living: list[int] = field(default_factory=lambda: list(range(1, SCENES + 1)))

    async def act(self, service: Service) -> None:
        acts = {
            self.edit: 8,
            self.replace_cover: 2,
            self.tell_late: 3,
            self.plex_ails: 2,
            self.stash_ails: 2,
            self.heal: 3,
            self.come_back: 1,
            self.destroy: 1,
            self.set_clock: 1,
            self.rest: 4,
        }
        act = self.chance.choices(list(acts), list(acts.values()))[0]
        self.done.append(act.__name__)
        await act(service)

    async def edit(self, service: Service) -> None:
        pick, number = self.chance, self.chance.choice(self.living)
        drawn: dict[str, Any] = {
            "title": pick.choice(WORDS),
            "details": pick.choice(["", "Line one\nline two", *WORDS]),
            "date": pick.choice(["2001-02-03", "1999-12-31", "2020-06-01"]),
            "rating100": pick.choice([None, 20, 55, 90]),
            "tags": pick.sample(WORDS, pick.randint(0, 4)),
            "performers": pick.sample(["Ann", "Bo", "Cy", "Di"], pick.randint(0, 3)),
            "studio": pick.choice(["North", "South"]),
        }
        values = {name: drawn[name] for name in pick.sample(sorted(drawn), pick.randint(1, 4))}
        await self.silently(number, values)
        await self.tell(service, number)

    async def replace_cover(self, service: Service) -> None:
        number = self.chance.choice(self.living)
        await self.silently(number, {"cover_image": picture(cover(self.chance.randint(100, 120)))})
        await self.tell(service, number)

    async def silently(self, number: int, values: Mapping[str, Any]) -> None:
        answer = await self.place.http.post(f"{self.place.stash.url}/_sim/silent", json={"id": number, **values})
        assert answer.status_code == 200, answer.text

    async def tell(self, service: Service, number: int) -> None:
        kind = "Scene.Update.Post" if number in self.living else "Scene.Destroy.Post"
        event = Event(type=kind, id=number)
        match self.chance.choice(["now", "now", "twice", "late", "never"]):
            case "now":
                await service.take([event])
            case "twice":
                await service.take([event, event])
                self.kept.append(event)
            case "late":
                self.kept.append(event)

    async def tell_late(self, service: Service) -> None:
        self.chance.shuffle(self.kept)
        await service.take(self.kept[:3])
        del self.kept[:3]

    async def plex_ails(self, _service: Service) -> None:
        await self.place.faults(self.place.plex, self.chance.choice(PLEX_FAULTS))

    async def stash_ails(self, _service: Service) -> None:
        await self.place.faults(self.place.stash, self.chance.choice(STASH_FAULTS))

    async def heal(self, _service: Service) -> None:
        await self.place.faults(self.chance.choice([self.place.plex, self.place.stash]))

    async def come_back(self, _service: Service) -> None:
        """A file goes and comes again, and its item has another key then."""
        path = self.chance.choice(list(await self.place.items()))
        url, headers = self.place.plex.url, {"X-Plex-Token": "sim-plex-token"}
        await self.place.http.request("DELETE", f"{url}/_sim/files", json={"path": path, "scan": True})
        with contextlib.suppress(httpx2.HTTPError):
            await self.place.http.put(f"{url}/library/sections/1/emptyTrash", headers=headers)
        await self.place.http.post(f"{url}/_sim/files", json={"path": path, "scan": True})

    async def destroy(self, service: Service) -> None:
        """A scene goes; what Plex holds of it stays as it is."""
        if len(self.living) < 3:
            return
        number = self.chance.choice(self.living)
        wish = {"query": DESTROY, "variables": {"input": {"id": str(number)}}}
        with contextlib.suppress(httpx2.HTTPError):
            await self.place.http.post(f"{self.place.stash.url}/graphql", json=wish)
        scenes = (await self.place.http.get(f"{self.place.stash.url}/_sim/scenes")).json()
        self.living = [scene["id"] for scene in scenes]
        if number not in self.living:
            await self.tell(service, number)

    async def set_clock(self, _service: Service) -> None:
        """The machine's clock is set, forward or back, and some time later set right again."""
        self.clock.jump(-self._wrong)
        self._wrong = self.chance.choice([0.0, HOUR, -HOUR, 365 * DAY, -365 * DAY])
        self.clock.jump(self._wrong)

    async def choose_ways(self) -> None:
        """Which of its possible ways Plex has."""
        await self.place.switches(
            tag_mode=self.chance.choice(["additive", "replace"]),
            multi_removal=self.chance.choice(["all", "first"]),
            poster_upload_locks=self.chance.random() < 0.5,
            missing_id=self.chance.choice(["skip", "404"]),
        )

    async def calm_down(self) -> None:
        """All is well from here on."""
        self.clock.jump(-self._wrong)
        await self.place.faults(self.place.plex)
        await self.place.faults(self.place.stash)

    async def rest(self, _service: Service) -> None:
        await self.clock.wait(asyncio.Event(), self.chance.choice([0.1, 1, 5, 20]))

    async def differences(self) -> list[str]:
        """Where Plex does not hold what Stash holds."""
        items = await self.place.items()
        scenes = (await self.place.http.get(f"{self.place.stash.url}/_sim/scenes")).json()
        return [line for scene in scenes for line in differences(scene, items)]


def differences(scene: Mapping[str, Any], items: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Field by field. An empty title and no cover say nothing of what Plex shows."""
    path = scene["paths"][0].replace("/data", "/plex/media", 1)
    item = items.get(path)
    if item is None:
        return [f"{path} is not in Plex"]
    rating = scene["rating100"]
    wanted = {
        "summary": scene["details"] or None,
        "studio": scene["studio"],
        "originallyAvailableAt": scene["date"],
        "userRating": rating / 10 if rating else None,
        "genres": sorted(scene["tags"]),
        "actors": sorted(scene["performers"]),
    }
    wanted |= {"title": scene["title"]} if scene["title"] else {}
    wanted |= {"posterSha1": scene["cover"]["sha1"]} if scene["cover"] else {}
    found = {name: sorted(item[name]) if isinstance(item[name], list) else item[name] for name in wanted}
    return [
        f"scene {scene['id']} {name}: Plex has {found[name]!r}, Stash {value!r}"
        for name, value in wanted.items()
        if found[name] != value
    ]


async def converges(folder: Path, seed: int, *, steps: int, runs: int, store: str = "") -> None:
    clock = FastClock(100)
    async with world(folder, scenes=SCENES) as place:
        place.clock = clock
        place.settings |= {"PLEXSYNC_STORE_URL": store} if store else {}
        chaos = Chaos(place=place, clock=clock, chance=random.Random(seed))
        await chaos.choose_ways()
        for _ in range(runs):
            async with place.running(dies=chaos.chance.random() < 0.5) as service:
                for _ in range(steps):
                    await chaos.act(service)
        async with place.running() as service:
            for _ in range(steps):
                await chaos.act(service)
            await chaos.calm_down()
            # Nobody tells anything any more: what no event told is found by the day's walk, and what died in trouble
            # is tried again by it.
            walks = service.timetable.entries["full walk"].runs
            clock.leap(DAY + 1)

            async def walked() -> bool:
                return service.timetable.entries["full walk"].runs > walks and await service.quiet()

            await until(walked)
            found = await chaos.differences()
            about = {line.split()[1] for line in found if line.startswith("scene")}
            whys = [await service.why(int(number)) for number in about]
            assert not found, (f"seed {seed}", found, chaos.done, whys)
            await place.forget_requests()
            walks = service.timetable.entries["full walk"].runs
            await service.sync_all()
            await service.sync_scenes(chaos.living)
            await until(walked)
            counts = await place.plex_counts()
            assert (counts["writes"], counts["uploads"]) == (0, 0), (f"seed {seed}", chaos.done)


@pytest.mark.parametrize("seed", range(3))
async def test_after_any_chaos_plex_equals_stash_and_is_left_alone(tmp_path: Path, seed: int) -> None:
    await converges(tmp_path, seed, steps=15, runs=3)


async def test_so_it_does_with_its_store_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    await converges(tmp_path, 3, steps=15, runs=3, store=postgres_url)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 200))
async def test_after_much_chaos_plex_equals_stash(tmp_path: Path, seed: int) -> None:
    await converges(tmp_path, seed, steps=60, runs=4)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(200, 240))
async def test_so_it_does_after_much_chaos_with_its_store_on_postgresql(
    tmp_path: Path, seed: int, postgres_url: str
) -> None:
    await converges(tmp_path, seed, steps=60, runs=4, store=postgres_url)
