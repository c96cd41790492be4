"""The fields of an item as values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plexsync.model.fields import Field, Value

if TYPE_CHECKING:
    from plexsync.model.item import Item


def value_of(item: Item, field: Field) -> Value:
    """What Plex holds in that field, None for nothing.

    Always None for the poster: an item does not tell which bytes it shows.
    """
    match field:
        case Field.TITLE | Field.SUMMARY | Field.DATE | Field.STUDIO:
            value: Value = getattr(item, field.value)
        case Field.YEAR:
            value = item.year
        case Field.RATING:
            return item.rating
        case Field.ACTORS:
            value = item.actors
        case Field.GENRES:
            value = item.genres
        case Field.POSTER:
            value = None
    return value or None
