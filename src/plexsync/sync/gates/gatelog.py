"""What is told of a gate that moved."""

from __future__ import annotations

from typing import Any

from plexsync.log import logger
from plexsync.sync.gates.gate import Gate, GateState
from plexsync.sync.gates.pace import TRICKLE, Pace

_log = logger("plexsync.gate")


def report(peer: str, before: Gate, after: Gate) -> None:
    """Tell what changed between the two."""
    if before.state is not after.state:
        _state(peer, before, after)
    if after.not_before > before.not_before:
        _log.info("asked to wait, no work until then", peer=peer, until=after.not_before)
    _brake(before.pace, after.pace, {"peer": peer})
    for key in sorted({section.section for section in (*before.sections, *after.sections)}):
        _section(before, after, key, {"peer": peer, "library": key})


def _state(peer: str, before: Gate, after: Gate) -> None:
    facts: dict[str, Any] = {"peer": peer, "state": after.state.value, "was": before.state.value}
    if after.state is GateState.CLOSED:
        _log.info("gate closed, work goes on", **facts)
    elif after.state is GateState.HELD:
        _log.error("gate held, a person is needed", reason=after.reason, **facts)
    elif after.state is GateState.OPEN and before.state is GateState.CLOSED:
        _log.warning("gate opened, work waits", reason=after.reason, **facts)
    else:
        _log.debug("gate moved", reason=after.reason, **facts)


def _section(before: Gate, after: Gate, key: int, facts: dict[str, Any]) -> None:
    was, now = before.section(key), after.section(key)
    if now.held and not was.held:
        _log.warning("library held, its work waits while the others go on", reason=now.reason, **facts)
    elif was.held and not now.held:
        _log.info("library no longer held, its work goes on", **facts)
    elif was.state is not now.state:
        _log.debug("library's gate moved", state=now.state.value, reason=now.reason, **facts)
    _brake(was.pace, now.pace, facts)


def _brake(before: Pace | None, after: Pace | None, facts: dict[str, Any]) -> None:
    was = before is not None and before.braked_at is not None
    now = after is not None and after.braked_at is not None
    if now and not was:
        _log.warning("too many errors after an outage, work is slowed down", jobs_per_second=TRICKLE, **facts)
    elif was and after is not None and not now:
        _log.info("few errors again, work speeds up", **facts)
