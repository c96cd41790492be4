"""The items of a library as Plex lists them, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from plexsync.model.errors import PlexPermanentError
from plexsync.plex import items as values
from plexsync.plex.connection import NotFoundError
from plexsync.plex.documents import ListAnswer, integer
from plexsync.plex.whole import untold

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from plexsync.model.item import IndexedItem
    from plexsync.plex.connection import Connection
    from plexsync.plex.documents import ListContainer

#: Items asked for at once. Plex means to answer larger wishes with so many.
PAGE = 400
#: Asked to be left out, which Plex need not honour. Never Media: it holds the paths.
NOT_LISTED = (
    "excludeElements=Image,UltraBlurColors,Genre,Country,Director,Writer,Role,Guid,Rating,Collection"
    "&excludeFields=summary,tagline"
)
#: By time of addition: what is added meanwhile comes last, and titles that we write move nothing.
_BY_AGE = "addedAt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`rows` counts all that came, also what is no item; `total` all that there are, None where Plex does not say."""

    items: tuple[IndexedItem, ...]
    rows: int
    total: int | None


async def items(connection: Connection, section: int, size: int) -> AsyncIterator[list[IndexedItem]]:
    """All items, page by page, each once. Absence here proves nothing: some may come or go meanwhile."""
    start, seen = 0, set[int]()
    while True:
        found = await page(connection, section, start, size)
        new = [item for item in found.items if item.rating_key not in seen]
        seen |= {item.rating_key for item in new}
        if new:
            yield new
        start += found.rows
        if is_last(found, start, new=bool(new)):
            return


def is_last(found: Page, start: int, *, new: bool) -> bool:
    """Whether nothing comes behind a page that ended before `start`; `new`: it held what no page before it did."""
    return not found.rows or (start >= found.total if found.total is not None else not new)


async def page(connection: Connection, section: int, start: int, size: int, *, since: int | None = None) -> Page:
    """The items from the one numbered `start`; with `since` only those that changed then or later."""
    # "After" may or may not take in the second that is named.
    filtered = "" if since is None else f"&updatedAt%3E%3E={since - 1}"
    container = await _listed(connection, section, start, size, f"sort={_BY_AGE}{filtered}")
    rows = container.rows or []
    found = {item.rating_key: item for row in rows if (item := values.indexed_item(row, section)) is not None}
    return Page(items=tuple(found.values()), rows=len(rows), total=integer(container.total))


async def newest(connection: Connection, section: int) -> tuple[int, int | None]:
    """When an item last changed, 0 where that is not known, and how many there are."""
    container = await _listed(connection, section, 0, 1, "sort=updatedAt:desc")
    changed = [integer(row.updated_at) or 0 for row in container.rows or ()]
    return max(changed, default=0), integer(container.total)


async def has_library(connection: Connection, section: int) -> bool:
    """Whether Plex has the library."""
    try:
        await connection.read(_path(section, 0, 0, f"sort={_BY_AGE}"), ListAnswer)
    except NotFoundError:
        return False
    return True


async def _listed(connection: Connection, section: int, start: int, size: int, what: str) -> ListContainer:
    def cut_short(answer: ListAnswer) -> str:
        listed = answer.container
        ends = not listed.rows and (integer(listed.total) or 0) > start
        return "the listing ends before its own count" if ends else untold(answer)

    try:
        return (await connection.read(_path(section, start, size, what), ListAnswer, cut_short)).container
    except NotFoundError as error:
        raise PlexPermanentError(
            f"Plex does not have library {section} (404)", status=404, place=error.place, excerpt=error.excerpt
        ) from error


def _path(section: int, start: int, size: int, what: str) -> str:
    paging = f"X-Plex-Container-Start={start}&X-Plex-Container-Size={max(0, min(size, PAGE))}"
    return f"/library/sections/{int(section)}/all?type=1&{what}&{NOT_LISTED}&{paging}"
