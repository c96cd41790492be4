"""Files that Plex asked about while it scanned, and that Stash does not know: gaps, as soon as they are met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from plexsync.log import logger
from plexsync.model.gaps import Gap, GapKind, GapOutcome
from plexsync.model.paths import path_key
from plexsync.store import gapruns, gaps, sections
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions
from plexsync.sync.clock import Clock

_log = logger("plexsync.gaps")

#: Seconds for which such gaps are listed together.
_TOGETHER = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Strangers:
    """Keeps them with the runs of reconciliation, as the finds of a scan."""

    database: Transactions
    clock: Clock
    servers: Sequence[str]

    async def note(self, plex_path: str) -> None:
        """Plex asked about the file, and Stash has none such."""
        _log.info("Plex asks about a file that Stash does not know", path=plex_path)
        if self.servers:
            await self.database.run(lambda c: self._note(c, plex_path))

    def _note(self, connection: Connection, plex_path: str) -> None:
        now = self.clock.now()
        run = gapruns.latest(connection, gapruns.Cause.SCAN, now - _TOGETHER)
        if run is None:
            run = gapruns.over(connection, gapruns.Cause.SCAN, now)
        gap = Gap(kind=GapKind.UNKNOWN, server=self._server(connection, plex_path), path=plex_path)
        if gaps.record(connection, run.id, [gap], now, GapOutcome.LEFT):
            facts = run.facts | {"items": run.facts.get("items", 0) + 1}
            gapruns.save(connection, replace(run, facts=facts, searched_at=now, ended_at=now))

    def _server(self, connection: Connection, plex_path: str) -> str:
        """The one that has a library there; where none is known to, the first."""
        key = path_key(plex_path)
        for server in self.servers:
            places = (place for section in sections.synced(connection, server) for place in section.locations)
            if any(key.startswith(path_key(place).rstrip("/") + "/") for place in places):
                return server
        return self.servers[0]
