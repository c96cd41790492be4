"""What waited for a peer comes to its end once the peer is back: counted here, and kept with the outage."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from plexsync.log import logger
from plexsync.model.errors import NotOwnerError, StoreDamagedError, StoreError
from plexsync.model.work import Job, Outcome, Verdict
from plexsync.store import outages
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions
from plexsync.store.outages import Drained, Outage
from plexsync.sync.clock import Clock

_log = logger("plexsync.outages")

#: Seconds between two looks at what is to be kept, but for the first and the last job of an outage.
_SAVED_EVERY = 5.0
#: Outages that are followed at once, the newest: where jobs were cleared, the count never becomes full.
_FOLLOWED = 30
#: A job with another verdict goes on.
_ENDS = frozenset({Verdict.DONE, Verdict.DECISION, Verdict.DEAD})


@dataclass(slots=True)
class _Drain:
    """One outage that is over, and how many of its jobs have not come to their end."""

    outage: Outage
    servers: tuple[str, ...]
    left: int
    counted: set[tuple[str, int]] = field(default_factory=set)  #: a job that is put anew meanwhile ends twice
    unsaved: Drained | None = None

    def takes(self, job: Job) -> bool:
        """Whether the job waited when the outage ended and was not counted yet."""
        ended_at = self.outage.ended_at
        waited = ended_at is not None and job.queued_at <= ended_at and job.server in self.servers
        return waited and self.left > 0 and (job.server, job.scene) not in self.counted

    def count(self, job: Job, now: float) -> bool:
        """One more has ended; whether it was the first or the last one."""
        is_first = self.outage.drained == 0 and not self.counted
        self.counted.add((job.server, job.scene))
        self.left -= 1
        self.unsaved = _joined(self.unsaved, Drained(count=1, first_at=now, last_at=now))
        return is_first or self.left == 0


@dataclass(slots=True, kw_only=True)
class Drains:
    """`servers_of` names the servers whose jobs need a peer. A crash loses the count of a few seconds."""

    database: Transactions
    clock: Clock
    servers_of: Mapping[str, tuple[str, ...]]
    _drains: dict[int, _Drain] = field(default_factory=dict)
    _counted: asyncio.Event = field(default_factory=asyncio.Event)
    _urgent: asyncio.Event = field(default_factory=asyncio.Event)

    def follow(self, outage: Outage) -> None:
        """Count the jobs of an outage that has ended."""
        left = outage.held - outage.drained
        if left > 0 and outage.id not in self._drains:
            self._drains[outage.id] = _Drain(outage, self.servers_of[outage.peer], left)
            for oldest in sorted(self._drains)[:-_FOLLOWED]:
                del self._drains[oldest]

    def job_ended(self, job: Job, outcome: Outcome) -> None:
        """A worker is through with a job."""
        if outcome.verdict not in _ENDS:
            return
        for drain in self._drains.values():
            if drain.takes(job):
                if drain.count(job, self.clock.now()):
                    self._urgent.set()
                self._counted.set()

    async def run(self) -> None:
        """Keep what is counted, until cancelled."""
        try:
            while True:
                await self._counted.wait()
                await self.clock.wait(self._urgent, _SAVED_EVERY)
                self._counted.clear()
                self._urgent.clear()
                await self._save()
        finally:
            await self._save()

    async def _save(self) -> None:
        """Keep what was counted since the last time. A store that cannot is asked again with the next job."""
        news = {number: drain.unsaved for number, drain in self._drains.items() if drain.unsaved is not None}
        for number in news:
            self._drains[number].unsaved = None

        def keep(connection: Connection) -> None:
            for number, drained in news.items():
                outages.drain(connection, number, drained)

        try:
            if news:
                await self.database.run(keep)
        except (NotOwnerError, StoreDamagedError):
            raise
        except StoreError as error:
            _log.warning("what drains after an outage cannot be kept yet", reason=str(error))
            for number, drained in news.items():
                self._drains[number].unsaved = _joined(drained, self._drains[number].unsaved)
            self._counted.set()
        else:
            for number in [number for number, drain in self._drains.items() if not drain.left and not drain.unsaved]:
                del self._drains[number]


def _joined(old: Drained | None, new: Drained | None) -> Drained | None:
    if old is None or new is None:
        return old or new
    return Drained(count=old.count + new.count, first_at=old.first_at, last_at=new.last_at)
