"""What PlexSync asks of a Plex server, in the model's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypedDict
from urllib.parse import quote

import httpx2

from plexsync.model.errors import NeedsSignIn, PlexPermanentError, PlexServerDown, PlexTemporaryError
from plexsync.model.fields import FIELDS, Field
from plexsync.plex import items as values
from plexsync.plex import listings
from plexsync.plex.agents import Agents
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
from plexsync.plex.guids import guids
from plexsync.plex.link import LinkBroken
from plexsync.plex.listings import PAGE
from plexsync.plex.plainlistings import PLAIN_PAGE, plain_page
from plexsync.plex.whole import incomplete, untold

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from plexsync.model.item import IndexedItem, Item, Section
    from plexsync.plex.edit import EditParams
    from plexsync.plex.listings import Page
    from plexsync.plex.plainlistings import Listing, Mark

BATCH = 50
#: Where an item's pictures are listed.
_GALLERIES = {Field.POSTER: "posters", Field.BACKGROUND: "arts"}
NOT_DETAILED = "skipRefresh=1&excludeElements=Image,UltraBlurColors,Country,Guid,Rating,Similar,Chapter,Marker,Extras"


class _Missed(TypedDict):
    status: int
    place: str
    excerpt: str | None


def _unmasked(said: str) -> str:
    return said


def _strange(_mark: int) -> bool:
    return False


async def _unguarded() -> None:
    """Nobody else writes to this server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which Plex answers; one that is not `claimed` belongs to no account."""

    machine_identifier: str
    version: str
    claimed: bool = True


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
        #: Who names the libraries.
        self.agents = Agents(self._connection, token.strip())

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
        return Identity(
            machine_identifier=found.machine_identifier,
            version=text(found.version),
            claimed=found.claimed is None or flag(found.claimed),
        )

    async def check(self) -> Identity:
        """Whether Plex is well: it is the pinned server (else Incompatible) and takes the token (else NeedsSignIn)."""
        identity = await self.identity()
        self._connection.accept(identity.machine_identifier)
        try:
            await self._connection.read_now("/library/sections", SectionAnswer, untold)
        except NotFoundError as error:
            raise _no_libraries(error) from error
        return identity

    async def owned(self) -> bool:
        """Whether the token is that of the server's owner: others may read their libraries and edit nothing."""
        try:
            await self._connection.read_now("/library", SectionAnswer)
        except NeedsSignIn:
            return False
        except NotFoundError as error:
            raise _no_libraries(error) from error
        return True

    async def verify_identity(self) -> None:
        """The check that goes before a write; free while no connection failed or was opened since the last one."""
        await self._connection.identify()

    async def sections(self) -> list[Section]:
        """All libraries of every type; films and other videos are of type "movie"."""
        try:
            answer = await self._connection.read("/library/sections", SectionAnswer, untold)
        except NotFoundError as error:
            raise _no_libraries(error) from error
        found = (values.section(row) for row in answer.container.rows or ())
        return [section for section in found if section is not None]

    async def items(self, section: int, page_size: int = PAGE) -> AsyncIterator[list[IndexedItem]]:
        """All items of a library, page by page, each item once.

        Items that are added or removed meanwhile may be missed: absence here proves nothing.
        """
        async for page in listings.items(self._connection, section, page_size):
            yield page

    async def page(self, section: int, start: int, size: int = PAGE, *, since: int | None = None) -> Page:
        """One page of a library's items by time of addition; with `since` only what changed then or later, by Plex's
        clock. A server may ignore that and list all.
        """
        return await listings.page(self._connection, section, start, size, since=since)

    async def guids(self, section: int) -> AsyncIterator[list[str]]:
        """The guid of every item of a library, page by page, each item once; "" for one without."""
        async for page in guids(self._connection, section):
            yield page

    async def newest(self, section: int) -> tuple[int, int | None]:
        """When an item of the library last changed, by Plex's clock (0: not known), and how many there are."""
        return await listings.newest(self._connection, section)

    async def has_library(self, section: int) -> bool:
        """Whether Plex, asked for this very library, has it."""
        return await listings.has_library(self._connection, section)

    async def scan(self, section: int, folder: str) -> None:
        """Have Plex look for new files below a folder. PlexPermanentError where it has no such library."""
        path = f"/library/sections/{int(section)}/refresh?path={quote(folder, safe='')}"
        try:
            await self._connection.write("GET", path, about="scan")
        except NotFoundError as error:
            raise PlexPermanentError(f"Plex does not have library {section} (404)", **_missed(error)) from error

    async def plain_page(
        self,
        section: int,
        start: int,
        *,
        mark: Mark | None = None,
        size: int = PLAIN_PAGE,
        familiar: Callable[[int], bool] = _strange,
    ) -> Listing:
        """One page of a library with the plain values of its items; with `mark` only what has a later time.

        An item whose mark is familiar is only read once somebody asks for it.
        """
        return await plain_page(self._connection, section, start, size, mark, familiar)

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
            return "" if told.issuperset(keys) else incomplete(answer)

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
            answer = await self._connection.read(f"/library/sections/{int(section)}/actor", SectionAnswer, untold)
        except NotFoundError:
            return []
        return [text(row.title) for row in answer.container.rows or () if text(row.title)]

    async def collections(self, section: int) -> list[tuple[int, str]]:
        """The collections of a library, each with its key and title."""
        path = f"/library/sections/{int(section)}/collections"
        try:
            answer = await self._connection.read(path, ListAnswer, untold)
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
            answer = await self._connection.read(path, PictureAnswer, untold)
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


def _missed(error: NotFoundError) -> _Missed:
    return {"status": 404, "place": error.place, "excerpt": error.excerpt}


def _no_libraries(error: NotFoundError) -> PlexTemporaryError:
    return PlexTemporaryError("Plex does not give the list of its libraries (404)", **_missed(error))
