"""The queue of jobs: one at a time, independent of the request that asked for it, lost with the process."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Status = Literal["READY", "RUNNING", "FINISHED", "STOPPING", "CANCELLED", "FAILED"]
KEPT = 10


@dataclass(slots=True, kw_only=True)
class Job:
    """One job; attributes are named as in the interface."""

    id: int
    description: str
    addTime: str  # noqa: N815  # the interface's own names
    work: Callable[[Job], Awaitable[None]]
    status: Status = "READY"
    progress: float | None = None
    startTime: str | None = None  # noqa: N815
    endTime: str | None = None  # noqa: N815
    error: str | None = None
    subTasks: list[str] | None = None  # noqa: N815


@dataclass(slots=True)
class Jobs:
    """Works through the queue while `run` runs."""

    now: Callable[[], str]
    queue: list[Job] = field(default_factory=list)
    finished: deque[Job] = field(default_factory=lambda: deque(maxlen=KEPT))
    _last: int = 0
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _current: asyncio.Task[None] | None = None

    def add(self, description: str, work: Callable[[Job], Awaitable[None]]) -> Job:
        """Put a job at the end of the queue. An exception that leaves `work` makes it FAILED."""
        self._last += 1
        job = Job(id=self._last, description=description, addTime=self.now(), work=work)
        self.queue.append(job)
        self._arrived.set()
        return job

    def find(self, number: int) -> Job | None:
        """A waiting, running or lately finished job."""
        return next((job for job in (*self.queue, *self.finished) if job.id == number), None)

    def stop(self, number: int) -> None:
        """Cancel a job: a waiting one is gone, a running one is killed."""
        for job in [each for each in self.queue if each.id == number]:
            if job.status == "READY":
                self._end(job, "CANCELLED")
            elif self._current:
                job.status = "STOPPING"
                self._current.cancel()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self.queue:
                await self._one(self.queue[0])

    async def _one(self, job: Job) -> None:
        job.status, job.startTime = "RUNNING", self.now()
        self._current = asyncio.ensure_future(_whole(job))
        try:
            await asyncio.wait({self._current})
        finally:
            self._current.cancel()
        if self._current.cancelled():
            self._end(job, "CANCELLED")
        elif error := self._current.exception():
            job.error = str(error)
            self._end(job, "FAILED")
        else:
            self._end(job, "FINISHED")

    def _end(self, job: Job, status: Status) -> None:
        job.status, job.endTime = status, self.now()
        self.queue.remove(job)
        self.finished.append(job)


async def _whole(job: Job) -> None:
    await job.work(job)
