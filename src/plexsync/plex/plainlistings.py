"""Pages of a library's items with their plain values: what a listing tells beside the files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from plexsync.model.errors import PlexPermanentError
from plexsync.plex.connection import NotFoundError
from plexsync.plex.documents import UnreadAnswer, UnreadContainer, integer
from plexsync.plex.unread import UnreadItem

if TYPE_CHECKING:
    from collections.abc import Callable

    from plexsync.plex.connection import Connection

#: Plex has announced that it will cut larger pages down to this.
PLAIN_PAGE = 400
#: Lists are cut in a listing, so none is asked for. Plex need not honour it.
PLAINLY = "excludeElements=Image,UltraBlurColors,Genre,Country,Director,Writer,Role,Guid,Rating,Collection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Only items whose time of that name is `since` or later, in seconds since the epoch by Plex's clock."""

    name: Literal["addedAt", "updatedAt"]
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page. `rows` counts what came, collections included; `total` is how many there are, where Plex tells."""

    items: tuple[UnreadItem, ...]
    rows: int
    total: int | None

    def ends(self, start: int) -> bool:
        """Whether nothing lies behind this page, which began at `start`."""
        if not self.rows:
            return True
        return self.total is not None and start + self.rows >= self.total


async def plain_page(
    connection: Connection,
    section: int,
    start: int,
    size: int,
    mark: Mark | None,
    familiar: Callable[[int], bool],
) -> Listing:
    """One page by time of addition, each item once; those are read whose marks are not familiar.

    PlexPermanentError where Plex has no such library.
    """
    path = _path(section, start, size, mark)
    found: dict[int, UnreadItem] = {}

    def fault(answer: UnreadAnswer) -> str:
        try:
            for content in answer.container.rows or ():
                item = UnreadItem.of(content, section)
                if item is not None:
                    found[item.rating_key] = item
            for item in found.values():
                if not familiar(item.mark):
                    item.read()
        except (ValueError, RecursionError) as error:
            return str(error)
        return _cut_short(start, answer.container)

    try:
        answer = await connection.read(path, UnreadAnswer, fault)
    except NotFoundError as error:
        raise PlexPermanentError(
            f"Plex does not have library {section} (404)", status=404, place=error.place, excerpt=error.excerpt
        ) from error
    container = answer.container
    return Listing(items=tuple(found.values()), rows=len(container.rows or ()), total=integer(container.total))


def _path(section: int, start: int, size: int, mark: Mark | None) -> str:
    # By time of addition: what is added meanwhile comes last, and titles that we write move nothing.
    path = f"/library/sections/{int(section)}/all?type=1&sort=addedAt&{PLAINLY}"
    if mark is not None:
        path += f"&{mark.name}%3E%3E={mark.since - 1}"
    return f"{path}&X-Plex-Container-Start={start}&X-Plex-Container-Size={size}"


def _cut_short(start: int, container: UnreadContainer) -> str:
    """Why an answer without rows does not say that nothing is left; "" when it does."""
    if container.rows:
        return ""
    if (integer(container.total) or 0) > start:
        return "the listing ends before its own count"
    if integer(container.size):
        return f"it lacks what it counts: {integer(container.size)}"
    return "" if container.rows is not None or container.size is not None else "it holds neither rows nor their number"
