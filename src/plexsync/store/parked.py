"""Jobs of libraries that are held while their server works: kept aside, so that they delay no others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.store.puts import READY
from plexsync.store.schema import jobs, links

#: Seconds until a parked job is looked at again by itself: within the longest back-off, or it would count as due.
PARKED_FOR = 600.0

#: For parking alone. What is parked is ready, but asked for both a planner may read all that is ready.
_IS_READY = jobs.c.state == sa.literal_column(f"'{READY}'")
_LINKED = sa.select(links.c.scene, links.c.section).where(
    links.c.server == sa.bindparam("of_server"),
    links.c.scene.in_(sa.bindparam("of_scenes", expanding=True)),
)


def wholly_in(conn: Connection, server: str, scenes: Iterable[int], sections: Collection[int]) -> dict[int, int]:
    """Those of the scenes all of whose links lie in these libraries, each with one of them."""
    linked: dict[int, set[int]] = defaultdict(set)
    for scene, section in conn.execute(_LINKED, {"of_server": server, "of_scenes": list(scenes)}):
        linked[scene].add(section)
    return {scene: min(found) for scene, found in linked.items() if found.issubset(sections)}


def park(conn: Connection, server: str, held: Mapping[int, int], now: float) -> None:
    """Keep waiting jobs aside, each in the library given with its scene."""
    by_section: dict[int, list[int]] = defaultdict(list)
    for scene, section in held.items():
        by_section[section].append(scene)
    for section, scenes in by_section.items():
        waiting = sa.update(jobs).where(jobs.c.server == server, jobs.c.scene.in_(scenes), _IS_READY)
        conn.execute(waiting.values(parked_in=section, due_at=now + PARKED_FOR))


def next_parked(conn: Connection, server: str, section: int, *, by_lane: bool) -> int | None:
    """The scene that was parked first in that library, or first in the highest lane."""
    order = (jobs.c.lane, jobs.c.due_at) if by_lane else (jobs.c.due_at,)
    mine = sa.and_(jobs.c.server == server, jobs.c.parked_in == section)
    statement = sa.select(jobs.c.scene).where(mine).order_by(*order, jobs.c.scene).limit(1)
    return conn.scalar(statement.with_for_update(skip_locked=True))


def unpark(conn: Connection, server: str, keep: Collection[int], now: float) -> int:
    """What is parked anywhere but in the libraries to `keep` is due now; how many jobs."""
    mine = sa.and_(jobs.c.server == server, jobs.c.parked_in.is_not(None), jobs.c.parked_in.not_in(keep))
    return conn.execute(sa.update(jobs).where(mine).values(parked_in=None, due_at=now)).rowcount


def parked(conn: Connection, server: str) -> dict[int, int]:
    """How many jobs are parked, by library."""
    counted = sa.select(jobs.c.parked_in, sa.func.count()).where(jobs.c.server == server)
    rows = conn.execute(counted.where(jobs.c.parked_in.is_not(None)).group_by(jobs.c.parked_in))
    return {row[0]: row[1] for row in rows}
