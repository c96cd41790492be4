"""Keeps the gate of one peer: feeds it, checks health while it is not closed, remembers it across restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from plexsync.log import logger
from plexsync.model.errors import Incompatible, NeedsSignIn, SyncError
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
    _last_error: SyncError | None = None

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
        if error is self._last_error:
            return
        self._last_error = error
        if isinstance(error, NeedsSignIn | Incompatible):
            await self._feed(PersonNeeded(error.message))
        elif error.moves_gate:
            await self._feed(JobFailed(scene, error.message))
            await self.healthy()
        else:
            await self._feed(JobDone())

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
            if not await self.clock.wait(self._stirred, pause):
                await self._feed(TimePassed())
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
        await self._feed(CheckPassed(await self.around.jobs_wait()))
        return True

    async def _feed(self, event: GateEvent) -> None:
        before, self.gate = self.gate, step(self.gate, event, self.clock.now())
        if before.state is self.gate.state:
            return
        self._report(before)
        if self.gate.state in (GateState.OPEN, GateState.HELD) and before.state is GateState.CLOSED:
            await self.around.opened(self.gate.first_failure_at)
        await self.around.save(self.gate)
        self._stirred.set()
        for listener in self._listeners:
            listener()

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
