"""What Stash was last seen to hold: per scene its content hash, its files and what it names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.paths import name_key, path_key
from plexsync.model.scene import Scene
from plexsync.store import related
from plexsync.store.batches import batches
from plexsync.store.dialect import put_rows
from plexsync.store.schema import scene_files
from plexsync.store.schema import seen as table


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A scene as it was last noted. `title` is what people recognise it by, `updated_at` Stash's own text.

    `related` is None where it was noted by a version that did not keep what scenes name.
    """

    scene: int
    content_hash: str
    updated_at: str
    title: str
    seen_at: float
    related: str | None = None


def note(conn: Connection, scenes: Sequence[Scene], now: float) -> None:
    """Remember these scenes as they are now; in one transaction with the `put` that their change asks for."""
    for some in batches({scene.id: scene for scene in scenes}.values()):
        named = {scene.id: related.text_of(scene) for scene in some}
        known_named = _named(conn, named)
        put_rows(conn, table, [_row(scene, now, named[scene.id]) for scene in some])
        related.note(conn, [one for one in some if known_named.get(one.id) != named[one.id]], known_named)
        before = paths(conn, [scene.id for scene in some])
        moved = [scene for scene in some if before.get(scene.id, []) != _paths(scene)]
        if emptied := [scene.id for scene in moved if scene.id in before]:
            conn.execute(sa.delete(scene_files).where(scene_files.c.scene.in_(emptied)))
        if rows := [row for scene in moved for row in _file_rows(scene)]:
            conn.execute(sa.insert(scene_files), rows)


def known(conn: Connection, ids: Iterable[int]) -> dict[int, Seen]:
    """Those of the scenes that were seen."""
    found: dict[int, Seen] = {}
    for some in batches(ids):
        for row in conn.execute(sa.select(table).where(table.c.scene.in_(some))):
            found[row.scene] = Seen(
                scene=row.scene,
                content_hash=row.content_hash,
                updated_at=row.updated_at,
                title=row.title,
                seen_at=row.seen_at,
                related=row.related,
            )
    return found


def paths(conn: Connection, ids: Iterable[int]) -> dict[int, list[str]]:
    """The paths of the scenes' files under Stash's view, the primary file first."""
    found: dict[int, list[str]] = defaultdict(list)
    columns = (scene_files.c.scene, scene_files.c.path)
    for some in batches(ids):
        statement = sa.select(*columns).where(scene_files.c.scene.in_(some))
        for scene, path in conn.execute(statement.order_by(scene_files.c.scene, scene_files.c.position)):
            found[scene].append(path)
    return dict(found)


def forget(conn: Connection, ids: Iterable[int]) -> int:
    """The scenes are gone; how many were known."""
    count = 0
    for some in batches(ids):
        related.forget(conn, _named(conn, some))
        count += conn.execute(sa.delete(table).where(table.c.scene.in_(some))).rowcount
    return count


def scenes_at(conn: Connection, path_keys: Iterable[str]) -> dict[str, list[int]]:
    """The scenes that hold a file at these paths, by `paths.path_key`."""
    found: dict[str, list[int]] = defaultdict(list)
    columns = (scene_files.c.path_key, scene_files.c.scene)
    for some in batches(path_keys):
        statement = sa.select(*columns).where(scene_files.c.path_key.in_(some))
        # Sorted here: asked to sort, SQLite may walk the whole table in order instead of looking the keys up.
        for key, scene in sorted({(row[0], row[1]) for row in conn.execute(statement)}):
            found[key].append(scene)
    return dict(found)


def scenes_named(conn: Connection, name_keys: Iterable[str]) -> dict[str, list[tuple[int, str]]]:
    """The scenes and paths of the files of these names, by `paths.name_key`."""
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    columns = (scene_files.c.name_key, scene_files.c.scene, scene_files.c.path)
    for some in batches(name_keys):
        statement = sa.select(*columns).where(scene_files.c.name_key.in_(some))
        for key, scene, path in sorted((row[0], row[1], row[2]) for row in conn.execute(statement)):
            found[key].append((scene, path))
    return dict(found)


def ids_after(conn: Connection, last: int, limit: int) -> list[int]:
    """The next known scenes past `last`, in order of id."""
    statement = sa.select(table.c.scene).where(table.c.scene > last).order_by(table.c.scene).limit(limit)
    return list(conn.scalars(statement))


def ids_between(conn: Connection, first: int, last: int) -> list[int]:
    """The known scenes from `first` to `last`, both included, in order of id."""
    statement = sa.select(table.c.scene).where(table.c.scene.between(first, last))
    return list(conn.scalars(statement.order_by(table.c.scene)))


def count(conn: Connection) -> int:
    """How many scenes are known."""
    return conn.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def _named(conn: Connection, ids: Iterable[int]) -> dict[int, str]:
    """What known scenes name. Whoever else notes one of them waits: two may not both count from the same state."""
    mine = sa.and_(table.c.scene.in_(list(ids)), table.c.related.is_not(None))
    statement = sa.select(table.c.scene, table.c.related).where(mine).order_by(table.c.scene).with_for_update()
    return {row.scene: row.related for row in conn.execute(statement)}


def _row(scene: Scene, now: float, named: str) -> dict[str, Any]:
    return {
        "scene": scene.id,
        "content_hash": scene.content_hash,
        "updated_at": scene.updated_at,
        "title": scene.label,
        "seen_at": now,
        "related": named,
    }


def _paths(scene: Scene) -> list[str]:
    return [file.path for file in scene.files]


def _file_rows(scene: Scene) -> list[dict[str, Any]]:
    return [
        {
            "scene": scene.id,
            "position": position,
            "path": path,
            "path_key": path_key(path),
            "name_key": name_key(path),
        }
        for position, path in enumerate(_paths(scene))
    ]
