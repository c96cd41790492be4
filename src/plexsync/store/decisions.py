"""Recorded reasons for not writing, one per server and scene."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.work import Decision
from plexsync.store.batches import batches
from plexsync.store.dialect import put_rows
from plexsync.store.schema import decisions


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision with the scene it is about, and when it was made."""

    server: str
    scene: int
    decision: Decision
    at: float


def decide(conn: Connection, server: str, scene: int, decision: Decision, now: float) -> None:
    """Record it; an earlier decision on the scene gives way."""
    put_rows(conn, decisions, [asdict(decision) | {"server": server, "scene": scene, "decided_at": now}])


def decided(conn: Connection, server: str, scenes: Iterable[int]) -> dict[int, Decision]:
    """The decisions on these scenes."""
    found: dict[int, Decision] = {}
    for some in batches(scenes):
        statement = sa.select(decisions).where(decisions.c.server == server, decisions.c.scene.in_(some))
        found |= {row.scene: _decision(row) for row in conn.execute(statement)}
    return found


def clear(conn: Connection, server: str, scenes: Iterable[int]) -> int:
    """Forget the decisions on these scenes; how many there were."""
    mine = decisions.c.server == server
    return sum(
        conn.execute(sa.delete(decisions).where(mine, decisions.c.scene.in_(some))).rowcount for some in batches(scenes)
    )


def listing(
    conn: Connection,
    *,
    server: str | None = None,
    kind: str | None = None,
    limit: int = 100,
    after: tuple[str, int] | None = None,
    since: float | None = None,
) -> list[Decided]:
    """Decisions by server and scene, those past `after`; only those that were made after `since`."""
    statement = sa.select(decisions).order_by(decisions.c.server, decisions.c.scene).limit(limit)
    if server is not None:
        statement = statement.where(decisions.c.server == server)
    if kind is not None:
        statement = statement.where(decisions.c.kind == kind)
    if since is not None:
        statement = statement.where(decisions.c.decided_at > since)
    if after is not None:
        statement = statement.where(sa.tuple_(decisions.c.server, decisions.c.scene) > after)
    return [
        Decided(server=row.server, scene=row.scene, decision=_decision(row), at=row.decided_at)
        for row in conn.execute(statement)
    ]


def counts(conn: Connection, server: str) -> dict[str, int]:
    """How many decisions of each kind."""
    counted = sa.select(decisions.c.kind, sa.func.count()).group_by(decisions.c.kind)
    return {row[0]: row[1] for row in conn.execute(counted.where(decisions.c.server == server))}


def _decision(row: sa.Row[Any]) -> Decision:
    return Decision(
        kind=row.kind,
        reason=row.reason,
        digest=row.digest,
        index_version=row.index_version,
        facts=row.facts,
    )
