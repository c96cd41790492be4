"""What the brake let go by itself of late: it counts in whatever is judged next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from plexsync.store import preferences
from plexsync.store.database import Connection
from plexsync.sync.brakes.brake import Tally

#: Seconds within which looks at Stash and a walk meet the parts of one change.
RECENT = 600.0
#: Seconds after which it counts for nothing that may be judged.
_KEPT = 24 * 3600.0
_MINUTE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """`since` is when the walk began that found it, None where that was no walk; `at` when the last of it went on."""

    since: float | None
    at: float
    taken: int
    retitled: int

    def joins(self, other: Self) -> bool:
        """Whether both may be kept as one: all of a walk, or what else came in one minute."""
        if self.since is None:
            return other.since is None and self.at // _MINUTE == other.at // _MINUTE
        return self.since == other.since


@dataclass(frozen=True, slots=True, kw_only=True)
class LetGo:
    """On one server. A limit that counted anew for each walk and each look would be none. Times are since the epoch."""

    parts: tuple[_Part, ...] = ()

    @classmethod
    def load(cls, connection: Connection, server: str, now: float) -> LetGo:
        """As it was kept last, but for what a clock kept that ran far ahead."""
        kept = preferences.get(connection, _name(server)) or {}
        parts = (_Part(**part) for part in kept.get("parts", ()))
        return cls(parts=tuple(part for part in parts if max(part.at, part.since or 0.0) <= now + RECENT))

    def keep(self, connection: Connection, server: str) -> None:
        """For the next time, and for the next start."""
        rows = [{"since": one.since, "at": one.at, "taken": one.taken, "retitled": one.retitled} for one in self.parts]
        preferences.put(connection, _name(server), {"parts": rows})

    def counted(self, after: float, since: float | None = None) -> Tally:
        """What went on after that time, and all that was found by the walk that began then."""
        return _sum(part for part in self.parts if part.at > after or (since is not None and part.since == since))

    def plus(self, tally: Tally, now: float, since: float | None = None) -> LetGo:
        """This goes on as well, found by the walk that began then, or by none; what counts no more is dropped."""
        new = _Part(since=since, at=now, taken=tally.taken, retitled=tally.retitled)
        latest = max(part.since or 0.0 for part in (*self.parts, new))
        alive = [part for part in self.parts if part.at > now - _KEPT or part.since == latest]
        whole = _sum([new, *(part for part in alive if part.joins(new))])
        others = [part for part in alive if not part.joins(new)]
        return LetGo(parts=(*others, replace(new, taken=whole.taken, retitled=whole.retitled)))


def _sum(parts: Iterable[_Part]) -> Tally:
    total = Tally()
    for part in parts:
        total += Tally(taken=part.taken, retitled=part.retitled)
    return total


def _name(server: str) -> str:
    return f"let go:{server}"
