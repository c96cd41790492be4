"""Every change that was written, for people and for the undo of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.fields import Field, Value
from plexsync.store.schema import history


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One field of one item that was written. `at` in seconds since the epoch; `id` grows with time."""

    id: int
    run: str
    server: str
    scene: int
    path: str
    rating_key: int
    field: Field
    before: Value
    after: Value
    reason: str
    at: float


def record(  # noqa: PLR0913, PLR0917  # one for each column
    conn: Connection,
    run: str,
    server: str,
    scene: int,
    path: str,
    rating_key: int,
    changes: Sequence[tuple[Field, Value, Value]],
    reason: str,
    at: float,
) -> None:
    """(field, before, after) of one write to one item."""
    same = {
        "run": run,
        "server": server,
        "scene": scene,
        "path": path,
        "rating_key": rating_key,
        "reason": reason,
        "at": at,
    }
    written = [same | {"field": field.value, "before": old, "after": new} for field, old, new in changes]
    if written:
        conn.execute(sa.insert(history), written)


def of_scene(conn: Connection, scene: int, limit: int) -> list[Entry]:
    """The scene's latest entries, newest first."""
    statement = sa.select(history).where(history.c.scene == scene).order_by(history.c.id.desc())
    return [_entry(row) for row in conn.execute(statement.limit(limit))]


def of_run(conn: Connection, run: str) -> list[Entry]:
    """All of a run, newest first: the order in which it is undone."""
    statement = sa.select(history).where(history.c.run == run).order_by(history.c.id.desc())
    return [_entry(row) for row in conn.execute(statement)]


def latest(conn: Connection, limit: int) -> list[Entry]:
    """The latest entries of all, newest first."""
    return [_entry(row) for row in conn.execute(sa.select(history).order_by(history.c.id.desc()).limit(limit))]


def trim(conn: Connection, before: float) -> int:
    """Forget what is older; how many entries that was."""
    return conn.execute(sa.delete(history).where(history.c.at < before)).rowcount


def _entry(row: sa.Row[Any]) -> Entry:
    return Entry(**row._asdict() | {"field": Field(row.field)})
