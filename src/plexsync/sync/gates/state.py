"""The states of a gate, and what moves it between them."""

from __future__ import annotations

from enum import StrEnum

#: Consecutive failures, of at least two scenes, that open a gate.
FAILURES_TO_OPEN = 5
#: A gate that was opened lets one job try after this many seconds, healthy or not.
HALF_OPEN_AFTER = 60.0


class GateState(StrEnum):
    """CLOSED lets all jobs through, HALF_OPEN one, OPEN and HELD none."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half open"
    HELD = "held"
