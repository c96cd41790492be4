"""When Plex last asked the provider."""

from __future__ import annotations

from dataclasses import dataclass

from plexsync.sync.clock import Clock


@dataclass(slots=True, kw_only=True)
class Heard:
    """What this process heard; nothing of it is kept. `at` is None before the first question."""

    clock: Clock
    at: float | None = None

    def note(self) -> None:
        """Plex asks now."""
        self.at = self.clock.now()
