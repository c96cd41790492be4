"""Facts for reading verbs from the store itself, while no daemon runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from plexsync.cli.call import Failed
from plexsync.config import Config
from plexsync.store.database import Connection, Database
from plexsync.sync import rebuilding, reports, undoing
from plexsync.sync.brakes import questions
from plexsync.sync.gaps import gapreports
from plexsync.sync.gates import outages
from plexsync.sync.gates.peers import ownable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stored:
    """The store of a data folder, opened for reading."""

    database: Database
    config: Config
    held_by: int | None  #: the process that holds the folder without answering requests

    def status(self) -> dict[str, Any]:
        facts = self._read(lambda c: reports.status(c, self._servers(c)))
        if self.database.shared:
            keys = ownable(server["name"] for server in facts["servers"])
            facts["owners"] = self._read(lambda c: reports.owners(c, keys))
        return facts | {"running": False, "held_by": self.held_by, "troubles": [*facts["notices"], *facts["questions"]]}

    def queue(self, limit: int) -> list[dict[str, Any]]:
        return self._read(lambda c: reports.queue_rows(c, limit))

    def dead(self, limit: int) -> list[dict[str, Any]]:
        return self._read(lambda c: reports.dead_rows(c, limit))

    def dead_of(self, scene: int) -> list[dict[str, Any]]:
        return self._read(lambda c: reports.dead_of(c, scene))

    def outages(self) -> dict[str, Any]:
        return self._read(lambda c: outages.report(c, self._servers(c), time.time()))

    def runs(self, limit: int) -> list[dict[str, Any]]:
        return self._read(lambda c: undoing.run_rows(c, limit))

    def conflicts(self, limit: int, scene: int | None) -> list[dict[str, Any]]:
        return self._read(lambda c: undoing.conflict_rows(c, limit, scene))

    def why(self, scene: int) -> dict[str, Any]:
        return self._read(lambda c: reports.why(c, scene, self._servers(c)))

    def brake(self) -> list[dict[str, Any]]:
        return self._read(questions.listing)

    def index(self) -> dict[str, Any]:
        return self._read(lambda c: rebuilding.index_facts(c, self._servers(c)))

    def reconciliations(self, limit: int) -> list[dict[str, Any]]:
        return self._read(lambda c: gapreports.run_rows(c, limit))

    def reconciliation(self, number: int) -> dict[str, Any]:
        found = self._read(lambda c: gapreports.run_facts(c, number))
        if found is None:
            raise Failed(gapreports.no_run(number))
        return found

    def _servers(self, connection: Connection) -> list[str]:
        return [server.name for server in self.config.servers] or reports.known_servers(connection)

    def _read(self, work: Callable[[Connection], T]) -> T:
        with self.database.transaction() as connection:
            return work(connection)
