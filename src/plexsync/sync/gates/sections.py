"""The gate of one library: pure. It holds that library's jobs while the rest of its server works."""

from __future__ import annotations

from dataclasses import dataclass, replace

from plexsync.model.errors import PlexTemporaryError, SyncError
from plexsync.sync.gates.pace import Ends, Pace, looked_at
from plexsync.sync.gates.state import FAILURES_TO_OPEN, HALF_OPEN_AFTER, GateState


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionGate:
    """CLOSED while failures are only counted, or while the library recovers at `pace`; OPEN and HALF_OPEN hold it.

    `since` is when the state was entered, `first_failure_at` when the streak began.
    """

    section: int
    state: GateState = GateState.CLOSED
    since: float = 0.0
    reason: str = ""
    failures: int = 0
    scenes: tuple[int, ...] = ()  #: up to two different scenes of the streak
    first_failure_at: float = 0.0
    pace: Pace | None = None

    @property
    def held(self) -> bool:
        """No job of the library passes, but for one that tries while HALF_OPEN."""
        return self.state is not GateState.CLOSED

    @property
    def parks(self) -> bool:
        """Jobs of the library are parked, and taken from there as this gate lets them."""
        return self.held or self.pace is not None


def of_one_section(error: SyncError) -> bool:
    """Whether a server that is well may fail like that on the items of one library alone."""
    return isinstance(error, PlexTemporaryError) and error.status is not None and 500 <= error.status < 600


def failed(gate: SectionGate, scene: int, reason: str, now: float) -> SectionGate:
    """A job of the library met a failure on a server that is well."""
    if gate.state is GateState.OPEN:
        return gate
    if gate.state is GateState.HALF_OPEN:
        return replace(gate, state=GateState.OPEN, since=now, reason=reason)
    scenes = gate.scenes if scene in gate.scenes or len(gate.scenes) > 1 else (*gate.scenes, scene)
    first = gate.first_failure_at if gate.failures else now
    gate = replace(gate, failures=gate.failures + 1, scenes=scenes, first_failure_at=first, reason=reason)
    if gate.failures < FAILURES_TO_OPEN or len(scenes) < 2:
        return gate
    return replace(gate, state=GateState.OPEN, since=now, pace=None)


def done(gate: SectionGate, now: float) -> SectionGate | None:
    """A job got its answers from the library. None when nothing of it is worth remembering any more."""
    if gate.state is GateState.OPEN:
        # A job that was under way when the library failed proves nothing about what came after it.
        return gate
    if gate.state is GateState.HALF_OPEN:
        return SectionGate(section=gate.section, since=now, pace=Pace(began=now))
    if gate.pace is None:
        return None
    return replace(gate, failures=0, scenes=(), reason="") if gate.failures else gate


def aged(gate: SectionGate, now: float) -> SectionGate:
    """A held library gets a job to try after a while. A clock that jumped back counts as having waited."""
    waited = now - gate.since
    if gate.state is GateState.OPEN and (waited >= HALF_OPEN_AFTER or waited < 0):
        return replace(gate, state=GateState.HALF_OPEN, since=now)
    return gate


def paced(gate: SectionGate, ends: Ends, now: float) -> SectionGate | None:
    """A look at how the library's jobs ended while it recovers; None once nothing is left to remember."""
    if gate.pace is None:
        return gate
    gate = replace(gate, pace=looked_at(gate.pace, ends, now))
    return None if gate.pace is None and not gate.failures else gate
