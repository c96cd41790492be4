"""The path rules proved on real files: from each file of Plex to Stash and back."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from plexsync.log import logger
from plexsync.model.pathrules import PathRules
from plexsync.model.paths import path_key
from plexsync.model.spans import many
from plexsync.store import index, seen
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions
from plexsync.sync.clock import Clock

_log = logger("plexsync.paths")

#: Files looked at in one piece.
_PAGE = 2000
#: Seconds until the rules are proved again, once there were files to prove them on.
_AGAIN = 24 * 3600.0
#: How often the entry of the timetable looks whether there are.
EVERY = 600.0


@dataclass(slots=True)
class _Tally:
    """What one rule did with the files of Plex."""

    led: int = 0
    known: int = 0
    example: tuple[str, str] | None = None
    astray: tuple[str, str, tuple[str, ...]] | None = None


@dataclass(slots=True, kw_only=True)
class RoundTrip:
    """`faults` are the rules that failed, each in a sentence with the file that shows it."""

    server: str
    database: Transactions
    paths: PathRules
    clock: Clock
    faults: tuple[str, ...] = ()
    _proved_at: float | None = field(default=None)

    async def check(self) -> None:
        """Lead every indexed file to Stash and back, by the store alone; at most once a day after a proof."""
        now = self.clock.now()
        if not self.paths.rules or (self._proved_at is not None and self._proved_at <= now < self._proved_at + _AGAIN):
            return
        tallies = await self._tallies()
        stash_known = await self.database.run(seen.count) > 0
        faults = tuple(self._faults(tallies)) if stash_known else ()
        for fault in set(faults) - set(self.faults):
            _log.warning("a path rule fails", rule=fault)
        self.faults = faults
        if stash_known and any(tally.led for tally in tallies.values()):
            self._proved_at = now

    async def _tallies(self) -> Mapping[int, _Tally]:
        tallies: dict[int, _Tally] = defaultdict(_Tally)
        last = 0
        while page := await self.database.run(partial(self._page, last)):
            last, paths, known = page
            await asyncio.to_thread(self._judge, paths, known, tallies)
        return tallies

    def _page(self, after: int, connection: Connection) -> tuple[int, list[str], frozenset[str]] | None:
        found = index.paths_after(connection, self.server, after, _PAGE)
        if not found:
            return None
        paths = [path for some in found.values() for path in some]
        keys = {path_key(to) for path in paths for to in self.paths.places_in_stash(path)}
        return max(found), paths, frozenset(seen.scenes_at(connection, keys))

    def _judge(self, paths: Sequence[str], known: frozenset[str], tallies: dict[int, _Tally]) -> None:
        numbers = {id(rule): number for number, rule in enumerate(self.paths.rules)}
        for path in paths:
            for rule, to in self.paths.ways_to_stash(path):
                tally = tallies[numbers[id(rule)]]
                tally.led += 1
                tally.known += path_key(to) in known
                tally.example = tally.example or (path, to)
                back = self.paths.places_in_plex(to)
                if path_key(path) not in map(path_key, back):
                    tally.astray = tally.astray or (path, to, back)

    def _faults(self, tallies: Mapping[int, _Tally]) -> Sequence[str]:
        found = []
        for number, tally in sorted(tallies.items()):
            name = f"The path rule {self.paths.rules[number].name}"
            if tally.astray is not None:
                path, to, back = tally.astray
                leads = f"to {' or '.join(back)}" if back else "nowhere"
                found.append(f"{name} leads {path} to {to}, but from there the rules lead {leads}: {_REMEDY}")
            elif tally.example is not None and not tally.known:
                path, to = tally.example
                found.append(
                    f"{name} leads {many(tally.led, 'file')} of Plex ({self.server}) to Stash, for example {path} to "
                    f"{to}, and Stash has none of them: {_REMEDY}"
                )
        return found


_REMEDY = "`plexsync paths suggest` shows which rules fit, `plexsync paths test FILE` each step of one file"
