"""The libraries of one Plex and the index of their items, kept in step with Plex."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any

from plexsync.log import logger
from plexsync.model.compare import text_key
from plexsync.model.errors import PlexTemporaryError
from plexsync.model.item import IndexedItem, Section
from plexsync.model.pathrules import PathRules
from plexsync.model.paths import name_key, normal_path, path_key
from plexsync.model.work import Lane, Put
from plexsync.plex.client import PlexClient
from plexsync.store import index, jobs, preferences, seen
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions
from plexsync.sync.clock import Clock
from plexsync.sync.sections import of_one_section

_log = logger("plexsync.libraries")
_PAGE = 1000
#: Stands for all libraries.
EVERY = "*"
#: Kept in place of a library's marks while it is listed; anything that doubts it meanwhile takes it away.
_UNDER_WAY = "under way"


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
    """

    server: str
    plex: PlexClient
    database: Transactions
    paths: PathRules
    clock: Clock
    chosen: tuple[str, ...] = ()
    preview: bool = True
    held: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    _contacts: dict[int, FirstContact] = field(default_factory=dict)
    _loading: asyncio.Lock = field(default_factory=asyncio.Lock)
    _loaded: bool = False
    _unlisted: dict[str, PlexTemporaryError] = field(default_factory=dict)

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
        names = {text_key(name) for name in self.chosen}
        return tuple(
            section
            for section in self.sections
            if section.type == "movie" and (text_key(section.title) in names or str(section.key) in names)
        )

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
        held = {text_key(s.title) for s in self.candidates} | {str(s.key) for s in self.candidates}
        return tuple(name for name in self.chosen if text_key(name) not in held)

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
            rows = await self.database.run(lambda c: preferences.get(c, f"sections:{self.server}")) or []
            self.sections = tuple(_section(row) for row in rows)
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

    async def refresh(self) -> bool:
        """Read the list of libraries, and list the items of those that changed. True when the index moved.

        One library that cannot be listed does not keep the others from it; see `insist`.
        """
        await self.load()
        known = {section.key: section.marks for section in self.sections}
        self.sections = tuple(await self.plex.sections())
        await self._load_contacts()
        await self.database.run(self._note_synced)
        listed = await self.database.run(lambda c: preferences.get(c, f"listed:{self.server}")) or {}
        moved = False
        self._unlisted.clear()
        for section in self.synced:
            if listed.get(str(section.key)) == section.marks and section.key in known:
                continue
            await self.database.run(partial(self._begin_listing, section))
            try:
                moved = await self._list(section, first=str(section.key) not in listed) or moved
            except PlexTemporaryError as error:
                self._unlisted[section.title] = error
                if not of_one_section(error) or len(self._unlisted) == len(self.synced):
                    raise
            else:
                await self.database.run(partial(self._end_listing, section))
        rows = [_facts(section) for section in self.sections]
        if moved or known != {section.key: section.marks for section in self.sections}:
            await self.database.run(lambda c: preferences.put(c, f"sections:{self.server}", rows))
        return moved

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
            self._doubt(connection, {item.section for item in held.values()})

        await self.database.run(write)

    async def correct_item(self, item: IndexedItem) -> None:
        """The item was just read and holds other files than the index says."""

        def write(connection: Connection) -> None:
            new = index.upsert(connection, self.server, [item], self._next_run(connection))
            self._doubt(connection, {item.section})
            self._put_scenes(connection, new, "appeared")

        await self.database.run(write)

    def _doubt(self, connection: Connection, sections: set[int]) -> None:
        """The index was wrong about these libraries: what was listed of them does not count."""
        name = f"listed:{self.server}"
        listed = preferences.get(connection, name) or {}
        preferences.put(connection, name, listed | {str(key): "" for key in sections if str(key) in listed})

    async def _load_contacts(self) -> None:
        prefix = f"first contact:{self.server}:"
        rows = await self.database.run(lambda c: preferences.all_under(c, prefix))
        self._contacts = {int(name.removeprefix(prefix)): FirstContact(value) for name, value in rows.items()}

    def _note_synced(self, connection: Connection) -> None:
        """Other libraries take part than before: what was decided by the old ones is asked again."""
        name, keys = f"synced:{self.server}", sorted(section.key for section in self.synced)
        before = preferences.get(connection, name)
        # A Plex that starts may list no library for a moment.
        if not self.sections or before == keys:
            return
        preferences.put(connection, name, keys)
        if before is not None:
            index.advance(connection, self.server)

    def _begin_listing(self, section: Section, connection: Connection) -> None:
        listed = preferences.get(connection, f"listed:{self.server}") or {}
        if str(section.key) in listed:
            preferences.put(connection, f"listed:{self.server}", listed | {str(section.key): _UNDER_WAY})

    def _end_listing(self, section: Section, connection: Connection) -> None:
        """Unless something in it was doubted meanwhile, the library counts as listed."""
        listed = preferences.get(connection, f"listed:{self.server}") or {}
        if listed.get(str(section.key), _UNDER_WAY) == _UNDER_WAY:
            preferences.put(connection, f"listed:{self.server}", listed | {str(section.key): section.marks})

    async def _list(self, section: Section, *, first: bool) -> bool:
        run = await self.database.run(self._next_run)
        # What the first listing shows is the backlog; what a later one shows came since.
        reason = "indexed" if first else "appeared"
        new = 0
        async for page in self.plex.items(section.key, page_size=_PAGE):
            new += await self.database.run(partial(self._take, page, run, reason))
        gone = await self._gone(section, run)
        if gone:
            await self.database.run(partial(self._remove, gone, run))
        if new or gone:
            _log.info("library indexed", library=section.title, new=new, gone=len(gone))
        return bool(new or gone)

    async def _gone(self, section: Section, run: int) -> list[int]:
        """Items that the listing did not show and that Plex, asked by id, does not have."""
        unseen = await self.database.run(lambda c: index.unseen(c, self.server, section.key, run))
        still = await self.plex.details(unseen) if unseen else {}
        moved = [item for item in still.values() if item.section == section.key]
        return [key for key in unseen if key not in {item.rating_key for item in moved}]

    def _take(self, page: Sequence[IndexedItem], run: int, reason: str, connection: Connection) -> int:
        """The index learns a page, and every scene that a new file may belong to is put, whatever its state."""
        new = index.upsert(connection, self.server, page, run)
        self._put_scenes(connection, new, reason)
        return len(new)

    def _put_scenes(self, connection: Connection, new: Sequence[str], reason: str) -> None:
        if new:
            index.advance(connection, self.server)
            scenes = sorted(self._scenes_of(connection, new))
            puts = [Put(server=self.server, scene=scene, lane=Lane.BULK, reason=reason) for scene in scenes]
            jobs.put(connection, puts, self.clock.now())

    def _remove(self, gone: Sequence[int], run: int, connection: Connection) -> None:
        index.remove(connection, self.server, gone, run=run)
        index.advance(connection, self.server)

    def _next_run(self, connection: Connection) -> int:
        name = f"index run:{self.server}"
        run = int(preferences.get(connection, name) or 0) + 1
        preferences.put(connection, name, run)
        return run

    def _scenes_of(self, connection: Connection, plex_paths: Sequence[str]) -> set[int]:
        mapped = [path_key(to) for path in plex_paths if (to := self.paths.to_stash(path)) is not None]
        names = [name_key(path) for path in plex_paths if self.paths.to_stash(path) is None]
        by_path = seen.scenes_at(connection, mapped)
        by_name = seen.scenes_named(connection, names)
        return {scene for found in by_path.values() for scene in found} | {
            scene for rows in by_name.values() for scene, _ in rows
        }


def _facts(section: Section) -> dict[str, Any]:
    return {
        "key": section.key,
        "title": section.title,
        "type": section.type,
        "agent": section.agent,
        "locations": [normal_path(place) for place in section.locations],
        "marks": section.marks,
    }


def _section(row: dict[str, Any]) -> Section:
    return Section(
        key=row["key"],
        title=row["title"],
        type=row["type"],
        agent=row["agent"],
        locations=tuple(row["locations"]),
        marks=row["marks"],
    )
