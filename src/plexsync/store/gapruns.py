"""Runs of reconciliation: what was asked for, where each stands, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.gaps import Scope
from plexsync.store.schema import gap_runs as table
from plexsync.store.schema import gaps


class Cause(StrEnum):
    """Who asked for a run."""

    PERSON = "you"
    TASK = "task in Stash"
    SCHEDULE = "schedule"
    START = "start"
    SCAN = "scan of Plex"


class Stage(StrEnum):
    """How far a run is."""

    WAITING = "waiting"
    SEARCHING = "searching"
    CLOSING = "closing"  #: all gaps are known, and some are worked on
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRun:
    """One run. Times in seconds since the epoch; None for what did not happen yet."""

    id: int
    scope: Scope
    cause: str
    report_only: bool
    asked_at: float
    began_at: float | None = None
    searched_at: float | None = None
    ended_at: float | None = None
    position: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def stage(self) -> Stage:
        """How far it is."""
        if self.ended_at is not None:
            return Stage.DONE
        if self.searched_at is not None:
            return Stage.CLOSING
        return Stage.WAITING if self.began_at is None else Stage.SEARCHING

    @property
    def reason(self) -> str:
        """What its jobs and what they write carry; the run's name in the history."""
        return f"reconcile-{self.id}"

    def grants(self, scope: Scope, *, report_only: bool) -> bool:
        """Whether somebody who asks for that need only wait for this run."""
        return self.scope.covers(scope) and self.report_only in (False, report_only)


def ask(conn: Connection, scope: Scope, cause: str, *, report_only: bool, now: float) -> tuple[GapRun, bool]:
    """A new run; or the one that waits or searches already and grants the same (then True)."""
    for run in open_runs(conn):
        if run.grants(scope, report_only=report_only):
            return run, True
    row: dict[str, Any] = {
        "scope": scope.value,
        "cause": cause,
        "report_only": report_only,
        "asked_at": now,
        "position": {},
        "facts": {},
    }
    number = conn.execute(sa.insert(table).values(row).returning(table.c.id)).scalar_one()
    return _run(conn.execute(sa.select(table).where(table.c.id == number)).one()), False


def over(conn: Connection, cause: str, now: float) -> GapRun:
    """A new run that was over when it began: what it found is only noted."""
    row: dict[str, Any] = {
        "scope": Scope.ALL.value,
        "cause": cause,
        "report_only": True,
        "asked_at": now,
        "began_at": now,
        "searched_at": now,
        "ended_at": now,
        "position": {},
        "facts": {},
    }
    number = conn.execute(sa.insert(table).values(row).returning(table.c.id)).scalar_one()
    return _run(conn.execute(sa.select(table).where(table.c.id == number)).one())


def latest(conn: Connection, cause: str, since: float) -> GapRun | None:
    """The newest run of that cause that was asked for since then."""
    mine = sa.select(table).where(table.c.cause == cause, table.c.asked_at >= since)
    row = conn.execute(mine.order_by(table.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else _run(row)


def save(conn: Connection, run: GapRun) -> None:
    """Keep where the run stands."""
    values = {
        "began_at": run.began_at,
        "searched_at": run.searched_at,
        "ended_at": run.ended_at,
        "position": run.position,
        "facts": run.facts,
    }
    conn.execute(sa.update(table).where(table.c.id == run.id).values(values))


def one(conn: Connection, number: int) -> GapRun | None:
    """The run of that number."""
    row = conn.execute(sa.select(table).where(table.c.id == number)).one_or_none()
    return None if row is None else _run(row)


def open_runs(conn: Connection) -> list[GapRun]:
    """Those that wait or search, in the order in which they were asked for."""
    return [_run(row) for row in conn.execute(_not_yet(table.c.searched_at))]


def closing(conn: Connection) -> list[GapRun]:
    """Those of which some gaps are still worked on."""
    return [_run(row) for row in conn.execute(_not_yet(table.c.ended_at).where(table.c.searched_at.is_not(None)))]


def listing(conn: Connection, limit: int) -> list[GapRun]:
    """The latest runs, newest first."""
    return [_run(row) for row in conn.execute(sa.select(table).order_by(table.c.id.desc()).limit(limit))]


def last_asked(conn: Connection) -> float | None:
    """When the latest run that closes gaps was asked for; None when there was none."""
    asked: float | None = conn.scalar(
        sa.select(sa.func.max(table.c.asked_at)).where(table.c.report_only.is_(sa.false()))
    )
    return asked


def trim(conn: Connection, before: float) -> int:
    """Forget runs that ended before that time, and their gaps; how many."""
    old = sa.and_(table.c.ended_at.is_not(None), table.c.ended_at < before)
    conn.execute(sa.delete(gaps).where(gaps.c.run.in_(sa.select(table.c.id).where(old))))
    return conn.execute(sa.delete(table).where(old)).rowcount


def _not_yet(column: sa.Column[Any]) -> sa.Select[Any]:
    return sa.select(table).where(column.is_(None)).order_by(table.c.id)


def _run(row: sa.Row[Any]) -> GapRun:
    return GapRun(**row._asdict() | {"scope": Scope(row.scope)})
