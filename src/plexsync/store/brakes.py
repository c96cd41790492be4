"""What the brake asked a person, and how it was answered."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.store.batches import batches
from plexsync.store.schema import brakes, decisions, links, undos

#: The decision that a scene waits for a person's answer.
HELD: Final = "brake"
#: The decision that a person turned it down.
REJECTED: Final = "rejected"
#: Of more answered questions the oldest go.
_KEPT = 100


class State(StrEnum):
    """What became of a question."""

    OPEN = "open"
    RELEASED = "released"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"  #: nothing of it was left to ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`about` is a server whose scenes are held, or a peer that turned out to be another one; `kind` says which.

    Times in seconds since the epoch.
    """

    id: int
    kind: str
    about: str
    state: State
    asked_at: float
    ended_at: float | None
    facts: dict[str, Any]


def asked_about(kind: str) -> str:
    """The reason of a job whose scene a person is asked about, for that kind of change."""
    return f"asked about: {kind}"


def ask(conn: Connection, kind: str, about: str, facts: dict[str, Any], now: float) -> int:
    """The number of a new question."""
    row = {"kind": kind, "about": about, "state": State.OPEN.value, "asked_at": now, "facts": facts}
    return int(conn.execute(sa.insert(brakes).values(row).returning(brakes.c.id)).scalar_one())


def retell(conn: Connection, number: int, facts: dict[str, Any]) -> None:
    """The question is about more by now."""
    conn.execute(sa.update(brakes).where(brakes.c.id == number).values(facts=facts))


def end(conn: Connection, number: int, state: State, now: float) -> None:
    """It was answered, or need not be any more."""
    conn.execute(sa.update(brakes).where(brakes.c.id == number).values(state=state.value, ended_at=now))
    kept = sa.select(brakes.c.id).where(brakes.c.state != State.OPEN.value).order_by(brakes.c.id.desc()).limit(_KEPT)
    oldest = min(conn.scalars(kept), default=0)
    conn.execute(sa.delete(brakes).where(brakes.c.state != State.OPEN.value, brakes.c.id < oldest))


def one(conn: Connection, number: int) -> Question | None:
    """The question of that number."""
    row = conn.execute(sa.select(brakes).where(brakes.c.id == number)).one_or_none()
    return None if row is None else _question(row)


def opened(conn: Connection, kind: str, about: str) -> Question | None:
    """The question of that kind that waits for an answer: there is at most one."""
    mine = (brakes.c.kind == kind, brakes.c.about == about, brakes.c.state == State.OPEN.value)
    row = conn.execute(sa.select(brakes).where(*mine).order_by(brakes.c.id)).first()
    return None if row is None else _question(row)


def listing(conn: Connection, *, limit: int = _KEPT, waiting: bool = False) -> list[Question]:
    """Questions, the newest first; only those that wait for an answer if so asked."""
    statement = sa.select(brakes).order_by(brakes.c.id.desc()).limit(limit)
    if waiting:
        statement = statement.where(brakes.c.state == State.OPEN.value)
    return [_question(row) for row in conn.execute(statement)]


def turn(conn: Connection, server: str, kind: str, to: str, reason: str, now: float) -> int:
    """Every decision of one kind becomes one of another, made now; how many."""
    return _turn(conn, decisions.c.server == server, decisions.c.kind == kind, to=to, reason=reason, now=now)


def turn_some(conn: Connection, server: str, scenes: Collection[int], to: str, reason: str, now: float) -> int:
    """The same of what was decided on these scenes."""
    return sum(
        _turn(conn, decisions.c.server == server, decisions.c.scene.in_(some), to=to, reason=reason, now=now)
        for some in batches(scenes)
    )


def _turn(conn: Connection, *mine: sa.ColumnElement[bool], to: str, reason: str, now: float) -> int:
    return conn.execute(sa.update(decisions).where(*mine).values(kind=to, reason=reason, decided_at=now)).rowcount


def forget(conn: Connection, server: str, scenes: Collection[int], kinds: Collection[str]) -> int:
    """What was decided on these scenes in one of these ways is over; how many decisions.

    Of a scene that something is to be undone of it is not.
    """
    undone = sa.exists().where(undos.c.server == decisions.c.server, undos.c.scene == decisions.c.scene)
    mine = sa.and_(decisions.c.server == server, decisions.c.kind.in_(kinds), sa.not_(undone))
    return sum(
        conn.execute(sa.delete(decisions).where(mine, decisions.c.scene.in_(some))).rowcount for some in batches(scenes)
    )


def among(conn: Connection, server: str, scenes: Collection[int], kinds: Collection[str]) -> set[int]:
    """Those of the scenes that were decided in one of these ways."""
    return set(asked_at(conn, server, scenes, kinds))


def asked_at(conn: Connection, server: str, scenes: Collection[int], kinds: Collection[str]) -> dict[int, str]:
    """Those of the scenes that were decided in one of these ways, each with the digest it was decided at."""
    mine = sa.and_(decisions.c.server == server, decisions.c.kind.in_(kinds))
    found: dict[int, str] = {}
    for some in batches(scenes):
        rows = conn.execute(sa.select(decisions.c.scene, decisions.c.digest).where(mine, decisions.c.scene.in_(some)))
        found.update((scene, digest) for scene, digest in rows)
    return found


def held(conn: Connection, server: str, kind: str) -> int:
    """How many decisions of that kind."""
    mine = sa.and_(decisions.c.server == server, decisions.c.kind == kind)
    return conn.execute(sa.select(sa.func.count()).select_from(decisions).where(mine)).scalar_one()


def linked(conn: Connection, server: str) -> int:
    """How many scenes have an item on that server."""
    counted = sa.select(sa.func.count(links.c.scene.distinct())).where(links.c.server == server)
    return conn.execute(counted).scalar_one()


def _question(row: sa.Row[Any]) -> Question:
    return Question(
        id=row.id,
        kind=row.kind,
        about=row.about,
        state=State(row.state),
        asked_at=row.asked_at,
        ended_at=row.ended_at,
        facts=row.facts,
    )
