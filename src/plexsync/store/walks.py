"""Where a walk stands, so that a restart goes on with it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.store.dialect import put_rows
from plexsync.store.schema import walks


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A walk by id: done up to `last_id`. Times in seconds since the epoch; not finished while it goes on."""

    name: str
    last_id: int
    started_at: float
    finished_at: float | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def save(conn: Connection, walk: Walk) -> None:
    """Keep where the walk stands."""
    put_rows(conn, walks, [asdict(walk)])


def load(conn: Connection, name: str) -> Walk | None:
    """Where the walk of that name stands, if it ever began."""
    row = conn.execute(sa.select(walks).where(walks.c.name == name)).one_or_none()
    return None if row is None else Walk(**row._asdict())
