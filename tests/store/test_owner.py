"""One row for each key: who may take it over, what its epoch fences off, and what is wished for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from plexsync.model.errors import NotOwnerError
from plexsync.store import owner, preferences, wishes
from plexsync.store.database import Connection, Database
from plexsync.store.fence import Fence

KEY = "plex:attic"
SILENCE = 20.0


def looked(database: Database, holder: str, *, manners: float = 0.0) -> owner.Look:
    with database.transaction() as conn:
        return owner.take_if_free(conn, KEY, holder, SILENCE, manners=manners)


def taken(database: Database, holder: str) -> int:
    """The epoch of a reign that begins now."""
    epoch = looked(database, holder).epoch
    assert epoch is not None
    return epoch


def pass_time(database: Database, seconds: float) -> None:
    """The last beat of whoever owns the key was so much earlier."""
    with database.transaction() as conn:
        conn.execute(sa.text("UPDATE owners SET beat_at = beat_at - :seconds"), {"seconds": seconds})


def holder_of(database: Database) -> str:
    with database.transaction() as conn:
        return owner.standing(conn)[KEY].holder


def fails_as_deposed(work: Callable[[], object]) -> None:
    with pytest.raises(NotOwnerError, match="took over 'plex:attic'"):
        work()


def test_a_key_that_was_never_owned_is_taken_at_the_first_look(database: Database) -> None:
    assert looked(database, "host a").epoch == 1
    assert holder_of(database) == "host a"


def test_an_owner_that_beats_stays_and_the_others_learn_how_long_they_have_to_wait(database: Database) -> None:
    epoch = taken(database, "host a")
    pass_time(database, 19.0)
    with database.transaction() as conn:
        owner.beat(conn, KEY, epoch)
    look = looked(database, "host b")
    assert look.epoch is None
    assert look.holder == "host a"
    assert SILENCE - 5 < look.wait <= SILENCE
    pass_time(database, 12.0)
    assert SILENCE - 17 < looked(database, "host b").wait <= SILENCE - 12


def test_an_owner_that_was_silent_too_long_is_replaced_and_fenced_off(database: Database) -> None:
    first = taken(database, "host a")
    pass_time(database, SILENCE + 0.1)
    second = taken(database, "host b")
    assert second > first
    with database.transaction() as conn:
        fails_as_deposed(lambda: owner.beat(conn, KEY, first))
        fails_as_deposed(lambda: owner.insist(conn, KEY, first))
        owner.free(conn, KEY, first, SILENCE)
        owner.beat(conn, KEY, second)
        owner.insist(conn, KEY, second)
    assert holder_of(database) == "host b"


def test_a_daemon_that_owns_another_server_lets_the_others_go_first(database: Database) -> None:
    assert looked(database, "busy", manners=5.0).epoch is None
    assert 0 < looked(database, "busy", manners=5.0).wait <= 5.0
    taken(database, "host a")
    pass_time(database, SILENCE + 1)
    assert looked(database, "busy", manners=5.0).epoch is None
    pass_time(database, 5.0)
    assert looked(database, "busy", manners=5.0).epoch is not None


def test_an_owner_that_ends_well_is_followed_at_once_and_writes_nothing_more(database: Database) -> None:
    first = taken(database, "host a")
    with database.transaction() as conn:
        owner.free(conn, KEY, first, SILENCE)
        fails_as_deposed(lambda: owner.insist(conn, KEY, first))
    assert holder_of(database) == ""
    assert taken(database, "host b") > first


def test_a_database_whose_clock_was_set_back_does_not_keep_a_dead_owner_for_ever(database: Database) -> None:
    taken(database, "host a")
    pass_time(database, -5.0)
    assert looked(database, "host b").epoch is None
    pass_time(database, -3600.0)
    assert looked(database, "host b").epoch is not None


def test_the_only_daemon_of_a_folder_takes_over_without_waiting(database: Database) -> None:
    with database.transaction() as conn:
        assert [owner.take(conn, KEY, holder) for holder in ("host a", "host b")] == [1, 2]
        fails_as_deposed(lambda: owner.insist(conn, KEY, 1))


async def test_nothing_of_a_deposed_owners_transaction_is_kept_and_others_in_its_group_are(database: Database) -> None:
    first = Fence(database=database, key=KEY, epoch=taken(database, "host a"))
    await first.run(lambda c: preferences.put(c, "first", 1))
    pass_time(database, SILENCE + 1)
    second = Fence(database=database, key=KEY, epoch=taken(database, "host b"))

    def write(name: str) -> Callable[[Connection], None]:
        return lambda c: preferences.put(c, name, 1)

    ends = await asyncio.gather(
        second.run(write("second")), first.run(write("late")), second.run(write("third")), return_exceptions=True
    )
    assert [type(end) for end in ends] == [type(None), NotOwnerError, type(None)]
    with pytest.raises(NotOwnerError), first.transaction() as conn:
        write("late")(conn)
    with database.transaction() as conn:
        assert set(preferences.all_under(conn, "")) == {"first", "second", "third"}


def test_nobody_takes_over_in_the_middle_of_an_owners_transaction(postgres_url: str) -> None:
    """Also when the owner beats from another connection meanwhile."""
    ours, theirs = Database.open(postgres_url), Database.open(postgres_url)
    try:
        fence = Fence(database=ours, key=KEY, epoch=taken(ours, "host a"))
        pass_time(ours, SILENCE + 1)
        with fence.transaction() as conn:
            preferences.put(conn, "name", "value")
            look = looked(theirs, "host b")
            assert (look.epoch, look.holder) == (None, "host a")
            with theirs.transaction() as other:
                owner.beat(other, KEY, fence.epoch)
        pass_time(ours, SILENCE + 1)
        assert looked(theirs, "host b").epoch == fence.epoch + 1
    finally:
        ours.close()
        theirs.close()


def test_of_many_that_look_at_once_one_becomes_the_owner(postgres_url: str) -> None:
    databases = [Database.open(postgres_url) for _ in range(8)]
    found: list[int] = []
    start = threading.Barrier(len(databases))

    def look(number: int) -> None:
        start.wait()
        if (epoch := looked(databases[number], f"host {number}").epoch) is not None:
            found.append(epoch)

    threads = [threading.Thread(target=look, args=(number,)) for number in range(len(databases))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in databases:
        database.close()
    assert found == [1]


def test_a_wish_stays_until_a_run_that_began_after_it_is_over(database: Database) -> None:
    with database.transaction() as conn:
        assert wishes.waiting(conn) == {}
        first = wishes.ask(conn, "full walk", 1.0)
        wishes.ask(conn, "recent", 1.0)
        assert wishes.waiting(conn) == {"full walk": first, "recent": 1}
        second = wishes.ask(conn, "full walk", 2.0)
        assert not wishes.fulfil(conn, "full walk", first)
        assert wishes.waiting(conn)["full walk"] == second
        assert wishes.fulfil(conn, "full walk", second)
        assert wishes.waiting(conn) == {"recent": 1}
