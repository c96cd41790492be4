"""What came in to a simulator, and what it says of it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from starlette.types import Scope

LOG_LENGTH = 10_000
NOTE = "plexsync.note"


@dataclass(slots=True)
class Note:
    """What the simulator says about a request that it handled; see `note`."""

    kind: Literal["read", "write", "upload"] = "read"
    changed: bool = True
    label: str = ""


def note(scope: Scope) -> Note:
    """The note of the request with this scope, to be filled in by the simulator."""
    found: Note = scope.setdefault(NOTE, Note())
    return found


@dataclass(slots=True)
class RequestLog:
    """What came in: counts of everything, and the latest entries."""

    entries: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH))
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("total", "reads", "writes", "uploads", "repeats"), 0)
    )

    def add(self, entry: dict[str, Any], said: Note, *, handled: bool) -> None:
        """Keep one request; one that never reached the simulator counts in the total only."""
        self.entries.append(entry | {"kind": said.kind, "changed": said.changed, "label": said.label})
        self.counts["total"] += 1
        if handled:
            self.counts[said.kind + "s"] += 1
            self.counts["repeats"] += said.kind != "read" and not said.changed

    def as_json(self) -> dict[str, Any]:
        """The answer of the control route."""
        return {**self.counts, "requests": list(self.entries)}
