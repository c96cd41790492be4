"""A gate as JSON facts and back, so that a restart does not forget an outage."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from plexsync.sync.gates.gate import Gate, GateState
from plexsync.sync.gates.pace import Pace
from plexsync.sync.gates.sections import SectionGate


def facts_of(gate: Gate) -> dict[str, Any]:
    """What is stored of a gate."""
    facts = asdict(gate)
    for pace in (facts["pace"], *(section["pace"] for section in facts["sections"])):
        if pace is not None:
            del pace["looked_at"]
    return facts


def gate_of(facts: Mapping[str, Any]) -> Gate:
    """The gate that `facts_of` was given; KeyError, TypeError or ValueError where it cannot be read."""
    return Gate(
        state=GateState(facts["state"]),
        since=_number(facts["since"]),
        reason=str(facts["reason"]),
        failures=int(facts["failures"]),
        sources=tuple(str(source) for source in facts["sources"]),
        first_failure_at=_number(facts["first_failure_at"]),
        healthy=int(facts["healthy"]),
        unwell=bool(facts["unwell"]),
        not_before=_number(facts.get("not_before", 0.0)),
        pace=_pace_of(facts.get("pace")),
        sections=tuple(_section_of(section) for section in facts.get("sections", ())),
    )


def lasting(gate: Gate) -> tuple[Any, ...]:
    """What has to be stored at once when it moved; the rest may be lost in a crash."""
    held = tuple((one.section, one.state, one.since, _marks(one.pace)) for one in gate.sections if one.parks)
    return gate.state, gate.since, gate.not_before, _marks(gate.pace), held


def _marks(pace: Pace | None) -> tuple[float, float | None] | None:
    return None if pace is None else (pace.began, pace.braked_at)


def _number(fact: Any) -> float:
    number = float(fact)
    if not math.isfinite(number):
        raise ValueError("a time of a gate is no number")
    return number


def _pace_of(facts: Mapping[str, Any] | None) -> Pace | None:
    if facts is None:
        return None
    braked_at = facts["braked_at"]
    return Pace(began=_number(facts["began"]), braked_at=None if braked_at is None else _number(braked_at))


def _section_of(facts: Mapping[str, Any]) -> SectionGate:
    return SectionGate(
        section=int(facts["section"]),
        state=GateState(facts["state"]),
        since=_number(facts["since"]),
        reason=str(facts["reason"]),
        failures=int(facts["failures"]),
        scenes=tuple(int(scene) for scene in facts["scenes"]),
        first_failure_at=_number(facts["first_failure_at"]),
        pace=_pace_of(facts["pace"]),
    )
