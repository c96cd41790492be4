"""A gate to which a test tells one event after another."""

from __future__ import annotations

from dataclasses import dataclass, field

from plexsync.sync.gates.gate import Gate, GateEvent, GateState, step


@dataclass(slots=True)
class Played:
    """A gate, its clock and what happened to it."""

    gate: Gate = field(default_factory=Gate)
    now: float = 1000.0

    def tell(self, *events: GateEvent, after: float = 1.0) -> Gate:
        """What the gate is once all of this happened, each event `after` seconds after the one before."""
        for event in events:
            self.now += after
            self.gate = step(self.gate, event, self.now)
        return self.gate

    def state(self, section: int) -> GateState:
        """How the gate of one library stands."""
        return self.gate.section(section).state
