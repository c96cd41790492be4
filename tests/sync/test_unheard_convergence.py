"""With hooks in any order, twice, late, lost or not at all: after the next looks Plex equals Stash, without a walk."""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plexsync.model.work import Event
from sync.test_convergence import differences
from sync.test_silent_changes import MERGE_PEOPLE, MERGE_TAGS
from sync.unheard import NAMES, Silence, silence

SCENES = 4
NAMES_OF = {"performer": ("Ann", "Bo", "Cy"), "tag": ("Dawn", "Dusk", "Noon"), "studio": ("North", "South")}
RULES = json.dumps({"collections": ["groups"]})


@dataclass(slots=True)
class Unheard:
    """Everything that may happen, drawn from one source. `told` is the share of changes that a hook tells."""

    world: Silence
    chance: random.Random
    told: float
    late: list[Event] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    _named: int = 0

    async def act(self) -> None:
        acts = {self.edit: 6, self.rename: 4, self.merge: 2, self.destroy: 1, self.tell_late: 2, self.look: 2}
        act = self.chance.choices(list(acts), list(acts.values()))[0]
        self.done.append(act.__name__)
        await act()

    async def edit(self) -> None:
        pick, number = self.chance, self.chance.randint(1, SCENES)
        drawn: dict[str, Any] = {
            "title": pick.choice(["One", "Two", "夜"]),
            "details": pick.choice(["", "Line"]),
            "tags": pick.sample(NAMES_OF["tag"], pick.randint(0, 3)),
            "performers": pick.sample(NAMES_OF["performer"], pick.randint(0, 3)),
            "studio": pick.choice(NAMES_OF["studio"]),
        }
        values = {name: drawn[name] for name in pick.sample(sorted(drawn), pick.randint(1, 3))}
        await self.world.scene(number, **values)
        await self._hook("Scene.Update.Post", number)

    async def rename(self) -> None:
        kind = self.chance.choice(["performer", "tag", "studio"])
        number, self._named = await self._one(kind), self._named + 1
        name = (await self._named_now(kind, number)) or ""
        await self.world.named(kind, name, rename=f"{kind} called {self._named}")
        await self._hook(f"{kind.title()}.Update.Post", number)

    async def merge(self) -> None:
        kind, document = self.chance.choice([("tag", MERGE_TAGS), ("performer", MERGE_PEOPLE)])
        source, target = await self._one(kind), await self._one(kind)
        if source != target:
            await self.world.place.graphql(document, input={"source": [str(source)], "destination": str(target)})
            if kind == "tag":
                await self._hook("Tag.Merge.Post", target)

    async def destroy(self) -> None:
        kind = self.chance.choice(["performer", "tag", "studio"])
        number = await self._one(kind)
        document = f"mutation($input: {kind.title()}DestroyInput!) {{ {kind}Destroy(input: $input) }}"
        await self.world.place.graphql(document, input={"id": str(number)})
        await self._hook(f"{kind.title()}.Destroy.Post", number)

    async def tell_late(self) -> None:
        self.chance.shuffle(self.late)
        await self.world.service.take(self.late[:3])
        del self.late[:3]

    async def look(self) -> None:
        """Time passes; nobody waits for what comes of it."""
        self.world.place.clock.leap(self.chance.choice([1, 31, 301]))

    async def _hook(self, kind: str, number: int) -> None:
        if self.chance.random() >= self.told:
            return
        event = Event(type=kind, id=number)
        match self.chance.choice(["now", "twice", "late"]):
            case "now":
                await self.world.service.take([event])
            case "twice":
                await self.world.service.take([event, event])
                self.late.append(event)
            case "late":
                self.late.append(event)

    async def _one(self, kind: str) -> int:
        """Any object of a kind; made where there is none any more."""
        listed = await self._listed(kind)
        if not listed:
            return await self.world.named(kind, f"{kind} anew")
        return int(self.chance.choice(listed)["id"])

    async def _named_now(self, kind: str, number: int) -> str | None:
        return next((one["name"] for one in await self._listed(kind) if int(one["id"]) == number), None)

    async def _listed(self, kind: str) -> list[dict[str, Any]]:
        plural = f"{kind}s"
        document = f"query {{ find{plural.title()}(filter: {{per_page: -1}}) {{ {plural} {{ id name }} }} }}"
        return list((await self.world.place.graphql(document))[f"find{plural.title()}"][plural])


async def converges(folder: Path, seed: int, *, steps: int, told: float) -> None:
    async with silence(folder, scenes=SCENES, rules=RULES, full_walk_hours="720") as world:
        chaos = Unheard(world=world, chance=random.Random(seed), told=told)
        for _ in range(steps):
            await chaos.act()
        await world.pass_time()
        await world.pass_time(NAMES)
        scenes = (await world.place.http.get(f"{world.place.stash.url}/_sim/scenes")).json()
        items = await world.place.items()
        found = [line for scene in scenes for line in differences(scene, items)]
        whys = [await world.service.why(number) for number in range(1, SCENES + 1)] if found else []
        assert not found, (f"seed {seed}", found, chaos.done, whys)
        walk = world.service.timetable.entries["full walk"]
        assert walk.runs == 1
        await world.place.forget_requests()
        await world.service.sync_all()
        await world.pass_time()
        counts = await world.place.plex_counts()
        assert (counts["writes"], counts["uploads"]) == (0, 0), (f"seed {seed}", chaos.done)


@pytest.mark.parametrize(("seed", "told"), [(1, 0.0), (2, 0.5)])
async def test_without_hooks_or_with_some_the_looks_make_plex_equal_to_stash(
    tmp_path: Path, seed: int, told: float
) -> None:
    await converges(tmp_path, seed, steps=25, told=told)


@pytest.mark.soak
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9), told=st.sampled_from([0.0, 0.3, 0.7, 1.0]))
def test_so_they_do_whatever_happens(tmp_path_factory: pytest.TempPathFactory, seed: int, told: float) -> None:
    asyncio.run(converges(tmp_path_factory.mktemp("world"), seed, steps=60, told=told))
