"""Keeps the gate of one peer: feeds it, checks health while it is not closed, remembers it across restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

from plexsync.log import logger
from plexsync.model.errors import Incompatible, NeedsSignIn, StoreError, SyncError
from plexsync.model.work import Peer
from plexsync.sync.clock import Clock
from plexsync.sync.gate import (
    CheckFailed,
    CheckPassed,
    Gate,
    GateEvent,
    GateState,
    JobDone,
    JobFailed,
    PersonNeeded,
    TimePassed,
    step,
)

_log = logger("plexsync.gate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a gatekeeper needs of the rest: how to check, whether jobs wait, and whom to tell."""

    check: Callable[[], Awaitable[object]]
    jobs_wait: Callable[[], Awaitable[bool]]
    save: Callable[[Gate], Awaitable[None]]
    opened: Callable[[float], Awaitable[None]]  #: given the time of the first failure of the streak
    closed: Callable[[float], Awaitable[None]]  #: the same, once the peer is well again


@dataclass(slots=True, kw_only=True)
class Gatekeeper:
    """`name` is the peer as people know it. Nothing is done, and nothing stored, while the peer is well."""

    name: str
    peer: Peer
    clock: Clock
    around: Surroundings
    gate: Gate = field(default_factory=Gate)
    _listeners: list[Callable[[], None]] = field(default_factory=list)
    _stirred: asyncio.Event = field(default_factory=asyncio.Event)
    _checking: asyncio.Task[bool] | None = None
    _counted: WeakSet[SyncError] = field(default_factory=WeakSet)  #: failures that other scenes may share
    _unsaved: bool = False
    _to_give_back: float | None = None
    _to_revive: float | None = None

    @property
    def closed(self) -> bool:
        """All jobs may pass."""
        return self.gate.state is GateState.CLOSED

    @property
    def admits(self) -> int:
        """How many jobs may be under way: none, one, or any number (given as a large one)."""
        return {GateState.CLOSED: 1_000_000, GateState.HALF_OPEN: 1}.get(self.gate.state, 0)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever the state changed."""
        self._listeners.append(listener)

    async def failed(self, error: SyncError, scene: int) -> None:
        """A job met `error`. One failure that many scenes shared counts once."""
        if error in self._counted:
            return
        self._counted.add(error)
        if isinstance(error, NeedsSignIn | Incompatible):
            await self._feed(PersonNeeded(error.message))
        elif error.moves_gate:
            await self._feed(JobFailed(scene, error.message))
            await self.healthy()

    async def answered(self) -> None:
        """A job got its answers."""
        await self._feed(JobDone())

    async def healthy(self) -> bool:
        """Check now; callers at the same time share one check."""
        if self._checking is None or self._checking.done():
            self._checking = asyncio.create_task(self._check())
        return await asyncio.shield(self._checking)

    async def run(self) -> None:
        """Check while the gate is not closed, until cancelled."""
        while True:
            pause = self.gate.check_every
            self._stirred.clear()
            if await self.clock.wait(self._stirred, pause):
                continue
            before = self.gate
            await self._feed(TimePassed())
            if self.gate is before:
                # What time has just half opened stays so until the next check: a job may prove more.
                await self.healthy()

    async def _check(self) -> bool:
        try:
            await self.around.check()
        except (NeedsSignIn, Incompatible) as error:
            await self._feed(PersonNeeded(error.message))
            return False
        except SyncError as error:
            await self._feed(CheckFailed(error.message))
            return False
        await self._feed(CheckPassed(await self._jobs_wait()))
        return True

    async def _jobs_wait(self) -> bool:
        try:
            return await self.around.jobs_wait()
        except StoreError:
            return True

    async def _feed(self, event: GateEvent) -> None:
        before, self.gate = self.gate, step(self.gate, event, self.clock.now())
        if before.check_every != self.gate.check_every:
            self._stirred.set()
        if before.state is self.gate.state:
            if self._unsaved:
                await self._remember()
            return
        self._report(before)
        if self.gate.state in (GateState.OPEN, GateState.HELD) and before.state is GateState.CLOSED:
            self._to_give_back = self.gate.first_failure_at
        if self.closed:
            self._to_revive = before.first_failure_at
        await self._remember()
        for listener in self._listeners:
            listener()

    async def _remember(self) -> None:
        """Keep the state, and give counted attempts back. A store that cannot is asked again at the next event."""
        self._unsaved = True
        try:
            if self._to_give_back is not None:
                await self.around.opened(self._to_give_back)
                self._to_give_back = None
            if self._to_revive is not None:
                await self.around.closed(self._to_revive)
                self._to_revive = None
            await self.around.save(self.gate)
        except StoreError as error:
            _log.warning("the state of a gate cannot be kept yet", peer=self.name, reason=str(error))
        else:
            self._unsaved = False

    def _report(self, before: Gate) -> None:
        facts: dict[str, Any] = {"peer": self.name, "state": self.gate.state.value, "was": before.state.value}
        if self.gate.state is GateState.CLOSED:
            _log.info("gate closed, work goes on", **facts)
        elif self.gate.state is GateState.HELD:
            _log.error("gate held, a person is needed", reason=self.gate.reason, **facts)
        elif self.gate.state is GateState.OPEN and before.state is GateState.CLOSED:
            _log.warning("gate opened, work waits", reason=self.gate.reason, **facts)
        else:
            _log.debug("gate moved", reason=self.gate.reason, **facts)
