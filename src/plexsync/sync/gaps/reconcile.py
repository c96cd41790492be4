"""Reconciliation: both sides are gone through for gaps, page by page, and what is found is queued or only reported."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from plexsync.log import logger
from plexsync.model.errors import SyncError
from plexsync.model.gaps import Scope
from plexsync.store import gapruns, gaps, index, seen, walks
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions
from plexsync.store.gapruns import Cause, GapRun
from plexsync.sync.brakes.brake import PENDING
from plexsync.sync.brakes.judging import SEARCH
from plexsync.sync.clock import Clock
from plexsync.sync.gaps.pages import SearchPage, Step
from plexsync.sync.gaps.plexsearch import ROTATION, owners_of
from plexsync.sync.gaps.schedule import Schedule
from plexsync.sync.gaps.steps import steps_of
from plexsync.sync.story.tools import Tools
from plexsync.sync.timetable import Entry
from plexsync.sync.walks.lapse import Lapse
from plexsync.sync.walks.settled import Settled
from plexsync.sync.walks.walk import FULL, REMEMBERED, Walker

_log = logger("plexsync.reconcile")

#: The entry of the timetable that reconciles.
RECONCILE = "reconcile"
#: Seconds after which a search that was cut off begins anew.
_STALE = 6 * 3600.0
#: Seconds that have to lie between the last run and a start that makes one of its own.
_AT_START = 3600.0
#: Seconds until it is looked again whether libraries are known, or what became of the gaps.
_SOON, _LATER = 5.0, 60.0
#: Seconds after which nothing more is waited for.
_LONGEST_CLOSING = 24 * 3600.0
#: Seconds after which the time is looked at again, whatever it was: clocks jump.
_LONGEST_PAUSE = 6 * 3600.0
_DAY = 24 * 3600.0
_PAGE = 400


@dataclass(slots=True, kw_only=True)
class Reconciler:
    """Carries out the runs that were asked for or are due.

    `known` gives the tools of all servers; `wake` is called whenever jobs were put; `scope` is what the schedule asks
    for.
    """

    database: Transactions
    clock: Clock
    walker: Walker
    known: Callable[[], Awaitable[Sequence[Tools]]]
    wake: Callable[[], None]
    schedule: Schedule
    busy: Callable[[], bool]  #: whether Stash is at one of its long tasks: what nobody waits for waits for that
    scope: Scope = Scope.ALL
    settled: Settled = field(default_factory=Settled)  #: what of Plex was found in step
    entry: Entry = field(init=False)
    _starting: bool = True
    _mine: set[int] = field(default_factory=set)  #: runs that this process began or took up
    _lapse: Lapse = field(default_factory=lambda: Lapse(every=REMEMBERED))
    _looks: int = 0  #: how often it was looked what became of the gaps since something was found

    def __post_init__(self) -> None:
        """Make the entry of the timetable."""
        self.entry = Entry(name=RECONCILE, run=self.run)

    def walked(self) -> None:
        """The walk of the start is over, and what waited for it may begin."""
        if self._starting and not self.schedule.never:
            self.entry.asked.set()

    async def run(self) -> None:
        """Do all that was asked for and is due, and say when to look again."""
        servers = [tools for tools in await self.known() if tools.libraries.synced]
        if servers:
            await self._ask_if_due()
            for run in await self.database.run(gapruns.open_runs):
                await self._search(run, servers)
        self.entry.every = await self._pause(self.clock.now(), ready=bool(servers))

    async def _ask_if_due(self) -> None:
        now = self.clock.now()
        last, walk = await self.database.run(lambda c: (gapruns.last_asked(c), walks.load(c, FULL)))
        if self.busy() or walk is None or walk.finished_at is None:
            # The walk of the start comes first: two at once would only get into each other's way.
            return
        cause = self._due(last, now)
        self._starting = False
        if cause is not None:
            ask = partial(gapruns.ask, scope=self.scope, cause=cause, report_only=False, now=now)
            await self.database.run(ask)

    def _due(self, last: float | None, now: float) -> Cause | None:
        """Why a run is due now; None when none is."""
        if self.schedule.never:
            return None
        if self._starting and (last is None or not 0 <= now - last <= _AT_START):
            return Cause.START
        return Cause.SCHEDULE if last is None or now >= self.schedule.next_after(last) else None

    async def _pause(self, now: float, *, ready: bool) -> float | None:
        """Seconds until there is something to do, if nobody asks before."""
        waiting, last = await self.database.run(lambda c: (gapruns.open_runs(c), gapruns.last_asked(c)))
        closing = await self._settle(now)
        if waiting or not ready:
            return _SOON
        if closing:
            self._looks += 1
            return min(_SOON * self._looks, _LATER)
        self._looks = 0
        if self._due(last, now) is not None:
            return _LATER
        due = math.inf if last is None else self.schedule.next_after(last)
        return None if due == math.inf else min(due - now, _LONGEST_PAUSE)

    async def _settle(self, now: float) -> bool:
        """Look what became of the gaps; whether some are still worked on."""
        return any([await self.database.run(partial(_settled, run.id, now)) for run in await self._closing()])

    async def _closing(self) -> list[GapRun]:
        return await self.database.run(gapruns.closing)

    async def _search(self, run: GapRun, servers: Sequence[Tools]) -> None:
        run = await self.database.run(partial(self._begin, run, servers))
        steps = {step.name: step for step in steps_of(run, servers, self.walker, self.database, self.settled)}
        try:
            run = await self._go_through(run, steps)
        except SyncError as error:
            await self.database.run(partial(_search_rests, run, self.clock.now()))
            if self._is_young(run):
                raise
            run = await self.database.run(partial(_troubled, run, f"not all could be searched: {error.message}"))
        await self.database.run(partial(self._end, run, servers))

    async def _go_through(self, run: GapRun, steps: dict[str, Step]) -> GapRun:
        """Page by page. What fails on one library or server does not keep the others from being searched."""
        left = _left(run, steps)
        failed: set[str] = set()
        while left:
            name, at = left[0]
            try:
                page = await steps[name].page(at)
            except SyncError:
                failed.add(name)
                left = [*left[1:], left[0]]
                if len(failed) == len(left):
                    await self.database.run(partial(gapruns.save, run=run))
                    raise
                continue
            failed.clear()
            left = left[1:] if page.ends else [(name, page.next_at), *left[1:]]
            run, put = await self.database.run(partial(self._take, run, page, left))
            if put:
                self.wake()
        return run

    def _is_young(self, run: GapRun) -> bool:
        return run.began_at is not None and 0 <= self.clock.now() - run.began_at < _STALE

    def _begin(self, run: GapRun, servers: Sequence[Tools], connection: Connection) -> GapRun:
        """Take the run up where it stands; one that was cut off long ago begins anew."""
        now = self.clock.now()
        if run.began_at is None or not (run.id in self._mine or self._is_young(run)):
            for earlier in gapruns.listing(connection, _PAGE):
                _thin(connection, earlier)
            gaps.forget(connection, run.id)
            if run.scope is Scope.ALL:
                self.settled.begin()
            facts = {"total": _size(connection, run, servers), "turns": _turns(connection, run, now)}
            run = replace(run, began_at=now, position={}, facts=facts | {"rotated": int(now // _DAY)})
            gapruns.save(connection, run)
        if not run.report_only:
            walks.save(connection, walks.Walk(name=SEARCH, last_id=0, started_at=run.began_at or now))
        self._mine.add(run.id)
        self._looks = 0
        return run

    def _take(
        self, run: GapRun, page: SearchPage, left: Sequence[tuple[str, int]], connection: Connection
    ) -> tuple[GapRun, int]:
        """Judge a page and remember where the run stands, in one transaction.

        Pages of which nothing came are remembered together: each would make a disk write of its own. The last one of a
        step never waits for another.
        """
        put = page.take(connection, run, self.clock.now())
        counted = {"scenes": page.scenes, "items": page.items, "read": page.read, "pages": 1}
        facts = run.facts | {name: run.facts.get(name, 0) + count for name, count in counted.items()}
        run = replace(run, position={"left": [list(one) for one in left]}, facts=facts)
        if put or page.ends or self._lapse.over(self.clock.now()):
            gapruns.save(connection, run)
        return run, put

    def _end(self, run: GapRun, servers: Sequence[Tools], connection: Connection) -> None:
        now = self.clock.now()
        for tools in servers:
            _known_after_all(connection, run, tools)
        gapruns.save(connection, replace(run, searched_at=now))
        _search_rests(run, now, connection)
        _settled(run.id, now, connection)
        _log.info("searched for gaps", run=run.id, scope=run.scope.value, found=gaps.counts(connection, run.id))


def _troubled(run: GapRun, reason: str, connection: Connection) -> GapRun:
    """The run as it stands by now, with what it could not do."""
    latest = gapruns.one(connection, run.id) or run
    return replace(latest, facts=latest.facts | {"trouble": reason})


def _search_rests(run: GapRun, now: float, connection: Connection) -> None:
    """The brake need not wait for what it puts any more."""
    if not run.report_only:
        began = run.began_at or now
        walks.save(connection, walks.Walk(name=SEARCH, last_id=0, started_at=began, finished_at=now))


def _left(run: GapRun, steps: dict[str, Step]) -> list[tuple[str, int]]:
    """The steps that are not done, each with its place, the one that is under way first."""
    if "left" not in run.position:
        return [(name, 0) for name in steps]
    return [(name, at) for name, at in run.position["left"] if name in steps]


def _settled(number: int, now: float, connection: Connection) -> bool:
    """Say of each gap what became of it; True while some are worked on. A run of which none is has ended."""
    run = gapruns.one(connection, number)
    if run is None or run.ended_at is not None or run.searched_at is None:
        return False
    if not 0 <= now - run.searched_at < _LONGEST_CLOSING:
        gaps.leave(connection, number)
    elif gaps.settle(connection, number, pending=PENDING):
        return True
    facts = run.facts | {"counts": gaps.counts(connection, number)}
    gapruns.save(connection, replace(run, ended_at=now, facts=facts))
    return False


def _thin(connection: Connection, run: GapRun) -> None:
    """Of a run that has ended its figures and some examples stay."""
    if run.ended_at is not None and not run.facts.get("thin"):
        gaps.thin(connection, run.id)
        gapruns.save(connection, replace(run, facts=run.facts | {"thin": True}))


def _size(connection: Connection, run: GapRun, servers: Sequence[Tools]) -> int | None:
    """How many items and scenes the run will look at; None where nobody can tell before."""
    if run.scope.span is not None:
        return None
    synced = {tools.server: {section.key for section in tools.libraries.synced} for tools in servers}
    counts = {name: index.count(connection, name) for name in synced}
    items = sum(counts[name].get(key, 0) for name, keys in synced.items() for key in keys)
    return items + (0 if run.scope is Scope.EMPTY else seen.count(connection))


def _turns(connection: Connection, run: GapRun, now: float) -> list[int]:
    """The remainders of rating keys whose turn to be read whole has come since the last run that minded it."""
    if run.scope is not Scope.ALL:
        return []
    today = int(now // _DAY)
    days: list[Any] = [one.facts.get("rotated") for one in gapruns.listing(connection, _PAGE) if one.scope is run.scope]
    last = max((day for day in days if day is not None and day <= today), default=today - 1)
    return sorted({day % ROTATION for day in range(max(last + 1, today - ROTATION + 1), today + 1)})


def _known_after_all(connection: Connection, run: GapRun, tools: Tools) -> None:
    """Files that seemed strange while the search did not know all of Stash."""
    last = ""
    while paths := gaps.unknown_after(connection, run.id, tools.server, last, _PAGE):
        owners = owners_of(connection, tools, paths)
        gaps.drop_unknown(connection, run.id, tools.server, [path for path in paths if owners[path]])
        last = paths[-1]
