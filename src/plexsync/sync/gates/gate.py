"""The gate of one peer: a pure state machine that says whether jobs may go to it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from plexsync.sync.gates import sections
from plexsync.sync.gates.events import (
    CheckFailed,
    CheckPassed,
    GateEvent,
    JobDone,
    JobFailed,
    LastMinute,
    PersonNeeded,
    ProbeFailed,
    SectionFailed,
    SectionIdle,
    SectionsSynced,
    TimePassed,
)
from plexsync.sync.gates.pace import LOOK_EVERY, Ends, Pace, looked_at
from plexsync.sync.gates.sections import SectionGate
from plexsync.sync.gates.state import FAILURES_TO_OPEN, HALF_OPEN_AFTER, GateState

__all__ = [
    "CHECK_EVERY",
    "FAILURES_TO_OPEN",
    "HALF_OPEN_AFTER",
    "HELD_CHECK_EVERY",
    "LONGEST_RETRY_AFTER",
    "CheckFailed",
    "CheckPassed",
    "Gate",
    "GateEvent",
    "GateState",
    "JobDone",
    "JobFailed",
    "LastMinute",
    "PersonNeeded",
    "ProbeFailed",
    "SectionFailed",
    "SectionIdle",
    "SectionsSynced",
    "TimePassed",
    "step",
]

#: Healthy checks in a row that close a half-open gate when no job waits to prove it.
HEALTHY_TO_CLOSE = 2
#: Seconds between health checks while the gate is not closed, and while a person has to act.
CHECK_EVERY = 5.0
HELD_CHECK_EVERY = 60.0
#: Seconds. A peer that asks for more is asked again after these.
LONGEST_RETRY_AFTER = 600.0

_HEALTH_CHECK = "health check"


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
    not_before: float = 0.0  #: the peer asked to be left alone until then
    pace: Pace | None = None  #: of the recovery under way
    sections: tuple[SectionGate, ...] = ()  #: libraries in trouble or recovering; of a Plex only

    @property
    def check_every(self) -> float | None:
        """Seconds until the next health check; None while the peer is well."""
        if self.state is GateState.CLOSED and not self.unwell:
            return None
        return HELD_CHECK_EVERY if self.state is GateState.HELD else CHECK_EVERY

    def section(self, key: int) -> SectionGate:
        """The gate of one library."""
        return next((gate for gate in self.sections if gate.section == key), SectionGate(section=key))

    def left_alone_for(self, now: float) -> float:
        """Seconds for which the peer asked to be left alone; further ahead than it can ask means a clock set back."""
        left = self.not_before - now
        return left if 0.0 < left <= LONGEST_RETRY_AFTER else 0.0

    def moves_in(self, now: float) -> float | None:
        """Seconds until time alone may move a library's gate or a pace, health checks aside; None: never."""
        held = [gate.since + HALF_OPEN_AFTER - now for gate in self.sections if gate.state is GateState.OPEN]
        recovering = self.pace is not None or any(gate.pace is not None for gate in self.sections)
        looks = [LOOK_EVERY] if recovering else [HALF_OPEN_AFTER] if held else []
        return max(min([*held, *looks]), 0.0) if looks else None


def step(gate: Gate, event: GateEvent, now: float) -> Gate:  # noqa: C901, PLR0911  # one line for each event
    """The gate after `event`. Returns the same object when nothing changed."""
    match event:
        case PersonNeeded(reason):
            return _enter(gate, GateState.HELD, now, reason)
        case JobFailed(scene, reason, retry_after):
            return _failed(_asked(gate, retry_after, now), f"scene {scene}", reason, now)
        case CheckFailed(reason, retry_after):
            failed = _failed(_asked(gate, retry_after, now), _HEALTH_CHECK, reason, now)
            return replace(failed, unwell=True) if failed.state is GateState.CLOSED else failed
        case JobDone(answering):
            return _done(gate, answering, now)
        case CheckPassed(jobs_wait):
            return _passed(gate, now, jobs_wait=jobs_wait)
        case SectionFailed():
            return _section_failed(gate, event, now)
        case ProbeFailed(section, reason):
            held = gate.section(section)
            half_open = held.state is GateState.HALF_OPEN
            return _with(gate, section, sections.failed(held, 0, reason, now)) if half_open else gate
        case SectionIdle(section):
            return _with(gate, section, None) if gate.section(section).state is GateState.HALF_OPEN else gate
        case SectionsSynced(synced):
            return _only(gate, synced, now)
        case LastMinute():
            return _looked_at(gate, event, now)
        case TimePassed():
            return _aged(gate, now)


def _enter(gate: Gate, state: GateState, now: float, reason: str) -> Gate:
    if gate.state is state:
        return gate if gate.reason == reason else replace(gate, reason=reason)
    begun = gate.failures or gate.state is not GateState.CLOSED
    first = gate.first_failure_at if begun else now
    entered = replace(gate, state=state, since=now, reason=reason, healthy=0, unwell=False, pace=None)
    return replace(entered, first_failure_at=first)


