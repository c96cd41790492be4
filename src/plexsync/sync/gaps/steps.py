"""What a run goes through, in which order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from plexsync.model.gaps import Scope
from plexsync.plex.plainlistings import Mark
from plexsync.store.fence import Transactions
from plexsync.store.gapruns import GapRun
from plexsync.sync.gaps.pages import Step
from plexsync.sync.gaps.plexsearch import PlexSearch
from plexsync.sync.gaps.stashsearch import StashSearch
from plexsync.sync.gaps.suspects import Suspects
from plexsync.sync.story.tools import Tools
from plexsync.sync.walks.settled import Settled
from plexsync.sync.walks.walk import Walker

#: Seconds by which the clocks of two machines may differ.
_CLOCKS_DIFFER = 3600.0


def steps_of(
    run: GapRun, servers: Sequence[Tools], walker: Walker, rows: Transactions, settled: Settled
) -> Iterator[Step]:
    """Plex first: what it shows now is not yet touched by what the run itself lets be written."""
    turns = frozenset(run.facts.get("turns", ()))
    since = None if run.scope.span is None else (run.began_at or run.asked_at) - run.scope.span
    for tools in servers:
        for section in tools.libraries.synced:
            for mark in _marks(since):
                suspects = Suspects(tools=tools, stash=walker.stash)
                yield PlexSearch(
                    tools=tools,
                    suspects=suspects,
                    rows=rows,
                    section=section.key,
                    settled=settled,
                    mark=mark,
                    turns=turns,
                )
    if run.scope is not Scope.EMPTY:
        yield StashSearch(walker=walker, servers=servers, since=since)


def _marks(since: float | None) -> Sequence[Mark | None]:
    if since is None:
        return (None,)
    floor = int(since - _CLOCKS_DIFFER)
    return Mark(name="updatedAt", since=floor), Mark(name="addedAt", since=floor)
