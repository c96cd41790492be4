"""What differs between SQLite and PostgreSQL; every other statement of the store is the same on both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from plexsync.model.errors import StoreError

#: Tells our advisory lock on PostgreSQL from those of other programs.
_ALONE = 7_539_979_073
#: How long `work_alone` waits for others, in milliseconds.
_PATIENCE_MS = 300_000


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
    same = insert.on_conflict_do_update(index_elements=sorted(keys), set_=changed) if changed else None
    conn.execute(insert.on_conflict_do_nothing() if same is None else same, list(rows))


def count_up(conn: sa.Connection, table: sa.Table, row: Mapping[str, Any], number: str) -> int:
    """Insert the row, or take its values and add 1 to the `number` of the row that is there; the number now."""
    insert = _insert(conn, table).values(dict(row))
    keys = [column.name for column in table.primary_key]
    changed: dict[str, Any] = {name: insert.excluded[name] for name in row if name not in keys}
    changed[number] = table.c[number] + 1
    statement = insert.on_conflict_do_update(index_elements=keys, set_=changed).returning(table.c[number])
    return int(conn.execute(statement).scalar_one())


def put_new(conn: sa.Connection, table: sa.Table, row: Mapping[str, Any]) -> None:
    """Insert the row unless one with its primary key is there."""
    conn.execute(_insert(conn, table).values(dict(row)).on_conflict_do_nothing())


def seconds_now(conn: sa.Connection) -> sa.ColumnElement[float]:
    """The time of the database's own clock at this statement, in seconds since the epoch."""
    told = "(julianday('now') - 2440587.5) * 86400.0"
    if conn.dialect.name != "sqlite":
        told = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS double precision)"
    return sa.literal_column(told, sa.Double())


def follow_numbers(conn: sa.Connection, table: sa.Table) -> None:
    """Rows with numbers of their own were inserted: let the database count on behind them. SQLite does so by itself."""
    numbered = table.autoincrement_column
    if conn.dialect.name == "sqlite" or numbered is None or not isinstance(numbered.server_default, sa.DefaultClause):
        return
    highest = conn.scalar(sa.select(sa.func.max(numbered)))
    if highest is not None:
        conn.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(table.name, numbered.name), highest)))


def tidy(conn: sa.Connection) -> None:
    """Give free pages back to the file system; PostgreSQL does so by itself."""
    if conn.dialect.name == "sqlite":
        # The driver takes one step of a statement without columns, and one step frees one page.
        for _ in range(conn.exec_driver_sql("PRAGMA freelist_count").scalar_one()):
            conn.exec_driver_sql("PRAGMA incremental_vacuum(1)")


def require_unicode(conn: sa.Connection, place: str) -> None:
    """StoreError unless the database holds every text."""
    if conn.dialect.name == "sqlite":
        return
    encoding = conn.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        raise StoreError(
            f"The database {place} holds texts as {encoding}, which has no room for every title: make one with "
            "`createdb --encoding=UTF8 --template=template0 NAME` and name it in store_url"
        )


def work_alone(conn: sa.Connection) -> None:
    """Let nobody else past this line until the end of the transaction, which may take as long as it has to."""
    if conn.dialect.name != "sqlite":
        raw: Any = conn.connection.dbapi_connection
        raw.longest = float("inf")
        conn.exec_driver_sql("SET LOCAL statement_timeout = 0")
        conn.exec_driver_sql(f"SET LOCAL lock_timeout = {_PATIENCE_MS}")
        conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ALONE})")


def _insert(conn: sa.Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if conn.dialect.name == "sqlite" else postgresql.insert(table)
