"""Dead letters: jobs that can never work as they are, with all it takes to understand them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.work import Failure, Peer
from plexsync.store.batches import batches
from plexsync.store.dialect import put_rows
from plexsync.store.schema import dead_letters, in_step

Key = tuple[str, int]
_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A job that was given up. `error` is the class of its last failure, `attempts` counts both back-offs."""

    server: str
    scene: int
    error: str
    failure: Failure | None
    context: dict[str, Any]
    reasons: tuple[str, ...]
    attempts: int
    digest: str | None
    first_failed_at: float
    died_at: float


def bury(conn: Connection, letter: DeadLetter) -> None:
    """Keep the letter; an earlier one of the same scene gives way."""
    row = {name: getattr(letter, name) for name in DeadLetter.__slots__}
    row |= {"failure": failure_data(letter.failure), "reasons": list(letter.reasons)}
    put_rows(conn, dead_letters, [row])


def dead_one(conn: Connection, server: str, scene: int) -> DeadLetter | None:
    """The dead letter of a scene."""
    row = conn.execute(sa.select(dead_letters).where(_is(server, scene))).one_or_none()
    return None if row is None else _letter(row)


def dead_list(
    conn: Connection,
    *,
    server: str | None = None,
    limit: int = 100,
    after: Key | None = None,
    died_before: float | None = None,
) -> list[DeadLetter]:
    """Dead letters by server and scene, those past `after` and, when given, dead since before `died_before`."""
    key = sa.tuple_(dead_letters.c.server, dead_letters.c.scene)
    statement = sa.select(dead_letters).order_by(dead_letters.c.server, dead_letters.c.scene).limit(limit)
    if server is not None:
        statement = statement.where(dead_letters.c.server == server)
    if after is not None:
        statement = statement.where(key > after)
    if died_before is not None:
        statement = statement.where(dead_letters.c.died_at < died_before)
    return [_letter(row) for row in conn.execute(statement)]


def dead_all(conn: Connection, *, server: str | None = None) -> Iterator[DeadLetter]:
    """Every dead letter by server and scene, of one server or of all."""
    after: Key | None = None
    while page := dead_list(conn, server=server, limit=_PAGE, after=after):
        yield from page
        after = (page[-1].server, page[-1].scene)


def dead_some(conn: Connection, scenes: Iterable[int], *, server: str | None = None) -> list[DeadLetter]:
    """The dead letters of these scenes by server and scene, on one server or on all."""
    found: list[DeadLetter] = []
    for some in batches(set(scenes)):
        statement = sa.select(dead_letters).where(dead_letters.c.scene.in_(some))
        if server is not None:
            statement = statement.where(dead_letters.c.server == server)
        found += [_letter(row) for row in conn.execute(statement)]
    return sorted(found, key=lambda letter: (letter.server, letter.scene))


def dead_drop(conn: Connection, server: str, scenes: Iterable[int]) -> int:
    """Forget these dead letters; how many there were."""
    return sum(
        conn.execute(
            sa.delete(dead_letters).where(dead_letters.c.server == server, dead_letters.c.scene.in_(some))
        ).rowcount
        for some in batches(scenes)
    )


def dead_purge(conn: Connection, died_before: float | None) -> int:
    """Forget what died before that time, or everything, on every server; how many there were.

    Their scenes no longer count as in step: a full walk tries what is not, and nothing else remembers them.
    """
    old = sa.true() if died_before is None else dead_letters.c.died_at < died_before
    same = sa.and_(dead_letters.c.server == in_step.c.server, dead_letters.c.scene == in_step.c.scene)
    conn.execute(sa.delete(in_step).where(sa.exists().where(same, old)))
    return conn.execute(sa.delete(dead_letters).where(old)).rowcount


def failure_data(failure: Failure | None) -> dict[str, Any] | None:
    """The failure as JSON data."""
    return None if failure is None else asdict(failure)


def failure_of(data: dict[str, Any] | None) -> Failure | None:
    """The failure that `failure_data` was given."""
    if data is None:
        return None
    return Failure(**data | {"peer": Peer(data["peer"]) if data["peer"] else None})


def _is(server: str, scene: int) -> sa.ColumnElement[bool]:
    return sa.and_(dead_letters.c.server == server, dead_letters.c.scene == scene)


def _letter(row: sa.Row[Any]) -> DeadLetter:
    facts = row._asdict()
    return DeadLetter(
        **facts | {"failure": failure_of(row.failure), "reasons": tuple(row.reasons)},
    )
