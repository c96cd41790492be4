"""Items that Plex told of and that were not looked at yet: each once, however often it is told."""

from __future__ import annotations

from dataclasses import dataclass, field

from plexsync.plex.notices import ItemTold

#: Seconds without another word about an item after which it is looked at, and after which it is in any case.
QUIET = 2.0
LONGEST = 10.0
#: More items than this are not looked at one by one.
MOST = 500


@dataclass(slots=True)
class _Waiting:
    first: float
    last: float
    told: ItemTold


@dataclass(slots=True)
class Told:
    """`flooded`: there were too many, and all were let go; a look at what changed in their libraries tells as much."""

    flooded: bool = False
    _waiting: dict[int, _Waiting] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, told: ItemTold, now: float) -> None:
        """Plex told of an item."""
        known = self._waiting.get(told.rating_key)
        if known is not None:
            known.last, known.told = now, told
        elif len(self._waiting) < MOST:
            self._waiting[told.rating_key] = _Waiting(now, now, told)
        else:
            self.flooded = True
            self._waiting.clear()

    def take(self, now: float) -> list[ItemTold]:
        """Those that are to be looked at now; they no longer wait."""
        due = [key for key, one in self._waiting.items() if _due_in(one, now) <= 0]
        return [self._waiting.pop(key).told for key in due]

    def due_in(self, now: float) -> float | None:
        """Seconds until the next one is to be looked at; None where none waits."""
        return min((max(0.0, _due_in(one, now)) for one in self._waiting.values()), default=None)


def _due_in(one: _Waiting, now: float) -> float:
    # A clock that was set back lets nothing wait for longer.
    return min(one.last + QUIET, one.first + LONGEST) - now if now >= one.last else 0.0
