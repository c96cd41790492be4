"""The gate of one peer: a pure state machine that says whether jobs may go to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

#: Consecutive failures, of at least two scenes, that open the gate.
FAILURES_TO_OPEN = 5
#: A gate that was opened lets one job try after this many seconds, healthy or not.
HALF_OPEN_AFTER = 60.0
#: Healthy checks in a row that close a half-open gate when no job waits to prove it.
HEALTHY_TO_CLOSE = 2
#: Seconds between health checks while the gate is not closed, and while a person has to act.
CHECK_EVERY = 5.0
HELD_CHECK_EVERY = 60.0

_HEALTH_CHECK = "health check"


class GateState(StrEnum):
    """CLOSED lets all jobs through, HALF_OPEN one, OPEN and HELD none."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half open"
    HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The state of one peer. `since` is when the state was entered, `first_failure_at` when the streak began."""

    state: GateState = GateState.CLOSED
    since: float = 0.0
    reason: str = ""
    failures: int = 0
    sources: tuple[str, ...] = ()  #: up to two different scenes (or the health check) of the streak
    first_failure_at: float = 0.0
    healthy: int = 0
    unwell: bool = False  #: closed still, but the last health check failed

    @property
    def check_every(self) -> float | None:
        """Seconds until the next health check; None while the peer is well."""
        if self.state is GateState.CLOSED and not self.unwell:
            return None
        return HELD_CHECK_EVERY if self.state is GateState.HELD else CHECK_EVERY


@dataclass(frozen=True, slots=True)
class JobFailed:
    """A job met a failure of this peer."""

    scene: int
    reason: str


@dataclass(frozen=True, slots=True)
class JobDone:
    """A job got its answers from this peer."""


@dataclass(frozen=True, slots=True)
class CheckFailed:
    """A health check found the peer away."""

    reason: str


@dataclass(frozen=True, slots=True)
class CheckPassed:
    """A health check got its answer; `jobs_wait` tells whether a job could prove more."""

    jobs_wait: bool


@dataclass(frozen=True, slots=True)
class PersonNeeded:
    """Sign-in or compatibility: nothing but a person can help."""

    reason: str


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Only the clock moved."""


GateEvent = JobFailed | JobDone | CheckFailed | CheckPassed | PersonNeeded | TimePassed


def step(gate: Gate, event: GateEvent, now: float) -> Gate:
    """The gate after `event`. Returns the same object when nothing changed."""
    match event:
        case PersonNeeded(reason):
            return _enter(gate, GateState.HELD, now, reason)
        case JobFailed(scene, reason):
            return _failed(gate, f"scene {scene}", reason, now)
        case CheckFailed(reason):
            failed = _failed(gate, _HEALTH_CHECK, reason, now)
            return replace(failed, unwell=True) if failed.state is GateState.CLOSED else failed
        case JobDone():
            return _done(gate, now)
        case CheckPassed(jobs_wait):
            return _passed(gate, now, jobs_wait=jobs_wait)
        case TimePassed():
            return _aged(gate, now)


def _enter(gate: Gate, state: GateState, now: float, reason: str) -> Gate:
    if gate.state is state:
        return gate if gate.reason == reason else replace(gate, reason=reason)
    first = gate.first_failure_at if gate.failures else now
    return replace(gate, state=state, since=now, reason=reason, healthy=0, unwell=False, first_failure_at=first)


def _failed(gate: Gate, source: str, reason: str, now: float) -> Gate:
    if gate.state is GateState.HALF_OPEN:
        return _enter(gate, GateState.OPEN, now, reason)
    if gate.state is GateState.HELD:
        return gate
    sources = gate.sources if source in gate.sources or len(gate.sources) > 1 else (*gate.sources, source)
    gate = replace(
        gate,
        failures=gate.failures + 1,
        sources=sources,
        first_failure_at=gate.first_failure_at if gate.failures else now,
        reason=reason,
        healthy=0,
    )
    if gate.state is GateState.CLOSED and gate.failures >= FAILURES_TO_OPEN and len(sources) > 1:
        return _enter(gate, GateState.OPEN, now, reason)
    return _aged(gate, now)


def _done(gate: Gate, now: float) -> Gate:
    if gate.state is GateState.CLOSED:
        return replace(gate, failures=0, sources=(), reason="", unwell=False) if gate.failures else gate
    if gate.state is GateState.HALF_OPEN:
        return _closed(now)
    # A job that was under way when the gate opened proves nothing about what came after it.
    return gate


def _passed(gate: Gate, now: float, *, jobs_wait: bool) -> Gate:
    if gate.state is GateState.CLOSED:
        return replace(gate, unwell=False) if gate.unwell else gate
    if gate.state in (GateState.OPEN, GateState.HELD):
        return replace(_enter(gate, GateState.HALF_OPEN, now, gate.reason), healthy=1)
    healthy = gate.healthy + 1
    if healthy >= HEALTHY_TO_CLOSE and not jobs_wait:
        return _closed(now)
    return replace(gate, healthy=healthy)


def _aged(gate: Gate, now: float) -> Gate:
    """An open gate lets one job try after a while. A clock that jumped back counts as having waited."""
    waited = now - gate.since
    if gate.state is GateState.OPEN and (waited >= HALF_OPEN_AFTER or waited < 0):
        return _enter(gate, GateState.HALF_OPEN, now, gate.reason)
    return gate


def _closed(now: float) -> Gate:
    return Gate(state=GateState.CLOSED, since=now)
