"""Which scene file is which item, how sure that is, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.store.batches import batches
from plexsync.store.schema import links as table


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One file of a scene and the item that holds it; a file in several libraries has a link to each."""

    server: str
    scene: int
    stash_path: str
    rating_key: int
    section: int
    plex_path: str
    confidence: Literal["high", "low"]
    reason: str


def of_scenes(conn: Connection, server: str, scenes: Iterable[int]) -> dict[int, list[Link]]:
    """The links of these scenes, in order of item."""
    found: dict[int, list[Link]] = defaultdict(list)
    for link in _where(conn, server, table.c.scene, scenes):
        found[link.scene].append(link)
    return dict(found)


def of_items(conn: Connection, server: str, rating_keys: Iterable[int]) -> dict[int, list[Link]]:
    """The links to these items, in order of scene."""
    found: dict[int, list[Link]] = defaultdict(list)
    for link in _where(conn, server, table.c.rating_key, rating_keys):
        found[link.rating_key].append(link)
    return dict(found)


def replace(conn: Connection, server: str, scene: int, links: Sequence[Link]) -> None:
    """The scene has exactly these links; nothing is written where it has them already."""
    if set(of_scenes(conn, server, [scene]).get(scene, [])) == set(links):
        return
    drop(conn, server, scene)
    if links:
        conn.execute(sa.insert(table), [asdict(link) for link in dict.fromkeys(links)])


def drop(conn: Connection, server: str, scene: int, rating_key: int | None = None) -> int:
    """Forget the scene's links, or those to one item; how many there were."""
    statement = sa.delete(table).where(table.c.server == server, table.c.scene == scene)
    if rating_key is not None:
        statement = statement.where(table.c.rating_key == rating_key)
    return conn.execute(statement).rowcount


def count(conn: Connection, server: str) -> dict[int, int]:
    """How many items of each section are linked."""
    counted = sa.select(table.c.section, sa.func.count(table.c.rating_key.distinct()))
    rows = conn.execute(counted.where(table.c.server == server).group_by(table.c.section))
    return {row[0]: row[1] for row in rows}


def _where(conn: Connection, server: str, column: sa.Column[int], keys: Iterable[int]) -> Iterable[Link]:
    for some in batches(keys):
        statement = sa.select(table).where(table.c.server == server, column.in_(some))
        # Sorted here: asked to sort, SQLite walks all links of the server in order instead of looking the keys up.
        links = [_link(row) for row in conn.execute(statement)]
        yield from sorted(links, key=lambda link: (link.scene, link.rating_key, link.stash_path))


def _link(row: sa.Row[Any]) -> Link:
    return Link(
        server=row.server,
        scene=row.scene,
        stash_path=row.stash_path,
        rating_key=row.rating_key,
        section=row.section,
        plex_path=row.plex_path,
        confidence=row.confidence,
        reason=row.reason,
    )
