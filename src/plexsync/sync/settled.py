"""Scenes that were found in step before: as long as nothing of them moved, that need not be worked out again."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Settled:
    """Remembers what the last walk met, and this one does: a number for each, which costs little memory."""

    _before: set[int] = field(default_factory=set)
    _now: set[int] = field(default_factory=set)

    def begin(self) -> None:
        """A walk begins: what the one before the last met is forgotten."""
        self._before, self._now = self._now, set()

    def knows(self, facts: Hashable) -> bool:
        """Whether these very facts were found in step. Two that differ have one number in 2^64 cases."""
        mark = hash(facts)
        if mark in self._before:
            self._now.add(mark)
        return mark in self._now

    def add(self, facts: Hashable) -> None:
        """These facts are in step."""
        self._now.add(hash(facts))
