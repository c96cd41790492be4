"""Scenes of Stash, asked for gently: one question at a time, however many ask."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from plexsync.model.errors import ServerDown, SyncError
from plexsync.model.scene import Scene
from plexsync.model.work import Verdict
from plexsync.provider.away import AwayError, away
from plexsync.stash.client import StashClient
from plexsync.stash.lookup import CHUNK, Scenes

T = TypeVar("T")
#: Seconds for which a scene is told again as it was: Plex asks for what it matched right afterwards.
FRESH = 10.0
#: Scenes that are kept, also to be told while Stash is away.
KEPT = 2_000
#: Seconds for which a Stash that is away, or held, is not asked again.
PAUSE = 2.0


@dataclass(frozen=True, slots=True)
class _Kept:
    scene: Scene | None
    at: float


@dataclass(slots=True, kw_only=True)
class Catalogue:
    """`sure` raises a SyncError while Stash may not be believed; `doubt` makes it look anew which Stash it is, and
    `strange` tells whether scenes, None for those that Stash lacks, are not the ones known by their numbers. With
    `last_known` scenes are told while Stash is away.

    Of `many` scenes whose paths end alike, or more, none is told. `turn` is held by each question:
    whoever else asks Stash for Plex shares it, so that work goes on beside.
    """

    stash: StashClient
    sure: Callable[[], Awaitable[None]]
    doubt: Callable[[], None]
    strange: Callable[[Mapping[int, Scene | None]], Awaitable[bool]]
    now: Callable[[], float]
    last_known: bool = False
    many: int = 200
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _kept: OrderedDict[int, _Kept] = field(default_factory=OrderedDict)
    _wanted: dict[int, asyncio.Future[Scene | None]] = field(default_factory=dict)
    _asking: asyncio.Task[None] | None = None
    _telling: asyncio.Task[Any] | None = None
    _away: tuple[float, AwayError] | None = None

    async def scene(self, number: int, *, age: float = FRESH) -> Scene | None:
        """The scene as Stash told it less than `age` seconds ago; None where there is none. AwayError."""
        kept = self._kept.get(number)
        if kept is not None and 0 <= self.now() - kept.at < age:
            return kept.scene
        try:
            return await asyncio.shield(self._wish(number))
        except AwayError:
            if self.last_known and kept is not None:
                return kept.scene
            raise

    async def scenes(self, numbers: Sequence[int], *, age: float = FRESH) -> list[Scene]:
        """Those of the scenes that there are, in this order."""
        found = await asyncio.gather(*(self.scene(number, age=age) for number in numbers))
        return [scene for scene in found if scene is not None]

    async def ending(self, ends: Sequence[Sequence[str]], *, loosely: bool = False) -> list[Scene] | None:
        """Scenes with a file whose path ends in these segments, and perhaps some others; None for more than `many`.

        Only `loosely` are names found that are composed in part.
        """
        if not ends:
            return []
        pages = await self._asked(lambda: self.stash.scenes_ending(ends, self.many, loosely=loosely), _on_pages)
        found = self._keep(list(_on_pages(pages).values()))
        return None if any(len(page) >= self.many for page in pages) else found

    async def searched(self, text: str, limit: int) -> list[Scene]:
        """What Stash finds for a text."""
        return self._keep(await self._asked(lambda: self.stash.scenes_searched(text, limit), _by_number))

    def _wish(self, number: int) -> asyncio.Future[Scene | None]:
        if (waiting := self._wanted.get(number)) is not None:
            return waiting
        wish = self._wanted[number] = asyncio.get_running_loop().create_future()
        # All who asked may have hung up; then nobody hears of it.
        wish.add_done_callback(lambda done: None if done.cancelled() else done.exception())
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_all())
        return wish

    async def _ask_all(self) -> None:
        """Grant the wishes, many with each question, until there are none."""
        try:
            while self._wanted:
                try:
                    self._grant(*await self._asked(self._next, _answered))
                except AwayError as error:
                    self._fail(error)
        finally:
            # Nobody is to wait for what is not asked any more.
            for wish in self._wanted.values():
                wish.cancel()
            self._wanted.clear()

    async def _next(self) -> tuple[list[int], Scenes]:
        """Whoever came while the question before was asked is in it."""
        chunk = list(self._wanted)[:CHUNK]
        return chunk, await self.stash.scenes_each(chunk)

    def _grant(self, chunk: Sequence[int], told: Scenes) -> None:
        for number in chunk:
            wish = self._wanted.pop(number)
            if number in told.failed:
                wish.set_exception(away(told.failed[number]))
                continue
            self._remember(number, told.found.get(number))
            wish.set_result(told.found.get(number))

    def _fail(self, error: AwayError) -> None:
        """Those who came meanwhile would hear the same."""
        for wish in self._wanted.values():
            wish.set_exception(AwayError(error.reason, error.retry_after))
        self._wanted.clear()

    async def _asked(self, ask: Callable[[], Awaitable[T]], scenes: Callable[[T], Mapping[int, Scene | None]]) -> T:
        """One question, in its turn; `scenes` are those of an answer. AwayError where there is none to be believed."""
        await self.turn.acquire()
        # Once asked it is heard out: whoever asks next has to know whether Stash is away.
        telling = self._telling = asyncio.create_task(self._told(ask, scenes))
        telling.add_done_callback(self._heard_out)
        return await asyncio.shield(telling)

    async def _told(self, ask: Callable[[], Awaitable[T]], scenes: Callable[[T], Mapping[int, Scene | None]]) -> T:
        self._insist_on_pause()
        try:
            await self.sure()
            told = await ask()
            if await self.strange(scenes(told)):
                self.doubt()
                await self.sure()
        except SyncError as error:
            raise self._noted(error) from error
        return told

    def _heard_out(self, telling: asyncio.Task[Any]) -> None:
        """The next question may be asked."""
        self.turn.release()
        if not telling.cancelled():
            # Who asked may have hung up; then nobody hears of a failure.
            telling.exception()

    def _noted(self, error: SyncError) -> AwayError:
        told = away(error)
        if isinstance(error, ServerDown):
            # What comes back need not be what went away.
            self.doubt()
        if isinstance(error, ServerDown) or error.verdict is Verdict.HOLD:
            self._away = (self.now(), told)
        return told

    def _insist_on_pause(self) -> None:
        if self._away is not None and 0 <= self.now() - self._away[0] < PAUSE:
            raise AwayError(self._away[1].reason, self._away[1].retry_after)

    def _keep(self, scenes: list[Scene]) -> list[Scene]:
        for scene in scenes:
            self._remember(scene.id, scene)
        return scenes

    def _remember(self, number: int, scene: Scene | None) -> None:
        self._kept[number] = _Kept(scene, self.now())
        self._kept.move_to_end(number)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)


def _by_number(scenes: Sequence[Scene]) -> dict[int, Scene]:
    return {scene.id: scene for scene in scenes}


def _on_pages(pages: Sequence[Sequence[Scene]]) -> dict[int, Scene]:
    return {scene.id: scene for page in pages for scene in page}


def _answered(answer: tuple[Sequence[int], Scenes]) -> dict[int, Scene | None]:
    """Each that was asked for, but for those that Stash could not tell."""
    asked, told = answer
    return {number: told.found.get(number) for number in asked if number not in told.failed}
