"""Which cover a scene was last seen to have, and which pictures were uploaded where."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.store.dialect import put_rows
from plexsync.store.schema import covers, uploads


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """A scene's cover. `sha1` is of its bytes as `recipe` shaped them, "" without an own one.

    `checked_for` is the scene's `updated_at` when it was checked.
    """

    scene: int
    etag: str
    sha1: str
    recipe: str
    checked_for: str
    checked_at: float


def cover(conn: Connection, scene: int) -> Cover | None:
    """The cover as it was last checked."""
    row = conn.execute(sa.select(covers).where(covers.c.scene == scene)).one_or_none()
    return None if row is None else Cover(**row._asdict())


def set_cover(conn: Connection, checked: Cover) -> None:
    """Remember what the check of a cover found."""
    put_rows(conn, covers, [asdict(checked)])


def uploaded(conn: Connection, server: str, rating_key: int, sha1: str) -> str | None:
    """Plex's key of the picture, if it was uploaded to that item before."""
    mine = sa.and_(uploads.c.server == server, uploads.c.rating_key == rating_key, uploads.c.sha1 == sha1)
    return conn.scalar(sa.select(uploads.c.key).where(mine))


def note_upload(conn: Connection, server: str, rating_key: int, sha1: str, key: str, now: float) -> None:
    """The picture is with the item, under that key of Plex's."""
    row = {"server": server, "rating_key": rating_key, "sha1": sha1, "key": key, "uploaded_at": now}
    put_rows(conn, uploads, [row])
