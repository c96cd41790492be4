"""Outages: from the moment a peer's gate opened, or was held, until it closed again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.store import preferences
from plexsync.store.schema import jobs
from plexsync.store.schema import outages as table

#: How many of each peer are kept, the newest.
KEPT = 1000
_LONGEST_CAUSE = 1000


class OutageKind(StrEnum):
    """Why work could not go on."""

    AWAY = "away"  #: the peer gave no usable answers
    HELD = "held"  #: a person had to act: sign in, upgrade, say which server it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Times in seconds since the epoch. `ended_at` is None while it goes on.

    `held` jobs waited when it ended; `drained` of them have come to their end since, the first and the last at those
    times.
    """

    id: int
    peer: str
    kind: OutageKind
    cause: str
    first_failure_at: float
    began_at: float
    ended_at: float | None
    held: int
    drained: int
    first_drained_at: float | None
    last_drained_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """How many more of an outage's jobs came to their end, and when the first and the last of these did."""

    count: int
    first_at: float
    last_at: float


def began(conn: Connection, peer: str, kind: OutageKind, cause: str, first_failure_at: float, now: float) -> None:
    """A peer is away or held. One outage goes on until it is `ended`: its first cause stays, held once is held."""
    going_on = _going_on(conn, peer)
    if going_on is None:
        row = {
            "peer": peer,
            "kind": kind.value,
            "cause": cause[:_LONGEST_CAUSE],
            "first_failure_at": first_failure_at,
            "began_at": now,
            "held": 0,
            "drained": 0,
        }
        conn.execute(sa.insert(table).values(row))
        trim(conn, peer)
    elif kind is OutageKind.HELD and going_on.kind != kind.value:
        conn.execute(sa.update(table).where(table.c.id == going_on.id).values(kind=kind.value))


def ended(conn: Connection, peer: str, servers: Sequence[str], now: float) -> Outage | None:
    """The peer is well: the outage that this ended, with the jobs of `servers` that wait; None if there was none."""
    going_on = _going_on(conn, peer)
    if going_on is None:
        return None
    # A clock that was set back must not make it end before it began.
    at = max(now, going_on.began_at)
    values = {"ended_at": at, "held": waiting(conn, servers, at)}
    conn.execute(sa.update(table).where(table.c.id == going_on.id).values(values))
    return _outage(conn.execute(sa.select(table).where(table.c.id == going_on.id)).one())


def waiting(conn: Connection, servers: Collection[str], at: float) -> int:
    """How many jobs of these servers that were queued by then have not come to their end."""
    counted = sa.select(sa.func.count()).select_from(jobs)
    return conn.execute(counted.where(jobs.c.server.in_(servers), jobs.c.queued_at <= at)).scalar_one()


def listing(conn: Connection, peer: str | None = None, limit: int = KEPT) -> list[Outage]:
    """The newest outages, of one peer or of all, the newest first."""
    statement = sa.select(table).order_by(table.c.began_at.desc(), table.c.id.desc()).limit(limit)
    if peer is not None:
        statement = statement.where(table.c.peer == peer)
    return [_outage(row) for row in conn.execute(statement)]


def windows(conn: Connection, peers: Collection[str]) -> list[tuple[float, float | None]]:
    """From the first failure to the end of each outage of these peers, in order of time; no end while it goes on."""
    statement = sa.select(table.c.first_failure_at, table.c.ended_at).where(table.c.peer.in_(peers))
    return [(row[0], row[1]) for row in conn.execute(statement.order_by(table.c.first_failure_at))]


def draining(conn: Connection, peer: str, servers: Sequence[str]) -> list[Outage]:
    """The outages of a peer that are over while jobs of theirs still wait for `servers`."""
    oldest = conn.scalar(sa.select(sa.func.min(jobs.c.queued_at)).where(jobs.c.server.in_(servers)))
    if oldest is None:
        return []
    left = sa.and_(table.c.peer == peer, table.c.ended_at >= oldest, table.c.drained < table.c.held)
    return [_outage(row) for row in conn.execute(sa.select(table).where(left).order_by(table.c.id))]


def drain(conn: Connection, outage_id: int, drained: Drained) -> None:
    """Count jobs of an outage that came to their end."""
    values = {
        "drained": table.c.drained + drained.count,
        "first_drained_at": sa.func.coalesce(table.c.first_drained_at, drained.first_at),
        "last_drained_at": drained.last_at,
    }
    conn.execute(sa.update(table).where(table.c.id == outage_id).values(values))


def trim(conn: Connection, peer: str, kept: int = KEPT) -> int:
    """Forget all but the newest of a peer; how many went."""
    mine = table.c.peer == peer
    oldest_kept = sa.select(table.c.id).where(mine).order_by(table.c.id.desc()).limit(1).offset(kept - 1)
    last = conn.scalar(oldest_kept)
    return 0 if last is None else conn.execute(sa.delete(table).where(mine, table.c.id < last)).rowcount


def watch(conn: Connection, peer: str, now: float) -> None:
    """Its outages are recorded from now on; the first call counts."""
    if watched_since(conn, peer) is None:
        preferences.put(conn, _watched(peer), now)


def watched_since(conn: Connection, peer: str) -> float | None:
    """Since when outages of the peer are recorded; None when they never were."""
    return preferences.get(conn, _watched(peer))


def _watched(peer: str) -> str:
    return f"outages watched since:{peer}"


def _going_on(conn: Connection, peer: str) -> sa.Row[Any] | None:
    statement = sa.select(table).where(table.c.peer == peer, table.c.ended_at.is_(None))
    return conn.execute(statement.order_by(table.c.id.desc()).limit(1).with_for_update()).one_or_none()


def _outage(row: sa.Row[Any]) -> Outage:
    facts = row._asdict()
    return Outage(**facts | {"kind": OutageKind(facts["kind"])})
