"""Jobs that were claimed together: they share their reads, and each comes to an outcome of its own."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from plexsync.log import logger
from plexsync.model.errors import (
    NotOwnerError,
    PlexNotFound,
    PlexTemporaryError,
    StoreDamagedError,
    StoreError,
    SyncError,
)
from plexsync.model.item import Item
from plexsync.model.scene import Scene
from plexsync.model.work import Decision, Job, Lane, Outcome, Peer, Verdict
from plexsync.stash.client import StashClient
from plexsync.store import index, jobs, undos
from plexsync.store.undos import Undo
from plexsync.sync.gates.backoff import Backoff
from plexsync.sync.gates.gatekeeper import Gatekeeper, Whereabouts
from plexsync.sync.gates.sections import of_one_section
from plexsync.sync.gates.verdicts import Circumstances, failure_of, outcome_of
from plexsync.sync.story.endings import missing
from plexsync.sync.story.givingback import give_back
from plexsync.sync.story.scene import Attempt, Place, Reads, sync_scene
from plexsync.sync.story.sharedread import SharedRead
from plexsync.sync.story.tools import Tools
from plexsync.sync.story.undo import undo_scene
from plexsync.sync.work.letter import context_of
from plexsync.sync.work.patience import PatientStore

_log = logger("plexsync.worker")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What all batches of a worker are worked on with. `kept` is told of each outcome, and whether it applied."""

    tools: Tools
    stash: StashClient
    stash_gate: Gatekeeper
    plex_gate: Gatekeeper
    backoff: Backoff
    chance: random.Random
    store: PatientStore
    kept: Callable[[Job, Outcome, bool], None]
    sure: Callable[[], Awaitable[None]]  #: raises where Stash is another one than before

    @property
    def gates(self) -> tuple[Gatekeeper, Gatekeeper]:
        """Both have to let a job through."""
        return self.stash_gate, self.plex_gate

    @property
    def synced(self) -> frozenset[int]:
        """The libraries that have jobs."""
        return frozenset(section.key for section in self.tools.libraries.synced)


