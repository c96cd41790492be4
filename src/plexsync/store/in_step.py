"""Which items were brought in step with their scene: the digest of the last confirmed sync."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.store.batches import batches
from plexsync.store.dialect import put_rows
from plexsync.store.schema import in_step, links


def confirm(conn: Connection, server: str, scene: int, rating_key: int, digest: str, now: float) -> None:
    """The item holds what this digest asks for."""
    row = {"server": server, "scene": scene, "rating_key": rating_key, "digest": digest, "confirmed_at": now}
    put_rows(conn, in_step, [row])


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
