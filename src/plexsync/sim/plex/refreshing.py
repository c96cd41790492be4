"""The queue of items that the providers of their libraries are asked about, in the background."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from plexsync.sim.plex.events import CREATED, DELETED
from plexsync.sim.serving import GRACE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from plexsync.sim.plex.agency import Agency
    from plexsync.sim.plex.events import Hub
    from plexsync.sim.plex.rows import Item, Section
    from plexsync.sim.plex.store import Store


class RefreshQueue:
    """Workers as many as the server asks providers at once; each item is with one of them at a time."""

    def __init__(self, store: Store, hub: Hub, agency: Agency) -> None:
        self._store = store
        self._hub = hub
        self._agency = agency
        self._order: deque[int] = deque()  #: keys of items, oldest first
        self._waiting: set[int] = set()
        self._running: set[int] = set()
        self._again: set[int] = set()  #: those under way that are to be refreshed once more
        self._scans: dict[int, set[int]] = {}  #: section -> items that its scan still waits for
        self._workers: set[asyncio.Task[None]] = set()
        self._idle: list[asyncio.Event] = []

    @property
    def counts(self) -> dict[str, int]:
        """How many items wait, and how many are under way."""
        return {"waiting": len(self._waiting) + len(self._again), "running": len(self._running)}

    async def settled(self) -> None:
        """Return when nothing waits and nothing is under way."""
        if self._waiting or self._running:
            self._idle.append(idle := asyncio.Event())
            await idle.wait()

    async def stop(self) -> None:
        """Forget what waits, as when the server ends, and let what is under way come to its end for a moment."""
        for pending in (self._order, self._waiting, self._again):
            pending.clear()
        for section in [self._store.sections[key] for key in self._scans if key in self._store.sections]:
            section.refreshing = False
            self._hub.scans.pop(section.key, None)
        self._scans.clear()
        if self._workers:
            # A request that is cancelled while it connects may leave its connection open.
            await asyncio.wait(self._workers, timeout=GRACE_SECONDS)
        left = list(self._workers)
        for worker in left:
            worker.cancel()
        if left:
            await asyncio.wait(left)
        self._wake()

    def put(self, items: Iterable[Item], *, scan_of: Section | None = None) -> None:
        """Have items refreshed; the scan of a section lasts until they are."""
        keys = [item.key for item in items]
        for key in keys:
            self._enqueue(key)
        if scan_of is not None:
            self._scans.setdefault(scan_of.key, set()).update(keys)
        wanted = min(max(1, self._store.switches.provider_parallel), len(self._waiting) + len(self._running))
        while len(self._workers) < wanted:
            worker = asyncio.create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._left)

    def scanned(self, section: Section, came: list[Item], went: list[Item]) -> None:
        """A scan found and missed these files; it is over when the new ones are matched."""
        section.refreshing = True
        for item in came:
            self._hub.timeline(item, CREATED)
        for item in went:
            self._hub.timeline(item, DELETED)
        self.put([item for item in came if item.agent != section.agent], scan_of=section)
        self._end_scan(section)

    def cancel(self, section: Section) -> None:
        """Forget what the scan of a section waits for; what is under way is ended."""
        gone = self._scans.pop(section.key, set())
        self._waiting -= gone
        self._again -= gone
        self._wake()

    async def _work(self) -> None:
        while (key := self._next()) is not None:
            try:
                await self._agency.refresh(key)
            finally:
                self._over(key)

    def _next(self) -> int | None:
        if len(self._workers) > max(1, self._store.switches.provider_parallel):
            return None
        while self._order:
            key = self._order.popleft()
            if key in self._waiting:
                self._waiting.remove(key)
                self._running.add(key)
                return key
        return None

    def _enqueue(self, key: int) -> None:
        if key in self._running:
            self._again.add(key)
        elif key not in self._waiting:
            self._waiting.add(key)
            self._order.append(key)

    def _over(self, key: int) -> None:
        self._running.discard(key)
        if key in self._again:
            self._again.remove(key)
            self._enqueue(key)
        for number, left in list(self._scans.items()):
            if key not in self._waiting:
                left.discard(key)
            if (section := self._store.sections.get(number)) is not None:
                self._end_scan(section)
        self._wake()

    def _wake(self) -> None:
        if not self._waiting and not self._running:
            for idle in self._idle:
                idle.set()
            self._idle.clear()

    def _left(self, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
        if worker.cancelled():
            return
        if (error := worker.exception()) is not None:
            self._agency.broke(error)
        if self._waiting:
            self.put([])

    def _end_scan(self, section: Section) -> None:
        if self._scans.get(section.key) or self._store.switches.scan_hold:
            return
        self._scans.pop(section.key, None)
        section.refreshing = False
        section.scanned_at = section.updated_at = self._store.now()
        self._store.keep_section(section)
        self._hub.scan_ends(section, [], [])
