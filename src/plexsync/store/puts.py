"""Wishes enter the queue: many at once, merged, each with a number from one counter that never goes back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.work import Lane, Put, PutKind
from plexsync.store.batches import batches
from plexsync.store.brakes import HELD, REJECTED, asked_about
from plexsync.store.schema import counters, dead_letters, decisions, jobs

READY = "ready"
WORKING = "working"

#: A job tells its latest reasons only.
MAX_REASONS = 10

Key = tuple[str, int]

# Statements of the busiest way are made once: making one costs more than SQLite needs to run it.
_DRAW = (
    sa.update(counters)
    .where(counters.c.name == "generation")
    .values(value=counters.c.value + sa.bindparam("count"))
    .returning(counters.c.value)
)
_TURN = sa.select(counters.c.value).where(counters.c.name == "generation").with_for_update()
_QUEUED = (
    sa.select(jobs.c.scene, jobs.c.lane, jobs.c.reasons, jobs.c.state, jobs.c.due_at)
    .where(
        jobs.c.server == sa.bindparam("of_server"),
        jobs.c.scene.in_(sa.bindparam("of_scenes", expanding=True)),
    )
    .with_for_update()
)
_UNBURY, _FORGET = (
    sa.delete(table).where(
        table.c.server == sa.bindparam("of_server"),
        table.c.scene.in_(sa.bindparam("of_scenes", expanding=True)),
    )
    for table in (dead_letters, decisions)
)
_UNDECIDE = _FORGET.where(decisions.c.kind != REJECTED).returning(
    decisions.c.scene, decisions.c.kind, decisions.c.facts
)
_INSERT = sa.insert(jobs)
_MOVE = sa.update(jobs).where(jobs.c.server == sa.bindparam("of_server"), jobs.c.scene == sa.bindparam("of_scene"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """All puts of one key in one call, as one."""

    scene: int
    lane: Lane
    reasons: tuple[str, ...]
    changed: bool
    digest: str | None
    generation: int = 0


def put(conn: Connection, puts: Sequence[Put], now: float) -> int:
    """Queue the scenes; how many distinct jobs this made, moved or will have worked on again.

    CHANGED is due now with attempts reset, and takes away a dead letter or decision (what a person turned down only in
    the lane of users); on one being worked on it moves the generation, so that it is due again when the claim ends.
    GAP only adds a job where none is queued and the scene is neither dead nor decided for that digest (a gap without
    digest: not decided at all).
    """
    merged = _merged(puts)
    numbers = iter(draw(conn, len(merged)))
    wishes: dict[str, list[_Wish]] = defaultdict(list)
    for (server, scene), same in merged.items():
        wishes[server].append(_wish(scene, same, next(numbers)))
    return sum(_put_some(conn, server, some, now) for server, all_ in wishes.items() for some in batches(all_))


def draw(conn: Connection, count: int) -> range:
    """So many new generations. On PostgreSQL the counter's row lock also lets puts pass one by one."""
    if not count:
        return range(0)
    last = int(conn.execute(_DRAW, {"count": count}).scalar_one())
    return range(last - count + 1, last + 1)


def take_turn(conn: Connection) -> None:
    """Wait for the transactions that put, and let none begin before the end of this one."""
    conn.execute(_TURN)


def _merged(puts: Iterable[Put]) -> dict[Key, list[Put]]:
    merged: dict[Key, list[Put]] = defaultdict(list)
    for one in puts:
        merged[one.server, one.scene].append(one)
    return merged


def _wish(scene: int, same: Sequence[Put], generation: int) -> _Wish:
    return _Wish(
        scene=scene,
        lane=min(one.lane for one in same),
        reasons=tuple(_joined((), [one.reason for one in same])),
        changed=any(one.kind is PutKind.CHANGED for one in same),
        digest=same[-1].digest,
        generation=generation,
    )


def _joined(old: Iterable[str], new: Iterable[str]) -> list[str]:
    """Distinct, newest last, bounded."""
    reasons = dict.fromkeys(old)
    for reason in new:
        reasons.pop(reason, None)
        reasons[reason] = None
    return list(reasons)[-MAX_REASONS:]


