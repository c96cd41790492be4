"""Works off the jobs of one server: claims a batch, tells the story of each scene, keeps every outcome."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

from plexsync.log import logger
from plexsync.model.errors import PlexNotFound, StoreError, SyncError
from plexsync.model.item import Item
from plexsync.model.scene import Scene
from plexsync.model.work import Job, Lane, Outcome, Peer, Verdict
from plexsync.stash.client import StashClient
from plexsync.store import index, jobs
from plexsync.store.database import Connection
from plexsync.sync.backoff import Backoff
from plexsync.sync.endings import missing as missing_decision
from plexsync.sync.gatekeeper import Gatekeeper
from plexsync.sync.scene import Attempt, Reads, sync_scene
from plexsync.sync.sharedread import SharedRead
from plexsync.sync.tools import Tools
from plexsync.sync.verdicts import Circumstances, failure_of, outcome_of

_log = logger("plexsync.worker")

T = TypeVar("T")

BATCH = 50
#: Batches under way at once, which bounds the readers of a server; bulk leaves one for a single edit.
BATCHES = 4
BULK_BATCHES = 3
#: Longest sleep in seconds while nothing is due, so that a clock that jumped is noticed.
_LONGEST_SLEEP = 60.0
#: Seconds until a store that failed is asked again.
_STORE_AGAIN = 5.0


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
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _batches: dict[asyncio.Task[None], Lane] = field(default_factory=dict)
    _claims: count[int] = field(default_factory=count)
    _stopping: bool = False
    _ending: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """Something was put, or a gate moved: look at the queue now."""
        self._woken.set()

    @property
    def idle(self) -> bool:
        """No batch is under way."""
        return not self._batches

    async def run(self) -> None:
        """Work until `stop`. Claims of an earlier run are void: nobody holds them any more."""
        self.stash_gate.on_change(self.wake)
        self.plex_gate.on_change(self.wake)
        await self._stored(lambda c: jobs.void_claims(c, self.tools.server))
        while not self._stopping:
            self._woken.clear()
            try:
                if not await self._claim_batch():
                    await self._sleep()
            except StoreError as error:
                await self._store_failed(error)

    async def stop(self, grace: float) -> None:
        """Claim nothing more; give what is under way `grace` seconds to end, then let go of it."""
        self._stopping = True
        self._ending.set()
        self.wake()
        if self._batches:
            _, late = await asyncio.wait(self._batches, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    @property
    def _admitted(self) -> int:
        return min(self.stash_gate.admits, self.plex_gate.admits)

    def _open_lanes(self) -> list[Lane]:
        """The lanes of which a batch may be claimed now."""
        if self._admitted == 0 or len(self._batches) >= (BATCHES if self._admitted > 1 else 1):
            return []
        bulk = sum(lane is Lane.BULK for lane in self._batches.values()) < BULK_BATCHES
        return list(Lane) if bulk else [Lane.USER, Lane.CHANGE]

    async def _claim_batch(self) -> bool:
        admitted, lanes = self._admitted, self._open_lanes()
        for some in ([lane for lane in lanes if lane is not Lane.BULK], [lane for lane in lanes if lane is Lane.BULK]):
            claimed = await self._claim(some, min(admitted, BATCH)) if some else []
            if claimed:
                task = asyncio.create_task(self._work(claimed))
                self._batches[task] = claimed[0].lane
                task.add_done_callback(self._ended)
                return True
        return False

    async def _claim(self, lanes: Sequence[Lane], limit: int) -> list[Job]:
        token = f"{self.token}/{next(self._claims)}"
        now = self.tools.clock.now()

        def claim(connection: Connection) -> list[Job]:
            return jobs.claim(connection, server=self.tools.server, lanes=lanes, limit=limit, now=now, token=token)

        return await self.tools.database.run(claim)

    async def _sleep(self) -> None:
        pause = _LONGEST_SLEEP
        if lanes := self._open_lanes():
            due = await self.tools.database.run(lambda c: jobs.next_due(c, self.tools.server, lanes))
            if due is not None:
                pause = max(0.02, min(due - self.tools.clock.now(), _LONGEST_SLEEP))
        await self.tools.clock.wait(self._woken, pause)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._batches[task]
        self.wake()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a batch ended on its own fault; its jobs go on at the next start", exc_info=error)

    async def _work(self, claimed: Sequence[Job]) -> None:
        failed: dict[int, SyncError] = {}
        reads = Reads(
            scenes=SharedRead(lambda ids: self._scenes(ids, failed), len(claimed)),
            items=SharedRead(self._items, len(claimed)),
            back=SharedRead(self._items, len(claimed)),
        )
        await asyncio.gather(*(self._attempt(Attempt(job=job), reads, failed) for job in claimed))

    async def _scenes(self, ids: Sequence[int], failed: dict[int, SyncError]) -> Mapping[int, Scene]:
        answer = await self.stash.scenes_each(ids)
        failed.update(answer.failed)
        return answer.found

    async def _items(self, keys: Sequence[int]) -> Mapping[int, Item]:
        return await self.tools.plex.details(keys)

    async def _attempt(self, attempt: Attempt, reads: Reads, failed: Mapping[int, SyncError]) -> None:
        """The boundary of one job: whatever happens in it becomes its outcome."""
        try:
            outcome = await sync_scene(attempt, self.tools, reads, failed)
        except SyncError as error:
            outcome = await self._failed(error, attempt)
        except StoreError as error:
            await self._store_failed(error)
            failure = failure_of(SyncError(str(error)), self.tools.clock.now())
            outcome = Outcome(verdict=Verdict.WAIT, due_at=failure.at, failure=failure)
        except Exception as error:  # noqa: BLE001 -- the named boundary of a job
            _log.exception("a job met a fault of our own", scene=attempt.job.scene, server=self.tools.server)
            fault = SyncError(f"a fault of PlexSync itself: {type(error).__name__}: {error}")
            outcome = await self._failed(fault, attempt)
        else:
            await self._answered(attempt)
        await self._finish(attempt, outcome)

    async def _answered(self, attempt: Attempt, but: Peer | None = None) -> None:
        for gate in (self.stash_gate, self.plex_gate):
            if gate.peer in attempt.answered and gate.peer is not but:
                await gate.answered()

    async def _failed(self, error: SyncError, attempt: Attempt) -> Outcome:
        gate = {Peer.STASH: self.stash_gate, Peer.PLEX: self.plex_gate}.get(error.peer or Peer.PLEX)
        closed_before = self.stash_gate.closed and self.plex_gate.closed
        # A failure that does not move the gate is an answer of a living peer.
        await self._answered(attempt, but=error.peer if error.moves_gate or error.verdict is Verdict.HOLD else None)
        healthy = False
        if error.peer is not None and gate is not None:
            await gate.failed(error, attempt.job.scene)
            healthy = gate.closed and error.verdict is Verdict.WAIT and await gate.healthy()
        version = await self._stored(lambda c: index.version(c, self.tools.server))
        missing = None
        if isinstance(error, PlexNotFound):
            missing = missing_decision(attempt.scene, attempt.job.scene, error.message, self.tools, version)
        return outcome_of(
            error,
            attempt.job,
            Circumstances(
                now=self.tools.clock.now(),
                gates_closed=closed_before and self.stash_gate.closed and self.plex_gate.closed,
                peer_healthy=healthy,
                chance=self.chance,
                backoff=self.backoff,
                context=attempt.context | {"index_version": attempt.index_version},
                missing=missing,
            ),
        )

    async def _finish(self, attempt: Attempt, outcome: Outcome) -> None:
        job = attempt.job
        applied = await self._stored(lambda c: jobs.finish(c, job, outcome, self.tools.clock.now()))
        facts = {"scene": job.scene, "server": self.tools.server, "verdict": outcome.verdict.value}
        if outcome.verdict is Verdict.DEAD:
            _log.error("job is dead", reason=outcome.failure.message if outcome.failure else "", **facts)
        elif outcome.failure is not None:
            _log.warning("job waits", reason=outcome.failure.message, **facts)
        elif outcome.decision is not None:
            _log.info("decided not to write", kind=outcome.decision.kind, reason=outcome.decision.reason, **facts)
        else:
            _log.info("scene in step", fields=attempt.written_fields, applied=applied, **facts)

    async def _stored(self, work: Callable[[Connection], T]) -> T:
        """What the store has to do before the work can go on: asked again until it can, or the worker is stopped."""
        while True:
            try:
                return await self.tools.database.run(work)
            except StoreError as error:
                if self._stopping:
                    raise
                await self._store_failed(error)

    async def _store_failed(self, error: StoreError) -> None:
        _log.error("the store cannot be used, work waits for it", server=self.tools.server, reason=str(error))
        await self.tools.clock.wait(self._ending, _STORE_AGAIN)
