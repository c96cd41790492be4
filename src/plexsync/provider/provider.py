"""What Plex gets for what it asks."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from plexsync.log import logger
from plexsync.model.errors import StoreError
from plexsync.model.rules import Rules
from plexsync.model.scene import Scene
from plexsync.provider import render
from plexsync.provider.asked import Asked, Page
from plexsync.provider.away import AwayError
from plexsync.provider.catalogue import Catalogue
from plexsync.provider.container import Json, container
from plexsync.provider.match import Matcher
from plexsync.provider.pictures import Pictures, Print, Wall
from plexsync.provider.shelves import Shelves
from plexsync.provider.together import Together

_log = logger("plexsync.provider")

#: Seconds in which Plex has its answer, whatever it is: it waits 90 at most, and the dialog of a person less.
PATIENCE = 20.0
#: Seconds after a list was shown in which what is asked for next is taken for the choice, and how many are remembered.
_CHOOSING = 600.0
_OFFERED = 500
#: Whatever is told here is told once Plex has its answer.
Telling = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What the rest of PlexSync does here.

    `matched` is told the scenes that Plex takes, `unknown` the files that Stash does not know; `faces` are those of
    these names whose pictures may be shown. `heard` is told that Plex asks, whatever it asks.
    """

    faces: Callable[[Sequence[str]], Awaitable[Collection[str]]]
    matched: Callable[[Collection[int]], Awaitable[None]]
    unknown: Callable[[str], Awaitable[None]]
    heard: Callable[[], None]


@dataclass(slots=True, kw_only=True)
class Provider:
    """With `heeds_adult` there are matches only for who asks for adult results too."""

    catalogue: Catalogue
    matcher: Matcher
    shelves: Shelves
    pictures: Pictures
    rest: Rest
    now: Callable[[], float]
    base: str = ""  #: where Plex reaches us; "" for the address by which it asks
    heeds_adult: bool = False
    _offered: OrderedDict[int, float] = field(default_factory=OrderedDict)
    _told: Together[int, None] = field(init=False)

    def __post_init__(self) -> None:
        self._told = Together(self._tell_all)

    async def match(self, asked: Asked, here: str) -> tuple[Json, Telling | None]:
        """The scenes that Plex asks for, and what is to be told then; `here` is the address it asks by. AwayError."""
        if self.heeds_adult and not asked.include_adult:
            return container([]), None
        async with _in_time():
            found = await self.matcher.match(asked)
            told = container(await self._items(found.scenes, here))
        if found.unknown:
            return told, partial(self._tell, partial(self.rest.unknown, found.unknown))
        if asked.manual:
            self._offer(scene.id for scene in found.scenes)
            return told, None
        return told, self._taken(found.scenes[0].id) if found.scenes else None

    async def metadata(self, number: int, here: str) -> tuple[Json | None, Telling | None]:
        """All of one scene; None where there is none. AwayError."""
        async with _in_time():
            scene = await self._scene(number)
            if scene is None:
                return None, None
            told = container(await self._items([scene], here))
        chosen = self._offered.pop(number, None)
        taken = chosen is not None and 0 <= self.now() - chosen < _CHOOSING
        return told, self._taken(number) if taken else None

    async def images(self, number: int, here: str, page: Page) -> Json | None:
        """All that may be chosen as the pictures of one scene; None where there is none. AwayError."""
        async with _in_time():
            scene = await self._scene(number)
            if scene is None:
                return None
            wall = self.pictures.wall(scene, self.shelves.rules_of(scene), {})
            addresses = await self.pictures.addresses([wall.poster, wall.background], self.base or here)
        return container(render.images(scene, wall, addresses), of="Image", page=page)

    async def exists(self, number: int) -> bool:
        """Whether there is such a scene. AwayError."""
        async with _in_time():
            return await self.catalogue.scene(number) is not None

    async def _scene(self, number: int) -> Scene | None:
        scene, _ = await asyncio.gather(self.catalogue.scene(number), self.shelves.look())
        return scene

    async def _items(self, scenes: Sequence[Scene], here: str) -> list[Json]:
        ruled = [(scene, self.shelves.rules_of(scene)) for scene in scenes]
        shown = await self._shown(ruled)
        walls = [self.pictures.wall(scene, rules, shown) for scene, rules in ruled]
        addresses = await self.pictures.addresses(_all(walls), self.base or here)
        pairs = zip(ruled, walls, strict=True)
        return [render.metadata(scene, rules, wall, addresses) for (scene, rules), wall in pairs]

    async def _shown(self, ruled: Iterable[tuple[Scene, Rules]]) -> dict[int, int]:
        """The performers who may have a picture, and whose it is: a name has one in all of Plex."""
        names: dict[str, set[int]] = {}
        for scene, rules in ruled:
            for one in rules.people.shown(scene.performers):
                if one.performer.picture:
                    names.setdefault(one.person.name, set()).add(one.performer.id)
        allowed = await self.rest.faces(list(names)) if names else ()
        winners = await self.pictures.winners(allowed)
        return {number: min(number, winners.get(name, number)) for name in allowed for number in names[name]}

    def _offer(self, numbers: Iterable[int]) -> None:
        """A person chooses among these; which it is, only the next question tells."""
        for number in numbers:
            self._offered[number] = self.now()
            self._offered.move_to_end(number)
            if len(self._offered) > _OFFERED:
                self._offered.popitem(last=False)

    def _taken(self, number: int) -> Telling:
        return partial(self._tell, partial(self._told.of, [number]))

    async def _tell_all(self, numbers: Collection[int]) -> dict[int, None]:
        await self.rest.matched(numbers)
        return {}

    async def _tell(self, telling: Callable[[], Awaitable[object]]) -> None:
        """What is not heard of now, a walk finds."""
        try:
            await telling()
        except StoreError as error:
            _log.warning("what Plex asked for cannot be noted, a walk will find it", reason=str(error))


def _all(walls: Iterable[Wall]) -> list[Print]:
    return list(dict.fromkeys(one for wall in walls for one in wall))


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(PATIENCE):
            yield
    except TimeoutError as error:
        raise AwayError(f"Stash gave no answer within {PATIENCE:g} s") from error
