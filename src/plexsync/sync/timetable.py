"""What is done again and again, and at once when it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from plexsync.log import logger
from plexsync.model.errors import NotOwnerError, StoreDamagedError, StoreError, SyncError
from plexsync.model.work import Put
from plexsync.store import wishes
from plexsync.store.fence import Transactions
from plexsync.sync.clock import Clock
from plexsync.sync.gates.gatekeeper import Gatekeeper

_log = logger("plexsync.timetable")

#: Seconds until an entry that failed is tried again; sooner when a gate closes.
_AGAIN = 30.0
#: The same where a peer was away: few failures leave its gate closed, and then nothing else looks for it.
_AGAIN_AWAY = 5.0


@dataclass(slots=True, kw_only=True)
class Entry:
    """`run` is called at the start (unless told not to), `every` seconds after it ended, and whenever wished for."""

    name: str
    run: Callable[[], Awaitable[object]]
    every: float | None = None  #: None: only when wished for
    at_start: bool = True
    optional: bool = False  #: all may be done although it failed
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    wish: int = 0  #: the number of the wish that the next run carries out; 0 where there is none
    under_way: bool = False
    runs: int = 0
    fault: str = ""  #: why the last run failed; "" when it did not
    away: bool = False  #: it failed because a peer gave no usable answer

    @property
    def pending(self) -> bool:
        """It runs, or is to run at once."""
        begins = self.at_start and not self.runs and not (self.optional and self.fault)
        return self.under_way or self.asked.is_set() or begins


@dataclass(slots=True, kw_only=True)
class Timetable:
    """`gates` learn of the failures that an entry meets, and wake the entries that failed when they close.

    Wishes are taken from the store: when `look` is called, and each `poll` seconds where others may leave them there.
    """

    clock: Clock
    database: Transactions
    entries: Mapping[str, Entry]
    gates: tuple[Gatekeeper, ...] = ()
    poll: float | None = None
    resume: Callable[[], Awaitable[None]] | None = None  #: called first of all
    _looked: asyncio.Event = field(default_factory=asyncio.Event)

    def look(self) -> None:
        """Somebody left a wish: carry it out now, or once more after the run that is under way."""
        self._looked.set()

    async def load(self) -> None:
        """Nothing: what the store knows of the entries is asked for when it is needed."""

    async def run(self) -> None:
        """Until cancelled."""
        if self.resume is not None:
            await self.resume()
        await self._take_wishes()
        for gate in self.gates:
            gate.on_change(self._gate_moved)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watch_wishes())
                for entry in self.entries.values():
                    group.create_task(self._repeat(entry))
        finally:
            for gate in self.gates:
                gate.forget(self._gate_moved)

    async def stop(self, grace: float) -> None:
        """Nothing: an entry that is cut off keeps its wish, and goes on or begins anew at the next start."""

    def unkept(self) -> Sequence[Put]:
        """Nothing: entries write to the store only."""
        return ()

    def _gate_moved(self) -> None:
        if any(gate.closed for gate in self.gates):
            for entry in self.entries.values():
                if entry.fault:
                    entry.asked.set()

    async def _watch_wishes(self) -> None:
        while True:
            await self.clock.wait(self._looked, self.poll)
            try:
                await self._take_wishes()
            except (NotOwnerError, StoreDamagedError):
                raise
            except StoreError as error:
                _log.warning("wishes cannot be read yet", reason=str(error))
                await self.clock.wait(asyncio.Event(), _AGAIN_AWAY)
                self._looked.set()

    async def _take_wishes(self) -> None:
        self._looked.clear()
        waiting = await self.database.run(wishes.waiting)
        for name, number in waiting.items():
            entry = self.entries.get(name)
            if entry is not None and entry.wish != number:
                entry.wish = number
                entry.asked.set()

    async def _repeat(self, entry: Entry) -> None:
        if not entry.at_start:
            await entry.asked.wait()
        while True:
            entry.asked.clear()
            entry.under_way = True
            await self._once(entry)
            entry.under_way = False
            await self.clock.wait(entry.asked, self._pause(entry))

    @staticmethod
    def _pause(entry: Entry) -> float | None:
        if not entry.fault:
            return entry.every
        return _AGAIN_AWAY if entry.away else _AGAIN

    async def _once(self, entry: Entry) -> None:
        """The boundary of one run: a failure is reported, and the timetable goes on."""
        entry.away = False
        wish = entry.wish
        try:
            await entry.run()
            if wish:
                await self._fulfil(entry, wish)
        except SyncError as error:
            entry.away = error.moves_gate
            self._report(entry, error.message)
            for gate in self.gates:
                if gate.peer is error.peer:
                    await gate.failed(error, 0)
        except (NotOwnerError, StoreDamagedError):
            raise
        except StoreError as error:
            entry.away = True
            self._report(entry, str(error))
        except Exception as error:  # noqa: BLE001 -- the named boundary of a run
            entry.fault = f"a fault of PlexSync itself: {type(error).__name__}: {error}"
            _log.exception("an entry of the timetable failed", entry=entry.name)
        else:
            entry.fault = ""
            entry.runs += 1

    async def _fulfil(self, entry: Entry, wish: int) -> None:
        """The wish is carried out. One that came meanwhile is newer, and is looked for."""
        await self.database.run(lambda c: wishes.fulfil(c, entry.name, wish))
        if entry.wish == wish:
            entry.wish = 0
        self.look()

    def _report(self, entry: Entry, reason: str) -> None:
        if entry.fault != reason:
            _log.warning("an entry of the timetable has to wait", entry=entry.name, reason=reason)
        entry.fault = reason
