"""Which daemon owns a server. Each taking has a higher epoch, which fences off all earlier owners."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.store.dialect import count_up
from plexsync.store.schema import owners


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The present owner. `beat_at` is when it last said that it lives, in seconds since the epoch."""

    server: str
    holder: str
    epoch: int
    beat_at: float


def take(conn: Connection, server: str, holder: str, now: float) -> int:
    """Become the owner, whoever was it before; the new epoch. Whether one may is for the caller to know."""
    row = {"server": server, "holder": holder, "epoch": 1, "beat_at": now}
    return count_up(conn, owners, row, "epoch")


def beat(conn: Connection, server: str, epoch: int, now: float) -> bool:
    """Say that the owner lives; False when another one took over."""
    mine = sa.and_(owners.c.server == server, owners.c.epoch == epoch)
    return bool(conn.execute(sa.update(owners).where(mine).values(beat_at=now)).rowcount)


def current(conn: Connection, server: str) -> Owner | None:
    """The owner, if there ever was one."""
    row = conn.execute(sa.select(owners).where(owners.c.server == server)).one_or_none()
    return None if row is None else Owner(**row._asdict())
