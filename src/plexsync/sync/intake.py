"""Events become jobs. Nothing is acknowledged before it is in the store for good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from plexsync.log import logger
from plexsync.model.paths import path_key
from plexsync.model.work import Event, EventType, Lane, Put
from plexsync.store import jobs, seen
from plexsync.store.database import Connection, Database
from plexsync.sync.clock import Clock

_log = logger("plexsync.intake")

_SCENE_EVENTS = frozenset({EventType.SCENE_CREATE, EventType.SCENE_UPDATE, EventType.SCENE_DESTROY})


@dataclass(slots=True, kw_only=True)
class Intake:
    """`servers` are the names of all Plex servers: each gets a job of its own. `wake` is called after a commit.

    `ask` is called with "full walk" or "recent" where an event asks for more than one scene.
    """

    database: Database
    clock: Clock
    servers: tuple[str, ...]
    wake: Callable[[], None]
    ask: Callable[[str], None]
    accepted: int = field(default=0)  #: events taken in since the start

    async def take(self, events: Sequence[Event]) -> None:
        """Note all of them durably; an event of a kind that is not known is reported and let go."""
        await self.database.run(lambda connection: self._note(connection, events))
        self.accepted += len(events)
        for wish in {self._wish(event) for event in events} - {None}:
            self.ask(str(wish))
        self.wake()

    async def put(self, scenes: Sequence[int], lane: Lane, reason: str) -> None:
        """Queue scenes on every server."""
        puts = [
            Put(server=server, scene=scene, lane=lane, reason=reason) for scene in scenes for server in self.servers
        ]
        await self.database.run(lambda connection: jobs.put(connection, puts, self.clock.now()))
        self.wake()

    def _note(self, connection: Connection, events: Sequence[Event]) -> None:
        scenes = dict.fromkeys(scene for event in events for scene in self._scenes(connection, event))
        puts = [
            Put(server=server, scene=scene, lane=Lane.CHANGE, reason="hook")
            for scene in scenes
            for server in self.servers
        ]
        if puts:
            jobs.put(connection, puts, self.clock.now())

    def _scenes(self, connection: Connection, event: Event) -> list[int]:
        if event.type not in _SCENE_EVENTS:
            if event.type not in set(EventType):
                _log.warning("event of an unknown type was let go", type=event.type, id=event.id)
            return []
        if event.id:
            return [event.id]
        # Stash's clean tells no id, only where the file was.
        if event.path:
            key = path_key(event.path)
            return seen.scenes_at(connection, [key]).get(key, [])
        return []

    def _wish(self, event: Event) -> str | None:
        if event.type in (EventType.SYNC_ALL, EventType.WALK_NEEDED):
            return "full walk"
        return "recent" if event.type == EventType.SYNC_RECENT else None
