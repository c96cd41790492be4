"""Which libraries Plex has, and which of them the user means, whatever they are called by now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from plexsync.log import logger
from plexsync.model.compare import text_key
from plexsync.model.item import Section
from plexsync.plex.client import BATCH, PlexClient
from plexsync.store import index, listings, preferences
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions

_log = logger("plexsync.libraries")


@dataclass(slots=True, kw_only=True)
class Shelf:
    """`chosen` are the titles or keys that the user named.

    A library that got another title keeps the one it was chosen by, so that rules which name it go on to hold;
    `renamed` tells what it is called in Plex.
    """

    server: str
    plex: PlexClient
    database: Transactions
    chosen: tuple[str, ...]
    renamed: dict[str, str] = field(default_factory=dict)
    _uuids: dict[str, str] = field(default_factory=dict)  #: of the library that a chosen name stood for
    _absent: set[int] = field(default_factory=set)  #: libraries that the last list did not name

    async def load(self) -> None:
        """What the chosen names stood for before this start."""
        self._uuids = dict(await self.database.run(lambda c: preferences.get(c, self._named_as)) or {})

    async def read(self, known: Sequence[Section]) -> tuple[Section, ...]:
        """The libraries by Plex's list. One that was `known` and is not listed stays until Plex denies it by id."""
        listed = await self.plex.sections()
        keys = {section.key for section in listed}
        missing = [section for section in known if section.key not in keys]
        kept = [section for section in missing if not await self._is_gone(section)]
        self._absent = {section.key for section in kept}
        films = [section for section in listed if section.type == "movie"]
        await self._remember(films)
        names = self._earlier_names(films)
        self.renamed = {names[section.key]: section.title for section in films if section.key in names}
        return (*(replace(one, title=names.get(one.key, one.title)) for one in listed), *kept)

    def named(self, sections: Sequence[Section]) -> dict[str, Section | None]:
        """The library that each chosen name stands for: by title or key, else the one that had that title."""
        by_name = {name: section for section in sections for name in (str(section.key), text_key(section.title))}
        by_uuid = {section.uuid: section for section in sections if section.uuid}
        found: dict[str, Section | None] = {}
        for name in self.chosen:
            key = text_key(name)
            found[name] = by_name.get(key) or by_uuid.get(self._uuids.get(key, ""))
        return found

    def _earlier_names(self, sections: Sequence[Section]) -> dict[int, str]:
        """The chosen names of libraries that are called otherwise now, by key."""
        return {
            section.key: name
            for name, section in self.named(sections).items()
            if section is not None and text_key(name) not in {text_key(section.title), str(section.key)}
        }

    @property
    def _named_as(self) -> str:
        return f"libraries named:{self.server}"

    async def _remember(self, sections: Sequence[Section]) -> None:
        uuids = {text_key(name): one.uuid for name, one in self.named(sections).items() if one is not None and one.uuid}
        if uuids.items() <= self._uuids.items():
            return
        self._uuids |= uuids
        await self.database.run(lambda c: preferences.put(c, self._named_as, self._uuids))

    async def _is_gone(self, section: Section) -> bool:
        """Two lists, the library itself and its items say so: a Plex that starts may leave out some that it has."""
        if section.key not in self._absent or await self.plex.has_library(section.key):
            return False
        keys = await self.database.run(lambda c: index.in_section(c, self.server, section.key, BATCH))
        still = await self.plex.details(keys) if keys else {}
        if any(item.section == section.key for item in still.values()):
            return False
        await self.database.run(lambda c: self._forget(c, section.key))
        _log.warning("a library is gone from Plex", library=section.title)
        return True

    def _forget(self, connection: Connection, section: int) -> None:
        index.remove(connection, self.server, index.in_section(connection, self.server, section))
        index.advance(connection, self.server)
        listings.forget(connection, self.server, section)
        # One that gets the same key later is another library.
        preferences.put(connection, f"first contact:{self.server}:{section}", None)
