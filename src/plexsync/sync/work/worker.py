"""Works off the jobs of one server: claims what its gates let through and has it worked on."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from plexsync.log import logger
from plexsync.model.errors import NotOwnerError, StoreDamagedError, StoreError
from plexsync.model.work import Job, Lane, Outcome
from plexsync.stash.client import StashClient
from plexsync.store import jobs
from plexsync.store.database import Connection
from plexsync.sync.gates.backoff import Backoff
from plexsync.sync.gates.gatekeeper import Gatekeeper
from plexsync.sync.story.tools import Tools
from plexsync.sync.work.batch import Batch, Bench
from plexsync.sync.work.claiming import Claims
from plexsync.sync.work.patience import PatientStore

_log = logger("plexsync.worker")

BATCH = 50
#: Batches under way at once, which bounds the readers of a server; bulk leaves one for a single edit.
BATCHES = 4
BULK_BATCHES = 3
#: Longest sleep in seconds while nothing is due, so that a clock that jumped is noticed.
LONGEST_SLEEP = 60.0
#: Shortest sleep in seconds where something is due and yet could not be claimed.
_SHORTEST_SLEEP = 0.02
_AT_ONCE = (Lane.USER, Lane.CHANGE)


async def _sure() -> None:
    """Nobody doubts that it is the right Stash."""


@dataclass(slots=True, kw_only=True)
class Worker:
    """`stash_gate` and `plex_gate` both have to let a job through. `token` tells this run's claims from others'."""

    tools: Tools
    stash: StashClient
    stash_gate: Gatekeeper
    plex_gate: Gatekeeper
    backoff: Backoff
    chance: random.Random
    token: str
    sure: Callable[[], Awaitable[None]] = _sure  #: awaited before scenes are read: raises where Stash is another one
    longest_sleep: float = LONGEST_SLEEP  #: until jobs are looked for that another daemon put
    _bench: Bench = field(init=False)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _batches: dict[asyncio.Task[None], Batch] = field(default_factory=dict)
    _claims: Claims = field(init=False)
    _unkept: set[int] = field(default_factory=set)
    _end_listeners: list[Callable[[Job, Outcome], None]] = field(default_factory=list)
    _followed: tuple[frozenset[int], dict[int, float]] | None = None  #: the libraries as the store was told of them
    _stopping: bool = False

    def __post_init__(self) -> None:
        """Set up what every batch is claimed and worked on with."""
        tools = self.tools
        self._claims = Claims(server=tools.server, database=tools.database, clock=tools.clock, run=self.token)
        self._bench = Bench(
            tools=self.tools,
            stash=self.stash,
            stash_gate=self.stash_gate,
            plex_gate=self.plex_gate,
            backoff=self.backoff,
            chance=self.chance,
            store=PatientStore(server=self.tools.server, database=self.tools.database, clock=self.tools.clock),
            kept=self._kept,
            sure=self.sure,
        )

    def wake(self) -> None:
        """Something was put, or a gate moved: look at the queue now."""
        self._woken.set()

    def on_end(self, listener: Callable[[Job, Outcome], None]) -> None:
        """Call `listener` after each job whose outcome was kept."""
        self._end_listeners.append(listener)

    @property
    def idle(self) -> bool:
        """No batch is under way."""
        return not self._batches

    @property
    def trouble(self) -> str:
        """Why the store keeps the work waiting, for people; "" when it does not."""
        return self._bench.store.trouble

    @property
    def unkept(self) -> frozenset[int]:
        """The scenes that were begun and whose outcome is not in the store."""
        return frozenset(self._unkept)

    async def run(self) -> None:
        """Work until `stop`. Claims of an earlier run are void: nobody holds them any more."""
        await self._bench.store.run(lambda c: jobs.void_claims(c, self.tools.server))
        for gate in self._bench.gates:
            gate.on_room(self.wake)
        try:
            await self._work_off()
        finally:
            for gate in self._bench.gates:
                gate.forget(self.wake)

    async def _work_off(self) -> None:
        while not self._stopping:
            self._woken.clear()
            try:
                if not await self._begin_next():
                    await self.tools.clock.wait(self._woken, await self._pause())
            except (NotOwnerError, StoreDamagedError):
                raise
            except StoreError as error:
                await self._bench.store.failed(error)

    async def stop(self, grace: float) -> None:
        """Claim nothing more; give what is under way `grace` seconds to end, then let go of it."""
        self._stopping = True
        self._bench.store.hurry()
        self.wake()
        if self._batches:
            _, late = await asyncio.wait(self._batches, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _begin_next(self) -> bool:
        """Begin one batch of what is due, edits first; False when nothing may begin now."""
        async with self.stash_gate.turn, self.plex_gate.turn:
            await self._follow_sections()
            batch = None
            if self._room and self._has_place(Lane.CHANGE):
                batch = await self._claim(_AT_ONCE)
            if batch is None and self._room and self._has_place(Lane.BULK):
                batch = await self._claim_parked() or await self._claim([Lane.BULK])
            if batch is not None:
                self._begin(batch)
        return batch is not None

    @property
    def _room(self) -> int:
        """How many jobs both gates let through now."""
        return min(gate.admits for gate in self._bench.gates)

    def _has_place(self, lane: Lane) -> bool:
        """Whether a batch of that lane may be under way beside the others."""
        bulk = sum(batch.lane is Lane.BULK for batch in self._batches.values())
        return len(self._batches) < BATCHES and (lane is not Lane.BULK or bulk < BULK_BATCHES)

    async def _claim(self, lanes: Sequence[Lane]) -> Batch | None:
        limit, now = min(self._room, BATCH), self.tools.clock.now()
        parking = self.plex_gate.parking

        def claim(connection: Connection, token: str) -> list[Job]:
            server = self.tools.server
            return jobs.claim(
                connection, server=server, lanes=lanes, limit=limit, now=now, token=token, parking=parking
            )

        claimed = await self._claims.take(claim)
        return Batch(bench=self._bench, jobs=claimed, at=now, shut=parking) if claimed else None

    async def _claim_parked(self) -> Batch | None:
        """One job of a library that is held, to try it, or that recovers."""
        if not all(gate.closed for gate in self._bench.gates):
            return None
        for section in sorted(self.plex_gate.parking):
            if not self.plex_gate.section_admits(section):
                continue
            now = self.tools.clock.now()
            job = await self._parked_in(section)
            if job is not None:
                shut = self.plex_gate.parking - {section}
                return Batch(bench=self._bench, jobs=[job], at=now, shut=shut, section=section)
            await self.plex_gate.section_idle(section)
        return None

    async def _parked_in(self, section: int) -> Job | None:
        server = self.tools.server
        by_lane = not self.plex_gate.gate.section(section).held
        return await self._claims.take(
            lambda c, token: jobs.claim_parked(c, server=server, section=section, token=token, by_lane=by_lane)
        )

    def _begin(self, batch: Batch) -> None:
        self._unkept.update(job.scene for job in batch.jobs)
        batch.enter()
        task = asyncio.create_task(batch.work())
        self._batches[task] = batch
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._batches.pop(task).leave_rest()
        self.wake()
        error = None if task.cancelled() else task.exception()
        # Of a damaged store the daemon itself tells.
        if error is not None and not isinstance(error, StoreDamagedError):
            _log.error("a batch ended on its own fault; its jobs go on at the next start", exc_info=error)

    def _kept(self, job: Job, outcome: Outcome, applied: bool) -> None:  # noqa: FBT001  # a listener's plain facts
        self._unkept.discard(job.scene)
        if outcome.parked_in is not None and outcome.parked_in not in self.plex_gate.parking:
            # The library was released while the job was on its way to where it waits.
            self._followed = None
        if applied:
            for listener in self._end_listeners:
                listener(job, outcome)

    async def _follow_sections(self) -> None:
        """What is parked in a library that is well is due, and what a held one's failures counted is given back."""
        gate = self.plex_gate
        # A Plex that starts may list no library for a moment.
        if gate.gate.sections and (synced := self._bench.synced):
            await gate.synced(synced)
        parking, held = gate.parking, {section.section: section.first_failure_at for section in gate.held_sections}
        if self._followed == (parking, held):
            return
        known = self._followed[1] if self._followed is not None else {}
        server, now = self.tools.server, self.tools.clock.now()

        def follow(connection: Connection) -> None:
            jobs.unpark(connection, server, parking, now)
            for section, since in held.items():
                if known.get(section) != since:
                    jobs.give_back(connection, server, since, section)

        await self.tools.database.run(follow)
        self._followed = (parking, held)

    async def _pause(self) -> float:
        """Seconds until something may be due that both gates let through, if nobody wakes us before."""
        rooms = [gate.admits_in for gate in self._bench.gates]
        if None in rooms:
            return self.longest_sleep
        wait = max(room for room in rooms if room is not None)
        if wait:
            return min(wait, self.longest_sleep)
        lanes = [lane for lane in Lane if self._has_place(lane)]
        due, parked = await self.tools.database.run(lambda c: self._next(c, lanes))
        known = [] if due is None else [due - self.tools.clock.now()]
        if all(gate.closed for gate in self._bench.gates) and Lane.BULK in lanes:
            known += [after for key in parked if (after := self.plex_gate.section_admits_in(key)) is not None]
        return min([max(pause, _SHORTEST_SLEEP) for pause in known] + [self.longest_sleep])

    def _next(self, connection: Connection, lanes: Sequence[Lane]) -> tuple[float | None, Iterable[int]]:
        """When the next job of these lanes is due, and the libraries that jobs are parked in."""
        server = self.tools.server
        due = jobs.next_due(connection, server, lanes) if lanes else None
        return due, jobs.parked(connection, server) if self._followed and self._followed[0] else ()
