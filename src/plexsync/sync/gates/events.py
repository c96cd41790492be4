"""What may happen to a gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from plexsync.sync.gates.pace import Ends


@dataclass(frozen=True, slots=True)
class JobFailed:
    """A job met a failure of this peer, which may have asked to be left alone for `retry_after` seconds."""

    scene: int
    reason: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class SectionFailed:
    """A job of one library met a failure while the peer itself is well. `synced` are all libraries that have jobs."""

    section: int
    scene: int
    reason: str
    synced: frozenset[int]


@dataclass(frozen=True, slots=True)
class ProbeFailed:
    """The job that was to try a held library could not prove that it works."""

    section: int
    reason: str


@dataclass(frozen=True, slots=True)
class JobDone:
    """A job got its answers from this peer, from items of these libraries."""

    sections: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class CheckFailed:
    """A health check found the peer away."""

    reason: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class CheckPassed:
    """A health check got its answer; `jobs_wait` tells whether a job could prove more."""

    jobs_wait: bool


@dataclass(frozen=True, slots=True)
class PersonNeeded:
    """Sign-in or compatibility: nothing but a person can help."""

    reason: str


@dataclass(frozen=True, slots=True)
class SectionIdle:
    """A held library has no job that could try it."""

    section: int


@dataclass(frozen=True, slots=True)
class SectionsSynced:
    """These libraries have jobs, and no others."""

    synced: frozenset[int]


@dataclass(frozen=True, slots=True)
class LastMinute:
    """A look at the recovery: how the jobs of the last minute ended, in all and by library."""

    ends: Ends
    sections: Mapping[int, Ends] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Only the clock moved."""


GateEvent = (
    JobFailed
    | SectionFailed
    | ProbeFailed
    | JobDone
    | CheckFailed
    | CheckPassed
    | PersonNeeded
    | SectionIdle
    | SectionsSynced
    | LastMinute
    | TimePassed
)
