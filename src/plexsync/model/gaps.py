"""What reconciliation tells apart: the kinds of gaps between Stash and Plex, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_DAY = 24 * 3600.0


class GapKind(StrEnum):
    """Why an item and its scene are not in step; of several kinds an item counts for the first."""

    MISSING = "missing"  #: the scene's file lies in a synced library, and Plex has no item for it
    EMPTY = "empty"  #: Plex holds nothing where something was written, or nothing at all of what could be
    STALE = "stale"  #: Stash, or a rule, is newer than what was written
    DRIFTED = "drifted"  #: Plex holds another value than the one that was written
    UNKNOWN = "unknown"  #: Plex lists a file in a synced library that Stash lacks

    def outranks(self, other: GapKind) -> bool:
        """Whether an item that is both counts for this one."""
        return _RANKS.index(self) < _RANKS.index(other)


_RANKS = tuple(GapKind)


class GapOutcome(StrEnum):
    """What became of a gap; as long as it is worked on it has none."""

    CLOSED = "closed"  #: the item was brought in step
    DECIDED = "decided"  #: nothing is written, for a reason that is recorded: see `why`
    LEFT = "left"  #: only reported, given up, or not ours to close


class Scope(StrEnum):
    """What of both sides a run looks at."""

    ALL = "all"
    DAY = "24h"  #: what was added or changed in the last 24 hours
    WEEK = "7d"
    EMPTY = "empty"  #: items in which Plex holds nothing where it should

    @property
    def span(self) -> float | None:
        """Seconds that it looks back; None for no limit."""
        return {Scope.DAY: _DAY, Scope.WEEK: 7 * _DAY}.get(self)

    def covers(self, other: Scope) -> bool:
        """Whether a run of this scope finds all that one of the other would."""
        return self in (other, Scope.ALL) or (self is Scope.WEEK and other is Scope.DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One of them. `scene` is 0 and `rating_key` may be 0 where there is none; `path` is the file as Plex sees it.

    `fields` are those that differ, as far as that is known.
    """

    kind: GapKind
    server: str
    path: str
    scene: int = 0
    rating_key: int = 0
    title: str = ""
    fields: tuple[str, ...] = ()
