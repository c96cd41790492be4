"""Listening to Plex: what it tells makes the index follow at once. It is a hint; the looks at libraries decide."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from plexsync.log import logger
from plexsync.model.errors import NotOwnerError, StoreDamagedError, StoreError, SyncError
from plexsync.model.item import IndexedItem
from plexsync.plex.listener import Listener, UnheardError
from plexsync.plex.notices import ItemTold, Notice, ScanTold
from plexsync.store import index
from plexsync.sync.clock import Clock
from plexsync.sync.gates.gatekeeper import Gatekeeper
from plexsync.sync.index.libraries import Libraries
from plexsync.sync.index.told import Told

_log = logger("plexsync.listening")

#: Seconds until it is tried again to listen: at first, at most, and where Plex opens no WebSocket at all.
_FIRST = 1.0
_MOST = 60.0
_REFUSED = 300.0
#: A connection that lasted so many seconds was a good one.
_LASTED = 60.0
#: Seconds between two looks at the libraries that were asked for here, and until the store is tried again.
_LOOK_GAP = 10.0
_STORE_AGAIN = 5.0


@dataclass(slots=True, kw_only=True)
class Listening:
    """`look` has the libraries looked at at once, `wake` is called when the index moved."""

    listener: Listener
    libraries: Libraries
    gate: Gatekeeper
    clock: Clock
    chance: random.Random
    look: Callable[[], None]
    wake: Callable[[], None]
    connected: bool = False
    since: float = 0.0  #: when that last changed
    reason: str = ""  #: why it is not connected; "" when it is, or was not tried yet
    _told: Told = field(default_factory=Told)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)
    _again: asyncio.Event = field(default_factory=asyncio.Event)
    _to_look: bool = False
    _looked: float | None = None

    async def run(self) -> None:
        """Until cancelled."""
        self.gate.on_change(self._gate_moved)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._work())
                group.create_task(self._listen())
        finally:
            self.gate.forget(self._gate_moved)
            self.connected = False

    def facts(self) -> dict[str, Any]:
        """How it stands, as JSON."""
        return {"connected": self.connected, "since": self.since, "reason": self.reason}

    def _gate_moved(self) -> None:
        if self.gate.closed and not self.connected:
            self._again.set()

    async def _listen(self) -> None:
        pause = _FIRST
        while True:
            self._again.clear()
            began = self.clock.now()
            try:
                async with self.listener.open() as notices:
                    # What another server says of its items is not to be taken for ours.
                    await self.libraries.plex.check()
                    self._opened()
                    async for notice in notices:
                        self._hear(notice)
            except (UnheardError, SyncError) as error:
                self._lost(str(error))
                lasted = self.clock.now() - began
                pause = _FIRST if self._was_good(error, lasted) else min(2 * pause, _MOST)
                pause = _REFUSED if isinstance(error, UnheardError) and error.refused else pause
            await self.clock.wait(self._again, self.chance.uniform(pause / 2, pause))

    @staticmethod
    def _was_good(error: Exception, lasted: float) -> bool:
        return isinstance(error, UnheardError) and not error.refused and lasted >= _LASTED

    def _opened(self) -> None:
        self.connected, self.since, self.reason = True, self.clock.now(), ""
        _log.info("Plex tells what happens in its libraries", server=self.libraries.server)
        # What happened while nobody listened is never told again.
        self._ask_look()

    def _lost(self, reason: str) -> None:
        if self.connected or reason != self.reason:
            _log.info(
                "Plex does not tell what happens in its libraries now, so they are looked at from time to time",
                server=self.libraries.server,
                reason=reason,
            )
        if self.connected or not self.reason:
            self.since = self.clock.now()
        self.connected, self.reason = False, reason

    def _hear(self, notice: Notice) -> None:
        if isinstance(notice, ScanTold):
            if notice.ended and self._concerns(notice.section):
                self._ask_look()
        elif self._concerns(notice.section):
            begins = not len(self._told)
            self._told.add(notice, self.clock.now())
            if begins or self._told.flooded:
                self._moved.set()

    def _concerns(self, section: int | None) -> bool:
        return section is None or not self.libraries.shuts_out(section)

    def _ask_look(self) -> None:
        self._to_look = True
        self._moved.set()

    async def _work(self) -> None:
        while True:
            self._moved.clear()
            try:
                await self._work_off()
            except (NotOwnerError, StoreDamagedError):
                raise
            except StoreError as error:
                _log.warning("what Plex told has to wait", server=self.libraries.server, reason=str(error))
                self._give_to_look()
                await self.clock.wait(asyncio.Event(), _STORE_AGAIN)
            await self.clock.wait(self._moved, self._pause())

    async def _work_off(self) -> None:
        if self._told.flooded:
            self._told.flooded = False
            self._give_to_look()
        if told := self._told.take(self.clock.now()):
            await self._follow(told)
        if self._to_look and not self._look_in():
            self._to_look, self._looked = False, self.clock.now()
            self.look()

    async def _follow(self, told: Sequence[ItemTold]) -> None:
        """Items that are new or gone are read by id; of others it is enough that the next look asks what changed."""
        keys = [one.rating_key for one in told]
        database, server = self.libraries.database, self.libraries.server
        held = await database.run(lambda c: index.of_keys(c, server, keys))
        unsure = []
        for one in told:
            item = held.get(one.rating_key)
            if item is None or not item.parts or one.deleted:
                unsure += [one.rating_key] if item is not None or not one.deleted else []
            elif _changed(one, item):
                self.libraries.told(item.section)
        synced = {section.key for section in self.libraries.synced}
        if not unsure or not synced:
            return
        try:
            if await self.libraries.indexing.read(unsure, synced):
                self.wake()
        except SyncError as error:
            _log.info("items that Plex told of cannot be read now", server=server, reason=error.message)
            self._give_to_look()

    def _give_to_look(self) -> None:
        self.libraries.told(None)
        self._ask_look()

    def _look_in(self) -> float:
        """Seconds until the libraries may be looked at again."""
        if self._looked is None:
            return 0.0
        passed = self.clock.now() - self._looked
        return max(0.0, _LOOK_GAP - passed) if passed >= 0 else 0.0

    def _pause(self) -> float | None:
        due = self._told.due_in(self.clock.now())
        looks = [self._look_in()] if self._to_look else []
        return min([*looks, *([] if due is None else [due])], default=None)


def _changed(told: ItemTold, item: IndexedItem) -> bool:
    """Whether it was touched since the index learnt it, or may have been."""
    return told.updated_at is None or told.updated_at > item.updated_at
