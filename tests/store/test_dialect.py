"""What holds on SQLite alone: how statements find their rows, and what a commit promises."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from plexsync.model.item import IndexedItem, Part
from plexsync.model.work import Lane, Put
from plexsync.store import dialect, index, jobs
from plexsync.store.address import place_of
from plexsync.store.database import Connection, Database
from plexsync.store.engines import BUSY_MS
from plexsync.store.schema import jobs as table
from store.lookups import LOOK_UPS, statements_of

ROWS = 100_000
FAR = 300.0


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A queue of 100,000 jobs that all wait for their back-off."""
    database = Database.open(f"sqlite:///{tmp_path_factory.mktemp('crowded') / 'plexsync.db'}")
    with database.transaction() as conn:
        puts = [Put(server="plex", scene=scene, lane=Lane.BULK, reason="walk") for scene in range(ROWS)]
        jobs.put(conn, puts, FAR)
    yield database
    database.close()


def plans(conn: Connection, work: Callable[[], Any]) -> list[str]:
    """How SQLite goes about each statement of that work: one line for each step of each plan."""
    return [
        str(step[-1])
        for statement, parameters in statements_of(conn, work)
        for step in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    ]


def ticks(conn: Connection, work: Callable[[], Any]) -> int:
    """The steps that SQLite's machine takes for that work, in hundreds."""
    raw: Any = conn.connection.dbapi_connection
    count = itertools.count()
    raw.set_progress_handler(lambda: next(count) < 0, 100)
    work()
    raw.set_progress_handler(None, 0)
    return next(count)


def idle_poll(conn: Connection) -> None:
    assert jobs.claim(conn, server="plex", lanes=list(Lane), limit=10, now=0.0, token="t") == []
    assert jobs.next_due(conn, "plex", list(Lane)) == FAR


def test_an_idle_poll_looks_at_the_index_alone_and_sorts_nothing(crowded: Database) -> None:
    with crowded.transaction() as conn:
        steps = plans(conn, lambda: idle_poll(conn))
    assert len(steps) == 9
    for step in steps:
        assert re.match(r"SEARCH jobs USING (COVERING )?INDEX ix_jobs_ready \(server=\? AND lane=\?", step)


def test_a_claim_finds_its_rows_by_index_and_sorts_nothing(crowded: Database) -> None:
    with crowded.transaction() as conn:
        steps = plans(
            conn,
            lambda: jobs.claim(conn, server="plex", lanes=list(Lane), limit=3, now=FAR, token="t"),
        )
        conn.rollback()
    assert [step for step in steps if "SCAN" in step or "TEMP" in step] == []
    assert steps[-1] == "SEARCH jobs USING COVERING INDEX sqlite_autoindex_jobs_1 (server=? AND scene=?)"


def test_finding_an_item_costs_the_same_among_few_and_many(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)
    steps = []
    with database.transaction() as conn:
        for many in (100, 20_000):
            index.upsert(conn, "plex", [_item(rating_key) for rating_key in range(many)], 1)
            steps.append(ticks(conn, lambda: index.at_paths(conn, "plex", ["/m/7.mp4", "/m/8.mp4"])))
    database.close()
    assert steps[1] <= steps[0] + 2


def _item(rating_key: int) -> IndexedItem:
    return IndexedItem(rating_key=rating_key, section=1, title="", parts=(Part(path=f"/m/{rating_key}.mp4"),))


@pytest.mark.parametrize("work", LOOK_UPS.values(), ids=LOOK_UPS)
def test_look_ups_never_read_a_whole_table(crowded: Database, work: Callable[[Connection], Any]) -> None:
    with crowded.transaction() as conn:
        steps = plans(conn, lambda: work(conn))
        conn.rollback()
    assert steps
    assert [step for step in steps if step.startswith("SCAN")] == []
    of_a_whole_server = [step for step in steps if step.endswith("(server=?)")]
    assert [step for step in of_a_whole_server if "ix_jobs_working" not in step] == []


def test_statements_touch_so_few_pages_that_the_backlog_does_not_matter(crowded: Database) -> None:
    with crowded.transaction() as conn:
        assert ticks(conn, lambda: idle_poll(conn)) <= 5


def test_a_commit_is_on_disk_and_foreign_keys_hold(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)
    with database.transaction() as conn:
        found = {
            name: conn.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "auto_vacuum")
        }
    database.close()
    full, incremental = 2, 2
    assert found == {
        "journal_mode": "wal",
        "synchronous": full,
        "foreign_keys": 1,
        "busy_timeout": BUSY_MS,
        "auto_vacuum": incremental,
    }


def test_tidying_gives_the_space_of_deleted_rows_back(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)
    puts = [Put(server="plex", scene=scene, lane=Lane.BULK, reason="walk") for scene in range(5_000)]
    with database.transaction() as conn:
        jobs.put(conn, puts, 1.0)
    with database.transaction() as conn:
        before = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        conn.execute(sa.delete(table))
    with database.transaction() as conn:
        dialect.tidy(conn)
    with database.transaction() as conn:
        assert conn.exec_driver_sql("PRAGMA page_count").scalar_one() < before / 2
    database.close()


def test_a_password_in_the_address_is_never_shown() -> None:
    assert place_of("postgresql+psycopg://me:secret@host/db") == "postgresql://me:***@host/db"
    assert place_of("sqlite:////data/plexsync.db") == "/data/plexsync.db"
