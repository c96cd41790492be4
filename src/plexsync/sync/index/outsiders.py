"""The people whom libraries outside the synced ones list: a picture of theirs would show there too."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from plexsync.log import logger
from plexsync.model.compare import text_key
from plexsync.model.errors import PlexTemporaryError, SyncError
from plexsync.model.item import Section
from plexsync.plex.client import PlexClient
from plexsync.sync.clock import Clock
from plexsync.sync.index.libraries import Libraries

_log = logger("plexsync.outsiders")
_WITH_ACTORS = ("movie", "show")


#: Seconds until a library that could not be asked is asked again.
_AGAIN_AFTER = 600.0


@dataclass(slots=True, kw_only=True)
class Outsiders:
    """Names by library, each asked for again only when its library changed."""

    plex: PlexClient
    libraries: Libraries
    clock: Clock
    _known: dict[int, tuple[str, frozenset[str]]] = field(default_factory=dict)
    _failed: dict[int, float] = field(default_factory=dict)
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    def recall(self, before: Outsiders) -> None:
        """Know from now on whatever the one knows that was there before."""
        self._known, self._failed, self._asking = before._known, before._failed, before._asking

    async def lists(self, name_key: str) -> bool:
        """Whether such a library lists the name. SyncError as long as one of them cannot be asked."""
        async with self._asking:
            await self.libraries.load()
            if not self.libraries.sections:
                raise PlexTemporaryError("Plex has not told what libraries it has")
            synced = {section.key for section in self.libraries.synced}
            others = [one for one in self.libraries.sections if one.key not in synced and one.type in _WITH_ACTORS]
            return any([name_key in await self._names(section) for section in others])

    async def _names(self, section: Section) -> frozenset[str]:
        marks, names = self._known.get(section.key, ("", frozenset()))
        if section.key in self._known and marks == section.marks:
            return names
        now = self.clock.now()
        if 0 <= now - self._failed.get(section.key, -_AGAIN_AFTER) < _AGAIN_AFTER:
            raise PlexTemporaryError(f"the library {section.title!r}, which is not synced, did not tell whom it lists")
        try:
            names = frozenset(text_key(name) for name in await self.plex.actors(section.key))
        except SyncError as error:
            self._failed[section.key] = now
            _log.warning("pictures of people wait", library=section.title, reason=str(error))
            raise
        self._known[section.key] = (section.marks, names)
        return names
