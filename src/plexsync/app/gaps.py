"""What searches for gaps between Stash and Plex."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from plexsync.app.parts import Parts
from plexsync.store.fence import Transactions
from plexsync.sync.gaps.reconcile import Reconciler
from plexsync.sync.gaps.schedule import Schedule
from plexsync.sync.walks.walk import Walker


def reconciler_of(parts: Parts, rows: Transactions, walker: Walker, busy: Callable[[], bool]) -> Reconciler:
    """Whoever owns the timetable searches on all servers: it only reads there. `busy`: Stash is at a long task."""
    config = parts.config
    return Reconciler(
        database=rows,
        clock=parts.clock,
        # Pictures of people are looked after by walks alone.
        walker=replace(walker, people=None),
        known=parts.known,
        wake=parts.wake,
        schedule=Schedule(text=config.reconcile, zone=config.timezone),
        busy=busy,
        scope=config.reconcile_scope,
    )
