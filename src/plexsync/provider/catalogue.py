"""Scenes of Stash, asked for gently: one question at a time, however many ask."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

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
    """`sure` raises a SyncError while Stash may not be believed. With `last_known` scenes are told while it is away.

    Of more than `many` scenes whose paths hold one name the others are not told. `turn` is held by each question:
    whoever else asks Stash for Plex shares it, so that work goes on beside.
    """

    stash: StashClient
    sure: Callable[[], Awaitable[None]]
    now: Callable[[], float]
    last_known: bool = False
    many: int = 200
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _kept: OrderedDict[int, _Kept] = field(default_factory=OrderedDict)
    _wanted: dict[int, asyncio.Future[Scene | None]] = field(default_factory=dict)
    _asking: asyncio.Task[None] | None = None
    _away: tuple[float, AwayError] | None = None

    async def scene(self, number: int) -> Scene | None:
        """The scene as Stash told it at most `FRESH` seconds ago; None where there is none. AwayError."""
        kept = self._kept.get(number)
        if kept is not None and 0 <= self.now() - kept.at < FRESH:
            return kept.scene
        try:
            return await asyncio.shield(self._wish(number))
        except AwayError:
            if self.last_known and kept is not None:
                return kept.scene
            raise

    async def scenes(self, numbers: Sequence[int]) -> list[Scene]:
        """Those of the scenes that there are, in this order."""
        found = await asyncio.gather(*(self.scene(number) for number in numbers))
        return [scene for scene in found if scene is not None]

    async def named(self, name: str) -> list[Scene]:
        """Scenes with a file of this name, and perhaps some whose paths only hold it."""
        return self._keep(await self._asked(lambda: self.stash.scenes_named(name, self.many)))

    async def at(self, path: str) -> Scene | None:
        """The scene with a file at exactly this path; None where there is none."""
        found = await self._asked(lambda: self.stash.scene_at(path))
        return self._keep([found])[0] if found is not None else None

    async def searched(self, text: str, limit: int) -> list[Scene]:
        """What Stash finds for a text."""
        return self._keep(await self._asked(lambda: self.stash.scenes_searched(text, limit)))

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
                    self._grant(*await self._asked(self._next))
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

    async def _asked(self, ask: Callable[[], Awaitable[T]]) -> T:
        """One question, in its turn. AwayError where there is no answer to be believed."""
        async with self.turn:
            self._insist_on_pause()
            try:
                await self.sure()
                return await ask()
            except SyncError as error:
                told = away(error)
                if isinstance(error, ServerDown) or error.verdict is Verdict.HOLD:
                    self._away = (self.now(), told)
                raise told from error

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
