"""What PlexSync asks of a Plex server, in the model's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypedDict
from urllib.parse import quote

import httpx2

from plexsync.model.errors import PlexPermanentError, PlexServerDown, PlexTemporaryError
from plexsync.model.fields import FIELDS, Field
from plexsync.plex import items as values
from plexsync.plex.connection import Connection, NotFoundError, nameless
from plexsync.plex.documents import (
    IdentityAnswer,
    ItemAnswer,
    ListAnswer,
    PictureAnswer,
    SectionAnswer,
    flag,
    integer,
    text,
)
from plexsync.plex.edit import edit_path
from plexsync.plex.link import LinkBroken

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from plexsync.model.item import IndexedItem, Item, Section
    from plexsync.plex.documents import Container, ListContainer
    from plexsync.plex.edit import EditParams

BATCH = 50
LARGEST_PAGE = 1000
#: Asked to be left out, which Plex need not honour. Never Media: it holds the paths.
NOT_LISTED = (
    "excludeElements=Image,UltraBlurColors,Genre,Country,Director,Writer,Role,Guid,Rating,Collection"
    "&excludeFields=summary,tagline"
)
#: Where an item's pictures are listed.
_GALLERIES = {Field.POSTER: "posters", Field.BACKGROUND: "arts"}
NOT_DETAILED = "skipRefresh=1&excludeElements=Image,UltraBlurColors,Country,Guid,Rating,Similar,Chapter,Marker,Extras"


class _Missed(TypedDict):
    status: int
    place: str
    excerpt: str | None


def _unmasked(said: str) -> str:
    return said


async def _unguarded() -> None:
    """Nobody else writes to this server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which Plex answers."""

    machine_identifier: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that an item may show. `key` is what selects it, `upload://posters/<sha1>` for an upload."""

    key: str
    selected: bool


