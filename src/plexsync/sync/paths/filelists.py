"""All files that Stash and one Plex list now, compared as often as somebody has another idea for a path rule."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from plexsync.model.item import Part, Section
from plexsync.model.pathrules import PathRules
from plexsync.model.pathsuggest import Coverage, coverage, suggest
from plexsync.model.scene import SceneFile
from plexsync.plex.client import PlexClient
from plexsync.stash.client import StashClient
from plexsync.stash.files import all_files
from plexsync.sync.paths.advice import document

_PAGE = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLists:
    """`items` says how many items each library holds, by its key."""

    sections: tuple[Section, ...]
    plex: tuple[Part, ...]
    stash: tuple[SceneFile, ...]
    items: dict[int, int]

    def suggestion(self, server: str, present: PathRules) -> dict[str, Any]:
        """The rules that the files prove, and what they and the present ones cover, as JSON facts."""
        roots = [place for section in self.sections for place in section.locations]
        found = suggest(self.plex, self.stash, roots)
        now = self.covered(present) if present.rules else None
        return document(server, [section.title for section in self.sections], found, now)

    def covered(self, rules: PathRules) -> tuple[Coverage, Coverage]:
        """What given rules cover, of Plex's files and of Stash's."""
        return coverage(rules, self.plex, self.stash)


async def listed(plex: PlexClient, stash: StashClient, sections: Sequence[Section]) -> FileLists:
    """Both lists, read at the same time. SyncError when one side does not tell."""
    async with asyncio.TaskGroup() as group:
        ours = group.create_task(all_files(stash))
        theirs = group.create_task(_parts(plex, sections))
    parts, items = theirs.result()
    return FileLists(sections=tuple(sections), plex=tuple(parts), stash=tuple(ours.result()), items=dict(items))


async def _parts(plex: PlexClient, sections: Sequence[Section]) -> tuple[list[Part], Counter[int]]:
    parts: list[Part] = []
    items = Counter[int]()
    for section in sections:
        async for page in plex.items(section.key, _PAGE):
            items[section.key] += len(page)
            parts += [part for item in page for part in item.parts]
    return parts, items
