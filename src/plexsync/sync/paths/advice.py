"""What can be told about path rules from all that Stash and Plex list now."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from plexsync.model.compare import text_key
from plexsync.model.item import Part, Section
from plexsync.model.pathrules import PathRules
from plexsync.model.pathsuggest import Coverage, Suggestion, coverage, suggest
from plexsync.model.scene import SceneFile
from plexsync.model.spans import many
from plexsync.plex.client import PlexClient
from plexsync.stash.client import StashClient
from plexsync.stash.files import all_files
from plexsync.store import index
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions

#: Items of one page.
_PAGE = 400
#: Folders and files named in a task's answer.
_NAMED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PlexSide:
    """One Plex; `chosen` are the titles or keys of the libraries that take part, none for all."""

    name: str
    plex: PlexClient
    chosen: tuple[str, ...] = ()

    async def sections(self) -> list[Section]:
        """The libraries that the rules are for."""
        films = [section for section in await self.plex.sections() if section.type == "movie"]
        names = {text_key(name) for name in self.chosen}
        named = [one for one in films if text_key(one.title) in names or str(one.key) in names]
        return named or films


@dataclass(frozen=True, slots=True, kw_only=True)
class PathAdvice:
    """`rules` are those in force. With `database` a library that is indexed there is not listed again."""

    stash: StashClient
    servers: tuple[PlexSide, ...]
    rules: PathRules
    database: Transactions | None = None

    async def suggestions(self) -> list[dict[str, Any]]:
        """One document for each Plex: the proposed rules, and what they and the present ones cover."""
        stash = await all_files(self.stash)
        return [await self._suggestion(side, stash) for side in self.servers]

    async def _suggestion(self, side: PlexSide, stash: Sequence[SceneFile]) -> dict[str, Any]:
        sections = await side.sections()
        files = [part for section in sections for part in await self._files(side, section)]
        roots = [place for section in sections for place in section.locations]
        # It takes seconds for a hundred thousand files, in which the daemon has to go on.
        found = await asyncio.to_thread(suggest, files, stash, roots)
        now = await asyncio.to_thread(coverage, self.rules, files, stash) if self.rules.rules else None
        return document(side.name, [section.title for section in sections], found, now)

    async def covered(self, side: PlexSide) -> tuple[Coverage, Coverage]:
        """What the present rules cover, of the files of one Plex and of Stash's."""
        stash = await all_files(self.stash)
        files = [part for section in await side.sections() for part in await self._files(side, section)]
        return await asyncio.to_thread(coverage, self.rules, files, stash)

    async def _files(self, side: PlexSide, section: Section) -> list[Part]:
        if self.database is not None:
            known = await self.database.run(partial(_known, side.name, section.key))
            if known:
                return known
        return [part async for page in side.plex.items(section.key, _PAGE) for item in page for part in item.parts]


def _known(server: str, section: int, connection: Connection) -> list[Part]:
    return index.parts_in(connection, server, section)


def document(
    server: str, libraries: Sequence[str], found: Suggestion, now: tuple[Coverage, Coverage] | None
) -> dict[str, Any]:
    """A suggestion as JSON facts."""
    return {
        "server": server,
        "libraries": list(libraries),
        "rules": [asdict(rule) for rule in found.rules],
        "toml": found.toml,
        "plex": asdict(found.plex),
        "stash": asdict(found.stash),
        "present": {"plex": asdict(now[0]), "stash": asdict(now[1])} if now is not None else None,
    }


def suggestion_lines(facts: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The same in sentences: what is proposed, and what stays open."""
    rules = facts["rules"]
    told = [
        f"{facts['server']}: plex = {rule['plex']}, stash = {rule['stash']} ({many(rule['proofs'], 'file')} prove it)"
        for rule in rules
    ]
    told += [f"{facts['server']}: {line}" for line in coverage_lines(facts)]
    open_ones = [] if rules else [f"{facts['server']}: cannot tell any rule from what both sides list."]
    open_ones += [f"{facts['server']}: {line}" for line in unmapped_lines(facts["plex"], "Plex")[:_NAMED]]
    return told, open_ones


def coverage_lines(facts: dict[str, Any]) -> list[str]:
    """How much the proposed rules cover, and the present ones."""
    lines = [_covered("With these rules" if facts["rules"] else "Without any rule", facts)]
    if facts["present"] is not None:
        lines.append(_covered("With the present rules", facts["present"]))
    return lines


def _covered(which: str, facts: dict[str, Any]) -> str:
    plex, stash = facts["plex"], facts["stash"]
    return (
        f"{which} {plex['mapped']} of {many(plex['files'], 'file')} of Plex have their file in Stash, "
        f"and {stash['mapped']} of {many(stash['files'], 'file')} of Stash theirs in Plex."
    )


def unmapped_lines(side: dict[str, Any], name: str) -> list[str]:
    """Where files of one side stay without their file, why, and some of them."""
    return [
        f"{many(one['count'], 'file')} of {name} in {one['folder']}: {one['reason']}. "
        f"For example {', '.join(one['examples'])}"
        for one in side["unmapped"]
    ]
