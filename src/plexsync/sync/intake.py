"""Events become jobs. Nothing is acknowledged before it is in the store for good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from plexsync.log import logger
from plexsync.model.paths import path_key
from plexsync.model.work import Event, EventType, Lane, Put
from plexsync.store import jobs, seen, wishes
from plexsync.store.database import Connection, Database
from plexsync.sync.clock import Clock
from plexsync.sync.tasks import wish_of
from plexsync.sync.walks.windows import NAMES, TOUCHED

_log = logger("plexsync.intake")

_SCENE_EVENTS = frozenset({EventType.SCENE_CREATE, EventType.SCENE_UPDATE, EventType.SCENE_DESTROY})
#: Something that scenes name: what asks Stash for all that was touched finds which scenes that concerns.
_RELATED_EVENTS = {
    EventType.PERFORMER_UPDATE: TOUCHED,
    EventType.TAG_CREATE: TOUCHED,  # the tags below a new one have one more above them
    EventType.TAG_UPDATE: TOUCHED,
    EventType.STUDIO_UPDATE: TOUCHED,
    EventType.GROUP_UPDATE: TOUCHED,
    EventType.PERFORMER_DESTROY: NAMES,
    EventType.TAG_DESTROY: NAMES,
    EventType.TAG_MERGE: NAMES,
    EventType.STUDIO_DESTROY: NAMES,
    EventType.GROUP_DESTROY: NAMES,
}


@dataclass(slots=True, kw_only=True)
class Intake:
    """`servers` are the names of all Plex servers: each gets a job of its own. `wake` is called after a commit.

    `ask` is called with the wish once it is kept: "full walk" or "recent" where an event asks for more than one scene,
    the name of a task where Stash's user started one.
    """

    database: Database
    clock: Clock
    servers: tuple[str, ...]
    wake: Callable[[], None]
    ask: Callable[[str], None]
    accepted: int = field(default=0)  #: events taken in since the start

    async def take(self, events: Sequence[Event]) -> None:
        """Note all of them durably; an event of a kind that is not known is reported and let go."""
        wished = await self.database.run(lambda connection: self._note(connection, events))
        self.accepted += len(events)
        for wish in wished:
            self.ask(wish)
        self.wake()

    async def wish(self, name: str) -> None:
        """Have an entry of the timetable run soon, by whichever daemon works it off."""
        await self.database.run(lambda connection: wishes.ask(connection, name, self.clock.now()))
        self.ask(name)

    async def put(self, scenes: Sequence[int], lane: Lane, *reasons: str) -> None:
        """Queue scenes on every server."""
        puts = [
            Put(server=server, scene=scene, lane=lane, reason=reason)
            for scene in scenes
            for server in self.servers
            for reason in reasons
        ]
        await self.database.run(lambda connection: jobs.put(connection, puts, self.clock.now()))
        self.wake()

    def _note(self, connection: Connection, events: Sequence[Event]) -> list[str]:
        """The wishes that came with the events."""
        scenes = dict.fromkeys(scene for event in events for scene in self._scenes(connection, event))
        puts = [
            Put(server=server, scene=scene, lane=Lane.CHANGE, reason="hook")
            for scene in scenes
            for server in self.servers
        ]
        if puts:
            jobs.put(connection, puts, self.clock.now())
        wished = [wish for wish in dict.fromkeys(map(self._wish, events)) if wish is not None]
        for wish in wished:
            wishes.ask(connection, wish, self.clock.now())
        return wished

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
        if event.type == EventType.SYNC_RECENT:
            return "recent"
        if event.type in _RELATED_EVENTS:
            return _RELATED_EVENTS[EventType(event.type)]
        return wish_of(event, self.clock.now())
