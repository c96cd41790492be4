"""Plex's JSON as it comes. Its types are uneven, so scalars are taken as they are and converted here."""

from __future__ import annotations

import math
from typing import TypeVar

import msgspec

T = TypeVar("T")

#: A number may come as number, text or bool, a text as number.
Loose = str | int | float | bool | None


def integer(value: Loose) -> int | None:
    """The whole number that is meant, None where there is none."""
    try:
        return int(value) if isinstance(value, str | int) else _whole(value)
    except ValueError:
        return _whole(value)


def _whole(value: Loose) -> int | None:
    number = decimal(value)
    return None if number is None else int(number)


def decimal(value: Loose) -> float | None:
    """The finite number that is meant, None where there is none."""
    if value is None:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def flag(value: Loose) -> bool:
    """Whether a mark is set: 1, true, "1" and "true" are."""
    return value.strip().lower() in {"1", "true"} if isinstance(value, str) else bool(value)


def text(value: Loose) -> str:
    """The text that is meant, "" where there is none."""
    if isinstance(value, bool) or value is None:
        return ""
    return value if isinstance(value, str) else str(value)


def decoded(content: bytes, shape: type[T]) -> T:
    """`content` in this shape; broken UTF-8, as in the name of one file, does not hide what is around it."""
    try:
        return msgspec.json.decode(content, type=shape)
    except UnicodeDecodeError:
        return msgspec.json.decode(content.decode("utf-8", "replace"), type=shape)


class Document(msgspec.Struct, gc=False):
    """Base of what is read from Plex; unknown names are ignored."""


class PartRow(Document):
    file: Loose = None
    size: Loose = None
    duration: Loose = None  #: milliseconds


class MediaRow(Document):
    parts: list[PartRow] | None = msgspec.field(name="Part", default=None)


class TagRow(Document):
    tag: Loose = None
    role: Loose = None
    thumb: Loose = None


class LockRow(Document):
    name: Loose = None
    locked: Loose = None


class KeyRow(Document):
    """Which item a row is."""

    rating_key: Loose = msgspec.field(name="ratingKey", default=None)
    type: Loose = None


class ListedRow(KeyRow):
    """An item in a listing."""

    title: Loose = None
    updated_at: Loose = msgspec.field(name="updatedAt", default=None)
    media: list[MediaRow] | None = msgspec.field(name="Media", default=None)


class PlainRow(ListedRow):
    """An item in a listing with all its plain values."""

    sort_title: Loose = msgspec.field(name="titleSort", default=None)
    summary: Loose = None
    tagline: Loose = None
    content_rating: Loose = msgspec.field(name="contentRating", default=None)
    studio: Loose = None
    date: Loose = msgspec.field(name="originallyAvailableAt", default=None)
    year: Loose = None
    user_rating: Loose = msgspec.field(name="userRating", default=None)


class ItemRow(PlainRow):
    """An item's details."""

    section: Loose = msgspec.field(name="librarySectionID", default=None)
    guid: Loose = None
    added_at: Loose = msgspec.field(name="addedAt", default=None)
    thumb: Loose = None
    art: Loose = None
    genres: list[TagRow] | None = msgspec.field(name="Genre", default=None)
    labels: list[TagRow] | None = msgspec.field(name="Label", default=None)
    collections: list[TagRow] | None = msgspec.field(name="Collection", default=None)
    directors: list[TagRow] | None = msgspec.field(name="Director", default=None)
    roles: list[TagRow] | None = msgspec.field(name="Role", default=None)
    fields: list[LockRow] | None = msgspec.field(name="Field", default=None)


class PictureRow(Document):
    rating_key: Loose = msgspec.field(name="ratingKey", default=None)
    selected: Loose = None


class LocationRow(Document):
    path: Loose = None


class SectionRow(Document):
    key: Loose = None
    title: Loose = None
    type: Loose = None
    agent: Loose = None
    uuid: Loose = None
    refreshing: Loose = None
    content_changed_at: Loose = msgspec.field(name="contentChangedAt", default=None)
    scanned_at: Loose = msgspec.field(name="scannedAt", default=None)
    updated_at: Loose = msgspec.field(name="updatedAt", default=None)
    locations: list[LocationRow] | None = msgspec.field(name="Location", default=None)


class Container(Document):
    size: Loose = None
    total: Loose = msgspec.field(name="totalSize", default=None)


class IdentityContainer(Document):
    # No conversion: a number here is a broken answer, never another server.
    machine_identifier: str = msgspec.field(name="machineIdentifier")
    version: Loose = None
    claimed: Loose = None


class SectionContainer(Container):
    rows: list[SectionRow] | None = msgspec.field(name="Directory", default=None)


class ListContainer(Container):
    rows: list[ListedRow] | None = msgspec.field(name="Metadata", default=None)


class UnreadContainer(Container):
    rows: list[msgspec.Raw] | None = msgspec.field(name="Metadata", default=None)


class ItemContainer(Container):
    section: Loose = msgspec.field(name="librarySectionID", default=None)
    rows: list[ItemRow] | None = msgspec.field(name="Metadata", default=None)


class PictureContainer(Container):
    rows: list[PictureRow] | None = msgspec.field(name="Metadata", default=None)


class IdentityAnswer(Document):
    container: IdentityContainer = msgspec.field(name="MediaContainer")


class SectionAnswer(Document):
    container: SectionContainer = msgspec.field(name="MediaContainer")


class ListAnswer(Document):
    container: ListContainer = msgspec.field(name="MediaContainer")


class UnreadAnswer(Document):
    container: UnreadContainer = msgspec.field(name="MediaContainer")


class ItemAnswer(Document):
    container: ItemContainer = msgspec.field(name="MediaContainer")


class PictureAnswer(Document):
    container: PictureContainer = msgspec.field(name="MediaContainer")
