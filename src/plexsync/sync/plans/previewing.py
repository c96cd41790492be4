"""Plans of many scenes, made page by page as they are asked for, so that their number costs no memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from plexsync.model.errors import StashTemporaryError
from plexsync.model.scene import Scene
from plexsync.stash.client import StashClient
from plexsync.stash.walks import PAGE
from plexsync.sync.plans.planning import AT_ONCE, Planned, Scope, plan_ids, plan_scenes
from plexsync.sync.story.tools import Tools


@dataclass(frozen=True, slots=True, kw_only=True)
class Previews:
    """`targets` are the servers to plan for, each with what of it."""

    stash: StashClient
    targets: Sequence[tuple[Tools, Scope]]

    async def of(self, scenes: Sequence[int]) -> AsyncIterator[Planned]:
        """These scenes, whether Stash has them or not."""
        for start in range(0, len(scenes), AT_ONCE):
            some = scenes[start : start + AT_ONCE]
            for tools, scope in self.targets:
                for planned in await plan_ids(some, self.stash, tools, scope):
                    yield planned

    async def all(self) -> AsyncIterator[Planned]:
        """Every scene that Stash has, in order of id, read as a walk does."""
        async for page in self.pages():
            for tools, scope in self.targets:
                for planned in await plan_scenes(page, tools, scope):
                    yield planned

    async def pages(self) -> AsyncIterator[Sequence[Scene]]:
        """All scenes of Stash, page by page. One that Stash cannot tell does not keep the others from being told."""
        last = 0
        while True:
            try:
                page: Sequence[Scene] = await self.stash.scenes_after(last, PAGE)
                ids = [scene.id for scene in page]
            except StashTemporaryError:
                ids = await self.stash.ids_after(last, PAGE)
                each = await self.stash.scenes_each(ids)
                page = [each.found[number] for number in ids if number in each.found]
            if page:
                yield page
            if len(ids) < PAGE:
                return
            last = ids[-1]
