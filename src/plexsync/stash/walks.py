"""Scenes found by walking over ids, which is the only order in which nothing is skipped or told twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from plexsync.stash import documents, windows
from plexsync.stash.answers import IdsPage, SceneList, ScenesPage, TouchesPage, UnreadPage, decoded
from plexsync.stash.scenes import Told, scene_of
from plexsync.stash.unread import UnreadScene

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from plexsync.model.scene import Scene
    from plexsync.stash.connection import Connection

#: Scenes of one page.
PAGE = 200
#: Scenes of one page when next to nothing is asked of each.
MANY = 5000
#: Scenes of one page when looking for a path: nearly always there is one.
FEW = 20


class Walks:
    """Pages of scenes in ascending order of ids."""

    def __init__(self, connection: Connection, *, tag_parents: bool = False) -> None:
        self._connection = connection
        self._tag_parents = tag_parents

    async def scenes(self, document: str, which: dict[str, Any], last_id: int, limit: int) -> list[Scene]:
        """One page of scenes that `which` lets through and whose id is above `last_id`."""
        variables = {
            "page": windows.page(limit),
            "which": which | windows.above(last_id),
            "tagParents": self._tag_parents,
        }

        def told(answer: ScenesPage) -> list[Scene]:
            met = Told()
            scenes = [scene_of(each, met, tag_parents=self._tag_parents) for each in answer.findScenes.scenes]
            check_ascending([scene.id for scene in scenes], last_id)
            return scenes

        return await self._connection.made(document, variables, ScenesPage, told)

    async def unread(self, last_id: int, limit: int, familiar: Callable[[int], bool]) -> list[UnreadScene]:
        """One page of scenes above `last_id`, of which those are read whose marks are not familiar."""
        variables = {
            "page": windows.page(limit),
            "which": windows.above(last_id),
            "tagParents": self._tag_parents,
        }

        def told(data: msgspec.Raw) -> list[UnreadScene]:
            ids = [int(each.id) for each in decoded(data, IdsPage).findScenes.scenes]
            check_ascending(ids, last_id)
            met = Told()
            page = [
                UnreadScene(id=scene, mark=hash(bytes(raw)), content=raw, told=met, tag_parents=self._tag_parents)
                for scene, raw in zip(ids, decoded(data, UnreadPage).findScenes.scenes, strict=True)
            ]
            for one in page:
                if not familiar(one.mark):
                    one.read()
            return page

        return await self._connection.made(documents.SCENES_AFTER, variables, msgspec.Raw, told)

    async def ids(self, last_id: int, limit: int) -> list[int]:
        """One page of ids above `last_id`."""
        variables = {"page": windows.page(limit), "which": windows.above(last_id)}

        def told(answer: IdsPage) -> list[int]:
            ids = [int(each.id) for each in answer.findScenes.scenes]
            check_ascending(ids, last_id)
            return ids

        return await self._connection.made(documents.SCENE_IDS_AFTER, variables, IdsPage, told)

    async def touched(self, since: float) -> dict[int, str]:
        """`updated_at` by id of the scenes updated at or after `since`."""
        told = await self.touches(windows.touched_since(since), 0)
        return {scene: text for scene, text in told.items() if windows.is_since(text, since)}

    async def touches(self, which: dict[str, Any], last_id: int) -> dict[int, str]:
        """`updated_at` by id of all scenes above `last_id` that `which` lets through."""
        touched: dict[int, str] = {}
        length = MANY
        while length == MANY:
            page = await self._touches(which, last_id)
            touched |= dict(page)
            last_id, length = page[-1][0] if page else last_id, len(page)
        return touched

    async def _touches(self, which: dict[str, Any], last_id: int) -> list[tuple[int, str]]:
        variables = {"page": windows.page(MANY), "which": which | windows.above(last_id)}

        def told(answer: TouchesPage) -> list[tuple[int, str]]:
            page = [(int(each.id), each.updated_at) for each in answer.findScenes.scenes]
            check_ascending([scene for scene, _ in page], last_id)
            return page

        return await self._connection.made(documents.SCENES_TOUCHED, variables, TouchesPage, told)

    async def scene_at(self, path: str) -> Scene | None:
        """The scene of lowest id with a file at exactly `path`."""
        if not path:
            return None
        async for scene in self._pages(documents.SCENES_AT_PATH, windows.at_path(path), FEW):
            if any(file.path == path for file in scene.files):
                return scene
        return None

    async def like(self, paths: Sequence[str], limit: int) -> list[list[Scene]]:
        """For each pattern the scenes with a file whose path is like it, at most `limit` of lowest ids."""
        document = documents.scenes_of_each(len(paths))
        which = {f"which{number}": windows.at_path(path) for number, path in enumerate(paths)}
        variables = {"page": windows.page(limit), "tagParents": self._tag_parents, **which}

        def told(answer: dict[str, SceneList]) -> list[list[Scene]]:
            met = Told()
            if missing := [name for name in map(documents.page_alias, range(len(paths))) if name not in answer]:
                raise ValueError(f"{missing[0]} was asked for and is not answered")
            pages = [answer[documents.page_alias(number)].scenes for number in range(len(paths))]
            return [[scene_of(each, met, tag_parents=self._tag_parents) for each in page] for page in pages]

        return await self._connection.made(document, variables, dict[str, SceneList], told)

    async def searched(self, text: str, limit: int) -> list[Scene]:
        """What Stash finds for the text, in its own order; at most `limit` scenes."""
        page = {"q": text, "page": 1, "per_page": limit, "sort": "title", "direction": "ASC"}
        variables = {"page": page, "tagParents": self._tag_parents}

        def told(answer: ScenesPage) -> list[Scene]:
            met = Told()
            return [scene_of(each, met, tag_parents=self._tag_parents) for each in answer.findScenes.scenes]

        return await self._connection.made(documents.SCENES_SEARCHED, variables, ScenesPage, told)

    async def _pages(self, document: str, which: dict[str, Any], limit: int) -> AsyncIterator[Scene]:
        last_id = 0
        while True:
            page = await self.scenes(document, which, last_id, limit)
            for scene in page:
                yield scene
            if len(page) < limit:
                return
            last_id = page[-1].id


def check_ascending(ids: Sequence[int], last_id: int) -> None:
    """ValueError where ids that follow `last_id` are not told in their order, each once."""
    for before, after in zip([last_id, *ids], ids, strict=False):
        if after <= before:
            raise ValueError(f"scene {after} was told after scene {before}")
