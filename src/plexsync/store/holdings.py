"""What the store holds of scenes and of items, as far as their being in step depends on it: one number for each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.store.batches import batches
from plexsync.store.schema import decisions, in_step, links, seen

_FIRST: sa.BindParameter[int] = sa.bindparam("first")
_LAST: sa.BindParameter[int] = sa.bindparam("last")
_SERVER: sa.BindParameter[str] = sa.bindparam("of_server")
# Statements of the busiest way are made once. Rows begin with their scene or item, and come in the order of their key.
_SEEN = (
    sa.select(seen.c.scene, seen.c.content_hash, seen.c.updated_at, seen.c.seen_at)
    .where(seen.c.scene.between(_FIRST, _LAST), seen.c.related.is_not(None))
    .order_by(seen.c.scene)
)
_DIGESTS = (
    sa.select(in_step.c.scene, in_step.c.server, in_step.c.rating_key, in_step.c.digest)
    .where(in_step.c.server == _SERVER, in_step.c.scene.between(_FIRST, _LAST))
    .order_by(in_step.c.scene, in_step.c.rating_key)
)
_LINKS = (
    sa.select(links.c.scene, links.c.server, links.c.stash_path, links.c.rating_key, links.c.section, links.c.plex_path)
    .where(links.c.server == _SERVER, links.c.scene.between(_FIRST, _LAST))
    .order_by(links.c.scene, links.c.stash_path, links.c.rating_key)
)
_DECIDED = sa.select(decisions.c.scene).where(decisions.c.server == _SERVER, decisions.c.scene.between(_FIRST, _LAST))
_LOOKS = (
    sa.select(in_step.c.rating_key, in_step.c.scene, in_step.c.look, in_step.c.item_updated_at)
    .where(in_step.c.server == _SERVER, in_step.c.rating_key.in_(sa.bindparam("keys", expanding=True)))
    .order_by(in_step.c.rating_key, in_step.c.scene)
)


def of_scenes(conn: Connection, servers: Sequence[str], first: int, last: int) -> dict[int, int]:
    """Those of the scenes from `first` to `last` that were seen and about which nothing is decided."""
    span = {"first": first, "last": last}
    rows: list[sa.Row[*tuple[Any, ...]]] = list(conn.execute(_SEEN, span).all())
    known = {row[0] for row in rows}
    for server in servers:
        here = {**span, "of_server": server}
        rows += conn.execute(_DIGESTS, here).all()
        rows += conn.execute(_LINKS, here).all()
        known.difference_update(conn.scalars(_DECIDED, here))
    return {scene: number for scene, number in _numbers(rows).items() if scene in known}


def of_items(conn: Connection, server: str, rating_keys: Iterable[int]) -> dict[int, int]:
    """Those of the items that were brought in step."""
    found: dict[int, int] = {}
    for some in batches(rating_keys):
        found |= _numbers(conn.execute(_LOOKS, {"of_server": server, "keys": some}).all())
    return found


def _numbers(rows: Iterable[sa.Row[*tuple[Any, ...]]]) -> dict[int, int]:
    found: dict[int, list[object]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return {key: hash(tuple(some)) for key, some in found.items()}
