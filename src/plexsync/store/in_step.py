"""Which items were brought in step with their scene: the digest of the last confirmed sync."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.store.batches import batches
from plexsync.store.dialect import put_rows
from plexsync.store.schema import in_step, links


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How an item looked when it was last found to be in step with its scene; see `model.looks`."""

    scene: int
    look: str | None  #: None where nobody looked since it was written
    updated_at: int | None


def confirm(
    conn: Connection,
    server: str,
    scene: int,
    rating_key: int,
    digest: str,
    now: float,
    seen: tuple[str, int] | None = None,
) -> None:
    """The item holds what this digest asks for; `seen` is its look and Plex's time of its last change."""
    row = {"server": server, "scene": scene, "rating_key": rating_key, "digest": digest, "confirmed_at": now}
    look, updated_at = seen or (None, None)
    put_rows(conn, in_step, [row | {"look": look, "item_updated_at": updated_at}])


def looks(conn: Connection, server: str, rating_keys: Iterable[int]) -> dict[int, Look]:
    """Those of the items that were brought in step."""
    found: dict[int, Look] = {}
    columns = (in_step.c.rating_key, in_step.c.scene, in_step.c.look, in_step.c.item_updated_at)
    for some in batches(rating_keys):
        statement = sa.select(*columns).where(in_step.c.server == server, in_step.c.rating_key.in_(some))
        for rating_key, scene, look, updated_at in conn.execute(statement):
            found[rating_key] = Look(scene=scene, look=look, updated_at=updated_at)
    return found


def note_looks(conn: Connection, server: str, seen: Mapping[int, tuple[str, int]]) -> None:
    """These items, by rating key, were looked at and are in step as they are."""
    rows = [{"of_item": key, "look": look, "item_updated_at": at} for key, (look, at) in seen.items()]
    if rows:
        mine = (in_step.c.server == server, in_step.c.rating_key == sa.bindparam("of_item"))
        conn.execute(sa.update(in_step).where(*mine), rows)


def digests(conn: Connection, server: str, scenes: Iterable[int]) -> dict[int, dict[int, str]]:
    """Per scene, per item: the digest last confirmed."""
    found: dict[int, dict[int, str]] = defaultdict(dict)
    columns = (in_step.c.scene, in_step.c.rating_key, in_step.c.digest)
    for some in batches(scenes):
        statement = sa.select(*columns).where(in_step.c.server == server, in_step.c.scene.in_(some))
        for scene, rating_key, digest in conn.execute(statement):
            found[scene][rating_key] = digest
    return dict(found)


def prune(conn: Connection, server: str, scene: int) -> int:
    """What the scene is linked to no longer is not in step with it either; how many items."""
    mine = sa.and_(in_step.c.server == server, in_step.c.scene == scene)
    linked = sa.select(links.c.rating_key).where(links.c.server == server, links.c.scene == scene)
    return conn.execute(sa.delete(in_step).where(mine, in_step.c.rating_key.not_in(linked))).rowcount


def drop(conn: Connection, server: str, scene: int, rating_key: int | None = None) -> int:
    """Nothing is known of the scene any more, or of one of its items; how many items that were."""
    statement = sa.delete(in_step).where(in_step.c.server == server, in_step.c.scene == scene)
    if rating_key is not None:
        statement = statement.where(in_step.c.rating_key == rating_key)
    return conn.execute(statement).rowcount
