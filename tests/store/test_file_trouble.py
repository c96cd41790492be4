"""A SQLite file that is locked, full, read-only or damaged: what is said, and that nothing is kept by half."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from plexsync.model.errors import StoreDamagedError, StoreError
from plexsync.store import preferences
from plexsync.store.database import Connection, Database


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "plexsync.db"


@pytest.fixture
def opened(file: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{file}")
    yield database
    database.close()


def putting(name: str, value: object = 1) -> Callable[[Connection], None]:
    return lambda conn: preferences.put(conn, name, value)


async def kept(database: Database) -> dict[str, object]:
    return await database.run(lambda conn: preferences.all_under(conn, ""))


async def together(database: Database, *works: Callable[[Connection], object]) -> list[object]:
    """What becomes of these when they are asked for at once."""
    go = threading.Event()
    tasks = [asyncio.ensure_future(database.run(work)) for work in (lambda _c: go.wait(10), *works)]
    await asyncio.sleep(0)
    go.set()
    return (await asyncio.gather(*tasks, return_exceptions=True))[1:]


async def test_a_file_that_another_program_locks_says_so_and_works_once_it_is_free(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plexsync.store.engines.BUSY_MS", 50)
    database = Database.open(f"sqlite:///{file}")
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ends = await together(database, putting("a"), putting("b"))
    assert [type(end) for end in ends] == [StoreError] * 2
    assert str(ends[0]).startswith(f"The database {file} is locked by another program (database is locked): close")
    other.close()
    await database.run(putting("c"))
    assert await kept(database) == {"c": 1}
    database.close()


async def test_a_full_disk_is_an_error_for_all_that_would_share_the_commit_and_passes(opened: Database) -> None:
    def fill(conn: Connection) -> None:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        conn.exec_driver_sql(f"PRAGMA max_page_count = {pages + 3}")
        preferences.put(conn, "large", "x" * 100_000)

    ends = await together(opened, putting("before"), fill, putting("after"))
    assert [type(end) for end in ends] == [StoreError] * 3
    assert "has no room left (database or disk is full): make room on its disk" in str(ends[0])
    assert await kept(opened) == {}
    with pytest.raises(StoreError, match="no room left"):
        await opened.run(putting("large", "x" * 100_000))
    await opened.run(lambda conn: conn.exec_driver_sql("PRAGMA max_page_count = 1000000"))
    await opened.run(putting("large", "x" * 100_000))
    assert set(await kept(opened)) == {"large"}


async def test_a_file_that_may_not_be_written_says_who_has_to_be_let_in(file: Path, opened: Database) -> None:
    def write(conn: Connection) -> None:
        conn.exec_driver_sql("PRAGMA query_only = ON")
        preferences.put(conn, "a", 1)

    with pytest.raises(StoreError, match=r"may not be written to \(attempt to write a readonly database\): let "):
        await opened.run(write)
    with closing(sqlite3.connect(file)) as other:
        assert other.execute("SELECT * FROM preferences").fetchall() == []


def damage(file: Path) -> None:
    """Overwrite the half of the pages that was written last."""
    content = bytearray(file.read_bytes())
    half = len(content) // 2
    content[half:] = b"\x5a" * (len(content) - half)
    file.write_bytes(content)


async def test_damage_in_the_middle_of_the_file_is_told_as_such(file: Path) -> None:
    database = Database.open(f"sqlite:///{file}")
    for number in range(200):
        await database.run(putting(f"name {number}", "x" * 2000))
    database.close()
    damage(file)
    database = Database.open(f"sqlite:///{file}")
    told: list[str] = []
    database.on_damage = told.append
    with pytest.raises(
        StoreDamagedError, match=rf"^The database {file} is damaged \(database disk image is malformed\)"
    ):
        await kept(database)
    database.close()
    assert told == ["database disk image is malformed"]


async def test_a_statement_that_cannot_work_is_an_error_of_its_own_piece_alone(opened: Database) -> None:
    ends = await together(
        opened, putting("before"), lambda conn: conn.exec_driver_sql("SELECT * FROM nowhere"), putting("after")
    )
    assert [type(end) for end in ends] == [type(None), StoreError, type(None)]
    assert "no such table: nowhere" in str(ends[1])
    assert await kept(opened) == {"before": 1, "after": 1}
