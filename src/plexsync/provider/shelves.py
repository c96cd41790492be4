"""The libraries that are synced or ask the provider: where their files lie, and whose rules a scene is told by."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from plexsync.model.errors import StoreError
from plexsync.model.item import Section
from plexsync.model.pathrules import PathRules
from plexsync.model.paths import path_key
from plexsync.model.provider import IDENTIFIER
from plexsync.model.rules import RuleBook, Rules
from plexsync.model.scene import Scene
from plexsync.provider.reading import Reading
from plexsync.provider.together import Together
from plexsync.store import sections
from plexsync.store.database import Connection


@dataclass(slots=True, kw_only=True)
class Shelves:
    """The libraries of these servers, as the store knows them; while it is away, as it last told."""

    servers: Sequence[str]
    reading: Reading
    paths: PathRules
    book: RuleBook
    known: tuple[Section, ...] = ()
    _looks: Together[str, None] = field(init=False)

    def __post_init__(self) -> None:
        self._looks = Together(self._look)

    async def look(self) -> None:
        """Learn how the libraries stand, if the store tells it now."""
        with suppress(StoreError):
            await self._looks.of(self.servers)

    async def _look(self, _servers: Collection[str]) -> dict[str, None]:
        await self.reading.run(self.read)
        return {}

    def read(self, connection: Connection) -> None:
        """The same within a transaction."""
        self.known = tuple(one for server in self.servers for one in _taking_part(connection, server))

    @property
    def locations(self) -> list[str]:
        """The folders of all of them."""
        return list(dict.fromkeys(place for section in self.known for place in section.locations))

    def rules_of(self, scene: Scene) -> Rules:
        """Those of the library that lists a file of the scene, the primary one first; else those of all."""
        for file in scene.files:
            # Where no rule speaks of a file, Plex may have it under the same path.
            for place in self.paths.places_in_plex(file.path) or (file.path,):
                if (section := self._holding(place)) is not None:
                    return self.book.of(section.title, str(section.key))
        return self.book.default

    def _holding(self, plex_path: str) -> Section | None:
        key = path_key(plex_path)
        held = (one for one in self.known if any(key.startswith(_root(place)) for place in one.locations))
        return next(held, None)


def _taking_part(connection: Connection, server: str) -> list[Section]:
    """The synced ones first, then others that ask as well."""
    synced = sections.synced_keys(connection, server) or ()
    every = sections.known(connection, server)
    asking = [one for one in every if one.agent == IDENTIFIER and one.key not in synced]
    return [*(one for one in every if one.key in synced), *asking]


def _root(location: str) -> str:
    return path_key(location).rstrip("/") + "/"
