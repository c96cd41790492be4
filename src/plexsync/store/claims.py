"""Jobs are taken from the queue: those that are due, or one of those that are kept aside."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.work import Job, Lane
from plexsync.store.parked import next_parked, park, wholly_in
from plexsync.store.puts import READY, WORKING
from plexsync.store.schema import jobs

#: Seconds. No back-off is longer: a due time further ahead means that the clock has been set back.
LONGEST_BACKOFF = 700.0
#: Jobs that a claim looks at at once for those to be parked, and how often.
_LOOKED_AT = 50
_LOOKS = 20

#: Written into the statement: with a bound parameter SQLite does not see that the partial index serves it.
_IS_READY = jobs.c.state == sa.literal_column(f"'{READY}'")

# Statements of the busiest way are made once: making one costs more than SQLite needs to run it.
_IN_LANE = (
    sa.select(jobs.c.scene)
    .where(jobs.c.server == sa.bindparam("of_server"), jobs.c.lane == sa.bindparam("of_lane"), _IS_READY)
    .order_by(jobs.c.due_at, jobs.c.scene)
    .limit(sa.bindparam("at_most"))
    .with_for_update(skip_locked=True)
)
_DUE = _IN_LANE.where(jobs.c.due_at <= sa.bindparam("at"))
_TOO_FAR = _IN_LANE.where(jobs.c.due_at > sa.bindparam("at"))
_TAKE = (
    sa.update(jobs)
    .where(
        jobs.c.server == sa.bindparam("of_server"),
        jobs.c.scene.in_(sa.bindparam("of_scenes", expanding=True)),
    )
    .values(state=WORKING, token=sa.bindparam("by_token"), claimed_generation=jobs.c.generation, parked_in=None)
    .returning(jobs)
)


def claim(
    conn: Connection,
    *,
    server: str,
    lanes: Sequence[Lane],
    limit: int,
    now: float,
    token: str,
    parking: Collection[int] = (),
) -> list[Job]:
    """Take due jobs, lane by lane in the given order, the longest due first; then those due too far ahead.

    `token` is new for every claim: it is what tells this claim from one that was voided. A job all of whose links
    lie in the libraries that are `parking` is parked instead.
    """
    scenes = _sifted(conn, server, lanes, limit, now, parking) if parking else _to_take(conn, server, lanes, limit, now)
    return _taken(conn, server, scenes, token)


def claim_parked(conn: Connection, *, server: str, section: int, token: str, by_lane: bool = False) -> Job | None:
    """Take the one that was parked first in a library, or first in the highest lane; None where none is parked."""
    scene = next_parked(conn, server, section, by_lane=by_lane)
    return None if scene is None else _taken(conn, server, [scene], token)[0]


def _sifted(
    conn: Connection, server: str, lanes: Sequence[Lane], limit: int, now: float, parking: Collection[int]
) -> list[int]:
    """What is due, without what is parked instead. Past so many looks the rest is left to the next claim."""
    looked_at = max(limit, _LOOKED_AT)
    for _ in range(_LOOKS):
        scenes = _to_take(conn, server, lanes, looked_at, now)
        held = wholly_in(conn, server, scenes, parking)
        park(conn, server, held, now)
        free = [scene for scene in scenes if scene not in held]
        if free or len(scenes) < looked_at:
            return free[:limit]
    return []


def _to_take(conn: Connection, server: str, lanes: Sequence[Lane], limit: int, now: float) -> list[int]:
    scenes: list[int] = []
    for statement, at in ((_DUE, now), (_TOO_FAR, now + LONGEST_BACKOFF)):
        for lane in lanes:
            if len(scenes) < limit:
                wanted = {"of_server": server, "of_lane": int(lane), "at": at, "at_most": limit - len(scenes)}
                scenes += conn.scalars(statement, wanted)
    return scenes


def _taken(conn: Connection, server: str, scenes: Sequence[int], token: str) -> list[Job]:
    if not scenes:
        return []
    taken = conn.execute(_TAKE, {"of_server": server, "of_scenes": scenes, "by_token": token})
    found = {row.scene: _job(row) for row in taken}
    return [found[scene] for scene in scenes]


def _job(row: sa.Row[Any]) -> Job:
    return Job(
        server=row.server,
        scene=row.scene,
        lane=Lane(row.lane),
        reasons=tuple(row.reasons),
        generation=row.generation,
        token=row.token,
        attempts=len(row.attempts),
        long_attempts=row.long_attempts,
        first_failed_at=row.first_failed_at,
        queued_at=row.queued_at,
    )
