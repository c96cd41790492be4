"""Two scenes show two people of one name at once: whichever comes last, the lower one's picture stays."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from plexsync.model.item import Item
from plexsync.model.plan import Plan, make_plan
from plexsync.model.rules import desired
from plexsync.model.scene import Scene
from plexsync.model.work import Lane
from plexsync.store import links
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions
from plexsync.sync.service import Service
from plexsync.sync.story.tools import Tools
from plexsync.sync.story.writing import write_plan
from sync.test_portraits import STAR, faces, performer, stage
from world import FastClock, World, quiet

T = TypeVar("T")
#: The transactions of a plan's pictures, by their place: the row of the name is read, then kept.
READ, KEPT = 0, 1


@dataclass(slots=True, kw_only=True)
class Turns:
    """A database whose transactions wait for each other: `before` some, `after` others, by their place."""

    database: Transactions
    before: Mapping[int, asyncio.Event] = field(default_factory=dict)
    after: Mapping[int, asyncio.Event] = field(default_factory=dict)
    done: int = 0

    def transaction(self) -> AbstractContextManager[Connection]:
        return self.database.transaction()

    async def run(self, work: Callable[[Connection], T]) -> T:
        place = self.done
        self.done += 1
        if place in self.before:
            await self.before[place].wait()
        result = await self.database.run(work)
        if place in self.after:
            self.after[place].set()
        return result


@dataclass(slots=True, kw_only=True)
class Race:
    """Two scenes that nobody wrote yet: the first shows the higher performer of the name, the second the lower."""

    place: World
    service: Service
    lower: str
    scenes: Mapping[int, Scene] = field(default_factory=dict)
    items: Mapping[int, Item] = field(default_factory=dict)
    ties: Mapping[int, links.Link] = field(default_factory=dict)

    @property
    def tools(self) -> Tools:
        return self.service.servers[0].tools

    async def line_up(self) -> None:
        """Read all that a sync reads."""
        self.scenes = (await self.service.stash.scenes_each([1, 2])).found
        found = await self.tools.database.run(lambda c: links.of_scenes(c, self.tools.server, [1, 2]))
        self.ties = {scene: ties[0] for scene, ties in found.items()}
        self.items = await self.tools.plex.details([tie.rating_key for tie in self.ties.values()])

    async def planned(self, scene: int, database: Transactions | None = None) -> Plan:
        tie, told = self.ties[scene], self.scenes[scene]
        item, rules = self.items[tie.rating_key], self.tools.rules_of(tie.section)
        wanted = desired(told, rules).values
        plan = make_plan(scene=scene, item=item, path=tie.plex_path, wanted=wanted, rules=rules, ledger={})
        people = self.tools.portraits
        people = people if database is None else replace(people, database=database)
        return await people.added(plan, told, item, rules)

    async def written(self, plan: Plan) -> None:
        item = self.items[plan.rating_key]
        await write_plan(self.scenes[plan.scene], plan, item, self.tools, Lane.CHANGE)

    async def lower_is_shown(self) -> None:
        shown = await faces(self.place)
        assert shown == [{STAR: shown[0].get(STAR)}] * 2
        assert f"/performer/{self.lower}/" in shown[0][STAR]


async def raced(folder: Path, run: Callable[[Race], Awaitable[None]]) -> None:
    async with stage(folder) as place:
        # So slow that the daemon does not come to these scenes by itself.
        place.clock = FastClock(0.1)
        async with place.running() as service:
            await quiet(service)
            lower = await performer(place, STAR, 1, disambiguation="first")
            higher = await performer(place, STAR, 2, disambiguation="second")
            for scene, who in ((1, higher), (2, lower)):
                await place.edit(scene, performer_ids=[who])
            race = Race(place=place, service=service, lower=lower)
            await race.line_up()
            await run(race)
            await race.lower_is_shown()


async def test_of_two_that_read_before_either_kept_anything_the_lower_wins(tmp_path: Path) -> None:
    async def run(race: Race) -> None:
        higher_read, lower_kept = asyncio.Event(), asyncio.Event()
        database = race.tools.portraits.database
        last = Turns(database=database, after={READ: higher_read}, before={KEPT: lower_kept})
        first = Turns(database=database, before={KEPT: higher_read}, after={KEPT: lower_kept})
        higher, lower = await asyncio.gather(race.planned(1, last), race.planned(2, first))
        await race.written(lower)
        await race.written(higher)

    await raced(tmp_path, run)


async def test_a_picture_that_was_planned_before_the_lower_one_was_met_is_not_written_after_it(tmp_path: Path) -> None:
    async def run(race: Race) -> None:
        higher = await race.planned(1)
        lower = await race.planned(2)
        assert [one.name for one in higher.portraits] == [one.name for one in lower.portraits] == [STAR]
        await race.written(lower)
        await race.written(higher)

    await raced(tmp_path, run)
