"""Reads what is precious out of a database, whatever its kind and however old its tables are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.errors import StoreError
from plexsync.store import backupfile, precious
from plexsync.store.address import place_of
from plexsync.store.backupfile import PAGE, Header, Identity, Table
from plexsync.store.database import Database
from plexsync.store.engines import engine_for
from plexsync.store.schema import metadata, preferences


@contextmanager
def snapshot(url: str) -> Iterator[Connection]:
    """The database as it is at this moment, to read from for as long as it takes: it holds up nobody who writes."""
    engine = engine_for(url, reading=True)
    if engine.dialect.name != "sqlite":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    database = Database(engine, place_of(url))
    try:
        with database.transaction() as conn:
            yield conn
    finally:
        database.close()


def holds_anything(conn: Connection) -> bool:
    """Whether a database of this program's version holds what a mere start does not leave there."""
    rows = (metadata.tables[name] for name in precious.TABLES if name not in {"owners", "preferences"})
    if any(conn.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() for table in rows):
        return True
    return any(precious.proves_use(name) for name in conn.scalars(sa.select(preferences.c.name)))


def ledger_rows(conn: Connection) -> int:
    """How many fields the ledger tells of, whatever the version of the database."""
    if not sa.inspect(conn).has_table("ledger"):
        return 0
    return int(conn.scalar(sa.select(sa.func.count()).select_from(sa.table("ledger"))) or 0)


def write(conn: Connection, path: Path, header: Header, identity: Path, halt: Event | None = None) -> dict[str, int]:
    """Make `path` a backup of all that the connection's transaction sees; how many rows of each table that is.

    StoreError when the disk will not take it, or once `halt` is set: nothing half-written stays then.
    """
    try:
        with backupfile.writing(path, header) as out:
            if (facts := _facts(identity)) is not None:
                out.part(Identity(facts=facts))
            for table in _tables(conn):
                out.part(Table(name=str(table.name), columns=[str(column.name) for column in table.columns]))
                for rows in _pages(conn, table):
                    if halt is not None and halt.is_set():
                        raise StoreError(f"The backup {path} was broken off")
                    out.rows(rows)
            return out.counts
    except OSError as error:
        raise StoreError(
            f"The backup {path} cannot be written: {error.strerror or error}. Make room there, or give its folder to "
            "PlexSync's user"
        ) from error


def _facts(identity: Path) -> dict[str, Any] | None:
    """What the identity file says; None where there is none that can be read."""
    try:
        facts = json.loads(identity.read_bytes())
    except (OSError, ValueError):
        return None
    return facts if isinstance(facts, dict) else None


def _tables(conn: Connection) -> list[sa.Table]:
    """The precious tables that are there, as they are there: older ones have other columns."""
    there = set(sa.inspect(conn).get_table_names())
    return [
        sa.Table(name, sa.MetaData(), autoload_with=conn, resolve_fks=False)
        for name in precious.TABLES
        if name in there
    ]


def _pages(conn: Connection, table: sa.Table) -> Iterator[Sequence[Sequence[Any]]]:
    """All rows that are kept, in the order of their keys."""
    key = sa.tuple_(*table.primary_key)
    places = [table.columns.keys().index(column.name) for column in table.primary_key]
    statement = sa.select(table).order_by(*table.primary_key).limit(PAGE)
    found = conn.execute(statement).all()
    while found:
        if rows := [tuple(row) for row in found if _is_kept(table, row)]:
            yield rows
        last = [found[-1][place] for place in places]
        found = conn.execute(statement.where(key > last)).all() if len(found) == PAGE else []


def _is_kept(table: sa.Table, row: sa.Row[Any]) -> bool:
    return table.name != "preferences" or precious.keeps(row.name)