class PlexClient:
    """One Plex server. Every failure is one of `model.errors`; a write to an item that is gone is `LinkBroken`.

    `client_identifier` is a UUID that stays the same for this installation, `machine_identifier` the only server
    that may be written to. Time-outs are seconds. `redact` masks secrets in what an error shows.
    `guard` is awaited right before each write leaves; what it raises forbids the write.
    At most four reads are under way at once; the caller makes one write at a time.
    """

    def __init__(  # noqa: PLR0913  # a setting each
        self,
        url: str,
        token: str,
        *,
        client_identifier: str,
        machine_identifier: str | None = None,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
        verify: bool | str | ssl.SSLContext = True,
        redact: Callable[[str], str] = _unmasked,
        guard: Callable[[], Awaitable[None]] = _unguarded,
    ) -> None:
        self._connection = Connection(
            url=url,
            token=token,
            client_identifier=client_identifier,
            pinned=machine_identifier,
            timeout=httpx2.Timeout(read_timeout, connect=connect_timeout, pool=None),
            verify=verify,
            redact=redact,
            guard=guard,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._connection.aclose()

    @property
    def machine_identifier(self) -> str | None:
        """The pinned server, or the first that answered where none was pinned."""
        return self._connection.pinned

    def adopt(self, machine_identifier: str) -> None:
        """A person says that this server takes the place of the one that was known."""
        self._connection.adopt(machine_identifier)

    async def identity(self) -> Identity:
        """Which server answers; needs no token."""
        try:
            answer = await self._connection.read_now("/identity", IdentityAnswer, nameless)
        except NotFoundError as error:
            raise PlexServerDown("Plex did not tell who it is (404), and then did", **_missed(error)) from error
        found = answer.container
        return Identity(machine_identifier=found.machine_identifier, version=text(found.version))

    async def check(self) -> Identity:
        """Whether Plex is well: it is the pinned server (else Incompatible) and takes the token (else NeedsSignIn)."""
        identity = await self.identity()
        self._connection.accept(identity.machine_identifier)
        try:
            await self._connection.read_now("/library/sections", SectionAnswer, _untold)
        except NotFoundError as error:
            raise _no_libraries(error) from error
        return identity

    async def verify_identity(self) -> None:
        """The check that goes before a write; free while no connection failed or was opened since the last one."""
        await self._connection.identify()

    async def sections(self) -> list[Section]:
        """All libraries of every type; films and other videos are of type "movie"."""
        try:
            answer = await self._connection.read("/library/sections", SectionAnswer, _untold)
        except NotFoundError as error:
            raise _no_libraries(error) from error
        found = (values.section(row) for row in answer.container.rows or ())
        return [section for section in found if section is not None]

    async def items(self, section: int, page_size: int = 500) -> AsyncIterator[list[IndexedItem]]:
        """All items of a library, page by page, each item once.

        Items that are added or removed meanwhile may be missed: absence here proves nothing.
        """
        size = max(1, min(page_size, LARGEST_PAGE))
        start = 0
        seen: set[int] = set()
        while True:
            container = await self._page(section, start, size)
            rows = container.rows or []
            total = integer(container.total)
            listed = (values.indexed_item(row, section) for row in rows)
            new = {item.rating_key: item for item in listed if item and item.rating_key not in seen}
            seen |= new.keys()
            if new:
                yield list(new.values())
            start += len(rows)
            if not rows or (start >= total if total is not None else not new):
                return

    async def _page(self, section: int, start: int, size: int) -> ListContainer:
        # By time of addition: what is added meanwhile comes last, and titles that we write move nothing.
        path = (
            f"/library/sections/{int(section)}/all?type=1&sort=addedAt&{NOT_LISTED}"
            f"&X-Plex-Container-Start={start}&X-Plex-Container-Size={size}"
        )

        def cut_short(answer: ListAnswer) -> str:
            listed = answer.container
            ends = not listed.rows and (integer(listed.total) or 0) > start
            return "the listing ends before its own count" if ends else _untold(answer)

        try:
            return (await self._connection.read(path, ListAnswer, cut_short)).container
        except NotFoundError as error:
            raise PlexPermanentError(f"Plex does not have library {section} (404)", **_missed(error)) from error

    async def details(self, rating_keys: Sequence[int]) -> dict[int, Item]:
        """The items with these keys, whole; the ones that Plex does not have are absent."""
        wanted = list(dict.fromkeys(int(key) for key in rating_keys))
        found: dict[int, Item] = {}
        for at in range(0, len(wanted), BATCH):
            found |= await self._details(wanted[at : at + BATCH])
        return found

    async def _details(self, keys: list[int]) -> dict[int, Item]:
        path = f"/library/metadata/{','.join(map(str, keys))}?{NOT_DETAILED}"

        def cut_short(answer: ItemAnswer) -> str:
            told = {integer(row.rating_key) for row in answer.container.rows or ()}
            return "" if told.issuperset(keys) else _incomplete(answer)

        try:
            container = (await self._connection.read(path, ItemAnswer, cut_short)).container
        except NotFoundError:
            if len(keys) == 1:
                return {}
            # One missing key may fail the whole list.
            half = len(keys) // 2
            return await self._details(keys[:half]) | await self._details(keys[half:])
        rows = (values.item(row, container) for row in container.rows or ())
        return {item.rating_key: item for item in rows if item is not None and item.rating_key in keys}

    async def actors(self, section: int) -> list[str]:
        """The names of all people whom a library lists as actors; none for a library that has no such list."""
        try:
            answer = await self._connection.read(f"/library/sections/{int(section)}/actor", SectionAnswer, _untold)
        except NotFoundError:
            return []
        return [text(row.title) for row in answer.container.rows or () if text(row.title)]

    async def collections(self, section: int) -> list[tuple[int, str]]:
        """The collections of a library, each with its key and title."""
        path = f"/library/sections/{int(section)}/collections"
        try:
            answer = await self._connection.read(path, ListAnswer, _untold)
        except NotFoundError:
            return []
        rows = ((integer(row.rating_key), text(row.title)) for row in answer.container.rows or ())
        return [(key, title) for key, title in rows if key and title]

    async def edit(self, section: int, rating_key: int, params: EditParams) -> None:
        """Set fields, tags and locks of one item in one request; see `plex.edit`."""
        names = sorted({param.name.partition("[")[0].partition(".")[0] for param in params})
        await self._write("PUT", edit_path(section, (rating_key,), params), rating_key, about=", ".join(names))

    async def pictures(self, rating_key: int, field: Field = Field.POSTER) -> list[Picture]:
        """The pictures that the item may show as its poster or background."""
        path = f"/library/metadata/{int(rating_key)}/{_GALLERIES[field]}"
        try:
            answer = await self._connection.read(path, PictureAnswer, _untold)
        except NotFoundError as error:
            raise LinkBroken(rating_key, "Plex has no such item") from error
        rows = answer.container.rows or ()
        return [Picture(key=text(row.rating_key), selected=flag(row.selected)) for row in rows if row.rating_key]

    async def upload_picture(self, rating_key: int, content: bytes, field: Field = Field.POSTER) -> None:
        """Give the item a picture, which Plex then shows. Plex keeps every upload for ever."""
        path = f"/library/metadata/{int(rating_key)}/{_GALLERIES[field]}"
        await self._write("POST", path, rating_key, content=content, about=FIELDS[field].plex)

    async def select_picture(self, rating_key: int, key: str, field: Field = Field.POSTER) -> None:
        """Show one of the pictures that `pictures` lists."""
        element = _GALLERIES[field].removesuffix("s")
        path = f"/library/metadata/{int(rating_key)}/{element}?url={quote(key, safe='')}"
        await self._write("PUT", path, rating_key, about=FIELDS[field].plex)

    async def _write(
        self, method: str, path: str, rating_key: int, *, about: str, content: bytes | None = None
    ) -> None:
        try:
            await self._connection.write(method, path, content=content, about=about)
        except NotFoundError as error:
            raise LinkBroken(rating_key, "Plex has no such item") from error


def _claimed(container: Container) -> int:
    return integer(container.size) or 0


def _untold(answer: SectionAnswer | ListAnswer | ItemAnswer | PictureAnswer) -> str:
    """Why an answer that lists nothing does not say that there is nothing; "" when it does."""
    container = answer.container
    if not container.rows and _claimed(container):
        return f"it lacks what it counts: {_claimed(container)}"
    return "" if container.rows is not None or container.size is not None else "it holds neither rows nor their number"


def _incomplete(answer: ItemAnswer) -> str:
    """Why items that are not in the answer may exist all the same; "" when they do not."""
    container = answer.container
    rows = container.rows or []
    if len(rows) < _claimed(container):
        return f"it lacks items that it counts: {len(rows)} of {_claimed(container)}"
    if any(values.item(row, container) is None for row in rows):
        return "it holds an item without a numeric ratingKey"
    return _untold(answer)


def _missed(error: NotFoundError) -> _Missed:
    return {"status": 404, "place": error.place, "excerpt": error.excerpt}


def _no_libraries(error: NotFoundError) -> PlexTemporaryError:
    return PlexTemporaryError("Plex does not give the list of its libraries (404)", **_missed(error))
