"""Counting what waited for a peer, and what a store that fails meanwhile does to the record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from newstore import new_store
from plexsync.model.errors import NeedsSignIn, PlexServerDown, StoreError
from plexsync.model.work import Job, Lane, Outcome, Peer, Put, Verdict
from plexsync.store import jobs, outages, wishes
from plexsync.store.database import Connection, Database
from plexsync.store.outages import Outage, OutageKind
from plexsync.sync.gates.drains import Drains
from plexsync.sync.gates.stored import StoredGate
from sync.hands import SetClock, settled
from world import until

T = TypeVar("T")
PEER = "plex:main"
DONE = Outcome(verdict=Verdict.DONE)


@dataclass(slots=True)
class Store:
    """A store that can be told to fail."""

    database: Database
    fails: bool = False

    def transaction(self) -> AbstractContextManager[Connection]:
        return self.database.transaction()

    async def run(self, work: Callable[[Connection], T]) -> T:
        if self.fails:
            raise StoreError("the disk is full")
        return await self.database.run(work)


@dataclass(slots=True)
class Room:
    store: Store
    clock: SetClock = field(default_factory=SetClock)
    drains: Drains = field(init=False)

    def __post_init__(self) -> None:
        self.drains = Drains(database=self.store, clock=self.clock, servers_of={PEER: ("main",)})

    def job(self, scene: int, *, server: str = "main", queued_at: float | None = None) -> Job:
        at = self.clock.at if queued_at is None else queued_at
        return Job(
            server=server, scene=scene, lane=Lane.CHANGE, reasons=(), generation=1, token="t", attempts=0, queued_at=at
        )

    async def over(self, *scenes: int) -> Outage:
        """An outage that these jobs waited for, and that is followed from now on."""

        def work(conn: Connection) -> Outage | None:
            outages.began(conn, PEER, OutageKind.AWAY, "no answer", self.clock.at, self.clock.at)
            jobs.put(
                conn, [Put(server="main", scene=one, lane=Lane.BULK, reason="hook") for one in scenes], self.clock.at
            )
            return outages.ended(conn, PEER, ["main"], self.clock.at)

        found = await self.store.database.run(work)
        assert found is not None
        self.drains.follow(found)
        return found

    async def kept(self) -> list[int]:
        """How many were counted of each outage, the newest first."""
        return [one.drained for one in await self.store.database.run(outages.listing)]

    @asynccontextmanager
    async def counting(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.drains.run())
        await settled()
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def become(self, *counts: int, moving: float = 0.0) -> None:
        """Wait until so many are kept; the clock moves on meanwhile, if it is told to."""

        async def so() -> bool:
            """the counts are kept"""
            if moving:
                await self.clock.move(moving)
            return await self.kept() == list(counts)

        await until(so)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    database = Database.open(new_store(tmp_path / "plexsync.db"))
    yield Room(Store(database))
    database.close()


async def test_the_first_and_the_last_job_are_kept_at_once_the_others_within_seconds(room: Room) -> None:
    over = await room.over(1, 2, 3, 4)
    async with room.counting():
        room.drains.job_ended(room.job(1), DONE)
        await room.become(1)
        room.drains.job_ended(room.job(2), Outcome(verdict=Verdict.DECISION))
        room.drains.job_ended(room.job(3), Outcome(verdict=Verdict.DEAD))
        await settled()
        assert await room.kept() == [1]
        await room.become(3, moving=1.0)
        room.drains.job_ended(room.job(4, queued_at=over.ended_at), DONE)
        await room.become(4)
    (one,) = await room.store.database.run(outages.listing)
    assert one.first_drained_at == one.ended_at
    assert one.last_drained_at == room.clock.at


async def test_only_a_job_that_waited_and_came_to_its_end_is_counted_and_only_once(room: Room) -> None:
    await room.over(1, 2)
    late = room.clock.at + 1
    async with room.counting():
        for other in (room.job(9, queued_at=late), room.job(1, server="other")):
            room.drains.job_ended(other, DONE)
        for verdict in (Verdict.RETRY, Verdict.RETRY_LONG, Verdict.WAIT, Verdict.HOLD):
            room.drains.job_ended(room.job(1), Outcome(verdict=verdict))
        room.drains.job_ended(room.job(1), DONE)
        room.drains.job_ended(room.job(1), DONE)
        await room.become(1)
        room.drains.job_ended(room.job(2), DONE)
        await room.become(2)


async def test_a_job_that_waited_for_two_outages_counts_for_both(room: Room) -> None:
    await room.over(1)
    first = room.job(1)
    room.clock.at += 100
    await room.over(2)
    async with room.counting():
        room.drains.job_ended(first, DONE)
        await room.become(1, 1)


async def test_what_was_counted_is_kept_when_the_daemon_ends_and_gone_on_with_by_the_next(room: Room) -> None:
    over = await room.over(1, 2, 3)
    async with room.counting():
        room.drains.job_ended(room.job(1), DONE)
        await room.become(1)
        room.drains.job_ended(room.job(2), DONE)
    assert await room.kept() == [2]
    after = Room(room.store, room.clock)
    for outage in await room.store.database.run(lambda c: outages.draining(c, PEER, ["main"])):
        after.drains.follow(outage)
    async with after.counting():
        after.drains.job_ended(room.job(3, queued_at=over.ended_at), DONE)
        await room.become(3)


async def test_a_count_that_the_store_cannot_keep_is_kept_later(room: Room) -> None:
    await room.over(1, 2)
    async with room.counting():
        room.store.fails = True
        room.drains.job_ended(room.job(1), DONE)
        await settled()
        room.store.fails = False
        await room.become(1, moving=1.0)


# --- the gate's own record


@dataclass(slots=True)
class Gated:
    """A stored gate over a peer and a store that can be told to fail."""

    room: Room
    asked: int = 0

    def stored(self) -> StoredGate:
        return StoredGate(
            name="Plex (main)",
            key=PEER,
            servers=("main",),
            database=self.room.store,
            clock=self.room.clock,
            drains=self.room.drains,
            recover=self._recover,
        )

    def _recover(self) -> None:
        self.asked += 1


async def fine() -> None:
    """A peer that is well."""


async def test_an_outage_that_passed_while_the_store_failed_is_recorded_with_its_times(room: Room) -> None:
    gated = Gated(room)
    stored = gated.stored()
    keeper = stored.keeper(Peer.PLEX, fine)
    await stored.resume(keeper)
    room.store.fails = True
    room.clock.at += 10
    began = room.clock.at
    await keeper.failed(NeedsSignIn("401", peer=Peer.PLEX), 1)
    room.clock.at += 50
    await keeper.healthy()
    await keeper.answered()
    assert keeper.closed
    ended = room.clock.at
    assert await room.store.database.run(outages.listing) == []
    room.store.fails = False
    room.clock.at += 1000
    await keeper.failed(PlexServerDown("refused"), 1)
    (one,) = await room.store.database.run(outages.listing)
    assert (one.began_at, one.ended_at, one.kind) == (began, ended, OutageKind.HELD)
    assert "401" in one.cause
    assert gated.asked == 1
    assert set(await room.store.database.run(wishes.waiting)) == {"recovery"}


async def test_a_gate_that_cannot_be_read_counts_as_closed_and_its_outage_as_over(room: Room) -> None:
    gated = Gated(room)
    await room.store.database.run(
        lambda c: outages.began(c, PEER, OutageKind.AWAY, "no answer", room.clock.at, room.clock.at)
    )
    room.clock.at += 30
    stored = gated.stored()
    keeper = stored.keeper(Peer.PLEX, fine)
    await stored.resume(keeper)
    assert keeper.closed
    (one,) = await room.store.database.run(outages.listing)
    assert one.ended_at == room.clock.at
