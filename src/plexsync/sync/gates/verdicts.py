"""From what went wrong to what the queue does with it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from plexsync.model.errors import SyncError
from plexsync.model.work import Decision, Failure, Job, Outcome, Verdict
from plexsync.store.parked import PARKED_FOR
from plexsync.sync.gates.backoff import AWAY, NOT_IN_PLEX_YET, OWN_DISK, Backoff


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What decides beside the error: the time, whether both gates are closed, whether the peer is healthy after all.

    `held_in` is the library in whose trouble the job failed, once that library is held.
    """

    now: float
    gates_closed: bool
    peer_healthy: bool
    chance: random.Random
    backoff: Backoff
    context: dict[str, Any]
    held_in: int | None = None
    missing: Decision | None = None  #: recorded when the file never appears in Plex


def failure_of(error: SyncError, now: float) -> Failure:
    """The error as it is kept."""
    return Failure(
        error=next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == SyncError.__module__),
        message=error.message,
        at=now,
        peer=error.peer,
        status=error.status,
        place=error.place,
        excerpt=error.excerpt,
    )


def outcome_of(error: SyncError, job: Job, around: Circumstances) -> Outcome:
    """What the queue does with a failed attempt."""
    failure = failure_of(error, around.now)
    verdict = error.verdict
    if verdict is Verdict.WAIT and around.peer_healthy:
        # The peer answers others: what is slow or cut here is this scene's own trouble.
        verdict = Verdict.RETRY
    if verdict is Verdict.RETRY_LONG:
        return _long(failure, job, around)
    if verdict is Verdict.RETRY and around.held_in is not None:
        due = around.now + PARKED_FOR
        return Outcome(verdict=Verdict.WAIT, due_at=due, failure=failure, parked_in=around.held_in)
    if verdict is Verdict.RETRY:
        return _standard(failure, error, job, around)
    if verdict is Verdict.DEAD:
        return Outcome(verdict=Verdict.DEAD, failure=failure, context=around.context)
    # A peer that is away is watched by its gate; for our own disk nobody looks in between.
    due = around.now + (OWN_DISK if error.peer is None else AWAY).wait(0, around.chance)
    return Outcome(verdict=verdict, due_at=due, failure=failure)


def _standard(failure: Failure, error: SyncError, job: Job, around: Circumstances) -> Outcome:
    counts = around.gates_closed
    if counts and job.attempts >= around.backoff.retries:
        return Outcome(verdict=Verdict.DEAD, failure=failure, context=around.context)
    wait = around.backoff.wait(job.attempts, around.chance)
    if error.retry_after is not None:
        wait = max(wait, min(error.retry_after, 600.0))
    return Outcome(verdict=Verdict.RETRY, due_at=around.now + wait, counts=counts, failure=failure)


def _long(failure: Failure, job: Job, around: Circumstances) -> Outcome:
    if job.long_attempts >= NOT_IN_PLEX_YET.retries and around.missing is not None:
        return Outcome(verdict=Verdict.DECISION, decision=around.missing)
    wait = NOT_IN_PLEX_YET.wait(job.long_attempts, around.chance)
    looked_at = {name: value for name, value in around.context.items() if name == "index_version"}
    return Outcome(
        verdict=Verdict.RETRY_LONG, due_at=around.now + wait, counts=True, failure=failure, context=looked_at
    )
