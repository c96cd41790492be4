"""The gaps that runs of reconciliation found, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.gaps import Gap, GapKind, GapOutcome
from plexsync.store.batches import batches
from plexsync.store.dialect import put_rows
from plexsync.store.schema import dead_letters, decisions, gaps, in_step, jobs

#: How many gaps of each kind an earlier run keeps.
EXAMPLES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundGap:
    """A gap with what became of it, None while it is worked on."""

    gap: Gap
    outcome: GapOutcome | None
    found_at: float


def record(
    conn: Connection, run: int, found: Sequence[Gap], now: float, outcome: GapOutcome | None = None
) -> list[Gap]:
    """Note these gaps of a run; those that are new to it, or stronger than what was found at the same place before."""
    known = _kinds(conn, run, found)
    mine: dict[tuple[str, int, str], Gap] = {}
    for gap in found:
        place = (gap.server, gap.scene, gap.path)
        before = mine[place].kind if place in mine else known.get(place)
        if before is None or gap.kind.outranks(before):
            mine[place] = gap
    for some in batches(mine.values()):
        put_rows(conn, gaps, [_row(run, gap, now, outcome) for gap in some])
    return list(mine.values())


def waiting(conn: Connection, run: int, server: str, scenes: Iterable[int]) -> set[int]:
    """Those of the scenes with a gap of this run that nothing came of yet."""
    found: set[int] = set()
    for some in batches(scenes):
        mine = (gaps.c.run == run, gaps.c.server == server, gaps.c.scene.in_(some), gaps.c.outcome.is_(None))
        found.update(conn.scalars(sa.select(gaps.c.scene).where(*mine)))
    return found


def drop_unknown(conn: Connection, run: int, server: str, paths: Iterable[str]) -> int:
    """Files that turned out to be Stash's are no gaps; how many were taken for some."""
    count = 0
    for some in batches(paths):
        mine = (gaps.c.run == run, gaps.c.server == server, gaps.c.scene == 0, gaps.c.path.in_(some))
        count += conn.execute(sa.delete(gaps).where(*mine)).rowcount
    return count


def unknown_after(conn: Connection, run: int, server: str, last: str, limit: int) -> list[str]:
    """The next files past `last` that Stash seems to lack."""
    mine = (gaps.c.run == run, gaps.c.server == server, gaps.c.scene == 0, gaps.c.path > last)
    return list(conn.scalars(sa.select(gaps.c.path).where(*mine).order_by(gaps.c.path).limit(limit)))


def forget(conn: Connection, run: int) -> None:
    """The run begins anew."""
    conn.execute(sa.delete(gaps).where(gaps.c.run == run))


def settle(conn: Connection, run: int, *, pending: str) -> int:
    """Say of each gap what became of it, where that is known; how many are still worked on.

    `pending` is the kind of decisions that are none yet.
    """
    open_ = sa.and_(gaps.c.run == run, gaps.c.outcome.is_(None))
    decided = _exists(decisions, decisions.c.kind != pending)
    undecided = _exists(decisions, decisions.c.kind == pending)
    confirmed = _exists(in_step, in_step.c.confirmed_at >= gaps.c.found_at)
    rests = sa.and_(open_, sa.not_(_exists(jobs)), sa.not_(undecided))
    for outcome, proof in (
        (GapOutcome.LEFT, _exists(dead_letters)),
        (GapOutcome.DECIDED, decided),
        (GapOutcome.CLOSED, confirmed),
        (GapOutcome.LEFT, sa.true()),
    ):
        conn.execute(sa.update(gaps).where(rests, proof).values(outcome=outcome.value))
    return conn.execute(sa.select(sa.func.count()).select_from(gaps).where(open_)).scalar_one()


def tried(conn: Connection, run: int) -> int:
    """How many gaps are open whose job waits for its next attempt, or for a library that is held."""
    again = sa.or_(jobs.c.long_attempts > 0, jobs.c.attempts != [], jobs.c.parked_in.is_not(None))
    mine = (gaps.c.run == run, gaps.c.outcome.is_(None), _exists(jobs, again))
    return conn.execute(sa.select(sa.func.count()).select_from(gaps).where(*mine)).scalar_one()


