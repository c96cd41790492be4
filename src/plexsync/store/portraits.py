"""Pictures of people: one row for each name of a server, whoever of Stash's performers it shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.store.batches import batches
from plexsync.store.dialect import put_rows
from plexsync.store.schema import portraits


@dataclass(frozen=True, slots=True, kw_only=True)
class PortraitRow:
    """`performer` is the one whose picture the name has, None where there is none.

    `before` is the address that Plex showed before our first write, `intended` the one that we last set out to write,
    through the item of `rating_key`; both None where nothing was ever written. `confirmed` is what Plex showed when
    that was last read back, which is the same if `is_confirmed`; `tries` counts read-backs that told another one.
    `looked_at` is when a performer of the name was last met.
    """

    server: str
    name_key: str
    name: str
    performer: int | None = None
    before: str | None = None
    intended: str | None = None
    confirmed: str | None = None
    is_confirmed: bool = False
    tries: int = 0
    rating_key: int | None = None
    intended_at: float = 0.0
    looked_at: float = 0.0


def rows(conn: Connection, server: str, name_keys: Iterable[str]) -> dict[str, PortraitRow]:
    """The rows of these names, by `compare.text_key`."""
    found: dict[str, PortraitRow] = {}
    for some in batches(name_keys):
        mine = sa.and_(portraits.c.server == server, portraits.c.name_key.in_(some))
        found |= {row.name_key: _row(row) for row in conn.execute(sa.select(portraits).where(mine))}
    return found


def winners(conn: Connection, servers: Iterable[str], name_keys: Iterable[str]) -> dict[str, int]:
    """Of each name that shows somebody's picture whose it is; of several servers' the lowest id."""
    wanted, found = set(name_keys), dict[str, int]()
    for server in servers:
        for key, row in rows(conn, server, wanted).items():
            if row.performer is not None:
                found[key] = min(row.performer, found.get(key, row.performer))
    return found


def written(conn: Connection, server: str, after: str = "", limit: int = 1000) -> list[PortraitRow]:
    """The next names past `after` that ever got a picture from us."""
    mine = sa.and_(portraits.c.server == server, portraits.c.name_key > after, portraits.c.intended.is_not(None))
    statement = sa.select(portraits).where(mine).order_by(portraits.c.name_key).limit(limit)
    return [_row(row) for row in conn.execute(statement)]


def put(conn: Connection, some: Iterable[PortraitRow]) -> None:
    """Keep rows as they are given."""
    put_rows(conn, portraits, [asdict(row) for row in some])


def drop(conn: Connection, server: str, name_key: str) -> None:
    """Undone: Plex shows again what it did before us."""
    mine = sa.and_(portraits.c.server == server, portraits.c.name_key == name_key)
    conn.execute(sa.delete(portraits).where(mine))


def release(conn: Connection, server: str, performer: int, name_key: str) -> None:
    """The performer has that name now: where another name showed the picture, the next one of that name may."""
    theirs = sa.and_(portraits.c.server == server, portraits.c.performer == performer, portraits.c.name_key != name_key)
    conn.execute(sa.update(portraits).where(theirs).values(performer=None))


def unlook(conn: Connection, server: str, name_key: str) -> None:
    """What was to be looked at could not be: the next walk has it looked at anew."""
    mine = sa.and_(portraits.c.server == server, portraits.c.name_key == name_key)
    conn.execute(sa.update(portraits).where(mine).values(looked_at=0.0))


def _row(row: sa.Row[tuple[object, ...]]) -> PortraitRow:
    return PortraitRow(**row._asdict())
