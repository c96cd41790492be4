"""Values of ours that Plex no longer held when it was last looked at, and what was done about each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.fields import Field
from plexsync.model.plan import Conflict, Done
from plexsync.store.dialect import put_rows
from plexsync.store.schema import conflicts


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """A conflict with the place where it was met. `at` in seconds since the epoch."""

    server: str
    path: str
    scene: int
    rating_key: int
    conflict: Conflict
    at: float


def note(  # where, and what
    conn: Connection, server: str, scene: int, path: str, rating_key: int, met: Sequence[Conflict], now: float
) -> None:
    """These are all that there are at that path now. What was restored stays listed until it is trimmed."""
    mine = sa.and_(conflicts.c.server == server, conflicts.c.path == path)
    held = {row[0]: row[1] for row in conn.execute(sa.select(conflicts.c.field, conflicts.c.done).where(mine))}
    now_met = {one.field.value for one in met}
    over = [name for name, done in held.items() if name not in now_met and done != Done.RESTORED]
    if over:
        conn.execute(sa.delete(conflicts).where(mine, conflicts.c.field.in_(over)))
    same = {"server": server, "path": path, "scene": scene, "rating_key": rating_key, "met_at": now}
    put_rows(conn, conflicts, [same | _row(one) for one in met])


def listing(conn: Connection, limit: int, scene: int | None = None) -> list[Met]:
    """The latest first."""
    statement = sa.select(conflicts).order_by(conflicts.c.met_at.desc(), conflicts.c.path, conflicts.c.field)
    if scene is not None:
        statement = statement.where(conflicts.c.scene == scene)
    return [_met(row) for row in conn.execute(statement.limit(limit))]


def trim(conn: Connection, before: float) -> int:
    """Forget what was met longer ago; what still is as it was is met again."""
    return conn.execute(sa.delete(conflicts).where(conflicts.c.met_at < before)).rowcount


def _row(one: Conflict) -> dict[str, Any]:
    return {
        "field": one.field.value,
        "ours": one.ours,
        "now": one.now,
        "done": one.done.value,
        "edited": one.edited,
    }


def _met(row: sa.Row[Any]) -> Met:
    return Met(
        server=row.server,
        path=row.path,
        scene=row.scene,
        rating_key=row.rating_key,
        conflict=Conflict(field=Field(row.field), ours=row.ours, now=row.now, done=Done(row.done), edited=row.edited),
        at=row.met_at,
    )