def _put_some(conn: Connection, server: str, wishes: Sequence[_Wish], now: float) -> int:
    if asked_for := [wish.scene for wish in wishes if wish.changed and wish.lane is Lane.USER]:
        conn.execute(_FORGET, {"of_server": server, "of_scenes": asked_for})
    queued = _queued(conn, server, [wish.scene for wish in wishes])
    absent = [wish for wish in wishes if wish.scene not in queued]
    held = _settled(conn, server, [wish for wish in absent if not wish.changed])
    fresh = [wish for wish in absent if wish.scene not in held]
    moved = [wish for wish in wishes if wish.changed and wish.scene in queued]
    _insert(conn, server, fresh, now)
    _move(conn, server, [(queued[wish.scene], wish) for wish in moved], now)
    return len(fresh) + len(moved)


def _queued(conn: Connection, server: str, scenes: Sequence[int]) -> dict[int, sa.Row[*tuple[Any, ...]]]:
    found = conn.execute(_QUEUED, {"of_server": server, "of_scenes": scenes})
    return {row.scene: row for row in found}


def _settled(conn: Connection, server: str, gaps: Sequence[_Wish]) -> set[int]:
    """The gaps that are not asked again: dead, or decided for the digest they were seen at."""
    if not gaps:
        return set()
    scenes = [gap.scene for gap in gaps]
    dead = sa.select(dead_letters.c.scene).where(dead_letters.c.server == server, dead_letters.c.scene.in_(scenes))
    decided = sa.select(decisions.c.scene, decisions.c.digest).where(
        decisions.c.server == server, decisions.c.scene.in_(scenes)
    )
    digests = {gap.scene: gap.digest for gap in gaps}
    still = {row.scene for row in conn.execute(decided) if digests[row.scene] in {None, row.digest}}
    return still | set(conn.scalars(dead))


def _insert(conn: Connection, server: str, wishes: Sequence[_Wish], now: float) -> None:
    if not wishes:
        return
    mine = {"of_server": server, "of_scenes": [wish.scene for wish in wishes]}
    conn.execute(_UNBURY, mine)
    asked = {row.scene: row.facts.get("what", ()) for row in conn.execute(_UNDECIDE, mine) if row.kind == HELD}
    conn.execute(_INSERT, [_new_row(server, wish, now, asked.get(wish.scene, ())) for wish in wishes])


def _new_row(server: str, wish: _Wish, now: float, asked: Iterable[str]) -> dict[str, Any]:
    # What a person is asked about stays so, whatever looks at it again by itself.
    about = () if wish.lane is Lane.USER else map(asked_about, asked)
    return {
        "server": server,
        "scene": wish.scene,
        "lane": int(wish.lane),
        "reasons": _joined(wish.reasons, about),
        "generation": wish.generation,
        "state": READY,
        "due_at": now,
        "attempts": [],
        "long_attempts": 0,
        "queued_at": now,
    }


def _move(conn: Connection, server: str, pairs: Sequence[tuple[sa.Row[*tuple[Any, ...]], _Wish]], now: float) -> None:
    """A waiting job starts anew, at the place in line it has; one being worked on only learns that it is stale."""
    waiting: list[Mapping[str, Any]] = []
    worked: list[Mapping[str, Any]] = []
    for row, wish in pairs:
        values = {
            "of_server": server,
            "of_scene": wish.scene,
            "lane": min(row.lane, int(wish.lane)),
            "reasons": _joined(row.reasons, wish.reasons),
            "generation": wish.generation,
        }
        if row.state == WORKING:
            worked.append(values)
        else:
            waiting.append(values | anew(min(row.due_at, now)))
    for rows in (waiting, worked):
        if rows:
            conn.execute(_MOVE, rows)


def anew(due_at: float) -> dict[str, Any]:
    """The columns of a waiting job that nothing has been tried for."""
    return {
        "state": READY,
        "token": None,
        "claimed_generation": None,
        "due_at": due_at,
        "attempts": [],
        "long_attempts": 0,
        "first_failed_at": None,
        "parked_in": None,
    }
