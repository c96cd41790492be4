"""A PostgreSQL server that goes away, comes back or gets in the way: nothing is lost, done twice or kept by half."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from bench.cluster import Cluster

from plexsync.model.errors import StoreDamagedError, StoreError
from plexsync.store import preferences
from plexsync.store.database import Connection, Database
from plexsync.store.schema import preferences as table
from postgres import fresh_database
from store.relay import Cut, relay


@pytest.fixture
def opened(postgres_url: str) -> Iterator[Database]:
    database = Database.open(postgres_url)
    yield database
    database.close()


def kept(database: Database) -> dict[str, object]:
    with database.transaction() as conn:
        return preferences.all_under(conn, "")


def pid_of(conn: Connection) -> int:
    return int(conn.execute(sa.text("SELECT pg_backend_pid()")).scalar_one())


def end_backend(server: Cluster, pid: int) -> None:
    with server.ruling() as ruling:
        assert ruling.execute("SELECT pg_terminate_backend(%s, 5000)", [pid]).fetchone() == (True,)


class Unlucky:
    """Work whose first `times` calls meet something in the middle of it."""

    def __init__(self, meets: Callable[[Connection], object], times: int = 1) -> None:
        self.calls = 0
        self._meets = meets
        self._times = times

    def __call__(self, conn: Connection) -> int:
        self.calls += 1
        preferences.put(conn, f"call {self.calls}", "begun")
        if self.calls <= self._times:
            self._meets(conn)
        preferences.put(conn, "ended", self.calls)
        return self.calls


def putting(name: str) -> Callable[[Connection], None]:
    return lambda conn: preferences.put(conn, name, 1)


async def together(database: Database, *works: Callable[[Connection], object]) -> list[object]:
    """What becomes of these when they are asked for at once."""
    go = threading.Event()
    tasks = [asyncio.ensure_future(database.run(work)) for work in (lambda _c: go.wait(10), *works)]
    await asyncio.sleep(0)
    go.set()
    return (await asyncio.gather(*tasks, return_exceptions=True))[1:]


async def test_a_connection_that_broke_while_idle_is_not_noticed(opened: Database, postgres_server: Cluster) -> None:
    for _ in range(3):
        end_backend(postgres_server, await opened.run(pid_of))
    with opened.transaction() as conn:
        preferences.put(conn, "a", 1)
    assert kept(opened) == {"a": 1}


async def test_work_whose_connection_breaks_is_done_once_on_another(opened: Database, postgres_server: Cluster) -> None:
    work = Unlucky(lambda conn: end_backend(postgres_server, pid_of(conn)))
    assert await opened.run(work) == 2
    assert kept(opened) == {"call 2": "begun", "ended": 2}


async def test_a_whole_group_goes_on_when_its_connection_breaks(opened: Database, postgres_server: Cluster) -> None:
    work = Unlucky(lambda conn: end_backend(postgres_server, pid_of(conn)))
    names = [f"piece {number}" for number in range(20)]
    pieces = [putting(name) for name in names]
    ends = await together(opened, *pieces[:10], work, *pieces[10:])
    assert ends == [None] * 10 + [2] + [None] * 10
    assert kept(opened) == dict.fromkeys(names, 1) | {"call 2": "begun", "ended": 2}


async def test_a_connection_that_breaks_each_time_is_an_error_for_the_whole_group(
    opened: Database, postgres_server: Cluster
) -> None:
    work = Unlucky(lambda conn: end_backend(postgres_server, pid_of(conn)), times=99)
    ends = await together(opened, putting("a"), work, putting("b"))
    assert [type(end) for end in ends] == [StoreError] * 3
    assert work.calls == 4
    assert kept(opened) == {}


@pytest.mark.parametrize(("where", "found"), [(Cut.BEFORE, {}), (Cut.AFTER, {"a": 1})])
async def test_a_commit_of_which_nobody_knows_is_an_error_and_never_repeated(
    postgres_server: Cluster, where: Cut, found: dict[str, object]
) -> None:
    with fresh_database(postgres_server) as url, relay(postgres_server.port) as between:
        database = Database.open(url.replace(str(postgres_server.port), str(between.port)))
        calls = []

        def work(conn: Connection) -> None:
            calls.append(1)
            preferences.put(conn, "a", 1)
            between.cut = where

        with pytest.raises(StoreError, match="cannot be reached"):
            await database.run(work)
        assert len(calls) == 1
        assert kept(database) == found
        database.close()


@pytest.fixture
def own_url(stoppable_postgres: Cluster) -> Iterator[str]:
    """The address of a database of the server that may be stopped."""
    with fresh_database(stoppable_postgres) as url:
        yield url


async def test_a_server_that_stops_is_an_error_and_one_that_starts_is_found_again(
    stoppable_postgres: Cluster, own_url: str
) -> None:
    database = Database.open(own_url)
    await database.run(putting("before"))
    stoppable_postgres.stop("immediate")
    for _ in range(3):
        with pytest.raises(StoreError, match=r"plexsync:\*\*\*@127.* cannot be reached .*refused.*server running"):
            await database.run(putting("meanwhile"))
    with pytest.raises(StoreError, match="cannot be reached"), database.transaction():
        pass
    stoppable_postgres.start()
    await database.run(putting("after"))
    assert kept(database) == {"before": 1, "after": 1}
    database.close()


async def test_what_was_acknowledged_survives_a_crash_of_a_server_that_is_in_no_hurry(
    stoppable_postgres: Cluster, own_url: str
) -> None:
    with stoppable_postgres.ruling() as ruling:
        ruling.execute(f"ALTER DATABASE {own_url.rsplit('/', 1)[1]} SET synchronous_commit = off")
    database = Database.open(own_url)
    for number in range(20):
        await database.run(putting(f"name {number}"))
    stoppable_postgres.stop("immediate")
    stoppable_postgres.start()
    assert len(kept(database)) == 20
    database.close()


async def test_a_server_that_freezes_holds_nobody_for_ever(
    opened: Database, postgres_server: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plexsync.store.bounded.BoundedConnection.longest", 0.3)
    pid = await opened.run(pid_of)

    def freeze(conn: Connection) -> None:
        assert pid_of(conn) == pid
        os.kill(pid, signal.SIGSTOP)

    try:
        assert await opened.run(Unlucky(freeze)) == 2
    finally:
        os.kill(pid, signal.SIGCONT)
    assert kept(opened) == {"call 2": "begun", "ended": 2}


async def test_two_pieces_of_work_that_wait_for_each_other_are_both_done(postgres_url: str) -> None:
    pair = [Database.open(postgres_url) for _ in range(2)]
    for name in ("a", "b"):
        await pair[0].run(lambda c, name=name: preferences.put(c, name, []))  # type: ignore[misc]
    both = threading.Barrier(2)

    def crosswise(number: int, names: str, tries: list[int]) -> Callable[[Connection], None]:
        def work(conn: Connection) -> None:
            tries.append(number)
            for name in names:
                held = sa.select(table.c.value).where(table.c.name == name).with_for_update()
                preferences.put(conn, name, [*conn.execute(held).scalar_one(), number])
                if tries.count(number) == 1 and name == names[0]:
                    both.wait(10)

        return work

    tries: list[int] = []
    await asyncio.gather(pair[0].run(crosswise(0, "ab", tries)), pair[1].run(crosswise(1, "ba", tries)))
    assert {name: sorted(value) for name, value in kept(pair[0]).items()} == {"a": [0, 1], "b": [0, 1]}  # type: ignore[call-overload]
    assert len(tries) == 3
    for database in pair:
        database.close()


async def test_two_that_find_nothing_and_insert_are_both_done(postgres_url: str) -> None:
    pair = [Database.open(postgres_url) for _ in range(2)]
    both = threading.Barrier(2)
    looks = []

    def add(number: int) -> Callable[[Connection], None]:
        def work(conn: Connection) -> None:
            held = preferences.get(conn, "same")
            looks.append(held)
            if held is not None:
                preferences.put(conn, "same", [*held, number])
                return
            both.wait(10)
            conn.execute(sa.insert(table).values(name="same", value=[number]))

        return work

    await asyncio.gather(*(database.run(add(number)) for number, database in enumerate(pair)))
    assert sorted(kept(pair[0])["same"]) == [0, 1]  # type: ignore[call-overload]
    assert looks[:2] == [None, None]
    assert len(looks) == 3
    for database in pair:
        database.close()


async def test_a_row_that_is_there_for_good_stays_an_error_of_the_one_who_inserts_it(opened: Database) -> None:
    def insert(conn: Connection) -> None:
        conn.execute(sa.insert(table).values(name="same", value=1))

    ends = await together(opened, putting("before"), insert, insert, putting("after"))
    assert [type(end) for end in ends] == [type(None), type(None), sa.exc.IntegrityError, type(None)]
    assert kept(opened) == dict.fromkeys(["before", "same", "after"], 1)


def fail_with(state: str) -> Callable[[Connection], object]:
    raising = f"DO $$ BEGIN RAISE EXCEPTION 'words of the server' USING ERRCODE = '{state}'; END $$"
    return lambda conn: conn.execute(sa.text(raising))


@pytest.mark.parametrize("state", ["40001", "40P01"])
async def test_a_transaction_that_lost_a_race_is_repeated(opened: Database, state: str) -> None:
    assert await opened.run(Unlucky(fail_with(state), times=3)) == 4
    with pytest.raises(StoreError, match="words of the server"):
        await opened.run(Unlucky(fail_with(state), times=4))


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("25006", "only reads .*standby"),
        ("28P01", "does not let PlexSync in .*store_url"),
        ("42501", "make that user its owner"),
        ("42P01", "does not hold PlexSync's tables"),
        ("53100", "no room left .*goes on by itself"),
        ("53200", "short of resources"),
        ("53300", "max_connections"),
        ("55P03", "locked by another program"),
        ("57014", "takes too long"),
        ("57P03", "cannot be reached now"),
        ("58030", "check the disk"),
        ("XX000", "cannot be used: words of the server$"),
    ],
)
async def test_what_the_server_says_comes_with_a_remedy(opened: Database, state: str, said: str) -> None:
    work = Unlucky(fail_with(state))
    with pytest.raises(StoreError, match=rf"The database postgresql://.* {said}") as caught:
        await opened.run(work)
    assert "words of the server" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert work.calls == 1
    assert kept(opened) == {}


async def test_damage_of_the_server_s_files_is_told_as_such(opened: Database) -> None:
    with pytest.raises(StoreDamagedError, match=r"is damaged .*restore a backup"):
        await opened.run(fail_with("XX001"))


async def test_a_database_that_only_reads_is_an_error_for_writers(
    opened: Database, postgres_server: Cluster, postgres_url: str
) -> None:
    name = postgres_url.rsplit("/", 1)[1]
    with postgres_server.ruling() as ruling:
        ruling.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    end_backend(postgres_server, await opened.run(pid_of))
    with pytest.raises(StoreError, match="only reads"):
        await opened.run(lambda c: preferences.put(c, "a", 1))
    assert kept(opened) == {}
