"""All files that Stash knows, and nothing else of their scenes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plexsync.model.scene import SceneFile
from plexsync.stash import documents, windows
from plexsync.stash.answers import Answer

if TYPE_CHECKING:
    from plexsync.stash.client import StashClient

#: Scenes of one page: little is asked of each.
PAGE = 2000


class FileFacts(Answer, frozen=True):
    """One video file."""

    path: str
    size: int | str | None
    duration: float | None


class SceneFiles(Answer, frozen=True):
    """The files of one scene."""

    id: int | str
    files: list[FileFacts]


class FilesPageFacts(Answer, frozen=True):
    scenes: list[SceneFiles]


class FilesPage(Answer, frozen=True):
    """One page of scenes."""

    findScenes: FilesPageFacts  # noqa: N815  # Stash's name


async def all_files(stash: StashClient, page: int = PAGE) -> list[SceneFile]:
    """Every file of every scene, in the order of the scenes' ids."""
    found: list[SceneFile] = []
    last, length = 0, page
    while length == page:
        variables = {"page": windows.page(page), "which": windows.above(last)}
        answer = await stash.query(documents.SCENE_FILES_AFTER, variables, FilesPage)
        scenes = answer.findScenes.scenes
        found += [
            SceneFile(path=file.path, size=int(file.size or 0) or None, duration=file.duration or None)
            for scene in scenes
            for file in scene.files
        ]
        length = len(scenes)
        last = max((int(scene.id) for scene in scenes), default=last)
    return found
