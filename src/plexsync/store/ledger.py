"""What Plex held before us, what we set out to write, and what it held then: per server, mapped path and field."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.fields import FIELDS, Field, Value
from plexsync.model.plan import Given, Written, added, only
from plexsync.store.batches import batches
from plexsync.store.schema import ledger

#: Seconds for which a write that was never read back makes a difference in Plex ours.
DOUBT = 600.0


def rows(
    conn: Connection, server: str, paths: Iterable[str], now: float | None = None
) -> dict[str, dict[Field, Written]]:
    """All that was ever written to the items at these paths. Only with `now` it is told what is in doubt."""
    found: dict[str, dict[Field, Written]] = defaultdict(dict)
    for some in batches(paths):
        statement = sa.select(ledger).where(ledger.c.server == server, ledger.c.path.in_(some))
        for row in conn.execute(statement):
            written = _written(row)
            in_doubt = now is not None and abs(now - row.intended_at) <= DOUBT and not _was_read_back(row)
            found[row.path][Field(row.field)] = replace(written, in_doubt=True) if in_doubt else written
    return dict(found)


def doubtful(conn: Connection, server: str, paths: Iterable[str]) -> dict[str, list[Field]]:
    """The fields of which nobody knows what Plex held before us, because an earlier record was lost; by path."""
    found: dict[str, list[Field]] = defaultdict(list)
    for some in batches(paths):
        mine = sa.and_(ledger.c.server == server, ledger.c.path.in_(some), ledger.c.before_known.is_(sa.false()))
        for row in conn.execute(sa.select(ledger.c.path, ledger.c.field).where(mine).order_by(ledger.c.field)):
            found[row.path].append(Field(row.field))
    return dict(found)


def intend(
    conn: Connection,
    server: str,
    path: str,
    rating_key: int,
    intents: Sequence[tuple[Field, Value, Value]],
    now: float,
    unknown: Collection[Field] = (),
    locked: Collection[Field] | None = None,
) -> None:
    """Before a write: (field, value before, value intended) each.

    The first `before` of a field stays for ever; of `unknown` fields it may be a value of ours. So does whether it was
    `locked` then (None: nobody knows). A new intended value
    starts with no tries and unconfirmed, and what Plex holds until it is read back is kept as `confirmed` where it is
    ours; the same one again keeps all three.
    """
    held = rows(conn, server, [path]).get(path, {})
    fresh = []
    for field, before, intended in intents:
        values: dict[str, Any] = {"rating_key": rating_key, "intended_at": now, "confirmed_at": None}
        if field not in held or not _same(held[field].intended, intended):
            ours = _ours(field, held.get(field), before)
            values |= {"intended": intended, "confirmed": ours, "is_confirmed": False, "tries": 0}
        if field in held:
            _update(conn, server, path, field, values)
        else:
            key = {"server": server, "path": path, "field": field.value}
            first = {"before": before, "before_known": field not in unknown}
            fresh.append(values | key | first | {"before_locked": None if locked is None else field in locked})
    if fresh:
        conn.execute(sa.insert(ledger), fresh)


def confirm(conn: Connection, server: str, path: str, observed: Mapping[Field, tuple[Value, bool]], now: float) -> None:
    """After a write: per field what the item holds now, and whether that is the intended value in Plex's form.

    Then it is confirmed; if not, that write is one more try. Fields that were never intended are left out.
    """
    for field, (value, same) in observed.items():
        tries = 0 if same else ledger.c.tries + 1
        values = {"confirmed": value, "is_confirmed": same, "tries": tries, "confirmed_at": now}
        _update(conn, server, path, field, values)


def give(conn: Connection, server: str, path: str, rating_key: int, some: Sequence[Given], now: float) -> None:
    """What Plex took from our provider is ours from now on, as if it had been written.

    What a field held before stays as it was first; nobody had locked it, or Plex would not have taken ours.
    """
    if not some:
        return
    held = rows(conn, server, [path]).get(path, {})
    fresh = []
    for one in some:
        values: dict[str, Any] = {"rating_key": rating_key, "given": one.value, "tries": 0, "is_confirmed": True}
        values |= {"intended": one.intended, "confirmed": one.confirmed, "intended_at": now, "confirmed_at": now}
        if one.field in held:
            _update(conn, server, path, one.field, values)
        else:
            key = {"server": server, "path": path, "field": one.field.value}
            fresh.append(values | key | {"before": one.before, "before_known": True, "before_locked": False})
    if fresh:
        conn.execute(sa.insert(ledger), fresh)


def disown(conn: Connection, server: str, path: str, field: Field, ours: Value) -> None:
    """Of a shared list, only these entries are ours from now on: Plex holds the others no more."""
    values = {"intended": ours, "confirmed": ours, "is_confirmed": True, "tries": 0}
    _update(conn, server, path, field, values)


def items(conn: Connection, server: str, paths: Iterable[str]) -> dict[str, set[int]]:
    """The items that were written to by path: more than one where the file became another one in between."""
    found: dict[str, set[int]] = defaultdict(set)
    for some in batches(paths):
        mine = sa.and_(ledger.c.server == server, ledger.c.path.in_(some))
        for row in conn.execute(sa.select(ledger.c.path, ledger.c.rating_key).where(mine).distinct()):
            found[row.path].add(row.rating_key)
    return dict(found)


def follow(conn: Connection, server: str, path: str, rating_key: int) -> int:
    """The file at that path is another item now; how many fields that concerns."""
    mine = sa.and_(ledger.c.server == server, ledger.c.path == path)
    moved = sa.update(ledger).where(mine, ledger.c.rating_key != rating_key)
    return conn.execute(moved.values(rating_key=rating_key)).rowcount


def move(conn: Connection, server: str, path: str, to: str) -> int:
    """The file was moved within Plex: its rows go along, but for fields that the new path has rows of."""
    held = [field.value for field in rows(conn, server, [to]).get(to, {})]
    mine = sa.and_(ledger.c.server == server, ledger.c.path == path, ledger.c.field.not_in(held))
    return conn.execute(sa.update(ledger).where(mine).values(path=to)).rowcount


def drop(conn: Connection, server: str, path: str, fields: Iterable[Field]) -> int:
    """Undone: the fields hold their first `before` again, and what is written next starts a new record."""
    names = [field.value for field in fields]
    mine = sa.and_(ledger.c.server == server, ledger.c.path == path, ledger.c.field.in_(names))
    return conn.execute(sa.delete(ledger).where(mine)).rowcount


def paths_after(conn: Connection, server: str, last: str, limit: int) -> list[tuple[str, int]]:
    """The next paths past `last` that were ever written to, each with its latest item."""
    newest = sa.func.max(ledger.c.rating_key)
    statement = sa.select(ledger.c.path, newest).where(ledger.c.server == server, ledger.c.path > last)
    grouped = statement.group_by(ledger.c.path).order_by(ledger.c.path).limit(limit)
    return [(row[0], row[1]) for row in conn.execute(grouped)]


def _update(conn: Connection, server: str, path: str, field: Field, values: Mapping[str, Any]) -> None:
    mine = sa.and_(ledger.c.server == server, ledger.c.path == path, ledger.c.field == field.value)
    conn.execute(sa.update(ledger).where(mine).values(dict(values)))


def _ours(field: Field, held: Written | None, found: Value) -> Value:
    """What of the value that Plex holds is ours: of a shared list our entries, else all of it or nothing."""
    if held is None:
        return None
    if FIELDS[field].shared:
        return only(found, added(FIELDS[field], held))
    return found if _is_ours(held, found) else None


def _is_ours(written: Written, found: Value) -> bool:
    """Whether Plex holds what was intended last, or what was read back as ours before."""
    read_back = written.is_confirmed or written.tries == 0
    return _same(written.intended, found) or (read_back and _same(written.confirmed, found))


def _was_read_back(row: sa.Row[Any]) -> bool:
    return row.confirmed_at is not None and row.confirmed_at >= row.intended_at


def _same(one: Value, other: Value) -> bool:
    return type(one) is type(other) and one == other


def _written(row: sa.Row[Any]) -> Written:
    return Written(
        before=row.before,
        intended=row.intended,
        confirmed=row.confirmed,
        is_confirmed=row.is_confirmed,
        tries=row.tries,
        given=row.given,
    )
