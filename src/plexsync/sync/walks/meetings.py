"""What windows told before: each thing counts once for each time that it is told with."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

#: Seconds after which nothing more can happen at a time that Stash told: it counts whole seconds.
SETTLED = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """The time that something was told with, when it was first told so, and whether it was looked at again since."""

    text: str
    at: float
    settled: bool = False


@dataclass(slots=True)
class Meetings(Generic[K]):
    """Kept in memory only: after a restart everything is met anew."""

    _met: dict[K, Meeting] = field(default_factory=dict)

    def fresh(self, told: Mapping[K, str]) -> set[K]:
        """What is told with a time that it was not told with before."""
        return {key for key, text in told.items() if (met := self._met.get(key)) is None or met.text != text}

    def again(self, told: Mapping[K, str], now: float) -> dict[K, float]:
        """What was told with that time before, and when: it may have been touched once more within that second."""
        found = ((key, self._met.get(key)) for key in told)
        return {
            key: met.at
            for key, met in found
            if met is not None and met.text == told[key] and not met.settled and abs(now - met.at) >= SETTLED
        }

    def keep(self, told: Mapping[K, str], fresh: Collection[K], again: Collection[K], now: float) -> None:
        """These were looked at, for the first and for the last time."""
        for key in fresh:
            self._met[key] = Meeting(text=told[key], at=now)
        self.settle(again)

    def settle(self, keys: Iterable[K]) -> None:
        """These need not be looked at again."""
        for key in keys:
            self._met[key] = replace(self._met[key], settled=True)

    def forget_all_but(self, told: Collection[K]) -> None:
        """Nothing else is in any window any more."""
        self._met = {key: met for key, met in self._met.items() if key in told}
