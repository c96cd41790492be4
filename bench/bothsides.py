"""Works that go through all of Stash, of Plex or of both, each beside the bare fetching of the same round."""

from __future__ import annotations

import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import httpx2
import sqlalchemy as sa
from bench.limits import Limit, Watch
from bench.many import COUNTS, DIFFERING

from plexsync.app.graph import Graph
from plexsync.model.gaps import Scope
from plexsync.store import gaps, schema
from plexsync.store.gapruns import Cause
from plexsync.sync.gaps.reconcile import RECONCILE
from plexsync.sync.walks.walk import FULL_WALK

#: Rounds that count; one before them makes servers and caches warm.
ROUNDS = 3
#: Of those where what differs is made anew each time, and of a first index.
FEW_ROUNDS = 1
_Work = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One work and its limit, one right after the other, so that a busy moment of the machine meets both."""

    limit: Watch
    work: Watch
    requests: float  #: that the work made
    jobs: int
    gaps: int


@dataclass(slots=True, kw_only=True)
class BothSides:
    """The daemon's graph between servers that hold the same again and again."""

    graph: Graph
    stash: str
    plex: str
    token: str
    found: int = 0  #: gaps of the last run

    async def measured(self) -> dict[str, float]:
        """Figures of all works by name."""
        limit = Limit.of(self.stash, self.plex, self.token)
        try:
            await self.graph.service.servers[0].libraries.load()
            found = figures("in_step", await self.rounds(limit.both, self.reconcile, ROUNDS))
            found |= figures("turn", [await self.turn(limit) for _ in range(FEW_ROUNDS + 1)])
            found |= figures("stash", await self.rounds(limit.scenes, self.walk, ROUNDS))
            found |= figures("differing", [await self.differing(limit, number) for number in range(1, FEW_ROUNDS + 2)])
            await self.differ(0)
            found |= figures("index", await self.rounds(limit.index, self.index, ROUNDS))
            return found | figures("first_index", [await self.first_index(limit) for _ in range(FEW_ROUNDS + 1)])
        finally:
            await limit.close()

    async def turn(self, limit: Limit) -> Round:
        """A day's first run, in which a thirtieth of the items is read whole."""
        await self.graph.database.run(lambda c: c.execute(sa.delete(schema.gap_runs)))
        return await self.round(limit.both, self.reconcile)

    async def differing(self, limit: Limit, number: int) -> Round:
        """Nobody worked on any of what differs yet."""
        await self.differ(number)
        return await self.round(limit.both, self.reconcile)

    async def first_index(self, limit: Limit) -> Round:
        """Nothing is known of any item."""
        await self.graph.database.run(lambda c: c.execute(sa.delete(schema.items)))
        return await self.round(limit.index, self.index)

    async def rounds(self, limit: _Work, work: _Work, count: int) -> list[Round]:
        """One that finds everything cold, and so many more."""
        return [await self.round(limit, work) for _ in range(count + 1)]

    async def round(self, limit: _Work, work: _Work) -> Round:
        """Both, one after the other."""
        self.found = 0
        began = Watch.now()
        await limit()
        limited = Watch.now().since(began)
        before = await self.requests()
        between = Watch.now()
        await work()
        worked = Watch.now().since(between)
        asked = await self.requests() - before
        jobs = await self.graph.database.run(lambda c: c.scalar(sa.select(sa.func.count()).select_from(schema.jobs)))
        await self.graph.database.run(lambda c: c.execute(sa.delete(schema.jobs)))
        return Round(limit=limited, work=worked, requests=asked, jobs=jobs or 0, gaps=self.found)

    async def reconcile(self) -> None:
        """The full walk with drift check, as a person asks for it."""
        facts = await self.graph.service.reconciling.ask(Scope.ALL, cause=Cause.PERSON)
        await self.graph.service.timetable.entries[RECONCILE].run()
        counts = await self.graph.database.run(lambda c: gaps.counts(c, facts["run"]))
        self.found = sum(sum(row.values()) for kinds in counts.values() for row in kinds.values())

    async def walk(self) -> None:
        """The walk through Stash alone. One that is wished for begins at the first scene."""
        await self.graph.service.sync_all()
        await self.graph.service.timetable.entries[FULL_WALK].run()

    async def index(self) -> None:
        """All of Plex is listed anew."""
        await self.graph.service.servers[0].libraries.refresh(whole=True)

    async def differ(self, number: int) -> None:
        """One in a hundred scenes and items is another one than before, and nobody worked on any yet."""
        async with httpx2.AsyncClient(trust_env=False, timeout=60) as client:
            for url in (self.stash, self.plex):
                (await client.put(url + DIFFERING, json=number)).raise_for_status()
        limit = Limit.of(self.stash, self.plex, self.token)
        # The pages are made when they are first asked for.
        await limit.both()
        await limit.close()

    async def requests(self) -> float:
        """How many came in so far on both sides."""
        async with httpx2.AsyncClient(trust_env=False, timeout=60) as client:
            return sum([float((await client.get(url + COUNTS)).json()["requests"]) for url in (self.stash, self.plex)])


def figures(name: str, taken: Sequence[Round]) -> dict[str, float]:
    """Medians of all but the first, whose work is told as `cold`."""
    cold, warm = taken[0], taken[1:]
    limit = statistics.median(one.limit.seconds for one in warm)
    processor = statistics.median(one.limit.processor for one in warm)
    return {
        f"{name}_limit": limit,
        f"{name}_seconds": statistics.median(one.work.seconds for one in warm),
        f"{name}_ratio": statistics.median(one.work.seconds / one.limit.seconds for one in warm),
        f"{name}_processor": min(one.work.processor for one in warm),
        f"{name}_processor_ratio": statistics.median(one.work.processor / one.limit.processor for one in warm),
        f"{name}_cold_ratio": cold.work.seconds / limit,
        f"{name}_cold_processor_ratio": cold.work.processor / processor,
        f"{name}_requests": warm[-1].requests,
        f"{name}_jobs": warm[-1].jobs,
        f"{name}_gaps": warm[-1].gaps,
    }
