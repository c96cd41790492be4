"""Notifications over WebSocket: told to whoever listens now, never again later."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec
from starlette.websockets import WebSocketDisconnect

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.websockets import WebSocket

    from plexsync.sim.plex.rows import Item, Section
    from plexsync.sim.plex.store import Store

CREATED, DONE, DELETED = 0, 5, 9
#: where an item of a library without an agent ends
PROGRESSED = 1


class Hub:
    """The listeners of one server."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._listeners: set[asyncio.Queue[str]] = set()
        self.scans: dict[int, str] = {}  #: section -> activity, while a scan runs

    async def listen(self, socket: WebSocket) -> None:
        """Tell one client everything until it leaves."""
        await socket.accept()
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._listeners.add(queue)
        telling = asyncio.create_task(_tell(socket, queue))
        try:
            while True:
                await socket.receive_text()
        except WebSocketDisconnect:
            return
        finally:
            self._listeners.discard(queue)
            telling.cancel()

    def changed(self, items: Iterable[Item]) -> None:
        """Tell of items that were edited, as far as this server does."""
        if self._store.switches.edit_events:
            for item in items:
                plain = self._store.sections[item.section].plain
                self.timeline(item, PROGRESSED if plain else DONE)

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
            self.timeline(item, PROGRESSED if section.plain else DONE)
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
        message = {"NotificationContainer": {"type": kind, "size": 1, **content}}
        text = msgspec.json.encode(message).decode()
        for queue in self._listeners:
            queue.put_nowait(text)


async def _tell(socket: WebSocket, queue: asyncio.Queue[str]) -> None:
    while True:
        await socket.send_text(await queue.get())
