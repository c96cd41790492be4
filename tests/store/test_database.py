"""Opening, versions and transactions."""

from __future__ import annotations

import asyncio
import logging
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from plexsync.model.errors import StoreError
from plexsync.model.work import Lane, Put
from plexsync.store import jobs
from plexsync.store.database import Connection, Database
from plexsync.store.schema import metadata

PUT = Put(server="plex", scene=1, lane=Lane.CHANGE, reason="hook")


def put_one(conn: Connection) -> int:
    return jobs.put(conn, [PUT], 1.0)


def count(conn: Connection) -> int:
    return len(jobs.listing(conn))


def test_the_migrations_lead_to_exactly_the_tables_of_the_schema(database: Database) -> None:
    with database.transaction() as conn:
        assert compare_metadata(MigrationContext.configure(conn), metadata) == []


def test_migrated_and_created_tables_are_the_same_to_sqlite(tmp_path: Path) -> None:
    """Down to what a comparison of metadata does not see: the conditions of partial indexes."""
    Database.open(f"sqlite:///{tmp_path / 'migrated.db'}").close()
    created = sa.create_engine(f"sqlite:///{tmp_path / 'created.db'}")
    metadata.create_all(created)
    created.dispose()
    assert _definitions(tmp_path / "migrated.db") == _definitions(tmp_path / "created.db")


def _definitions(file: Path) -> dict[str, list[str]]:
    engine = sa.create_engine(f"sqlite:///{file}")
    with engine.connect() as conn:
        rows = conn.execute(
            sa.text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name != 'alembic_version'")
        )
        # A column that was added later stands behind the others on the same line; a table made anew is in quotes.
        found = {name: sorted(part.strip("\n\t )") for part in sql.replace('"', "").split(",")) for name, sql in rows}
    engine.dispose()
    return found


def test_opening_again_keeps_what_is_there(url: str) -> None:
    for expected in (1, 1):
        database = Database.open(url)
        with database.transaction() as conn:
            put_one(conn)
            assert count(conn) == expected
        database.close()


def test_a_database_of_a_newer_version_is_refused_by_name_and_left_alone(url: str) -> None:
    database = Database.open(url)
    with database.transaction() as conn:
        conn.execute(sa.text("UPDATE alembic_version SET version_num = '9917'"))
    database.close()
    for opening in (Database.open, Database.open_reading):
        with pytest.raises(StoreError, match=r"version 9917, made by a newer PlexSync.*up to \d{4}.*backup"):
            opening(url)
    engine = sa.create_engine(url)
    with engine.connect() as conn:
        assert conn.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one() == "9917"
    engine.dispose()


def test_migrating_says_nothing_in_the_log(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    Database.open(url).close()
    assert [record for record in caplog.records if record.name.startswith("alembic")] == []


def test_a_damaged_file_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "plexsync.db"
    file.write_bytes(b"This is no database. " * 500)
    with pytest.raises(StoreError, match=f"{file} is damaged .file is not a database"):
        Database.open(f"sqlite:///{file}")


def test_a_folder_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"missing/plexsync\.db cannot be opened .unable to open"):
        Database.open(f"sqlite:///{tmp_path / 'missing' / 'plexsync.db'}")


def test_a_reader_sees_what_a_running_daemon_committed_and_can_change_nothing(url: str) -> None:
    database = Database.open(url)
    with database.transaction() as conn:
        put_one(conn)
    reader = Database.open_reading(url)
    with reader.transaction() as conn:
        assert count(conn) == 1
    with pytest.raises(StoreError, match=r"readonly|read-only"), reader.transaction() as conn:
        put_one(conn)
    reader.close()
    database.close()


