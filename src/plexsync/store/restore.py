"""Puts what a backup holds into a database, whatever its kind, under the tables of this program."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.store import backupfile, dialect, precious
from plexsync.store.backupfile import Identity, Piece
from plexsync.store.schema import metadata

#: Nobody owns anything in a restored store; its epochs go on.
_UNOWNED: Mapping[str, Any] = {"holder": "", "beat_at": 0.0, "since": 0.0}
#: What stays when a store is emptied: numbers that never go back.
_KEPT = frozenset({"counters", "owners"})


def fill(conn: Connection, file: Path) -> dict[str, int]:
    """Insert every row of a whole backup into tables that hold none; how many rows of each table that is.

    Columns that the tables no longer have are left out, those that came since take their defaults.
    """
    tables = _tables(conn)
    counts = dict.fromkeys(tables, 0)
    for piece in backupfile.pieces(file):
        if not isinstance(piece, Identity) and piece.table.name in tables:
            counts[piece.table.name] += _insert(conn, tables[piece.table.name], piece)
    for table in tables.values():
        dialect.follow_numbers(conn, table)
    return counts


def empty(conn: Connection) -> None:
    """Delete everything but the numbers that never go back."""
    for table in reversed(metadata.sorted_tables):
        if table.name not in _KEPT:
            conn.execute(sa.delete(table))


def _tables(conn: Connection) -> dict[str, sa.Table]:
    """The tables as the database describes them: a backup holds plain values, not ours."""
    return {name: sa.Table(name, sa.MetaData(), autoload_with=conn, resolve_fks=False) for name in precious.TABLES}


def _insert(conn: Connection, table: sa.Table, piece: Piece) -> int:
    columns = piece.table.columns
    known = [place for place, name in enumerate(columns) if name in table.columns]
    rows = [{columns[place]: row[place] for place in known} for row in piece.rows]
    if table.name == "preferences":
        rows = [row for row in rows if precious.keeps(row["name"])]
    if table.name == "owners":
        for row in rows:
            dialect.put_new(conn, table, row | {name: _UNOWNED[name] for name in _UNOWNED if name in table.columns})
    elif rows:
        conn.execute(sa.insert(table), rows)
    return len(rows)
