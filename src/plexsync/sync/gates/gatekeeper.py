"""Keeps the gate of one peer: feeds it, checks health while it is not closed, remembers it across restarts."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from weakref import WeakSet

from plexsync.log import logger
from plexsync.model.errors import (
    Incompatible,
    NeedsSignIn,
    NotOwnerError,
    StoreError,
    SyncError,
)
from plexsync.model.work import Peer
from plexsync.sync.clock import Clock
from plexsync.sync.gates import gatelog
from plexsync.sync.gates.admission import Admission
from plexsync.sync.gates.facts import lasting
from plexsync.sync.gates.gate import (
    CheckFailed,
    CheckPassed,
    Gate,
    GateEvent,
    GateState,
    JobDone,
    JobFailed,
    LastMinute,
    PersonNeeded,
    ProbeFailed,
    SectionFailed,
    SectionIdle,
    SectionsSynced,
    TimePassed,
    step,
)
from plexsync.sync.gates.sections import SectionGate, of_one_section

_log = logger("plexsync.gate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a gatekeeper needs of the rest: how to check, whether jobs wait, and whom to tell."""

    check: Callable[[], Awaitable[object]]
    jobs_wait: Callable[[], Awaitable[bool]]
    save: Callable[[Gate], Awaitable[None]]
    opened: Callable[[float], Awaitable[None]]  #: given the time of the first failure of the streak


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Which library a job failed in, if one alone, and the one that it was to try; `synced` are all that have jobs."""

    section: int | None = None
    probe: int | None = None
    synced: frozenset[int] = frozenset()


_NOWHERE = Whereabouts()


@dataclass(slots=True, kw_only=True)
class Gatekeeper:
    """`name` is the peer as people know it. Nothing is done, and nothing stored, while the peer is well.

    Who lets a job through says so by `enter`, and by `leave` when it ended; `turn` is held from the look at how many
    are admitted until then.
    """

    name: str
    peer: Peer
    clock: Clock
    around: Surroundings
    gate: Gate = field(default_factory=Gate)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _admission: Admission = field(default_factory=Admission)
    _of_sections: defaultdict[int, Admission] = field(default_factory=lambda: defaultdict(Admission))
    _on_change: list[Callable[[], None]] = field(default_factory=list)
    _on_room: list[Callable[[], None]] = field(default_factory=list)
    _check_moved: asyncio.Event = field(default_factory=asyncio.Event)
    _gate_moved: asyncio.Event = field(default_factory=asyncio.Event)
    _checking: asyncio.Task[bool] | None = None
    _counted: WeakSet[SyncError] = field(default_factory=WeakSet)  #: failures that other scenes may share
    _unsaved: bool = False
    _to_give_back: float | None = None

    @property
    def closed(self) -> bool:
        """All jobs may pass, if perhaps one after the other."""
        return self.gate.state is GateState.CLOSED

    @property
    def admits(self) -> int:
        """How many more jobs may go now: none, one, or any number (given as a large one)."""
        now = self.clock.now()
        return 0 if self.gate.left_alone_for(now) else self._admission.admits(self.gate.state, self.gate.pace, now)

    @property
    def admits_in(self) -> float | None:
        """Seconds until another job may go; None: not by time alone."""
        now = self.clock.now()
        wait = self._admission.admits_in(self.gate.state, self.gate.pace, now)
        return None if wait is None else max(wait, self.gate.left_alone_for(now))

    @property
    def parking(self) -> frozenset[int]:
        """The libraries whose jobs are parked, to be taken from there one by one."""
        return frozenset(section.section for section in self.gate.sections if section.parks)

    @property
    def held_sections(self) -> tuple[SectionGate, ...]:
        """The libraries that are held while the rest of the server works, each with `since` and `reason`."""
        return tuple(section for section in self.gate.sections if section.held)

    def section_admits(self, key: int) -> int:
        """How many parked jobs of a library may go now, as far as that library is concerned."""
        section = self.gate.section(key)
        return self._of_sections[key].admits(section.state, section.pace, self.clock.now())

    def section_admits_in(self, key: int) -> float | None:
        """Seconds until a parked job of a library may go; None: not by time alone."""
        section = self.gate.section(key)
        return self._of_sections[key].admits_in(section.state, section.pace, self.clock.now())

    def enter(self, jobs: int, at: float, section: int | None = None) -> None:
        """So many jobs go, let through at that time; `section` is the library that they were parked in."""
        self._admission.enter(jobs, self.gate.pace, at)
        if section is not None:
            self._of_sections[section].enter(jobs, self.gate.section(section).pace, at)

    def leave(self, section: int | None = None, *, error: bool | None) -> None:
        """One of them ended, by an error of this peer or not; None where its end says nothing of the peer."""
        now = self.clock.now()
        self._admission.leave(self.gate.pace, now, error=error)
        if section is not None:
            self._of_sections[section].leave(self.gate.section(section).pace, now, error=error)
        if self.gate.state is GateState.HALF_OPEN or section is not None:
            self._tell_room()

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever the state changed."""
        self._on_change.append(listener)

    def on_room(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever other jobs than before may go, time aside."""
        self._on_room.append(listener)

    def forget(self, listener: Callable[[], None]) -> None:
        """Call `listener` no more."""
        for listeners in (self._on_change, self._on_room):
            if listener in listeners:
                listeners.remove(listener)

    def resume(self, gate: Gate) -> None:
        """Go on from where an earlier run, or another owner, left the gate; what was to be kept of ours is void."""
        self.gate = gate
        self._unsaved, self._to_give_back = False, None
        self._check_moved.set()
        self._gate_moved.set()
        self._tell_room()

    async def failed(self, error: SyncError, scene: int, where: Whereabouts = _NOWHERE) -> None:
        """A job met `error`. One failure that many scenes shared counts once."""
        if error in self._counted:
            return
        self._counted.add(error)
        if isinstance(error, NeedsSignIn | Incompatible):
            await self._feed(PersonNeeded(error.message))
        elif error.moves_gate:
            await self._count(error, scene, where)
            if where.probe is not None:
                await self._feed(ProbeFailed(where.probe, error.message))

    async def answered(self, sections: frozenset[int] = frozenset()) -> None:
        """A job got its answers, from items of these libraries."""
        await self._feed(JobDone(sections))

    async def section_idle(self, section: int) -> None:
        """No job is parked in that library."""
        await self._feed(SectionIdle(section))

    async def synced(self, sections: frozenset[int]) -> None:
        """These libraries have jobs, and no others."""
        await self._feed(SectionsSynced(sections))

    async def healthy(self) -> bool:
        """Check now; callers at the same time share one check."""
        if self._checking is None or self._checking.done():
            self._checking = asyncio.create_task(self._check())
        return await asyncio.shield(self._checking)

    async def run(self) -> None:
        """Check while the gate is not closed, and follow the time while it recovers, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._check_on())
            group.create_task(self._move_on())

    async def _check_on(self) -> None:
        while True:
            pause = self.gate.check_every
            if pause is not None:
                pause = max(pause, self.gate.left_alone_for(self.clock.now()))
            self._check_moved.clear()
            if await self.clock.wait(self._check_moved, pause):
                continue
            before = self.gate
            await self._feed(TimePassed())
            if self.gate is before:
                # What time has just half opened stays so until the next check: a job may prove more.
                await self.healthy()

    async def _move_on(self) -> None:
        while True:
            self._gate_moved.clear()
            if await self.clock.wait(self._gate_moved, self.gate.moves_in(self.clock.now())):
                continue
            now = self.clock.now()
            await self._feed(TimePassed())
            of_sections = {key: admission.ends(now) for key, admission in self._of_sections.items()}
            await self._feed(LastMinute(self._admission.ends(now), of_sections))

    async def _count(self, error: SyncError, scene: int, where: Whereabouts) -> None:
        if where.section is not None and len(where.synced) > 1 and of_one_section(error) and await self._well():
            await self._feed(SectionFailed(where.section, scene, error.message, where.synced))
            return
        await self._feed(JobFailed(scene, error.message, _asked(error)))
        if self.closed:
            # Else it would half open at once what the next check half opens in its time.
            await self.healthy()

    async def _well(self) -> bool:
        """Whether the peer answers a health check; of a half-open gate the last one tells."""
        return await self.healthy() if self.closed else self.gate.healthy > 0

    async def _check(self) -> bool:
        try:
            await self.around.check()
        except (NeedsSignIn, Incompatible) as error:
            await self._feed(PersonNeeded(error.message))
            return False
        except SyncError as error:
            await self._feed(CheckFailed(error.message, _asked(error)))
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
        if before.check_every != self.gate.check_every or before.not_before != self.gate.not_before:
            self._check_moved.set()
        moved = lasting(before) != lasting(self.gate)
        if moved:
            self._moved(before)
        if moved or self._unsaved:
            await self._remember()
        if moved:
            self._tell_room()
        if before.state is not self.gate.state:
            for listener in self._on_change:
                listener()

    def _moved(self, before: Gate) -> None:
        """What follows from a move at once, and what is to be remembered of it."""
        self._gate_moved.set()
        gatelog.report(self.name, before, self.gate)
        if before.pace is None and self.gate.pace is not None:
            self._admission.begin_pace()
        for section in self.gate.sections:
            if section.pace is not None and before.section(section.section).pace is None:
                self._of_sections[section.section].begin_pace()
        if before.state is self.gate.state:
            return
        if self.gate.state in (GateState.OPEN, GateState.HELD) and before.state is GateState.CLOSED:
            self._to_give_back = self.gate.first_failure_at

    def _tell_room(self) -> None:
        for listener in self._on_room:
            listener()

    async def _remember(self) -> None:
        """Keep the state, and give counted attempts back. A store that cannot is asked again at the next event."""
        self._unsaved = True
        try:
            if self._to_give_back is not None:
                await self.around.opened(self._to_give_back)
                self._to_give_back = None
            await self.around.save(self.gate)
        except NotOwnerError:
            # Whoever owns this gate keeps its own view of the peer.
            self._unsaved, self._to_give_back = False, None
        except StoreError as error:
            _log.warning("the state of a gate cannot be kept yet", peer=self.name, reason=str(error))
        else:
            self._unsaved = False


def _asked(error: SyncError) -> float | None:
    """How long the peer, too busy or away for any request, asked to be left alone."""
    return error.retry_after if error.status in {429, 503} else None
