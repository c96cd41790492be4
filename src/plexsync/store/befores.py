"""What Plex held before our first write to a field, and its lock then: all that an undo restores from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.fields import Field, Value
from plexsync.store.batches import batches
from plexsync.store.schema import item_files, items, ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """`known` is False where a record was lost since, so that the value may be one of ours.

    `locked` None: whether the field was locked is not known.
    """

    value: Value
    known: bool = True
    locked: bool | None = None


def befores(conn: Connection, server: str, paths: Iterable[str]) -> dict[str, dict[Field, Before]]:
    """Of every field that was ever written to the items at these paths."""
    found: dict[str, dict[Field, Before]] = defaultdict(dict)
    columns = (ledger.c.path, ledger.c.field, ledger.c.before, ledger.c.before_known, ledger.c.before_locked)
    for some in batches(paths):
        statement = sa.select(*columns).where(ledger.c.server == server, ledger.c.path.in_(some))
        for row in conn.execute(statement):
            before = Before(value=row.before, known=row.before_known, locked=row.before_locked)
            found[row.path][Field(row.field)] = before
    return dict(found)


def paths_in(conn: Connection, server: str, section: int, last: str, limit: int) -> list[str]:
    """The next paths past `last` that were ever written to and that lie in this library now."""
    held = (
        sa.select(item_files.c.path)
        .join(items, sa.and_(items.c.server == item_files.c.server, items.c.rating_key == item_files.c.rating_key))
        .where(item_files.c.server == server, items.c.section == section)
    )
    mine = sa.and_(ledger.c.server == server, ledger.c.path > last, ledger.c.path.in_(held))
    return list(conn.scalars(sa.select(ledger.c.path).where(mine).distinct().order_by(ledger.c.path).limit(limit)))
