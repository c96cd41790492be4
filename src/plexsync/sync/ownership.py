"""From standing by to owning and back: one server, or the timetable, in the life of one daemon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from plexsync.log import logger
from plexsync.model.errors import NotOwnerError, StoreDamagedError, StoreError
from plexsync.model.work import Put
from plexsync.store import jobs, owner
from plexsync.store.database import Connection, Database
from plexsync.sync.clock import Clock
from plexsync.sync.reign import Reign, Terms, boot_seconds

_log = logger("plexsync.ownership")

T = TypeVar("T")


class Room(Protocol):
    """What is done for a key, and what is known of it."""

    async def load(self) -> None:
        """Learn what the store knows: all that a daemon that stands by has."""
        ...

    async def run(self) -> None:
        """Work until cancelled."""
        ...

    async def stop(self, grace: float) -> None:
        """Begin nothing more, and let what is under way end for at most so many seconds."""
        ...

    def unkept(self) -> Sequence[Put]:
        """What was begun and not kept, to be put again."""
        ...


R = TypeVar("R", bound=Room)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimant:
    """What all ownerships of one daemon share. `holder` is this daemon for people."""

    database: Database
    clock: Clock
    holder: str
    terms: Terms = field(default_factory=Terms)
    elapsed: Callable[[], float] = boot_seconds
    taking: asyncio.Lock = field(default_factory=asyncio.Lock)  #: so that each look knows what the last one took


@dataclass(slots=True, kw_only=True)
class Ownership(Generic[R]):
    """One key. `make` builds its room anew for each reign, and with None the one of a daemon that stands by.

    `title` is the key for people; `owns_other` tells whether this daemon owns another one of the kind already.
    """

    key: str
    title: str
    claimant: Claimant
    make: Callable[[Reign | None], R]
    owns_other: Callable[[], bool]
    reign: Reign | None = None
    room: R = field(init=False)
    _furnished: Reign | None = None  #: the reign that `room` was made for

    def begin(self) -> None:
        """Make the room. Where only one daemon can open the database, it is the owner from the start."""
        database = self.claimant.database
        if not database.shared:
            with database.transaction() as connection:
                epoch = owner.take(connection, self.key, self.claimant.holder)
            self._own(epoch, self.claimant.elapsed())
        self._furnish()

    async def live(self) -> None:
        """Stand by, own, and stand by again, until cancelled; only what nothing here can mend ends it."""
        try:
            while True:
                if self.reign is None:
                    await self._stand_by()
                await self._rule(self._present)
        finally:
            await self.room.stop(0)
            await self.end()

    async def take(self) -> str:
        """Become the owner if nobody is; else who it is, for people. For a command that works here and now."""
        look = await self._look(manners=0.0)
        if look.epoch is None:
            return look.holder or "another PlexSync"
        self._furnish()
        return ""

    async def end(self) -> None:
        """Stop owning, so that another daemon may begin at once."""
        reign, self.reign = self.reign, None
        if reign is None:
            return
        try:
            await reign.end()
        except StoreError as error:
            _log.warning("others learn only by silence that this owner ended", key=self.key, reason=str(error))

    async def known(self) -> R:
        """The room at work, or what the store knows now of one that another daemon owns."""
        if self.reign is None:
            room = self.make(None)
            await room.load()
            if self.reign is None:
                self.room = room
        return self.room

    async def guard(self) -> None:
        """Return only while nobody else can own this: to be awaited right before a write to Plex."""
        await self._present.guard()

    async def run(self, work: Callable[[Connection], T]) -> T:
        """One transaction as the owner. NotOwnerError while another daemon is it."""
        return await self._present.run(work)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction as the owner. NotOwnerError while another daemon is it."""
        with self._present.transaction() as connection:
            yield connection

    @property
    def _present(self) -> Reign:
        if self.reign is None:
            raise NotOwnerError(f"This PlexSync stands by for {self.title}: another one works on it")
        return self.reign

    async def _stand_by(self) -> None:
        complained = False
        while True:
            try:
                look = await self._look(self.claimant.terms.manners)
            except StoreDamagedError:
                raise
            except StoreError as error:
                if not complained:
                    _log.error("a standby cannot look whether it is needed", key=self.key, reason=str(error))
                complained, pause = True, self.claimant.terms.look_every
            else:
                if look.epoch is not None:
                    return
                complained, pause = False, min(max(look.wait, 0.1), self.claimant.terms.look_every)
            await self.claimant.clock.wait(asyncio.Event(), pause)

    async def _look(self, manners: float) -> owner.Look:
        claimant = self.claimant
        async with claimant.taking:
            wait = manners if self.owns_other() else 0.0
            began = claimant.elapsed()
            look = await claimant.database.run(
                lambda c: owner.take_if_free(c, self.key, claimant.holder, claimant.terms.silence, manners=wait)
            )
            if look.epoch is not None:
                self._own(look.epoch, began)
                _log.info("this daemon works from now on", key=self.key, epoch=look.epoch)
        return look

    def _own(self, epoch: int, beaten: float) -> None:
        claimant = self.claimant
        self.reign = Reign(
            database=claimant.database,
            key=self.key,
            epoch=epoch,
            terms=claimant.terms,
            clock=claimant.clock,
            elapsed=claimant.elapsed,
            beaten=beaten,
        )

    def _furnish(self) -> None:
        self.room = self.make(self.reign)
        self._furnished = self.reign

    async def _rule(self, reign: Reign) -> None:
        async with _task(reign.keep()) as keeping:
            while not reign.lost.is_set():
                if self._furnished is not reign:
                    self._furnish()
                async with _task(self.room.run()) as working:
                    await asyncio.wait({working, keeping}, return_when=asyncio.FIRST_COMPLETED)
                await self.room.stop(0)
                self._report(reign, working, keeping)
                await self.claimant.clock.wait(reign.lost, self.claimant.terms.again)
        await self._depose()

    def _report(self, reign: Reign, *tasks: asyncio.Task[None]) -> None:
        """What ended without being asked to. Damage of the store is for the whole daemon; anything else passes."""
        faults = [fault for task in tasks for fault in _faults(task)]
        for fault in faults:
            if isinstance(fault, StoreDamagedError):
                raise fault
        self._furnished = None
        if faults and not reign.lost.is_set():
            _log.error("the work on a key ended on a fault and begins anew", key=self.key, exc_info=faults[0])

    async def _depose(self) -> None:
        """What was under way may reach Plex late, after the new owner looked: it is to look again."""
        database = self.claimant.database
        puts = self.room.unkept()
        self.reign = None
        if not database.shared:
            raise NotOwnerError(
                f"Another PlexSync began to work on {database.place}, so this one stops. SQLite serves one daemon: "
                "stop one of them, or let both use PostgreSQL (store_url)"
            )
        _log.warning("another daemon took over, this one stands by", key=self.key, put_again=len(puts))
        self.room = self.make(None)
        while puts:
            try:
                await database.run(lambda c: jobs.put(c, puts, self.claimant.clock.now()))
            except StoreDamagedError:
                raise
            except StoreError as error:
                _log.error("what was under way cannot be put again yet", key=self.key, reason=str(error))
                await self.claimant.clock.wait(asyncio.Event(), self.claimant.terms.again)
            else:
                return


@asynccontextmanager
async def _task(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """A task that has ended when the block has."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            # Who is cancelled before looking at it has no use for it, and asyncio need not complain.
            task.exception()


def _faults(task: asyncio.Task[None]) -> list[BaseException]:
    """What a task ended on, taken out of its groups."""
    if not task.done() or task.cancelled() or (error := task.exception()) is None:
        return []
    return list(_leaves(error))


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error
