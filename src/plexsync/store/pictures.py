"""What was made of Stash's pictures, which of them were uploaded where, and what items were seen to show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.fields import Field
from plexsync.store.batches import batches
from plexsync.store.dialect import put_rows
from plexsync.store.schema import pictures, shown, uploads

#: The kind under which a scene's cover is kept; the others are the words of Stash's paths.
SCENE = "scene"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture of Stash. `sha1` and `size` are of its bytes as `recipe` shaped them, "" and 0 without an own one.

    `checked_for` is the scene's `updated_at`, or the picture's address, when it was checked.
    """

    kind: str
    id: int
    recipe: str
    etag: str
    sha1: str
    size: int
    checked_for: str
    checked_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """At that address, which moves with it, the item showed the picture of that key of Plex's."""

    address: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A picture of ours that is with an item, by the sha1 of its bytes, under that key of Plex's."""

    field: Field
    sha1: str
    key: str


def of(conn: Connection, kind: str, number: int) -> dict[str, Picture]:
    """The picture as it was last checked, by recipe."""
    return of_all(conn, kind, [number]).get(number, {})


def of_all(conn: Connection, kind: str, numbers: Iterable[int]) -> dict[int, dict[str, Picture]]:
    """The same of several, by id and recipe."""
    found: dict[int, dict[str, Picture]] = defaultdict(dict)
    for some in batches(numbers):
        mine = sa.and_(pictures.c.kind == kind, pictures.c.id.in_(some))
        for row in conn.execute(sa.select(pictures).where(mine)):
            found[row.id][row.recipe] = Picture(**row._asdict())
    return dict(found)


def of_each(conn: Connection, kind: str, numbers: Iterable[int], recipe: str) -> dict[int, Picture]:
    """The same of several in one recipe, by id."""
    found: dict[int, Picture] = {}
    for some in batches(numbers):
        mine = sa.and_(pictures.c.kind == kind, pictures.c.id.in_(some), pictures.c.recipe == recipe)
        found |= {row.id: Picture(**row._asdict()) for row in conn.execute(sa.select(pictures).where(mine))}
    return found


def put(conn: Connection, checked: Iterable[Picture]) -> None:
    """Remember what the check of a picture found."""
    put_rows(conn, pictures, [asdict(picture) for picture in checked])


def size_of(conn: Connection, kind: str, number: int, sha1: str) -> int:
    """The bytes of what was made of a picture; 0 where that is not known."""
    mine = sa.and_(pictures.c.kind == kind, pictures.c.id == number, pictures.c.sha1 == sha1)
    return conn.scalar(sa.select(sa.func.max(pictures.c.size)).where(mine)) or 0


def uploaded(conn: Connection, server: str, rating_key: int, field: Field, sha1: str) -> str | None:
    """Plex's key of the picture, if it was uploaded to that item before."""
    mine = sa.and_(_of_item(uploads, server, rating_key, field), uploads.c.sha1 == sha1)
    return conn.scalar(sa.select(uploads.c.key).where(mine))


def of_key(conn: Connection, server: str, rating_key: int, field: Field, key: str) -> str | None:
    """The sha1 of a picture that we uploaded to that item, by Plex's key; None for one that is not ours."""
    mine = sa.and_(_of_item(uploads, server, rating_key, field), uploads.c.key == key)
    return conn.scalar(sa.select(uploads.c.sha1).where(mine))


def uploads_of(conn: Connection, server: str, rating_keys: Iterable[int]) -> dict[int, list[Upload]]:
    """All that was ever uploaded to these items."""
    found: dict[int, list[Upload]] = defaultdict(list)
    for some in batches(rating_keys):
        mine = sa.and_(uploads.c.server == server, uploads.c.rating_key.in_(some))
        for row in conn.execute(sa.select(uploads).where(mine)):
            found[row.rating_key].append(Upload(field=Field(row.field), sha1=row.sha1, key=row.key))
    return dict(found)


def note_upload(conn: Connection, server: str, rating_key: int, field: Field, sha1: str, key: str, now: float) -> None:
    """The picture is with the item, under that key of Plex's."""
    row = {"server": server, "rating_key": rating_key, "field": field.value, "sha1": sha1, "key": key}
    put_rows(conn, uploads, [row | {"uploaded_at": now}])


def shown_by(conn: Connection, server: str, rating_key: int) -> dict[Field, Shown]:
    """What the item was last seen to show."""
    return shown_by_each(conn, server, [rating_key]).get(rating_key, {})


def shown_by_each(conn: Connection, server: str, rating_keys: Iterable[int]) -> dict[int, dict[Field, Shown]]:
    """The same of several items."""
    found: dict[int, dict[Field, Shown]] = defaultdict(dict)
    for some in batches(rating_keys):
        mine = sa.and_(shown.c.server == server, shown.c.rating_key.in_(some))
        for row in conn.execute(sa.select(shown).where(mine)):
            found[row.rating_key][Field(row.field)] = Shown(address=row.address, key=row.key)
    return dict(found)


def note_shown(conn: Connection, server: str, rating_key: int, field: Field, seen: Shown) -> None:
    """The item shows that picture."""
    put_rows(conn, shown, [{"server": server, "rating_key": rating_key, "field": field.value} | asdict(seen)])


def _of_item(table: sa.Table, server: str, rating_key: int, field: Field) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.server == server, table.c.rating_key == rating_key, table.c.field == field.value)
