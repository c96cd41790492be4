"""What somebody asked for and is not done yet: kept until an entry of the timetable has carried it out."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.store.dialect import count_up
from plexsync.store.schema import wishes


def ask(conn: Connection, name: str, now: float) -> int:
    """Wish for a run of that entry. The number tells this wish from one that an earlier run began with."""
    return count_up(conn, wishes, {"name": name, "number": 1, "asked_at": now}, "number")


def waiting(conn: Connection) -> dict[str, int]:
    """The number of the latest wish for each entry that is wished for."""
    return {row.name: row.number for row in conn.execute(sa.select(wishes.c.name, wishes.c.number))}


def fulfil(conn: Connection, name: str, number: int) -> bool:
    """A run that began with that number is over; False, and the wish stays, when there is a newer one."""
    mine = sa.and_(wishes.c.name == name, wishes.c.number == number)
    return bool(conn.execute(sa.delete(wishes).where(mine)).rowcount)
