"""The fields of an item as values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plexsync.model.fields import Field, Value

if TYPE_CHECKING:
    from plexsync.model.item import Item


def value_of(item: Item, field: Field) -> Value:
    """What Plex holds in that field, None for nothing.

    Always None for a picture: an item does not tell which bytes it shows.
    """
    match field:
        case Field.RATING:
            return item.rating
        case Field.POSTER | Field.BACKGROUND:
            return None
        case _:
            value: Value = getattr(item, field.value)
            return value or None
