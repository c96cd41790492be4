"""Which scenes Plex means: by the file, else by a number that is told, and by title only where there is no file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from plexsync.flights import Flights
from plexsync.model.compare import text_key
from plexsync.model.errors import StoreError
from plexsync.model.paths import normal_path, path_key
from plexsync.model.rules.dates import day_and_year
from plexsync.model.scene import Scene
from plexsync.provider.asked import Asked
from plexsync.provider.catalogue import Catalogue
from plexsync.provider.fit import Held, Wanted, wanted_of
from plexsync.provider.identifiers import scene_in_name, scene_of_guid, scene_typed
from plexsync.provider.shelves import Shelves
from plexsync.provider.together import Together
from plexsync.store import seen
from plexsync.store.database import Connection

#: Scenes of one list that a person chooses from.
MANY = 20
#: Of what Stash finds for a title, so many are put in order.
_SEARCHED = 100
_WORD = re.compile(r"\w+")
#: What a title without words is looked for by: Stash's search gives quotes, dashes and bars a meaning.
_SIGN = re.compile(r"[^\s\"|-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """The scenes, best first. `unknown` is the file's path, as Plex would have it, where Stash has no such file."""

    scenes: tuple[Scene, ...] = ()
    unknown: str = ""


@dataclass(slots=True, kw_only=True)
class Matcher:
    """Asks the index of Stash's files first, and Stash itself where that is not enough."""

    catalogue: Catalogue
    shelves: Shelves
    _flights: Flights[str, tuple[list[Scene], Wanted | None]] = field(default_factory=Flights)
    _index: Together[str, tuple[Wanted | None, list[int]]] = field(init=False)

    def __post_init__(self) -> None:
        self._index = Together(self._all_indexed)

    async def match(self, asked: Asked) -> Matched:
        """All that may be meant for a person who chooses; else what is certain alone, or nothing. AwayError."""
        if not asked.is_about_films:
            return Matched()
        if asked.manual:
            return Matched(scenes=tuple(await self._offered(asked)))
        return await self._certain(asked)

    async def _certain(self, asked: Asked) -> Matched:
        unknown = ""
        found, wanted = await self._by_file(asked.filename)
        if not found:
            unknown = "" if wanted is None else self._place(wanted)
            number = scene_of_guid(asked.guid) or scene_in_name(wanted.names[-1].parts[-1] if wanted else asked.title)
            found = await self.catalogue.scenes([number]) if number is not None else []
        if not found and not asked.filename:
            found = await self._by_title(asked, certain=True)
        if len(found) != 1:
            return Matched(unknown="" if found else unknown)
        scene = found[0]
        return Matched() if self.shelves.rules_of(scene).excludes(scene) else Matched(scenes=(scene,))

    async def _offered(self, asked: Asked) -> list[Scene]:
        """What was typed, then the file's, then those that were stored or named, then what the title finds."""
        typed = scene_typed(asked.title)
        by_file, wanted = await self._by_file(asked.filename)
        names = [asked.title, *([wanted.names[-1].parts[-1]] if wanted else [])]
        numbers = [typed, scene_of_guid(asked.guid), *map(scene_in_name, names)]
        named = await self.catalogue.scenes([number for number in numbers if number is not None])
        first = [scene for scene in named if scene.id == typed]
        searched = [] if typed is not None else await self._by_title(asked, certain=False)
        every = {scene.id: scene for scene in (*first, *by_file, *named, *searched)}
        return list(every.values())[:MANY]

    async def _by_file(self, filename: str) -> tuple[list[Scene], Wanted | None]:
        """Many who ask for one file are told together."""
        if not filename:
            return [], None
        return await self._flights.of(filename, partial(self._found, filename))

    async def _found(self, filename: str) -> tuple[list[Scene], Wanted | None]:
        wanted, numbers = await self._indexed(filename)
        if wanted is None:
            return [], None
        # What the index tells of one place out of several says nothing of the others: Stash may have a new file there.
        if numbers and len(set(map(path_key, wanted.places))) == 1:
            # A moment ago another file may have been there.
            scenes = await self.catalogue.scenes(numbers, age=0)
            if found := _chosen(wanted.exact(_files(scenes)), scenes):
                return found, wanted
        return await self._told(wanted), wanted

    async def _indexed(self, filename: str) -> tuple[Wanted | None, list[int]]:
        """The file, and the scenes that the index knows at its places; none while the store is away."""
        try:
            return (await self._index.of([filename]))[filename]
        except StoreError:
            return wanted_of(filename, self.shelves.locations, self.shelves.paths), []

    async def _all_indexed(self, filenames: Collection[str]) -> Mapping[str, tuple[Wanted | None, list[int]]]:
        shelves = self.shelves

        def read(connection: Connection) -> dict[str, tuple[Wanted | None, list[int]]]:
            shelves.read(connection)
            locations = shelves.locations
            wanted = {name: wanted_of(name, locations, shelves.paths) for name in filenames}
            keys = {name: [path_key(place) for place in one.places] if one else [] for name, one in wanted.items()}
            held = seen.scenes_at(connection, {key for some in keys.values() for key in some})
            return {
                name: (one, sorted({scene for key in keys[name] for scene in held.get(key, ())}))
                for name, one in wanted.items()
            }

        return await shelves.reading.run(read)

    async def _told(self, wanted: Wanted) -> list[Scene]:
        """What Stash itself tells of files whose paths end so."""
        scenes = await self._ending(wanted, loosely=False)
        if found := _chosen(wanted.exact(_files(scenes)), scenes):
            return found
        if wanted.has_spellings:
            scenes += await self._ending(wanted, loosely=True)
        every = {scene.id: scene for scene in scenes}
        return _chosen(wanted.fitting(_files(every.values())), every.values())

    async def _ending(self, wanted: Wanted, *, loosely: bool) -> list[Scene]:
        """By a few segments, and where too many end so by all of them."""
        scenes = await self.catalogue.ending(wanted.ends, loosely=loosely)
        return await self.catalogue.ending(wanted.whole, loosely=loosely) or [] if scenes is None else scenes

    async def _by_title(self, asked: Asked, *, certain: bool) -> list[Scene]:
        title = unicodedata.normalize("NFC", asked.title)
        words = _WORD.findall(title) or _SIGN.findall(title)
        if not words:
            return []
        found = await self.catalogue.searched(" ".join(words), _SEARCHED)
        if certain:
            return [scene for scene in found if _is_titled(scene, asked) and _is_of_year(scene, asked)]
        return sorted(found, key=lambda scene: (not _is_titled(scene, asked), not _is_of_year(scene, asked)))

    def _place(self, wanted: Wanted) -> str:
        """The file's path as Plex has it, as far as that can be told: the same for every form of its name."""
        name = wanted.names[-1]
        roots = self.shelves.locations
        told = {root: name.folders_told(root) for root in roots}
        nearest = [root for root in roots if told[root] == max(told.values())]
        if len(nearest) == 1:
            return name.places_in(nearest[0])[-1]
        return normal_path(name.text) if name.rooted and not roots else "/".join(name.parts)


def _files(scenes: Iterable[Scene]) -> list[Held]:
    return [Held(scene=scene.id, path=file.path) for scene in scenes for file in scene.files]


def _chosen(numbers: Sequence[int], scenes: Iterable[Scene]) -> list[Scene]:
    return [scene for scene in scenes if scene.id in numbers]


def _is_titled(scene: Scene, asked: Asked) -> bool:
    return text_key(scene.title) == text_key(asked.title)


def _is_of_year(scene: Scene, asked: Asked) -> bool:
    """Whether nothing speaks against the year."""
    year = day_and_year(scene.date)[1]
    return asked.year is None or year is None or year == asked.year