def _asked(gate: Gate, retry_after: float | None, now: float) -> Gate:
    """The longest wait that the peer asked for counts."""
    if retry_after is None:
        return gate
    wait = max(min(retry_after, LONGEST_RETRY_AFTER), gate.left_alone_for(now))
    return replace(gate, not_before=now + wait)


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
    )
    if gate.state is GateState.CLOSED and gate.failures >= FAILURES_TO_OPEN and len(sources) > 1:
        return _enter(gate, GateState.OPEN, now, reason)
    return _half_opened(gate, now)


def _section_failed(gate: Gate, event: SectionFailed, now: float) -> Gate:
    """The library's own streak counts it, unless nothing else is there that could go on meanwhile."""
    others = event.synced - {event.section}
    if not others or gate.state in (GateState.OPEN, GateState.HELD):
        return _failed(gate, f"scene {event.scene}", event.reason, now)
    gate = _with(gate, event.section, sections.failed(gate.section(event.section), event.scene, event.reason, now))
    if _all_held(gate, event.synced):
        return _opened_by_sections(gate, now)
    return _enter(gate, GateState.OPEN, now, event.reason) if gate.state is GateState.HALF_OPEN else gate


def _all_held(gate: Gate, synced: frozenset[int]) -> bool:
    return bool(synced) and all(gate.section(key).held for key in synced)


def _opened_by_sections(gate: Gate, now: float) -> Gate:
    """No library works any more, so it is the server that is held and not they."""
    held = [section for section in gate.sections if section.held]
    latest = max(held, key=lambda section: section.since)
    if not gate.failures:
        gate = replace(gate, failures=latest.failures, first_failure_at=latest.first_failure_at)
    return _enter(replace(gate, sections=()), GateState.OPEN, now, latest.reason)


def _only(gate: Gate, synced: frozenset[int], now: float) -> Gate:
    """A library that is no longer synced has no jobs to hold."""
    kept = tuple(section for section in gate.sections if section.section in synced)
    if len(kept) < len(gate.sections):
        gate = replace(gate, sections=kept)
    return _opened_by_sections(gate, now) if _all_held(gate, synced) else gate


def _with(gate: Gate, key: int, section: SectionGate | None) -> Gate:
    """The gate with that library's, or without it."""
    if section == next((held for held in gate.sections if held.section == key), None):
        return gate
    others = [held for held in gate.sections if held.section != key]
    kept = others if section is None else [*others, section]
    return replace(gate, sections=tuple(sorted(kept, key=lambda held: held.section)))


def _done(gate: Gate, answering: frozenset[int], now: float) -> Gate:
    if gate.state in (GateState.OPEN, GateState.HELD):
        # A job that was under way when the gate opened proves nothing about what came after it.
        return gate
    for known in gate.sections:
        if known.section in answering:
            gate = _with(gate, known.section, sections.done(known, now))
    if gate.state is GateState.HALF_OPEN:
        return _closed(gate, now)
    return replace(gate, failures=0, sources=(), reason="", unwell=False) if gate.failures else gate


def _passed(gate: Gate, now: float, *, jobs_wait: bool) -> Gate:
    if gate.state is GateState.CLOSED:
        return replace(gate, unwell=False) if gate.unwell else gate
    if gate.left_alone_for(now):
        return gate
    if gate.state in (GateState.OPEN, GateState.HELD):
        return replace(_enter(gate, GateState.HALF_OPEN, now, gate.reason), healthy=1)
    healthy = gate.healthy + 1
    if healthy >= HEALTHY_TO_CLOSE and not jobs_wait:
        return _closed(gate, now)
    return replace(gate, healthy=healthy)


def _aged(gate: Gate, now: float) -> Gate:
    for section in gate.sections:
        gate = _with(gate, section.section, sections.aged(section, now))
    return _half_opened(gate, now)


def _half_opened(gate: Gate, now: float) -> Gate:
    """An open gate lets one job try after a while. A clock that jumped back counts as having waited."""
    waited = now - gate.since
    if gate.state is GateState.OPEN and (waited >= HALF_OPEN_AFTER or waited < 0) and not gate.left_alone_for(now):
        return _enter(gate, GateState.HALF_OPEN, now, gate.reason)
    return gate


def _looked_at(gate: Gate, minute: LastMinute, now: float) -> Gate:
    if gate.pace is not None:
        gate = replace(gate, pace=looked_at(gate.pace, minute.ends, now))
    for section in gate.sections:
        ends = minute.sections.get(section.section, Ends())
        gate = _with(gate, section.section, sections.paced(section, ends, now))
    return gate


def _closed(gate: Gate, now: float) -> Gate:
    """Well again: from now on at the pace of a recovery. A library in trouble of its own stays held."""
    return Gate(state=GateState.CLOSED, since=now, pace=Pace(began=now), sections=gate.sections)
