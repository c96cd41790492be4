"""Rows of a listing in Plex's own bytes: what was met before in these very bytes need not be read again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from plexsync.plex import items
from plexsync.plex.documents import KeyRow, PlainRow, decoded, integer

if TYPE_CHECKING:
    from plexsync.model.looks import ListedItem

_KEYS = msgspec.json.Decoder(KeyRow)


@dataclass(slots=True, kw_only=True)
class UnreadItem:
    """An item of a page. `mark` is equal for equal bytes; two that differ share one in 2^64 cases."""

    rating_key: int
    mark: int
    section: int
    content: msgspec.Raw
    _item: ListedItem | None = None

    @classmethod
    def of(cls, content: msgspec.Raw, section: int) -> UnreadItem | None:
        """None for a row without a numeric key and for a collection."""
        row = _KEYS.decode(content)
        key = integer(row.rating_key)
        if not key or row.type == "collection":
            return None
        return cls(rating_key=key, mark=hash(bytes(content)), section=section, content=content)

    def read(self) -> ListedItem:
        """The item. ValueError where the bytes are none, which those that were read once are not."""
        if self._item is None:
            self._item = items.listed_item(decoded(bytes(self.content), PlainRow), self.rating_key, self.section)
        return self._item
