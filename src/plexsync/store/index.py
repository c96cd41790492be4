"""The index of Plex: every item's files by path and by name, updated in place, with a version."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.item import IndexedItem, Part
from plexsync.model.paths import name_key, path_key
from plexsync.store.batches import batches
from plexsync.store.dialect import count_up, put_rows
from plexsync.store.schema import index_versions, item_files, items

#: Path, size and duration.
_File = tuple[str, int | None, float | None]
_TOUCH = (
    sa.update(items)
    .where(
        items.c.server == sa.bindparam("of_server"),
        items.c.rating_key.in_(sa.bindparam("keys", expanding=True)),
        items.c.run != sa.bindparam("by_run"),
    )
    .values(run=sa.bindparam("by_run"))
)


def upsert(conn: Connection, server: str, entries: Sequence[IndexedItem], run: int) -> list[str]:
    """Make the index hold these items as given, marked with the run; the paths that no such item had before."""
    new: list[str] = []
    for some in batches({item.rating_key: item for item in entries}.values()):
        new += _upsert_some(conn, server, some, run)
    return new


def _upsert_some(conn: Connection, server: str, entries: Sequence[IndexedItem], run: int) -> list[str]:
    keys = [item.rating_key for item in entries]
    facts, before = _facts(conn, server, keys), _files(conn, server, keys)
    changed = [item for item in entries if facts.get(item.rating_key) != (item.section, item.title, item.updated_at)]
    put_rows(conn, items, [_item_row(server, item, run) for item in changed])
    # To mark a row costs a tenth of writing it.
    conn.execute(_TOUCH, {"by_run": run, "of_server": server, "keys": keys})
    moved = [item for item in entries if before.get(item.rating_key, []) != _facts_of(item.parts)]
    if emptied := [item.rating_key for item in moved if item.rating_key in before]:
        conn.execute(sa.delete(item_files).where(_of(item_files, server, emptied)))
    if rows := [row for item in moved for row in _file_rows(server, item)]:
        conn.execute(sa.insert(item_files), rows)
    return [
        part.path
        for item in moved
        for part in item.parts
        if part.path not in {path for path, _, _ in before.get(item.rating_key, ())}
    ]


def _facts(conn: Connection, server: str, rating_keys: Sequence[int]) -> dict[int, tuple[int, str, int]]:
    columns = (items.c.rating_key, items.c.section, items.c.title, items.c.updated_at)
    rows = conn.execute(sa.select(*columns).where(_of(items, server, rating_keys))).all()
    return {key: (section, title, updated_at) for key, section, title, updated_at in rows}


def _files(conn: Connection, server: str, rating_keys: Sequence[int]) -> dict[int, list[_File]]:
    columns = (item_files.c.rating_key, item_files.c.path, item_files.c.size, item_files.c.duration)
    statement = sa.select(*columns).where(_of(item_files, server, rating_keys))
    found: dict[int, list[_File]] = defaultdict(list)
    rows = conn.execute(statement.order_by(item_files.c.rating_key, item_files.c.position)).all()
    for key, path, size, duration in rows:
        found[key].append((path, size, duration))
    return found


def _facts_of(parts: Sequence[Part]) -> list[_File]:
    return [(part.path, part.size, part.duration) for part in parts]


def unseen(conn: Connection, server: str, section: int, run: int) -> list[int]:
    """The section's items that no upsert of this run or a later one touched."""
    statement = sa.select(items.c.rating_key).where(
        items.c.server == server, items.c.section == section, items.c.run < run
    )
    return list(conn.scalars(statement))


def remove(conn: Connection, server: str, rating_keys: Iterable[int], *, run: int | None = None) -> list[int]:
    """Take items out; which were there. With `run`, those touched by it or later stay."""
    gone: list[int] = []
    for some in batches(rating_keys):
        where = _of(items, server, some)
        if run is not None:
            where = sa.and_(where, items.c.run < run)
        gone += conn.scalars(sa.delete(items).where(where).returning(items.c.rating_key))
    return gone


def advance(conn: Connection, server: str) -> int:
    """The index changed: its new version."""
    return count_up(conn, index_versions, {"server": server, "version": 1}, "version")


def version(conn: Connection, server: str) -> int:
    """The version of the index; 0 before the first one."""
    statement = sa.select(index_versions.c.version).where(index_versions.c.server == server)
    return conn.scalar(statement) or 0


def at_paths(conn: Connection, server: str, path_keys: Iterable[str]) -> dict[str, list[IndexedItem]]:
    """The items that hold a file at these paths, by `paths.path_key`."""
    return _found(conn, server, item_files.c.path_key, path_keys)


def named(conn: Connection, server: str, name_keys: Iterable[str]) -> dict[str, list[IndexedItem]]:
    """The items that hold a file of these names, by `paths.name_key`."""
    return _found(conn, server, item_files.c.name_key, name_keys)


