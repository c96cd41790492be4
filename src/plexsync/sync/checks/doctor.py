"""All checks in their order, each finding with the time since when it stands."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from plexsync.store import outages, preferences
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions
from plexsync.sync.checks.finding import Finding
from plexsync.sync.checks.machine import disk_finding, spool_findings
from plexsync.sync.checks.plex import plex_findings
from plexsync.sync.checks.provider import OwnProvider
from plexsync.sync.checks.stash import stash_findings
from plexsync.sync.clock import Clock
from plexsync.sync.gates.peers import STASH, plex_key
from plexsync.sync.paths.advice import PathAdvice

#: What the store remembers: since when each trouble was found.
_NAME = "doctor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doctor:
    """`plugin` is the id of our plugin in Stash, `ours` its version. With `remembers` what is found is kept."""

    advice: PathAdvice
    clock: Clock
    data_dir: Path
    spool_folders: tuple[Path, ...]
    plugin: str
    ours: str
    provider: OwnProvider
    database: Transactions | None = None
    remembers: bool = False

    async def findings(self) -> list[Finding]:
        """Everything, the servers first. No server that is away keeps the others from being looked at."""
        now = self.clock.now()
        sides = await asyncio.gather(
            stash_findings(self.advice.stash, plugin=self.plugin, ours=self.ours, now=now),
            *(plex_findings(side, self.advice, self.provider) for side in self.advice.servers),
        )
        own = await asyncio.to_thread(lambda: [disk_finding(self.data_dir), *spool_findings(self.spool_folders, now)])
        return await self._dated([*(one for some in sides for one in some), *own], now)

    async def _dated(self, found: Sequence[Finding], now: float) -> list[Finding]:
        if self.database is None:
            return list(found)
        return await self.database.run(lambda c: self._with_times(c, found, now))

    def _with_times(self, connection: Connection, found: Sequence[Finding], now: float) -> list[Finding]:
        known: dict[str, float] = preferences.get(connection, _NAME) or {}
        troubles = {one.check: min(now, known.get(one.check, now)) for one in found if one.is_trouble}
        if self.remembers and troubles != known:
            preferences.put(connection, _NAME, troubles)
        since = (troubles if self.remembers else known) | self._away(connection)
        return [replace(one, since=since.get(one.check)) if one.is_trouble else one for one in found]

    def _away(self, connection: Connection) -> dict[str, float]:
        """Since when the peers are away that are, as the outages tell."""
        peers = {"stash": STASH} | {f"plex {side.name}": plex_key(side.name) for side in self.advice.servers}
        found: dict[str, float] = {}
        for check, peer in peers.items():
            newest = outages.listing(connection, peer, 1)
            if newest and newest[0].ended_at is None:
                found[check] = newest[0].first_failure_at
        return found
