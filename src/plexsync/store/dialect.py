"""What differs between SQLite and PostgreSQL; every other statement of the store is the same on both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

#: How long a writer waits for another process's transaction, in milliseconds.
BUSY_MS = 10_000


def engine_for(url: str, *, reading: bool = False) -> sa.Engine:
    """An engine with the guarantees the store needs: whole transactions, and commits that survive a power cut."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite":
        options: dict[str, Any] = {"postgresql_readonly": True} if reading else {}
        return sa.create_engine(parsed, execution_options=options)
    if reading:
        parsed = parsed.set(database=f"file:{parsed.database}", query={"mode": "ro", "uri": "true"})
    engine = sa.create_engine(parsed)
    _prepare_sqlite(engine, reading=reading)
    return engine


def place_of(url: str) -> str:
    """The database as a person would name it: the file, or the address without its password."""
    parsed = sa.make_url(url)
    is_file = parsed.get_backend_name() == "sqlite"
    return str(parsed.database) if is_file else parsed.render_as_string(hide_password=True)


def put_rows(
    conn: sa.Connection,
    table: sa.Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    keep: Sequence[str] = (),
) -> None:
    """Insert rows with all columns; a row whose primary key is there takes the new values, but for `keep`."""
    if not rows:
        return
    insert = _insert(conn, table)
    keys = {column.name for column in table.primary_key}
    changed = {name: insert.excluded[name] for name in rows[0] if name not in keys and name not in keep}
    conn.execute(insert.on_conflict_do_update(index_elements=sorted(keys), set_=changed), list(rows))


def count_up(conn: sa.Connection, table: sa.Table, row: Mapping[str, Any], number: str) -> int:
    """Insert the row, or take its values and add 1 to the `number` of the row that is there; the number now."""
    insert = _insert(conn, table).values(dict(row))
    keys = [column.name for column in table.primary_key]
    changed: dict[str, Any] = {name: insert.excluded[name] for name in row if name not in keys}
    changed[number] = table.c[number] + 1
    statement = insert.on_conflict_do_update(index_elements=keys, set_=changed).returning(table.c[number])
    return int(conn.execute(statement).scalar_one())


def tidy(conn: sa.Connection) -> None:
    """Give free pages back to the file system; PostgreSQL does so by itself."""
    if conn.dialect.name == "sqlite":
        # The driver takes one step of a statement without columns, and one step frees one page.
        for _ in range(conn.exec_driver_sql("PRAGMA freelist_count").scalar_one()):
            conn.exec_driver_sql("PRAGMA incremental_vacuum(1)")


def _insert(conn: sa.Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if conn.dialect.name == "sqlite" else postgresql.insert(table)


def _prepare_sqlite(engine: sa.Engine, *, reading: bool) -> None:
    """Take transaction control from the driver, whose own BEGIN comes late, and set what a commit promises."""
    begin = "BEGIN" if reading else "BEGIN IMMEDIATE"
    pragmas = [f"busy_timeout = {BUSY_MS}"]
    if not reading:
        # auto_vacuum takes effect only before the first page is written, so before the journal mode.
        pragmas += ["auto_vacuum = INCREMENTAL", "journal_mode = WAL"]
    pragmas += ["synchronous = FULL", "foreign_keys = ON"]

    def on_connect(raw: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        raw.isolation_level = None
        cursor = raw.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def on_begin(conn: sa.Connection) -> None:
        conn.exec_driver_sql(begin)

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)
