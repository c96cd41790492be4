"""Fields that are not written at a path, until somebody takes the pin away. They follow the path to a new item."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.fields import Field
from plexsync.store.batches import batches
from plexsync.store.dialect import put_new
from plexsync.store.schema import links, pins


class PinnedBy(StrEnum):
    """What set the pin."""

    USER = "user"
    UNDO = "undo"
    EDIT = "edit"  #: an edit in Plex of a field that the user wants kept so


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """`at` in seconds since the epoch."""

    path: str
    field: Field
    by: PinnedBy
    at: float


def pin(conn: Connection, server: str, path: str, fields: Iterable[Field], by: PinnedBy, now: float) -> None:
    """Pin these fields; one that is pinned already keeps its pin as it is."""
    for field in fields:
        row = {"server": server, "path": path, "field": field.value, "made_by": by.value, "made_at": now}
        put_new(conn, pins, row)


def unpin(conn: Connection, server: str, path: str, fields: Iterable[Field]) -> list[Field]:
    """Take these pins away; those that there were, in their order."""
    names = [field.value for field in fields]
    mine = sa.and_(pins.c.server == server, pins.c.path == path, pins.c.field.in_(names))
    gone = set(conn.scalars(sa.delete(pins).where(mine).returning(pins.c.field)))
    return [field for field in Field if field.value in gone]


def pinned(conn: Connection, server: str, paths: Iterable[str]) -> dict[str, frozenset[Field]]:
    """The pinned fields by path."""
    found: dict[str, set[Field]] = defaultdict(set)
    for one in of_paths(conn, server, paths):
        found[one.path].add(one.field)
    return {path: frozenset(fields) for path, fields in found.items()}


def of_paths(conn: Connection, server: str, paths: Iterable[str]) -> list[Pin]:
    """The pins at these paths."""
    return [
        _pin(row)
        for some in batches(paths)
        for row in conn.execute(sa.select(pins).where(pins.c.server == server, pins.c.path.in_(some)))
    ]


def move(conn: Connection, server: str, path: str, to: str) -> int:
    """The file was moved within Plex: its pins go along; how many did."""
    held = sa.select(pins.c.field).where(pins.c.server == server, pins.c.path == to)
    mine = sa.and_(pins.c.server == server, pins.c.path == path)
    known = list(conn.scalars(held))
    return conn.execute(sa.update(pins).where(mine, pins.c.field.not_in(known)).values(path=to)).rowcount


def scenes_in(conn: Connection, server: str, sections: Iterable[int]) -> list[int]:
    """The scenes that are linked to something pinned in these libraries."""
    same = sa.and_(pins.c.server == links.c.server, pins.c.path == links.c.plex_path)
    mine = sa.and_(links.c.server == server, links.c.section.in_(list(sections)))
    return list(conn.scalars(sa.select(links.c.scene).join(pins, same).where(mine).distinct().order_by(links.c.scene)))


def count(conn: Connection, server: str) -> int:
    """How many pins there are."""
    return conn.scalar(sa.select(sa.func.count()).select_from(pins).where(pins.c.server == server)) or 0


def _pin(row: sa.Row[Any]) -> Pin:
    return Pin(path=row.path, field=Field(row.field), by=PinnedBy(row.made_by), at=row.made_at)
