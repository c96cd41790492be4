"""A piece of the search for gaps: what was read of one side, still to be judged and remembered in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from plexsync.store.database import Connection
from plexsync.store.gapruns import GapRun


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """`take` records the gaps, queues what closes them and gives the number of jobs; it is called within a transaction.

    `next_at` is where the next page begins, if this one does not end the step.
    """

    take: Callable[[Connection, GapRun, float], int]
    next_at: int
    ends: bool
    scenes: int = 0  #: of Stash, looked at
    items: int = 0  #: of Plex, looked at
    read: int = 0  #: of these items, read whole


class Step(Protocol):
    """One side, or a part of it, gone through page by page."""

    @property
    def name(self) -> str:
        """Tells it from the other steps of a run."""
        ...

    async def page(self, at: int) -> SearchPage:
        """The page that begins there; 0 is the beginning."""
        ...
