"""What the index learns of items, each time in one transaction with the jobs that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from plexsync.model.item import IndexedItem
from plexsync.model.pathrules import PathRules
from plexsync.model.paths import name_key, path_key
from plexsync.model.work import Lane, Put
from plexsync.store import index, jobs, preferences, seen
from plexsync.store.database import Connection
from plexsync.sync.causes import APPEARED
from plexsync.sync.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRows:
    """The rows of one server's index. Every scene that a new file may belong to is put, whatever its state."""

    server: str
    paths: PathRules
    clock: Clock

    def next_run(self, connection: Connection) -> int:
        """A number that is later than that of all items touched so far."""
        name = f"index run:{self.server}"
        run = int(preferences.get(connection, name) or 0) + 1
        preferences.put(connection, name, run)
        return run

    def take(self, connection: Connection, items: Sequence[IndexedItem], run: int, reason: str) -> int:
        """Hold these items as given; how many of their files are new."""
        new = index.upsert(connection, self.server, items, run)
        if new:
            index.advance(connection, self.server)
            scenes = sorted(self._scenes_of(connection, new))
            puts = [Put(server=self.server, scene=scene, lane=Lane.BULK, reason=reason) for scene in scenes]
            jobs.put(connection, puts, self.clock.now())
        return len(new)

    def take_changed(self, connection: Connection, items: Iterable[IndexedItem]) -> int:
        """The same of those that the index does not hold as given. Nothing is written where it does."""
        told = {item.rating_key: item for item in items}
        held = index.of_keys(connection, self.server, told)
        changed = [item for key, item in told.items() if held.get(key) != item]
        return self.take(connection, changed, self.next_run(connection), APPEARED) if changed else 0

    def remove(self, connection: Connection, keys: Iterable[int], run: int | None = None) -> list[int]:
        """Let go what Plex, asked by id, does not have; with `run` not what was touched by it or later."""
        gone = index.remove(connection, self.server, keys, run=run)
        if gone:
            index.advance(connection, self.server)
        return gone

    def _scenes_of(self, connection: Connection, plex_paths: Sequence[str]) -> set[int]:
        mapped = [path_key(to) for path in plex_paths for to in self.paths.places_in_stash(path)]
        names = [name_key(path) for path in plex_paths if self.paths.to_stash(path) is None]
        by_path = seen.scenes_at(connection, mapped)
        by_name = seen.scenes_named(connection, names)
        return {scene for found in by_path.values() for scene in found} | {
            scene for rows in by_name.values() for scene, _ in rows
        }