def leave(conn: Connection, run: int) -> None:
    """Nothing more is done about what is still open."""
    mine = sa.and_(gaps.c.run == run, gaps.c.outcome.is_(None))
    conn.execute(sa.update(gaps).where(mine).values(outcome=GapOutcome.LEFT.value))


def counts(conn: Connection, run: int) -> dict[str, dict[str, dict[str, int]]]:
    """How many gaps, by server, kind and outcome ("open" for none yet)."""
    counted = sa.select(gaps.c.server, gaps.c.kind, gaps.c.outcome, sa.func.count()).where(gaps.c.run == run)
    found: dict[str, dict[str, dict[str, int]]] = {}
    for server, kind, outcome, count in conn.execute(counted.group_by(gaps.c.server, gaps.c.kind, gaps.c.outcome)):
        found.setdefault(server, {}).setdefault(kind, {})[outcome or "open"] = count
    return found


def listing(conn: Connection, run: int, *, kind: GapKind | None = None, limit: int = EXAMPLES) -> list[FoundGap]:
    """Gaps of a run by kind, server, scene and file."""
    kinds = GapKind if kind is None else (kind,)
    return [one for each in kinds for one in _of_kind(conn, run, each, limit)]


def thin(conn: Connection, run: int) -> None:
    """Of a run that is over keep some examples only."""
    for kind in GapKind:
        kept = [(one.gap.server, one.gap.scene, one.gap.path) for one in _of_kind(conn, run, kind, EXAMPLES)]
        if len(kept) == EXAMPLES:
            place = sa.tuple_(gaps.c.server, gaps.c.scene, gaps.c.path)
            mine = (gaps.c.run == run, gaps.c.kind == kind.value)
            conn.execute(sa.delete(gaps).where(*mine, place.not_in(kept)))


def _of_kind(conn: Connection, run: int, kind: GapKind, limit: int) -> list[FoundGap]:
    mine = sa.select(gaps).where(gaps.c.run == run, gaps.c.kind == kind.value)
    rows = conn.execute(mine.order_by(gaps.c.server, gaps.c.scene, gaps.c.path).limit(limit))
    return [_found(row) for row in rows]


def _exists(table: sa.Table, *more: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether the table has a row about the gap's scene."""
    return sa.exists().where(table.c.server == gaps.c.server, table.c.scene == gaps.c.scene, *more).correlate(gaps)


def _kinds(conn: Connection, run: int, found: Sequence[Gap]) -> Mapping[tuple[str, int, str], GapKind]:
    known: dict[tuple[str, int, str], GapKind] = {}
    columns = (gaps.c.server, gaps.c.scene, gaps.c.path, gaps.c.kind)
    for server in {gap.server for gap in found}:
        scenes = {gap.scene for gap in found if gap.server == server}
        paths = [gap.path for gap in found if gap.server == server]
        for some in batches(paths):
            mine = (gaps.c.run == run, gaps.c.server == server, gaps.c.path.in_(some), gaps.c.scene.in_(scenes))
            for row in conn.execute(sa.select(*columns).where(*mine)):
                known[row.server, row.scene, row.path] = GapKind(row.kind)
    return known


def _row(run: int, gap: Gap, now: float, outcome: GapOutcome | None) -> dict[str, Any]:
    return {
        "run": run,
        "server": gap.server,
        "scene": gap.scene,
        "path": gap.path,
        "kind": gap.kind.value,
        "rating_key": gap.rating_key,
        "title": gap.title,
        "fields": list(gap.fields),
        "outcome": None if outcome is None else outcome.value,
        "found_at": now,
    }


def _found(row: sa.Row[Any]) -> FoundGap:
    gap = Gap(
        kind=GapKind(row.kind),
        server=row.server,
        path=row.path,
        scene=row.scene,
        rating_key=row.rating_key,
        title=row.title,
        fields=tuple(row.fields),
    )
    return FoundGap(gap=gap, outcome=None if row.outcome is None else GapOutcome(row.outcome), found_at=row.found_at)
