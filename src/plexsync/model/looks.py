"""How an item looks in a listing: enough to tell that none of its plain values moved."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plexsync.model.item import Item, Part


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedItem:
    """A row of a listing. `look` is equal exactly when no plain value moved; `bare`: it holds none but title and date.

    `updated_at` in seconds since the epoch by Plex's clock, 0 where it tells none.
    """

    rating_key: int
    section: int
    title: str
    parts: tuple[Part, ...]
    updated_at: int
    look: str
    bare: bool


def look_of(  # noqa: PLR0913, PLR0917  # one for each value, in one place
    title: str,
    sort_title: str,
    summary: str,
    tagline: str,
    studio: str,
    content_rating: str,
    date: str,
    year: int | None,
    rating: float | None,
) -> str:
    """The look of these values. A sort title that is the title itself is given as ""."""
    values = (
        title,
        sort_title,
        summary,
        tagline,
        studio,
        content_rating,
        date[:10],
        str(year),
        f"{rating:g}" if rating is not None else "",
    )
    return hashlib.blake2b("\x1f".join(values).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def look_of_item(item: Item) -> str:
    """The look that a listing of this item would have."""
    return look_of(
        item.title,
        item.sort_title,
        item.summary,
        item.tagline,
        item.studio,
        item.content_rating,
        item.date,
        item.year,
        item.rating,
    )
