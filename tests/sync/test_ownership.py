"""One daemon's way from standing by to owning and back, and what it may still do on the way."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from plexsync.model.errors import NotOwnerError, StoreDamagedError, StoreError
from plexsync.model.work import Lane, Put
from plexsync.store import jobs, owner, preferences
from plexsync.store.database import Database
from plexsync.store.schema import owners
from plexsync.sync.ownership import Claimant, Ownership
from plexsync.sync.reign import Reign, Terms, boot_seconds
from sync.hands import SetClock, settled
from world import until

KEY = "plex:attic"


@dataclass(slots=True)
class Bench:
    """A room whose work is told what to do; `began` counts how often it was begun by each room."""

    began: list[Bench] = field(default_factory=list)
    fault: Exception | None = None
    left: tuple[Put, ...] = ()
    working: bool = False

    async def load(self) -> None: ...

    async def run(self) -> None:
        self.began.append(self)
        self.working = True
        try:
            if self.fault is not None:
                raise ExceptionGroup("work", [self.fault])
            await asyncio.Event().wait()
        finally:
            self.working = False

    async def stop(self, grace: float) -> None: ...

    def unkept(self) -> Sequence[Put]:
        return self.left


@dataclass(slots=True)
class House:
    """One key and the daemons that want it; their clocks stand still until they are moved."""

    database: Database
    clock: SetClock = field(default_factory=SetClock)
    elapsed: float = 0.0
    began: list[Bench] = field(default_factory=list)
    fault: Exception | None = None
    left: tuple[Put, ...] = ()

    def ownership(self, holder: str = "host a") -> Ownership[Bench]:
        claimant = Claimant(
            database=self.database,
            clock=self.clock,
            holder=holder,
            terms=Terms(),
            elapsed=lambda: self.elapsed,
        )
        made: Ownership[Bench] = Ownership(
            key=KEY, title="the attic", claimant=claimant, make=self.make, owns_other=lambda: False
        )
        made.begin()
        return made

    def make(self, _reign: Reign | None) -> Bench:
        fault, self.fault = self.fault, None
        return Bench(began=self.began, fault=fault, left=self.left)

    def take_away(self) -> None:
        """Another daemon takes over."""
        with self.database.transaction() as conn:
            owner.take(conn, KEY, "host b")

    def age(self, seconds: float) -> None:
        """So much time passes for everybody."""
        self.elapsed += seconds
        with self.database.transaction() as conn:
            conn.execute(sa.update(owners).values(beat_at=owners.c.beat_at - seconds))

    @contextlib.asynccontextmanager
    async def living(self, ownership: Ownership[Bench]) -> AsyncIterator[asyncio.Task[None]]:
        task = asyncio.create_task(ownership.live())
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def moved(self, condition: Callable[[], bool], seconds: float = 5.0) -> None:
        """Let so many seconds pass again and again until it holds."""

        async def holds() -> bool:
            if not condition():
                await self.clock.move(seconds)
            return condition()

        await until(holds)


@contextlib.contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    asked: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    engine = database._engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def house(postgres_url: str) -> Iterator[House]:
    with contextlib.closing(Database.open(postgres_url)) as database:
        yield House(database=database)


@pytest.fixture
def lone(tmp_path: Path) -> Iterator[House]:
    """On SQLite, which one daemon opens."""
    with contextlib.closing(Database.open(f"sqlite:///{tmp_path / 'plexsync.db'}")) as database:
        yield House(database=database)


async def test_work_that_ends_on_a_fault_begins_anew_in_a_new_room_and_the_reign_lasts(house: House) -> None:
    house.fault = None
    ownership = house.ownership()
    house.fault = ValueError("a fault of our own")
    async with house.living(ownership):
        await house.moved(lambda: len(house.began) == 2)
        first, second = house.began
        assert first is not second
        assert second.working
        assert not first.working
        assert ownership.reign is not None
        assert ownership.reign.epoch == 1


async def test_damage_of_the_store_ends_the_whole_run(house: House) -> None:
    ownership = house.ownership()
    house.fault = StoreDamagedError("the file is no database")
    async with house.living(ownership) as life:
        await house.moved(life.done)
        assert isinstance(life.exception(), StoreDamagedError)


async def test_a_standby_takes_over_once_the_owner_was_silent_too_long(house: House) -> None:
    house.take_away()
    ownership = house.ownership()
    async with house.living(ownership):
        await house.clock.move(5)
        assert ownership.reign is None
        house.age(21)
        await house.moved(lambda: ownership.reign is not None and bool(house.began))
        assert ownership.room.working


async def test_a_deposed_owner_stops_stands_by_and_puts_again_what_it_had_begun(house: House) -> None:
    ownership = house.ownership()
    house.left = (Put(server="attic", scene=7, lane=Lane.CHANGE, reason="took over"),)
    async with house.living(ownership):
        await house.moved(lambda: bool(house.began))
        house.take_away()
        await house.moved(lambda: ownership.reign is None)
        assert not house.began[0].working

        async def put() -> bool:
            with house.database.transaction() as conn:
                return [(row.scene, row.reasons) for row in jobs.listing(conn)] == [(7, ("took over",))]

        await until(put)
        with pytest.raises(NotOwnerError, match="stands by for the attic"):
            await ownership.guard()


async def test_an_owner_that_ends_well_frees_the_key(house: House) -> None:
    ownership = house.ownership()
    async with house.living(ownership):
        await house.moved(lambda: bool(house.began))
    with house.database.transaction() as conn:
        assert owner.take_if_free(conn, KEY, "host b", 20.0).epoch == 3


async def test_an_owner_beats_and_stays(house: House) -> None:
    ownership = house.ownership()
    async with house.living(ownership):
        await house.moved(lambda: ownership.reign is not None)
        assert ownership.reign is not None
        beaten = ownership.reign.beaten
        house.age(19)
        await house.moved(lambda: ownership.reign is not None and ownership.reign.beaten == beaten + 19)
        house.age(19)
        with house.database.transaction() as conn:
            assert owner.take_if_free(conn, KEY, "host b", 20.0).epoch is None


async def test_a_write_to_plex_asks_the_database_only_where_the_last_beat_is_old(house: House) -> None:
    ownership = house.ownership()
    await ownership.take()
    house.age(14)
    with statements(house.database) as asked:
        await ownership.guard()
        assert asked == []
        house.age(2)
        asked.clear()
        await ownership.guard()
        assert [one.split()[:2] for one in asked] == [["UPDATE", "owners"]]
        asked.clear()
        await ownership.guard()
        assert asked == []


async def test_an_owner_that_wakes_up_after_another_took_over_sends_nothing(house: House) -> None:
    ownership = house.ownership()
    await ownership.take()
    house.age(60)
    house.take_away()
    with pytest.raises(NotOwnerError):
        await ownership.guard()
    # It has noticed now, and does not even ask any more.
    with statements(house.database) as asked:
        with pytest.raises(NotOwnerError):
            await ownership.guard()
        assert asked == []


async def test_an_owner_that_cannot_reach_the_database_sends_nothing_until_it_can(house: House) -> None:
    ownership = house.ownership()
    await ownership.take()
    house.age(60)
    with house.database.transaction() as conn:
        conn.execute(sa.text("ALTER TABLE owners RENAME TO away"))
    with pytest.raises(Exception, match="owners"):
        await ownership.guard()
    with house.database.transaction() as conn:
        conn.execute(sa.text("ALTER TABLE away RENAME TO owners"))
    await ownership.guard()


async def test_a_beat_that_took_longer_than_the_lease_proves_nothing(house: House) -> None:
    ownership = house.ownership()
    await ownership.take()
    house.age(60)
    free = threading.Event()
    busy = asyncio.create_task(house.database.run(lambda _: free.wait(10)))
    await settled()
    guarding = asyncio.create_task(ownership.guard())
    await settled()
    house.elapsed += 16
    free.set()
    with pytest.raises(StoreError, match="too slowly"):
        await guarding
    assert await busy


async def test_on_sqlite_the_owner_is_it_from_the_start_and_asks_nothing_before_a_write(lone: House) -> None:
    ownership = lone.ownership()
    assert ownership.reign is not None
    async with lone.living(ownership):
        await lone.moved(lambda: bool(lone.began))
        with statements(lone.database) as asked:
            lone.elapsed += 3600
            for _ in range(10):
                await lone.clock.move(60)
            await ownership.guard()
            assert asked == []


async def test_a_second_daemon_on_one_sqlite_file_ends_the_first_with_the_remedy(lone: House) -> None:
    ownership = lone.ownership()
    async with lone.living(ownership) as life:
        await lone.moved(lambda: bool(lone.began))
        lone.take_away()
        with pytest.raises(NotOwnerError):
            await ownership.run(lambda c: preferences.put(c, "name", 1))
        await lone.moved(life.done)
        assert isinstance(life.exception(), NotOwnerError)
        assert "PostgreSQL (store_url)" in str(life.exception())


def test_the_clock_of_the_lease_never_goes_back() -> None:
    assert 0 < boot_seconds() <= boot_seconds()