def test_a_reader_sees_every_commit_for_as_long_as_it_stays(url: str) -> None:
    database, reader = Database.open(url), Database.open_reading(url)
    for scene in range(4):
        with database.transaction() as conn:
            jobs.put(conn, [Put(server="plex", scene=scene, lane=Lane.CHANGE, reason="hook")], 1.0)
        with reader.transaction() as conn:
            assert count(conn) == scene + 1
    with pytest.raises(StoreError, match=r"readonly|read-only"), reader.transaction() as conn:
        put_one(conn)
    reader.close()
    database.close()


def test_a_reader_is_not_held_up_by_a_writer_in_the_middle_of_its_work(url: str) -> None:
    database = Database.open(url)
    reader = Database.open_reading(url)
    with database.transaction() as writing:
        put_one(writing)
        with reader.transaction() as conn:
            assert count(conn) == 0
    reader.close()
    database.close()


def test_a_reader_never_makes_a_database(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"plexsync\.db cannot be opened"):
        Database.open_reading(f"sqlite:///{tmp_path / 'plexsync.db'}")
    assert list(tmp_path.iterdir()) == []


def test_a_reader_refuses_a_database_that_was_never_migrated(tmp_path: Path) -> None:
    (tmp_path / "plexsync.db").touch()
    with pytest.raises(StoreError, match=r"has version none, this PlexSync needs \d{4}: start the daemon once"):
        Database.open_reading(f"sqlite:///{tmp_path / 'plexsync.db'}")


async def test_the_error_of_a_statement_does_not_tell_the_values_it_was_given(database: Database) -> None:
    def fail(conn: Connection) -> None:
        conn.execute(
            sa.text("INSERT INTO preferences (name, value) VALUES ('a', :value), (NULL, NULL)"), {"value": "Title"}
        )

    with pytest.raises(sa.exc.IntegrityError) as caught:
        await database.run(fail)
    assert "INSERT INTO preferences" in str(caught.value)
    assert "Title" not in str(caught.value)


def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    def work() -> None:
        with database.transaction() as conn:
            put_one(conn)
            raise ValueError("changed my mind")

    with pytest.raises(ValueError, match="changed my mind"):
        work()
    with database.transaction() as conn:
        assert count(conn) == 0


async def test_work_runs_in_order_on_one_thread_of_its_own(database: Database) -> None:
    threads = await asyncio.gather(*(database.run(lambda conn: threading.get_ident()) for _ in range(5)))
    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()


async def test_work_whose_waiter_is_cancelled_is_still_committed(database: Database) -> None:
    begun, go = threading.Event(), threading.Event()

    def work(conn: Connection) -> int:
        begun.set()
        assert go.wait(10)
        return put_one(conn)

    waiter = asyncio.ensure_future(database.run(work))
    await asyncio.to_thread(begun.wait, 10)
    waiter.cancel()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    assert await database.run(count) == 1


async def test_events_from_several_threads_are_all_kept(database: Database) -> None:
    def put_many(worker: int) -> None:
        for number in range(10):
            with database.transaction() as conn:
                scene = worker * 100 + number
                jobs.put(conn, [Put(server="plex", scene=scene, lane=Lane.CHANGE, reason="hook")], 1.0)

    await asyncio.gather(*(asyncio.to_thread(put_many, worker) for worker in range(4)))
    with database.transaction() as conn:
        rows = jobs.claim(conn, server="plex", lanes=list(Lane), limit=100, now=1.0, token="t")
    assert len({row.generation for row in rows}) == 40


async def test_a_look_waits_for_no_transaction_and_sees_what_is_kept(database: Database) -> None:
    await database.run(put_one)
    with database.transaction() as conn:
        jobs.put(conn, [Put(server="plex", scene=2, lane=Lane.CHANGE, reason="hook")], 1.0)
        async with asyncio.timeout(5):
            assert await database.look(count) == 1
    assert await database.look(count) == 2


async def test_a_look_that_fails_tells_why_and_the_next_one_works(database: Database) -> None:
    with pytest.raises(StoreError):
        await database.look(lambda conn: conn.execute(sa.text("SELECT nothing")))
    assert await database.look(count) == 0
