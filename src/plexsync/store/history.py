"""Every change that was written, for people and for the undo of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.fields import Field, Value
from plexsync.store.batches import batches
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


def of_run_at(conn: Connection, run: str, server: str, path: str) -> list[Entry]:
    """What the run did to the item at that path, newest first."""
    mine = sa.and_(history.c.run == run, history.c.server == server, history.c.path == path)
    return [_entry(row) for row in conn.execute(sa.select(history).where(mine).order_by(history.c.id.desc()))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What was written under one id. `began` and `ended` in seconds since the epoch."""

    id: str
    fields: int
    items: int
    began: float
    ended: float


def runs(conn: Connection, limit: int) -> list[Run]:
    """The latest runs, newest first."""
    paths = sa.func.count(sa.distinct(history.c.path))
    told = sa.select(history.c.run, sa.func.count(), paths, sa.func.min(history.c.at), sa.func.max(history.c.at))
    statement = told.group_by(history.c.run).order_by(sa.func.max(history.c.id).desc()).limit(limit)
    return [Run(id=row[0], fields=row[1], items=row[2], began=row[3], ended=row[4]) for row in conn.execute(statement)]


def touched_by(conn: Connection, run: str) -> dict[tuple[str, int], list[str]]:
    """The paths that the run wrote to, by server and scene."""
    found: dict[tuple[str, int], list[str]] = {}
    columns = (history.c.server, history.c.scene, history.c.path)
    statement = sa.select(*columns).where(history.c.run == run).distinct().order_by(*columns)
    for server, scene, path in conn.execute(statement):
        found.setdefault((server, scene), []).append(path)
    return found


def scenes_of(conn: Connection, server: str, paths: Sequence[str]) -> dict[str, int]:
    """The scene that each path was last written for."""
    found: dict[str, int] = {}
    for some in batches(paths):
        mine = sa.and_(history.c.server == server, history.c.path.in_(some))
        rows = conn.execute(sa.select(history.c.path, history.c.scene).where(mine).order_by(history.c.id))
        found |= {row.path: row.scene for row in rows}
    return found


def paths_of(conn: Connection, server: str, scene: int) -> list[str]:
    """Where was written for the scene."""
    mine = sa.and_(history.c.scene == scene, history.c.server == server)
    return list(conn.scalars(sa.select(history.c.path).where(mine).distinct().order_by(history.c.path)))


def latest(conn: Connection, limit: int) -> list[Entry]:
    """The latest entries of all, newest first."""
    return [_entry(row) for row in conn.execute(sa.select(history).order_by(history.c.id.desc()).limit(limit))]


def trim(conn: Connection, before: float) -> int:
    """Forget what is older; how many entries that was."""
    return conn.execute(sa.delete(history).where(history.c.at < before)).rowcount


def _entry(row: sa.Row[Any]) -> Entry:
    return Entry(**row._asdict() | {"field": Field(row.field)})
