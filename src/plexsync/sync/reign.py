"""One daemon's time as the owner of a server or of the timetable: what it may write, and for how long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from plexsync.log import logger
from plexsync.model.errors import NotOwnerError, StoreDamagedError, StoreError
from plexsync.store import owner
from plexsync.store.database import Connection, Database
from plexsync.store.fence import Fence
from plexsync.sync.clock import Clock

_log = logger("plexsync.ownership")

T = TypeVar("T")


def boot_seconds() -> float:
    """Seconds since some moment, which run on while this process is stopped or the machine sleeps."""
    # On Linux the first one counts sleep, on macOS the second; where there is neither, the usual clock does.
    for name in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC"):
        if (clock := getattr(time, name, None)) is not None:
            return time.clock_gettime(clock)
    return time.monotonic()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Seconds. An owner beats each `beat_every` and writes to Plex only while its last beat is younger than `lease`.

    Who was silent for `silence` by the database's clock may be replaced; standbys look each `look_every`, and one
    that owns another server already lets the others go first for `manners`. Work that ended on a fault goes on after
    `again`.
    """

    beat_every: float = 5.0
    lease: float = 15.0
    silence: float = 20.0
    look_every: float = 5.0
    manners: float = 5.0
    again: float = 5.0


@dataclass(slots=True, kw_only=True)
class Reign:
    """What goes through `run` and `transaction` is kept only while it lasts; `lost` is set when it is seen to be over.

    `beaten` is when, by `elapsed`, the last beat that was kept began: until `silence` later nobody else takes over. A
    database that only one daemon can open needs no beats.
    """

    database: Database
    key: str
    epoch: int
    terms: Terms
    clock: Clock
    elapsed: Callable[[], float]
    beaten: float
    lost: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, work: Callable[[Connection], T]) -> T:
        """One transaction on the store's own thread. NotOwnerError, and nothing is kept, when the reign is over."""
        with self._noticing():
            return await self._fence.run(work)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction. NotOwnerError, and nothing is kept, when the reign is over."""
        with self._noticing(), self._fence.transaction() as connection:
            yield connection

    async def guard(self) -> None:
        """Return only while nobody else can have taken over: to be awaited right before a write to Plex.

        NotOwnerError when somebody has; StoreError when that cannot be told.
        """
        if self.lost.is_set():
            raise NotOwnerError(f"Another PlexSync took over {self.key!r}: nothing more is written for it")
        if self.database.shared and not self._fresh:
            await self.beat()
            if not self._fresh:
                raise StoreError(
                    f"The database {self.database.place} answers too slowly to prove who owns {self.key!r}"
                )

    async def beat(self) -> None:
        """Say that this owner lives. NotOwnerError when another one took over."""
        began = self.elapsed()
        with self._noticing():
            await self.database.run(lambda c: owner.beat(c, self.key, self.epoch))
        self.beaten = began

    async def keep(self) -> None:
        """Beat until the reign is over, and return then. A database that is away is asked again."""
        complained = False
        while not await self.clock.wait(self.lost, self.terms.beat_every if self.database.shared else None):
            try:
                await self.beat()
            except StoreDamagedError:
                raise
            except StoreError as error:
                if not complained and not self.lost.is_set():
                    _log.error(
                        "an owner cannot say that it lives, writes to Plex wait", key=self.key, reason=str(error)
                    )
                complained = True
            else:
                complained = False

    async def end(self) -> None:
        """Let the next one begin at once."""
        if self.database.shared and not self.lost.is_set():
            await self.database.run(lambda c: owner.free(c, self.key, self.epoch, self.terms.silence))
        self.lost.set()

    @property
    def _fresh(self) -> bool:
        return self.elapsed() - self.beaten < self.terms.lease

    @property
    def _fence(self) -> Fence:
        return Fence(database=self.database, key=self.key, epoch=self.epoch)

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        try:
            yield
        except NotOwnerError:
            self.lost.set()
            raise