@dataclass(slots=True, kw_only=True)
class Batch:
    """`shut` are the libraries that these jobs leave alone; `section` is the one they were parked in, if any.

    `at` is when they were let through: what the claim takes is not lost to the pace.
    """

    bench: Bench
    jobs: Sequence[Job]
    at: float
    shut: frozenset[int] = frozenset()
    section: int | None = None
    _untold: dict[int, SyncError] = field(default_factory=dict)
    _unread: dict[Place, SyncError] = field(default_factory=dict)
    _undos: Mapping[int, Undo] = field(default_factory=dict)
    _left: int = 0

    @property
    def lane(self) -> Lane:
        """Whose place it takes: what was parked stands back like bulk."""
        return self.jobs[0].lane if self.section is None else Lane.BULK

    def enter(self) -> None:
        """The jobs pass the gates."""
        self.bench.stash_gate.enter(len(self.jobs), self.at)
        self.bench.plex_gate.enter(len(self.jobs), self.at, self.section)

    def leave_rest(self) -> None:
        """The work has ended: what was cut off left the gates as well."""
        while self._left < len(self.jobs):
            self._leave(None, frozenset())

    async def work(self) -> None:
        """Bring every job to its outcome."""
        count = len(self.jobs)
        scenes = [job.scene for job in self.jobs]
        self._undos = await self.bench.store.run(lambda c: undos.waiting(c, self.bench.tools.server, scenes))
        reads = self._reads(count)
        await asyncio.gather(*(self._owned(Attempt(job=job, shut=self.shut), reads) for job in self.jobs))

    def _reads(self, count: int) -> Reads:
        return Reads(
            scenes=SharedRead(self._scenes, count),
            items=SharedRead(self._items, count),
            back=SharedRead(self._items, count),
            untold=self._untold,
            unread=self._unread,
        )

    async def _scenes(self, ids: Sequence[int]) -> Mapping[int, Scene]:
        await self.bench.sure()
        answer = await self.bench.stash.scenes_each(ids)
        self._untold.update(answer.failed)
        return answer.found

    async def _items(self, places: Sequence[Place]) -> Mapping[Place, Item]:
        """All items at once; where a healthy Plex fails on some library's, the others' are read without them."""
        try:
            return await self._details(places)
        except PlexTemporaryError as error:
            sections = sorted({section for section, _ in places})
            if len(sections) == 1 or not of_one_section(error):
                raise
        found: dict[Place, Item] = {}
        for section in sections:
            its = [place for place in places if place[0] == section]
            try:
                found |= await self._details(its)
            except PlexTemporaryError as error:
                self._unread.update(dict.fromkeys(its, error))
        return found

    async def _details(self, places: Sequence[Place]) -> dict[Place, Item]:
        found = await self.bench.tools.plex.details([key for _, key in places])
        return {place: found[place[1]] for place in places if place[1] in found}

    async def _owned(self, attempt: Attempt, reads: Reads) -> None:
        with suppress(NotOwnerError):  # whoever owns the server now goes on with the job
            await self._attempt(attempt, reads)

    async def _attempt(self, attempt: Attempt, reads: Reads) -> None:
        """The boundary of one job: whatever happens in it becomes its outcome."""
        met: SyncError | None = None
        try:
            outcome = await self._worked(attempt, reads)
        except SyncError as error:
            met = error
            outcome = await self._failed(error, attempt)
        except (NotOwnerError, StoreDamagedError):
            raise
        except StoreError as error:
            await self.bench.store.failed(error)
            failure = failure_of(SyncError(str(error)), self.bench.tools.clock.now())
            outcome = Outcome(verdict=Verdict.WAIT, due_at=failure.at, failure=failure)
        except Exception as error:  # noqa: BLE001 -- the named boundary of a job
            _log.exception("a job met a fault of our own", scene=attempt.job.scene, server=attempt.job.server)
            fault = SyncError(f"a fault of PlexSync itself: {type(error).__name__}: {error}")
            outcome = await self._failed(fault, attempt)
        else:
            await self._answered(attempt)
        self._leave(met, frozenset(attempt.answered))
        await self._finish(attempt, outcome)

    async def _worked(self, attempt: Attempt, reads: Reads) -> Outcome:
        undo, tools = self._undos.get(attempt.job.scene), self.bench.tools
        if undo is None:
            return await sync_scene(attempt, tools, reads)
        if not undo.by_rule:
            return await undo_scene(attempt, undo, tools, reads)
        outcome = await give_back(attempt, undo, tools, reads, self.bench.stash)
        if attempt.scene is None or outcome.verdict is Verdict.WAIT:
            return outcome
        return await self._beside(attempt, outcome)

    async def _beside(self, attempt: Attempt, lost: Outcome) -> Outcome:
        """A scene of which only a file is lost is kept in step by the others, also while that is asked about."""
        try:
            synced = await sync_scene(attempt, self.bench.tools, self._reads(1))
        except PlexNotFound:
            if lost.decision is None:
                raise
            return lost
        if lost.decision is None or synced.verdict not in (Verdict.DONE, Verdict.DECISION):
            return synced
        return lost

    def _leave(self, error: SyncError | None, answered: frozenset[Peer]) -> None:
        """An error of a peer counts there only; a peer that the job never came to learns nothing of it."""
        self._left += 1
        for gate in self.bench.gates:
            failed = error is not None and error.peer is gate.peer and error.moves_gate
            told = True if failed else False if gate.peer in answered else None
            gate.leave(self.section if gate is self.bench.plex_gate else None, error=told)

    async def _answered(self, attempt: Attempt, but: Peer | None = None) -> None:
        for gate in self.bench.gates:
            if gate.peer in attempt.answered and gate.peer is not but:
                await gate.answered(frozenset(attempt.read) if gate is self.bench.plex_gate else frozenset())

    async def _failed(self, error: SyncError, attempt: Attempt) -> Outcome:
        bench, gates = self.bench, self.bench.gates
        closed_before = all(gate.closed for gate in gates)
        # A failure that does not move the gate is an answer of a living peer.
        await self._answered(attempt, but=error.peer if error.moves_gate or error.verdict is Verdict.HOLD else None)
        healthy = False
        where = Whereabouts(section=attempt.section, probe=self.section, synced=bench.synced)
        for gate in gates:
            if gate.peer is error.peer:
                await gate.failed(error, attempt.job.scene, where if gate is bench.plex_gate else Whereabouts())
                healthy = gate.closed and error.verdict is Verdict.WAIT and await gate.healthy()
        return outcome_of(
            error,
            attempt.job,
            Circumstances(
                now=bench.tools.clock.now(),
                gates_closed=closed_before and all(gate.closed for gate in gates),
                peer_healthy=healthy,
                held_in=self._held_in(error, attempt),
                chance=bench.chance,
                backoff=bench.backoff,
                context=context_of(attempt, bench.tools.rules),
                missing=await self._missing(error, attempt),
            ),
        )

    def _held_in(self, error: SyncError, attempt: Attempt) -> int | None:
        """The held library in whose trouble the job failed."""
        if error.peer is not Peer.PLEX or attempt.section is None:
            return None
        return attempt.section if self.bench.plex_gate.gate.section(attempt.section).held else None

    async def _missing(self, error: SyncError, attempt: Attempt) -> Decision | None:
        if not isinstance(error, PlexNotFound):
            return None
        version = await self.bench.store.run(lambda c: index.version(c, attempt.job.server))
        return missing(attempt.scene, attempt.job.scene, error.message, self.bench.tools, version)

    async def _finish(self, attempt: Attempt, outcome: Outcome) -> None:
        job, clock = attempt.job, self.bench.tools.clock
        applied = await self.bench.store.run(lambda c: jobs.finish(c, job, outcome, clock.now()))
        facts = {"scene": job.scene, "server": job.server, "verdict": outcome.verdict.value}
        if outcome.verdict is Verdict.DEAD:
            _log.error("job is dead", reason=outcome.failure.message if outcome.failure else "", **facts)
        elif outcome.failure is not None:
            _log.warning("job waits", reason=outcome.failure.message, **facts)
        elif outcome.decision is not None:
            _log.info("decided not to write", kind=outcome.decision.kind, reason=outcome.decision.reason, **facts)
        elif outcome.parked_in is not None:
            _log.info("job waits for a held library", library=outcome.parked_in, **facts)
        else:
            _log.info("scene in step", fields=attempt.written_fields, applied=applied, **facts)
        self.bench.kept(job, outcome, applied)