def of_keys(conn: Connection, server: str, rating_keys: Iterable[int]) -> dict[int, IndexedItem]:
    """These items, as far as the index holds them."""
    found: dict[int, IndexedItem] = {}
    for some in batches(rating_keys):
        parts = _parts(conn, server, some)
        for row in conn.execute(sa.select(items).where(_of(items, server, some))):
            found[row.rating_key] = IndexedItem(
                rating_key=row.rating_key,
                section=row.section,
                title=row.title,
                parts=parts.get(row.rating_key, ()),
                updated_at=row.updated_at,
            )
    return found


def touched(conn: Connection, server: str, section: int, run: int) -> int | None:
    """An item of the section that an upsert of this run or a later one touched; None where there is none."""
    mine = sa.and_(items.c.server == server, items.c.section == section, items.c.run >= run)
    return conn.scalar(sa.select(items.c.rating_key).where(mine).limit(1))


def other_than(conn: Connection, server: str, rating_keys: Sequence[int]) -> int | None:
    """An item that is none of these; None where there is none."""
    mine = sa.and_(items.c.server == server, items.c.rating_key.not_in(rating_keys))
    return conn.scalar(sa.select(items.c.rating_key).where(mine).limit(1))


def in_section(conn: Connection, server: str, section: int, limit: int | None = None) -> list[int]:
    """The items of a section, or so many of them."""
    mine = sa.and_(items.c.server == server, items.c.section == section)
    return list(conn.scalars(sa.select(items.c.rating_key).where(mine).limit(limit)))


def count_in(conn: Connection, server: str, section: int) -> int:
    """How many items the index holds of one section."""
    mine = sa.and_(items.c.server == server, items.c.section == section)
    return conn.scalar(sa.select(sa.func.count()).select_from(items).where(mine)) or 0


def parts_in(conn: Connection, server: str, section: int) -> list[Part]:
    """Every file of the section's items."""
    mine = sa.and_(
        items.c.server == item_files.c.server,
        items.c.rating_key == item_files.c.rating_key,
        items.c.server == server,
        items.c.section == section,
    )
    rows = conn.execute(sa.select(item_files.c.path, item_files.c.size, item_files.c.duration).where(mine))
    return [Part(path=row.path, size=row.size, duration=row.duration) for row in rows]


def paths_after(conn: Connection, server: str, rating_key: int, limit: int) -> dict[int, list[str]]:
    """The paths of the next items past that key, by key; at most so many items."""
    after = sa.and_(items.c.server == server, items.c.rating_key > rating_key)
    keys = list(conn.scalars(sa.select(items.c.rating_key).where(after).order_by(items.c.rating_key).limit(limit)))
    found: dict[int, list[str]] = {key: [] for key in keys}
    for some in batches(keys):
        for row in conn.execute(
            sa.select(item_files.c.rating_key, item_files.c.path).where(_of(item_files, server, some))
        ):
            found[row.rating_key].append(row.path)
    return found


def count(conn: Connection, server: str) -> dict[int, int]:
    """How many items the index holds of each section."""
    counted = sa.select(items.c.section, sa.func.count()).group_by(items.c.section)
    return {row[0]: row[1] for row in conn.execute(counted.where(items.c.server == server))}


def _found(conn: Connection, server: str, column: sa.Column[str], keys: Iterable[str]) -> dict[str, list[IndexedItem]]:
    pairs: dict[tuple[str, int], None] = {}
    for some in batches(keys):
        statement = sa.select(column, item_files.c.rating_key).where(item_files.c.server == server, column.in_(some))
        pairs |= dict.fromkeys((row[0], row[1]) for row in conn.execute(statement))
    entries = of_keys(conn, server, {rating_key for _, rating_key in pairs})
    found: dict[str, list[IndexedItem]] = defaultdict(list)
    # Sorted here: asked to sort, SQLite walks all items of the server in order instead of looking the key up.
    for key, rating_key in sorted(pairs):
        found[key].append(entries[rating_key])
    return dict(found)


def _parts(conn: Connection, server: str, rating_keys: Sequence[int]) -> dict[int, tuple[Part, ...]]:
    statement = sa.select(item_files).where(_of(item_files, server, rating_keys))
    found: dict[int, tuple[Part, ...]] = {}
    for row in conn.execute(statement.order_by(item_files.c.rating_key, item_files.c.position)):
        part = Part(path=row.path, size=row.size, duration=row.duration)
        found[row.rating_key] = (*found.get(row.rating_key, ()), part)
    return found


def _of(table: sa.Table, server: str, rating_keys: Sequence[int]) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.server == server, table.c.rating_key.in_(rating_keys))


def _item_row(server: str, item: IndexedItem, run: int) -> dict[str, Any]:
    return {
        "server": server,
        "rating_key": item.rating_key,
        "section": item.section,
        "title": item.title,
        "updated_at": item.updated_at,
        "run": run,
    }


def _file_rows(server: str, item: IndexedItem) -> list[dict[str, Any]]:
    return [
        {
            "server": server,
            "rating_key": item.rating_key,
            "position": position,
            "path": part.path,
            "path_key": path_key(part.path),
            "name_key": name_key(part.path),
            "size": part.size,
            "duration": part.duration,
        }
        for position, part in enumerate(item.parts)
    ]
