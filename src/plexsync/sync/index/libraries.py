"""The libraries of one Plex and the index of their items, kept in step with Plex."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from plexsync.model.compare import text_key
from plexsync.model.errors import PlexPermanentError, PlexServerDown, PlexTemporaryError, SyncError
from plexsync.model.item import IndexedItem, Section
from plexsync.model.pathrules import PathRules
from plexsync.model.paths import path_key
from plexsync.model.provider import IDENTIFIER
from plexsync.plex.client import PlexClient
from plexsync.store import index, listings, preferences, sections
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions
from plexsync.sync.causes import APPEARED
from plexsync.sync.clock import Clock
from plexsync.sync.gates.sections import of_one_section
from plexsync.sync.index.indexing import Indexing
from plexsync.sync.index.rows import ItemRows
from plexsync.sync.index.shelf import Shelf

#: Stands for all libraries.
EVERY = "*"


class FirstContact(StrEnum):
    """Whether a library's backlog may be written."""

    PREVIEW = "preview"
    LIVE = "live"
    LEFT = "left"  #: put back as it was before us, and not written any more


class UnlistedError(PlexTemporaryError):
    """One library cannot be listed while others are: it says nothing about the health of Plex."""

    moves_gate = False


@dataclass(slots=True, kw_only=True)
class Libraries:
    """`chosen` are the titles or keys that the user named; `preview` holds a new library's backlog back.

    `held` are the titles or keys of libraries of which nothing is written without the user's go, `EVERY` for all.
    `taken` is told the keys of libraries that ask our provider from now on, in the transaction that remembers it.
    """

    server: str
    plex: PlexClient
    database: Transactions
    paths: PathRules
    clock: Clock
    chosen: tuple[str, ...] = ()
    preview: bool = True
    held: tuple[str, ...] = ()
    taken: Callable[[Connection, Collection[int]], None] = lambda _connection, _keys: None
    sections: tuple[Section, ...] = ()
    rows: ItemRows = field(init=False)
    indexing: Indexing = field(init=False)
    shelf: Shelf = field(init=False)
    _contacts: dict[int, FirstContact] = field(default_factory=dict)
    _loading: asyncio.Lock = field(default_factory=asyncio.Lock)
    _refreshing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _loaded: bool = False
    _unlisted: dict[str, SyncError] = field(default_factory=dict)
    _told: set[int | None] = field(default_factory=set)
    _found: dict[str, Section | None] = field(default_factory=dict)
    _found_in: tuple[Section, ...] | None = None

    def __post_init__(self) -> None:
        """Set up what follows the libraries and their items."""
        self.rows = ItemRows(server=self.server, paths=self.paths, clock=self.clock)
        self.indexing = Indexing(server=self.server, plex=self.plex, database=self.database, rows=self.rows)
        self.shelf = Shelf(server=self.server, plex=self.plex, database=self.database, chosen=self.chosen)

    @property
    def synced(self) -> tuple[Section, ...]:
        """The chosen libraries that Plex has, of the only type that scenes can live in; not those that were left."""
        return tuple(one for one in self._named if self._contacts.get(one.key) is not FirstContact.LEFT)

    @property
    def left(self) -> tuple[Section, ...]:
        """The chosen libraries that were put back as they were before us, and are not written until the user's go."""
        return tuple(one for one in self._named if self._contacts.get(one.key) is FirstContact.LEFT)

    @property
    def _named(self) -> tuple[Section, ...]:
        keys = {section.key for section in self._meant.values() if section is not None}
        return tuple(section for section in self.candidates if section.key in keys)

    @property
    def _meant(self) -> dict[str, Section | None]:
        """The library that each chosen name stands for; found anew when Plex told its libraries anew."""
        if self._found_in is not self.sections:
            self._found_in, self._found = self.sections, self.shelf.named(self.candidates)
        return self._found

    def shuts_out(self, section: int) -> bool:
        """Whether Plex is known to have this library, and it is not synced."""
        return any(one.key == section for one in self.sections) and all(one.key != section for one in self.synced)

    @property
    def candidates(self) -> tuple[Section, ...]:
        """The libraries that could be chosen."""
        return tuple(section for section in self.sections if section.type == "movie")

    @property
    def unknown(self) -> tuple[str, ...]:
        """Chosen names that Plex has no library for."""
        return tuple(name for name, section in self._meant.items() if section is None)

    @property
    def renamed(self) -> dict[str, str]:
        """What the libraries are called in Plex that were chosen by an earlier title."""
        return self.shelf.renamed

    def asks_provider(self, section: int) -> bool:
        """Whether Plex asks our provider about the items of this library."""
        return section in _asking(self.sections)

    def holds(self, plex_path: str) -> bool:
        """Whether a synced library would list a file at this path."""
        key = path_key(plex_path)
        roots = (path_key(place) for section in self.synced for place in section.locations)
        return any(key.startswith(root.rstrip("/") + "/") for root in roots)

    def section_of(self, plex_path: str) -> int | None:
        """The synced library that would list a file at this path, None for none."""
        key = path_key(plex_path)
        for section in self.synced:
            if any(key.startswith(path_key(place).rstrip("/") + "/") for place in section.locations):
                return section.key
        return None

    def in_preview(self, section: int) -> bool:
        """Whether the backlog of this library waits for the user's go."""
        return self._contacts.get(section, FirstContact.PREVIEW) is FirstContact.PREVIEW and self.preview

    def always_previewed(self, section: int) -> bool:
        """Whether nothing of this library is written without the user's go."""
        names = {text_key(name) for name in self.held}
        if not names:
            return False
        titles = {text_key(one.title) for one in self.sections if one.key == section}
        return EVERY in self.held or str(section) in names or not names.isdisjoint(titles)

    async def load(self) -> None:
        """What was known before this start, so that work can go on while Plex is away. Only the first call reads it:
        what Plex itself has told since is newer.
        """
        async with self._loading:
            if self._loaded:
                return
            known = await self.database.run(lambda c: sections.known(c, self.server))
            await self.shelf.load()
            self.sections = known
            await self._load_contacts()
            self._loaded = True

    async def go(self, section: int) -> None:
        """Let the backlog of this library be written from now on."""
        await self._meet(section, FirstContact.LIVE)

    async def leave(self, section: int) -> None:
        """Write nothing in this library any more, until the user's go."""
        await self._meet(section, FirstContact.LEFT)

    async def _meet(self, section: int, contact: FirstContact) -> None:
        def write(connection: Connection) -> None:
            preferences.put(connection, f"first contact:{self.server}:{section}", contact.value)
            if FirstContact.LEFT in (contact, self._contacts.get(section)):
                # What was decided while the library took part, or did not, is asked again.
                index.advance(connection, self.server)

        await self.database.run(write)
        self._contacts[section] = contact

    async def refresh(self, *, whole: bool = False) -> bool:
        """Read the list of libraries, and follow those that changed; `whole` lists all items of each anew. True when
        the index moved.

        One library that cannot be listed does not keep the others from it; see `insist`.
        """
        await self.load()
        async with self._refreshing:
            await self._read_sections()
            return await self._look(whole=whole)

    async def _read_sections(self) -> None:
        self.sections = await self.shelf.read(self.sections)
        await self._load_contacts()
        await self.database.run(self._note_synced)
        await self.database.run(self._keep)

    def _keep(self, connection: Connection) -> None:
        known = sections.known(connection, self.server)
        if [sections.facts(section) for section in self.sections] == [sections.facts(section) for section in known]:
            return
        if taken := _asking(self.sections) - _asking(known):
            self.taken(connection, taken)
        sections.keep(connection, self.server, self.sections)

    async def _look(self, *, whole: bool) -> bool:
        self._unlisted.clear()
        told, self._told = self._told, set()
        moved = False
        try:
            for section in self.synced:
                try:
                    hinted = bool(told & {None, section.key})
                    moved = await self.indexing.look(section, told=hinted, whole=whole) or moved
                except (PlexTemporaryError, PlexServerDown, PlexPermanentError) as error:
                    await self._failed(section, error)
        finally:
            self._told |= told if self._unlisted else set()
        return moved

    async def _failed(self, section: Section, error: SyncError) -> None:
        """Raises what is not the fault of one library alone."""
        self._unlisted[section.title] = error
        if len(self._unlisted) == len(self.synced):
            raise error
        if not of_one_section(error):
            await self.plex.check()

    def told(self, section: int | None) -> None:
        """Something changed in that library, or (None) perhaps in any: the next look asks what."""
        self._told.add(section)

    def insist(self) -> None:
        """UnlistedError when a library could not be listed at the last look."""
        for title, error in self._unlisted.items():
            raise UnlistedError(
                f"the library {title!r} cannot be listed: {error.message}", status=error.status, place=error.place
            )

    async def forget_item(self, rating_key: int) -> None:
        """Plex itself said by id that the item is gone. Its library is listed anew at the next look."""

        def write(connection: Connection) -> None:
            held = index.of_keys(connection, self.server, [rating_key])
            index.remove(connection, self.server, [rating_key])
            listings.doubt(connection, self.server, {item.section for item in held.values()})

        await self.database.run(write)

    async def correct_item(self, item: IndexedItem) -> None:
        """The item was just read and holds other files than the index says."""

        def write(connection: Connection) -> None:
            self.rows.take(connection, [item], self.rows.next_run(connection), APPEARED)
            listings.doubt(connection, self.server, {item.section})

        await self.database.run(write)

    async def _load_contacts(self) -> None:
        prefix = f"first contact:{self.server}:"
        rows = await self.database.run(lambda c: preferences.all_under(c, prefix))
        self._contacts = {int(name.removeprefix(prefix)): FirstContact(value) for name, value in rows.items()}

    def _note_synced(self, connection: Connection) -> None:
        """Other libraries take part than before: what was decided by the old ones is asked again."""
        keys = sorted(section.key for section in self.synced)
        before = sections.synced_keys(connection, self.server)
        # A Plex that starts may list no library for a moment.
        if not self.sections or before == keys:
            return
        sections.keep_synced(connection, self.server, keys)
        if before is not None:
            index.advance(connection, self.server)


def _asking(some: Iterable[Section]) -> set[int]:
    """The keys of those libraries that ask our provider."""
    return {section.key for section in some if section.agent == IDENTIFIER}
