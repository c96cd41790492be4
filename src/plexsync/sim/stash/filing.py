"""Files moved, handed to another scene or deleted inside Stash, and folders renamed beside it: all in silence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from plexsync.sim.stash.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from plexsync.sim.stash.records import Scene, VideoFile
    from plexsync.sim.stash.store import Store


@dataclass(frozen=True, slots=True)
class Filing:
    """No hook tells of any of it, and no scene's `updated_at` moves."""

    store: Store

    def move(self, ids: Collection[int], folder: str | None, basename: str | None) -> None:
        """Other paths for these files, whose own time moves."""
        if basename is not None and len(ids) > 1:
            raise Refused("only one file may get a new name")
        at = self.store.now()
        moved: dict[int, VideoFile] = {}
        for number in ids:
            _, file = self._of(number)
            path = f"{(folder or file.folder).rstrip('/')}/{basename or file.basename}"
            moved[number] = replace(file, path=path, updated_at=at)
        self._replace(moved)

    def assign(self, number: int, scene_id: int) -> None:
        """A file belongs to another scene from now on. The only file of a scene stays."""
        owner, file = self._of(number)
        target = self.store.scene(scene_id)
        rest = tuple(each for each in owner.files if each.id != number)
        if not rest:
            raise Refused("cannot reassign the only file of a scene")
        if owner.id != scene_id:
            self.store.commit(replace(owner, files=rest), replace(target, files=(*target.files, file)))

    def delete(self, ids: Collection[int]) -> None:
        """Files go. The primary one of a scene stays."""
        scenes: dict[int, Scene] = {}
        for number in ids:
            owner, file = self._of(number)
            if owner.files[0] == file:
                raise Refused(f"cannot delete primary file entry {file.path}")
            kept = scenes.get(owner.id, owner)
            scenes[owner.id] = replace(kept, files=tuple(each for each in kept.files if each.id != number))
        self.store.commit(*scenes.values())

    def rename_folder(self, path: str, to: str) -> int:
        """All files below a folder lie below another one, and not one time moves; how many files."""
        begin = path.rstrip("/") + "/"
        files = [file for scene in self.store.scenes.values() for file in scene.files if file.path.startswith(begin)]
        self._replace({file.id: replace(file, path=f"{to.rstrip('/')}/{file.path[len(begin) :]}") for file in files})
        return len(files)

    def _replace(self, moved: Mapping[int, VideoFile]) -> None:
        scenes = [
            replace(scene, files=tuple(moved.get(file.id, file) for file in scene.files))
            for scene in self.store.scenes.values()
            if any(file.id in moved for file in scene.files)
        ]
        self.store.commit(*scenes)

    def _of(self, number: int) -> tuple[Scene, VideoFile]:
        for scene in self.store.scenes.values():
            for file in scene.files:
                if file.id == number:
                    return scene, file
        raise Refused(f"file with id {number} not found")
