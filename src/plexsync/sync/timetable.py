"""What is done again and again, and at once when it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from plexsync.log import logger
from plexsync.model.errors import SyncError
from plexsync.sync.clock import Clock
from plexsync.sync.gatekeeper import Gatekeeper

_log = logger("plexsync.timetable")

#: Seconds until an entry that failed is tried again; sooner when a gate closes.
_AGAIN = 30.0
#: The same where a peer was away: few failures leave its gate closed, and then nothing else looks for it.
_AGAIN_AWAY = 5.0


@dataclass(slots=True, kw_only=True)
class Entry:
    """`run` is called at the start (unless told not to), `every` seconds after it ended, and whenever asked for."""

    name: str
    run: Callable[[], Awaitable[object]]
    every: float | None = None  #: None: only when asked for
    at_start: bool = True
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    under_way: bool = False
    runs: int = 0
    fault: str = ""  #: why the last run failed; "" when it did not
    away: bool = False  #: it failed because a peer gave no usable answer


@dataclass(slots=True, kw_only=True)
class Timetable:
    """`gates` learn of the failures that an entry meets, and wake the entries that failed when they close."""

    clock: Clock
    entries: Mapping[str, Entry]
    gates: tuple[Gatekeeper, ...] = ()

    def ask(self, name: str) -> None:
        """Run that entry now; once more after it ends if it is under way."""
        self.entries[name].asked.set()

    async def run(self) -> None:
        """Until cancelled."""
        for gate in self.gates:
            gate.on_change(self._gate_moved)
        async with asyncio.TaskGroup() as group:
            for entry in self.entries.values():
                group.create_task(self._repeat(entry))

    def _gate_moved(self) -> None:
        if any(gate.closed for gate in self.gates):
            for entry in self.entries.values():
                if entry.fault:
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
        try:
            await entry.run()
        except SyncError as error:
            entry.away = error.moves_gate
            self._report(entry, error.message)
            for gate in self.gates:
                if gate.peer is error.peer:
                    await gate.failed(error, 0)
        except Exception as error:  # noqa: BLE001 -- the named boundary of a run
            entry.fault = f"a fault of PlexSync itself: {type(error).__name__}: {error}"
            _log.exception("an entry of the timetable failed", entry=entry.name)
        else:
            entry.fault = ""
            entry.runs += 1

    def _report(self, entry: Entry, reason: str) -> None:
        if entry.fault != reason:
            _log.warning("an entry of the timetable has to wait", entry=entry.name, reason=reason)
        entry.fault = reason
