"""Push and provider never fight: whatever happens between Stash, Plex and people, it comes to rest, and stays there."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from plexsync.model.work import Lane
from provider.stage import Stage, stage
from provider.test_beside import look
from sync.test_convergence import differences
from world import until

SCENES = 3
WORDS = ("Dawn", "River & Sea", "Ärger, Öl", "夜")
STUDIOS = ("North", "South", "Östlich")
DAY = 86_400.0


@dataclass(slots=True)
class Fight:
    """What may happen, drawn from one source.

    `mine` are the scenes whose item got a collection of its owner's. In a `long` story Stash changes its mind between a
    refresh of Plex and our next look, too.
    """

    it: Stage
    chance: random.Random
    mine: set[int] = field(default_factory=set)
    long: bool = False
    done: list[str] = field(default_factory=list)

    async def act(self) -> None:
        acts = {self.edit: 6, self.refresh: 5, self.sync: 2, self.person: 3, self.away: 1, self.back: 2, self.fill: 1}
        act = self.chance.choices(list(acts), list(acts.values()))[0]
        self.done.append(act.__name__)
        await act()

    @property
    def scene(self) -> int:
        return self.chance.randint(1, SCENES)

    async def edit(self) -> None:
        pick, scene = self.chance, self.scene
        drawn: dict[str, Any] = {
            "title": pick.choice(WORDS),
            "details": pick.choice(["", *WORDS]),
            "date": pick.choice(["2001-02-03", "1999-12-31", ""]),
            "rating100": pick.choice([20, 55, 90]),
            "tags": pick.sample(WORDS, pick.randint(0, 3)),
            "performers": pick.sample(["Ann", "Bo", "Cy"], pick.randint(0, 2)),
            "director": pick.choice(["", "Ed", "Flo"]),
            "studio": pick.choice(STUDIOS),
        }
        await self.it.silently(scene, **{name: drawn[name] for name in pick.sample(sorted(drawn), pick.randint(1, 4))})
        if pick.random() < 0.6:
            await self.it.service.intake.put([scene], Lane.CHANGE, "hook")

    async def refresh(self) -> None:
        """Plex does not wait for us, nor we for it."""
        told = {"items": self.chance.randint(1, SCENES), "seed": self.chance.randint(0, 99)}
        await self.it.ask("POST", "/_sim/refreshes", json=told)

    async def sync(self) -> None:
        await self.it.service.sync_scenes([self.scene])

    async def person(self) -> None:
        """Somebody edits in Plex, with the lock or without, opens a lock, or adds a collection of their own."""
        scene, pick = self.scene, self.chance
        match pick.choice(["edit", "loose", "unlock", "collection"]):
            case "edit":
                await self.it.edit_in_plex(scene, title="By hand", genres=["Odd"])
            case "loose":
                await self.it.edit_in_plex(scene, studio="By hand", directors=["Nobody"], lock=False)
            case "unlock":
                await self.it.edit_in_plex(scene, locks={"genre": False, "title": False, "collection": False})
            case "collection":
                self.mine.add(scene)
                held = (await self.it.item(scene))["collections"]
                await self.it.edit_in_plex(scene, collections=[*held, "Mine"], lock=pick.random() < 0.5)

    async def fill(self) -> None:
        """Another provider behind ours tells what we leave empty."""
        scene = self.scene
        if not (await self.it.item(scene))["summary"]:
            await self.it.edit_in_plex(scene, summary="From a file", lock=False)

    async def away(self) -> None:
        await self.it.shut()

    async def back(self) -> None:
        if not self.it.answers:
            await self.it.open()

    async def differences(self) -> list[str]:
        """Where Plex does not hold what Stash holds.

        Of an empty summary somebody else may tell, and of no genres a person. A collection that Plex took from the
        provider, and that Stash dropped before we looked, cannot be told from a person's: it stays.
        """
        items = await self.it.place.items()
        scenes = (await self.it.place.http.get(f"{self.it.place.stash.url}/_sim/scenes")).json()
        found = [line for scene in scenes for line in differences(_told(scene, items), items)]
        for scene in scenes:
            held = items[self.it.paths[scene["id"]]]["collections"]
            wanted = {scene["studio"]} | ({"Mine"} if scene["id"] in self.mine else set())
            may_stay = set(STUDIOS) if self.long else set()
            found += (
                []
                if wanted <= set(held) <= wanted | may_stay
                else [f"scene {scene['id']} is in {held}, wanted {wanted}"]
            )
        return found


def _told(scene: Mapping[str, Any], items: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    path = scene["paths"][0].replace("/data", "/plex/media", 1)
    empty = {} if scene["details"] else {"details": items[path]["summary"]}
    if not scene["tags"] and items[path]["genres"] == ["Odd"]:
        empty["tags"] = ["Odd"]
    return {**scene, **empty, "date": scene["date"] or items[path]["originallyAvailableAt"]}


async def walked(it: Stage) -> None:
    """A walk and a look at all that Plex holds, and everything that comes of them."""
    await it.service.sync_all()
    await it.service.sync_scenes(list(it.paths))
    await it.ask("GET", "/_sim/agents?settled=1")
    await until(it.service.quiet)


@pytest.mark.parametrize("seed", range(3))
async def test_push_and_provider_come_to_rest_and_stay_there(tmp_path: Path, seed: int) -> None:
    await fought(tmp_path, seed, steps=25)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 150))
async def test_so_they_do_after_a_long_fight(tmp_path: Path, seed: int) -> None:
    await fought(tmp_path, seed, steps=120)


async def fought(folder: Path, seed: int, *, steps: int) -> None:
    async with stage(folder, scenes=SCENES, rules='{"collections": ["studio"]}') as it:
        for scene in it.paths:
            await it.synced(scene, studio="North")
        fight = Fight(it=it, chance=random.Random(seed), long=steps > 100)
        for _ in range(steps):
            await fight.act()
            if fight.chance.random() < 0.4:
                await it.place.clock.wait(asyncio.Event(), fight.chance.choice([0.5, 5, 20]))
        await fight.back()
        await walked(it)
        # What Plex took from the provider after our last look is looked at once more.
        await it.refresh()
        await walked(it)
        assert await fight.differences() == [], (seed, fight.done)
        await it.place.forget_requests()
        before = {path: look(item) for path, item in (await it.place.items()).items()}
        for _ in range(2):
            await it.refresh()
            await walked(it)
        assert await it.writes() == (0, 0), (seed, fight.done)
        after = {path: look(item) for path, item in (await it.place.items()).items()}
        assert after == before, (seed, fight.done)
