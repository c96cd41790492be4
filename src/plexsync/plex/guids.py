"""The guids of a library's items: who matched each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from plexsync.model.errors import PlexPermanentError
from plexsync.plex.connection import NotFoundError
from plexsync.plex.documents import Container, Document, KeyRow, Loose, integer, text
from plexsync.plex.listings import PAGE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from plexsync.plex.connection import Connection

#: Asked to be left out, which Plex need not honour.
_BARELY = (
    "excludeElements=Media,Image,UltraBlurColors,Genre,Country,Director,Writer,Role,Guid,Rating,Collection"
    "&excludeFields=summary,tagline"
)


class GuidRow(KeyRow):
    guid: Loose = None


class GuidContainer(Container):
    rows: list[GuidRow] | None = msgspec.field(name="Metadata", default=None)


class GuidAnswer(Document):
    container: GuidContainer = msgspec.field(name="MediaContainer")


async def guids(connection: Connection, section: int) -> AsyncIterator[list[str]]:
    """The guid of every item, page by page, each item once; "" for one without."""
    start, seen = 0, set[int]()
    while True:
        container = await _page(connection, section, start)
        rows = container.rows or []
        keyed = {key: text(row.guid) for row in rows if row.type != "collection" and (key := integer(row.rating_key))}
        new = {key: guid for key, guid in keyed.items() if key not in seen}
        seen |= new.keys()
        yield list(new.values())
        start += len(rows)
        total = integer(container.total)
        if not rows or (start >= total if total is not None else not new):
            return


async def _page(connection: Connection, section: int, start: int) -> GuidContainer:
    def cut_short(answer: GuidAnswer) -> str:
        container = answer.container
        if not container.rows and (integer(container.total) or 0) > start:
            return "the listing ends before its own count"
        return (
            "" if container.rows is not None or container.size is not None else "it holds neither rows nor their number"
        )

    path = f"/library/sections/{int(section)}/all?type=1&sort=addedAt&{_BARELY}"
    path += f"&X-Plex-Container-Start={start}&X-Plex-Container-Size={PAGE}"
    try:
        return (await connection.read(path, GuidAnswer, cut_short)).container
    except NotFoundError as error:
        raise PlexPermanentError(
            f"Plex does not have library {section} (404)", status=404, place=error.place, excerpt=error.excerpt
        ) from error
