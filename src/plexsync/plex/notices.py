"""What Plex tells over its WebSocket, as far as it is of use: hints that an item or a library may differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from plexsync.plex.documents import Document, Loose, integer, text

_LIBRARY = "com.plexapp.plugins.library"
_SCAN = "library.update.section"
_DELETED = 9
#: Kinds of things that no scene lives in: shows, seasons, episodes, music, pictures, playlists, collections.
_OTHERS = frozenset({2, 3, 4, 8, 9, 10, 13, 14, 15, 18})


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemTold:
    """An item came, changed or went; `updated_at` by Plex's clock. None stands for what Plex did not say."""

    rating_key: int
    section: int | None = None
    updated_at: int | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanTold:
    """A scan of a library began, goes on, or (`ended`) is over; Plex may not say of which one."""

    section: int | None = None
    ended: bool = False


Notice = ItemTold | ScanTold


class _Context(Document):
    section: Loose = msgspec.field(name="librarySectionID", default=None)


class _Activity(Document):
    type: Loose = None
    context: _Context | None = msgspec.field(name="Context", default=None)


class _Row(Document):
    """A row of any kind; servers of old give all kinds under one name, with this in it."""

    element: Loose = msgspec.field(name="_elementType", default=None)
    identifier: Loose = None
    section: Loose = msgspec.field(name="sectionID", default=None)
    item: Loose = msgspec.field(name="itemID", default=None)
    type: Loose = None
    state: Loose = None
    metadata_state: Loose = msgspec.field(name="metadataState", default=None)
    updated_at: Loose = msgspec.field(name="updatedAt", default=None)
    event: Loose = None
    activity: _Activity | None = msgspec.field(name="Activity", default=None)


class _Container(Document):
    type: Loose = None
    entries: list[_Row] = msgspec.field(name="TimelineEntry", default_factory=list)
    activities: list[_Row] = msgspec.field(name="ActivityNotification", default_factory=list)
    children: list[_Row] = msgspec.field(name="_children", default_factory=list)


class _Message(_Container):
    container: _Container | None = msgspec.field(name="NotificationContainer", default=None)


def notices(message: str | bytes) -> Iterator[Notice]:
    """What a message tells; nothing of one that cannot be read or is about something else."""
    try:
        told = msgspec.json.decode(message, type=_Message)
    except (ValueError, RecursionError):
        return
    container = told.container or told
    kind = text(container.type)
    for row in (*container.entries, *(container.children if kind == "timeline" else ())):
        if (item := _item(row)) is not None:
            yield item
    for row in (*container.activities, *(container.children if kind == "activity" else ())):
        if (scan := _scan(row)) is not None:
            yield scan


def _item(row: _Row) -> ItemTold | None:
    key, kind = integer(row.item), integer(row.type)
    if not key or key < 0 or kind in _OTHERS or text(row.identifier) not in {"", _LIBRARY}:
        return None
    return ItemTold(
        rating_key=key,
        section=_named(row.section),
        updated_at=integer(row.updated_at),
        deleted=integer(row.state) == _DELETED or text(row.metadata_state) == "deleted",
    )


def _scan(row: _Row) -> ScanTold | None:
    if row.activity is None or text(row.activity.type) != _SCAN:
        return None
    context = row.activity.context
    section = None if context is None else _named(context.section)
    return ScanTold(section=section, ended=text(row.event) == "ended")


def _named(section: Loose) -> int | None:
    key = integer(section)
    return key if key is not None and key > 0 else None
