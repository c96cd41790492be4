"""From Plex's documents to the model's values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plexsync.model.item import IndexedItem, Item, Part, Person, Section
from plexsync.model.looks import ListedItem, look_of
from plexsync.plex.documents import decimal, flag, integer, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plexsync.plex.documents import ItemContainer, ItemRow, ListedRow, MediaRow, PlainRow, SectionRow, TagRow


def indexed_item(row: ListedRow, section: int) -> IndexedItem | None:
    """A listed item; None for a row without a numeric key and for a collection."""
    key = integer(row.rating_key)
    if not key or row.type == "collection":
        return None
    return IndexedItem(
        rating_key=key,
        section=section,
        title=text(row.title),
        parts=tuple(_parts(row.media)),
        updated_at=integer(row.updated_at) or 0,
    )


def listed_item(row: PlainRow, key: int, section: int) -> ListedItem:
    """The item of that rating key by its plain values."""
    title, sort_title = text(row.title), text(row.sort_title)
    summary, tagline, studio = text(row.summary), text(row.tagline), text(row.studio)
    content_rating, rating = text(row.content_rating), decimal(row.user_rating)
    return ListedItem(
        rating_key=key,
        section=section,
        title=title,
        parts=tuple(_parts(row.media)),
        updated_at=integer(row.updated_at) or 0,
        look=look_of(
            title,
            "" if sort_title == title else sort_title,
            summary,
            tagline,
            studio,
            content_rating,
            text(row.date),
            integer(row.year),
            rating,
        ),
        bare=not (summary or tagline or studio or content_rating) and rating is None,
    )


def item(row: ItemRow, container: ItemContainer) -> Item | None:
    """An item with all its lists; None for a row without a numeric key.

    Cast entries without a role text have the role "": there it is known to be empty, not to be kept.
    """
    key = integer(row.rating_key)
    if not key:
        return None
    title, sort_title = text(row.title), text(row.sort_title)
    return Item(
        rating_key=key,
        section=integer(row.section) or integer(container.section) or 0,
        guid=text(row.guid),
        title=title,
        # Plex leaves out a sort title that is the title itself, some agents do not.
        sort_title="" if sort_title == title else sort_title,
        summary=text(row.summary),
        tagline=text(row.tagline),
        studio=text(row.studio),
        content_rating=text(row.content_rating),
        date=text(row.date),
        year=integer(row.year),
        rating=decimal(row.user_rating),
        genres=_names(row.genres),
        labels=_names(row.labels),
        collections=_names(row.collections),
        directors=_names(row.directors),
        actors=tuple(Person(name=text(tag.tag), role=text(tag.role)) for tag in _named(row.roles)),
        portraits={text(tag.tag): text(tag.thumb) for tag in _named(row.roles)},
        parts=tuple(_parts(row.media)),
        locks=frozenset(text(lock.name) for lock in row.fields or () if flag(lock.locked)),
        thumb=text(row.thumb),
        art=text(row.art),
        updated_at=integer(row.updated_at) or 0,
        added_at=integer(row.added_at) or 0,
    )


def section(row: SectionRow) -> Section | None:
    """A library of any type; None for a row without a numeric key."""
    key = integer(row.key)
    if not key:
        return None
    marks = (row.content_changed_at, row.scanned_at, row.updated_at)
    return Section(
        key=key,
        title=text(row.title),
        type=text(row.type),
        agent=text(row.agent),
        locations=tuple(text(place.path) for place in row.locations or () if text(place.path)),
        refreshing=flag(row.refreshing),
        marks="/".join(text(mark) for mark in marks),
        uuid=text(row.uuid),
    )


def _parts(media: list[MediaRow] | None) -> Iterator[Part]:
    for version in media or ():
        for part in version.parts or ():
            if path := text(part.file):
                milliseconds = decimal(part.duration)
                seconds = None if milliseconds is None else milliseconds / 1000
                yield Part(path=path, size=integer(part.size), duration=seconds)


def _named(tags: list[TagRow] | None) -> Iterator[TagRow]:
    return (tag for tag in tags or () if text(tag.tag))


def _names(tags: list[TagRow] | None) -> tuple[str, ...]:
    return tuple(text(tag.tag) for tag in _named(tags))
