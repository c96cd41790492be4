"""Connections with the guarantees that the store needs: whole transactions, lasting commits, no endless waiting."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from plexsync.model.errors import StoreError
from plexsync.store.address import is_sqlite, parsed, place_of

#: How long a writer waits for another process's transaction, in milliseconds.
BUSY_MS = 10_000
#: Longest time of one statement on PostgreSQL, in milliseconds: far more than the dearest one takes.
_STATEMENT_MS = 60_000

#: The option of connections that change nothing, and so need not wait for those that do.
LOOKING = "plexsync_looking"

#: How soon we notice a PostgreSQL server that is gone without a word. Seconds; the last one is milliseconds.
_DIALLING = {
    "connect_timeout": "10",
    "keepalives": "1",
    "keepalives_idle": "20",
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "30000",
    "application_name": "plexsync",
}
#: How soon the server notices that we are: what we hold locked is free then.
_SESSION = {
    "statement_timeout": str(_STATEMENT_MS),
    "lock_timeout": str(BUSY_MS),
    # Shorter than the silence after which another daemon takes over: a stopped one must not hold that up.
    "idle_in_transaction_session_timeout": "15000",
    "tcp_keepalives_idle": "20",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "4",
    "tcp_user_timeout": "30000",
}


def engine_for(url: str, *, reading: bool = False) -> sa.Engine:
    """An engine for the database at that address. StoreError when its kind is unknown or its driver is missing."""
    address = parsed(url)
    if is_sqlite(address):
        return _sqlite(address, reading=reading)
    try:
        return _postgres(address, reading=reading)
    except ImportError as error:
        raise StoreError(
            f"The database {place_of(url)} needs a driver that is not installed ({error}): "
            'install it with `pip install "plexsync[postgres]"`'
        ) from error


def _postgres(address: sa.URL, *, reading: bool) -> sa.Engine:
    from plexsync.store.bounded import BoundedConnection

    engine = sa.create_engine(
        address,
        connect_args={name: value for name, value in _DIALLING.items() if name not in address.query},
        isolation_level="READ COMMITTED",
        hide_parameters=True,
        execution_options={"postgresql_readonly": True} if reading else {},
        # One for the store's own thread, few for others; the last one used is the likeliest to live.
        pool_size=2,
        max_overflow=8,
        pool_use_lifo=True,
        pool_pre_ping=True,
    )
    settings = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in _SESSION.items())
    lasting = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"

    def connected(_dialect: object, _entry: object, _arguments: object, options: Any) -> BoundedConnection:
        raw = BoundedConnection.connect(**options)
        raw.execute(f"SELECT {settings}")
        raw.execute(lasting)
        raw.commit()
        return raw

    def on_checkin(raw: Any, _entry: ConnectionPoolEntry) -> None:
        if raw is not None:
            raw.longest = BoundedConnection.longest

    event.listen(engine, "do_connect", connected)
    event.listen(engine, "checkin", on_checkin)
    return engine


def _sqlite(address: sa.URL, *, reading: bool) -> sa.Engine:
    if reading:
        address = address.set(database=f"file:{address.database}", query={"mode": "ro", "uri": "true"})
    # An error that is logged tells the statement, but no title, path or saved secret.
    engine = sa.create_engine(address, hide_parameters=True)
    _take_control(engine, reading=reading)
    return engine


def _take_control(engine: sa.Engine, *, reading: bool) -> None:
    """Take transaction control from the driver, whose own BEGIN comes late, and set what a commit promises."""
    begin = "BEGIN" if reading else "BEGIN IMMEDIATE"
    pragmas = [f"busy_timeout = {BUSY_MS}", "synchronous = FULL", "foreign_keys = ON"]
    # auto_vacuum takes effect only before the first page is written, so before the journal mode. Of a database that has
    # both it would wait for whoever writes.
    lasting = ["auto_vacuum = INCREMENTAL", "journal_mode = WAL"]

    def on_connect(raw: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        raw.isolation_level = None
        cursor = raw.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        if not reading and cursor.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            for pragma in lasting:
                cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def on_begin(conn: sa.Connection) -> None:
        conn.exec_driver_sql("BEGIN" if conn.get_execution_options().get(LOOKING) else begin)

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)
