"""What waits, for people: how much, and which jobs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.work import Failure, Lane
from plexsync.store.batches import batches
from plexsync.store.dead import Key, failure_of
from plexsync.store.puts import WORKING
from plexsync.store.schema import dead_letters, jobs


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """A job as the queue shows it. Times in seconds since the epoch; `working`: an owner holds it now."""

    server: str
    scene: int
    lane: Lane
    reasons: tuple[str, ...]
    working: bool
    due_at: float
    attempts: int
    long_attempts: int
    first_failed_at: float | None
    failure: Failure | None
    queued_at: float
    parked_in: int | None = None  #: the held library that it waits for


def depth(conn: Connection, server: str) -> dict[str, int]:
    """How many jobs: per lane (with those being worked on), "working" of them, and "dead" letters."""
    kind = (jobs.c.lane, jobs.c.state)
    counted = sa.select(*kind, sa.func.count()).where(jobs.c.server == server).group_by(*kind)
    found = {lane.name.lower(): 0 for lane in Lane} | {"working": 0}
    for lane, state, count in conn.execute(counted):
        found[Lane(lane).name.lower()] += count
        found["working"] += count if state == WORKING else 0
    dead = sa.select(sa.func.count()).select_from(dead_letters).where(dead_letters.c.server == server)
    return found | {"dead": conn.execute(dead).scalar_one()}


def awaits_items(conn: Connection, server: str) -> bool:
    """Whether any scene was looked for in the index and waits to be looked for again."""
    waiting = sa.select(jobs.c.scene).where(jobs.c.server == server, jobs.c.long_attempts > 0).limit(1)
    return conn.scalar(waiting) is not None


def listing(
    conn: Connection, *, server: str | None = None, limit: int = 100, after: Key | None = None
) -> list[QueueRow]:
    """Jobs by server and scene, those past `after`."""
    statement = sa.select(jobs).order_by(jobs.c.server, jobs.c.scene).limit(limit)
    if server is not None:
        statement = statement.where(jobs.c.server == server)
    if after is not None:
        statement = statement.where(sa.tuple_(jobs.c.server, jobs.c.scene) > after)
    return [_queue_row(row) for row in conn.execute(statement)]


def working(conn: Connection, server: str) -> list[int]:
    """The scenes that an owner holds now."""
    held = sa.select(jobs.c.scene).where(jobs.c.server == server, jobs.c.state == WORKING)
    return list(conn.scalars(held.order_by(jobs.c.scene)))


def busy(conn: Connection, server: str, lane: Lane) -> bool:
    """Whether an owner works on a job of that lane now."""
    held = sa.select(jobs.c.scene).where(jobs.c.server == server, jobs.c.state == WORKING, jobs.c.lane == int(lane))
    return conn.scalar(held.limit(1)) is not None


def among(conn: Connection, server: str, scenes: Iterable[int]) -> set[int]:
    """Those of the scenes that are queued."""
    found: set[int] = set()
    for some in batches(scenes):
        found.update(conn.scalars(sa.select(jobs.c.scene).where(jobs.c.server == server, jobs.c.scene.in_(some))))
    return found


def servers(conn: Connection) -> list[str]:
    """The servers that jobs wait for, by name."""
    return list(conn.scalars(sa.select(jobs.c.server).distinct().order_by(jobs.c.server)))


def one(conn: Connection, server: str, scene: int) -> QueueRow | None:
    """The job of a scene, if one is queued."""
    row = conn.execute(sa.select(jobs).where(jobs.c.server == server, jobs.c.scene == scene)).one_or_none()
    return None if row is None else _queue_row(row)


def _queue_row(row: sa.Row[Any]) -> QueueRow:
    return QueueRow(
        server=row.server,
        scene=row.scene,
        lane=Lane(row.lane),
        reasons=tuple(row.reasons),
        working=row.state == WORKING,
        due_at=row.due_at,
        attempts=len(row.attempts),
        long_attempts=row.long_attempts,
        first_failed_at=row.first_failed_at,
        failure=failure_of(row.last_failure),
        queued_at=row.queued_at,
        parked_in=row.parked_in,
    )
