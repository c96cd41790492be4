"""Notifications over WebSocket or as server-sent events: told to whoever listens now, never again later."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec
from starlette.websockets import WebSocketDisconnect

from plexsync.sim.serving import DEAFEN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from starlette.websockets import WebSocket

    from plexsync.sim.plex.rows import Item, Section
    from plexsync.sim.plex.store import Store

CREATED, MATCHING, DOWNLOADING, PROCESSING, DONE, DELETED = 0, 2, 3, 4, 5, 9
#: where an item of a library without an agent ends
PROGRESSED = 1
#: One of each kind that has nothing to do with libraries.
OTHERS: dict[str, dict[str, list[dict[str, Any]]]] = {
    "playing": {
        "PlaySessionStateNotification": [
            {"sessionKey": "7", "guid": "", "ratingKey": "101", "key": "/library/metadata/101", "state": "playing"}
        ]
    },
    "reachability": {"ReachabilityNotification": [{"reachability": True}]},
    "preference": {"Setting": [{"id": "FriendlyName", "type": "text", "value": "Simulated Plex"}]},
    "progress": {"ProgressNotification": [{"message": "Scanning the library"}]},
    "backgroundProcessingQueue": {"BackgroundProcessingQueueEventNotification": [{"queueID": 1, "event": "changed"}]},
    "transcodeSession.start": {"TranscodeSession": [{"key": "/transcode/sessions/1", "progress": 0.0}]},
    "transcodeSession.update": {"TranscodeSession": [{"key": "/transcode/sessions/1", "progress": 50.5}]},
    "transcodeSession.end": {"TranscodeSession": [{"key": "/transcode/sessions/1", "complete": True}]},
    "update.statechange": {"AutoUpdateNotification": [{"key": "", "state": "available"}]},
    "account": {"AccountUpdateNotification": [{"accountID": 1}]},
    "status": {"StatusNotification": [{"title": "", "description": "", "notificationName": "LIBRARY_UPDATE"}]},
}


class Hub:
    """The listeners of one server, each with the kinds that it wants (None: all)."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._listeners: dict[asyncio.Queue[str], frozenset[str] | None] = {}
        self.scans: dict[int, str] = {}  #: section -> activity, while a scan runs

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return len(self._listeners)

    async def listen(self, socket: WebSocket) -> None:
        """Tell one client everything that it wants until it leaves."""
        await socket.accept()
        if self._store.switches.websockets == "silent":
            socket.scope["extensions"][DEAFEN]()
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._listeners[queue] = wanted(socket.query_params)
        telling = asyncio.create_task(self._tell(socket, queue))
        try:
            while True:
                await socket.receive_text()
        except WebSocketDisconnect:
            return
        finally:
            self._listeners.pop(queue, None)
            telling.cancel()

    async def stream(self, kinds: frozenset[str] | None) -> AsyncIterator[str]:
        """The same as server-sent events."""
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._listeners[queue] = kinds
        try:
            yield "event: ping\ndata: {}\n\n"
            while True:
                text = await queue.get()
                kind = msgspec.json.decode(text)["NotificationContainer"]["type"]
                yield f"event: {kind}\ndata: {text}\n\n"
        finally:
            self._listeners.pop(queue, None)

    async def _tell(self, socket: WebSocket, queue: asyncio.Queue[str]) -> None:
        while True:
            text = await queue.get()
            if self._store.switches.websockets == "silent":
                # It is not closed, and from now on answers nothing either.
                socket.scope["extensions"][DEAFEN]()
            else:
                await socket.send_text(text)

    def say(self, text: str) -> None:
        """Tell everybody this very text."""
        for queue in self._listeners:
            queue.put_nowait(text)

    def other(self, kind: str, content: Mapping[str, list[dict[str, Any]]] | None = None) -> None:
        """Tell something of a kind, with a usual content where none is given."""
        self._publish(kind, **(content or OTHERS[kind]))

    def changed(self, items: Iterable[Item]) -> None:
        """Tell of items that were edited, as far as this server does."""
        if self._store.switches.edit_events:
            for item in items:
                plain = self._store.sections[item.section].plain
                self.timeline(item, PROGRESSED if plain else DONE)

    def refreshed(self, item: Item) -> None:
        """Tell that the agent ran again for an item."""
        plain = self._store.sections[item.section].plain
        for state in (PROGRESSED,) if plain else (MATCHING, DOWNLOADING, PROCESSING, DONE):
            self.timeline(item, state)

    def timeline(self, item: Item, state: int) -> None:
        """Tell of one item's way through the server."""
        text = self._store.switches.string_ids_in_events
        entry = {
            "identifier": "com.plexapp.plugins.library",
            "sectionID": str(item.section) if text else item.section,
            "itemID": str(item.key) if text else item.key,
            "type": 18 if item.type == "collection" else 1,
            "title": str(item.value("title") or ""),
            "state": state,
            "updatedAt": item.updated_at,
        }
        if state in {CREATED, DELETED}:
            entry["metadataState"] = "created" if state == CREATED else "deleted"
        self._publish("timeline", TimelineEntry=[entry])

    def scan_begins(self, section: Section) -> None:
        """Tell that a scan runs."""
        self.scans[section.key] = str(uuid4())
        self._activity(section, "started", 0)

    def scan_ends(self, section: Section, came: list[Item], went: list[Item]) -> None:
        """Tell what a scan found, and that it is over."""
        for item in came:
            self.timeline(item, CREATED)
            self.refreshed(item)
        for item in went:
            self.timeline(item, DELETED)
        self._activity(section, "ended", 100)
        self.scans.pop(section.key, None)
        note = {"title": "Library scan complete", "description": "", "notificationName": "LIBRARY_UPDATE"}
        self._publish("status", StatusNotification=[note])

    def activity(self, section: Section, progress: int) -> dict[str, Any]:
        """What is known of a running scan."""
        return {
            "uuid": self.scans.get(section.key, ""),
            "type": "library.update.section",
            "cancellable": True,
            "userID": 1,
            "title": f"Scanning {section.title}",
            "subtitle": "",
            "progress": progress,
        }

    def _activity(self, section: Section, event: str, progress: int) -> None:
        activity = self.activity(section, progress) | {"Context": {"librarySectionID": str(section.key)}}
        self._publish(
            "activity", ActivityNotification=[{"event": event, "uuid": activity["uuid"], "Activity": activity}]
        )

    def _publish(self, kind: str, **content: list[dict[str, Any]]) -> None:
        if not self._store.switches.tells:
            return
        message = {"NotificationContainer": {"type": kind, "size": 1, **content}}
        text = msgspec.json.encode(message).decode()
        for queue, kinds in self._listeners.items():
            if kinds is None or kind in kinds:
                queue.put_nowait(text)


def wanted(arguments: Mapping[str, str]) -> frozenset[str] | None:
    """The kinds that a client asks for; None: all of them."""
    kinds = frozenset(filter(None, arguments.get("filters", "").split(",")))
    return kinds if kinds and not any(kind.startswith("-") for kind in kinds) else None
