"""What was found in step before: as long as nothing of it moved, that need not be worked out again."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Settled:
    """Remembers what the last walk met, and this one does: two numbers for each, which cost little memory.

    One is the mark of what Stash or Plex told, the other stands for all that our own store holds of it. Who differs in
    either has the same in one of 2^64 cases.
    """

    _before: dict[int, int] = field(default_factory=dict)
    _now: dict[int, int] = field(default_factory=dict)

    def begin(self) -> None:
        """A walk begins: what the one before the last met is forgotten."""
        self._before, self._now = self._now, {}

    def familiar(self, mark: int) -> bool:
        """Whether what bears this mark was read before, and found in step."""
        return mark in self._now or mark in self._before

    def knows(self, mark: int, held: int) -> bool:
        """Whether this very thing was found in step while the store held this very much of it."""
        if self._before.get(mark) == held:
            self._now[mark] = held
        return self._now.get(mark) == held

    def add(self, mark: int, held: int) -> None:
        """This is in step."""
        self._now[mark] = held
