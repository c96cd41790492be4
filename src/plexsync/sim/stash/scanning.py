"""Files that appear, change or move on the simulated disk, and the scan that notices them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import msgspec

from plexsync.sim.stash.events import Event, scene_destroyed
from plexsync.sim.stash.records import Scene, VideoFile
from plexsync.sim.stash.refusal import Refused
from plexsync.sim.stash.seed import oshash

if TYPE_CHECKING:
    from plexsync.sim.stash.plugins import Plugins
    from plexsync.sim.stash.store import Store


class DiskFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that lies on the disk. `was` names the path that it had before it moved; `scene` attaches it."""

    path: str
    size: int = 10_000_000
    duration: float = 60.0
    title: str | None = None
    was: str | None = None
    scene: int | None = None
    scan: bool = True  #: False: it waits for `metadataScan`


@dataclass(slots=True)
class Scanner:
    """Brings what lies on the disk into the store, with the hooks that a scan runs."""

    store: Store
    plugins: Plugins
    waiting: list[DiskFile] = field(default_factory=list)

    async def scan(self, paths: list[str]) -> None:
        """Take in the waiting files below these paths, or all of them."""
        chosen = [each for each in self.waiting if not paths or any(each.path.startswith(path) for path in paths)]
        for each in chosen:
            self.waiting.remove(each)
            await self.take(each)

    async def take(self, found: DiskFile) -> int:
        """Take in one file and return its scene's id: a new scene, or an old one whose file changed."""
        at = self.store.now()
        owner, known = self._owner(found.was or found.path)
        if owner is not None:
            scene = _changed(owner, known, found, at)
        elif found.scene is not None:
            target = self.store.scene(found.scene)
            scene = replace(target, files=(*target.files, self._file(found, at)), updated_at=at)
        else:
            number = self.store.new_id("scene")
            files = (self._file(found, at),)
            scene = Scene(id=number, title=found.title, created_at=at, updated_at=at, files=files)
        new = scene.id not in self.store.scenes
        self.store.commit(scene)
        await self.plugins.fire([Event(id=scene.id, type=f"Scene.{'Create' if new else 'Update'}.Post")], ())
        return scene.id

    async def vanish(self, path: str) -> list[int]:
        """Clean up after a file, or all files below a path that ends with a slash; return the scenes that are gone.

        A scene that keeps another file stays, changed and without a hook.
        """
        at = self.store.now()
        kept: list[Scene] = []
        gone: list[Scene] = []
        for scene in list(self.store.scenes.values()):
            files = tuple(file for file in scene.files if not _lies(file, path))
            if len(files) < len(scene.files):
                (kept if files else gone).append(replace(scene, files=files or scene.files, updated_at=at))
        self.store.commit(*kept, gone=[("scene", scene.id) for scene in gone])
        await self.plugins.fire([scene_destroyed(scene, "id", {"id": ""}) for scene in gone], ())
        return [scene.id for scene in gone]

    def _owner(self, path: str) -> tuple[Scene, VideoFile] | tuple[None, None]:
        for scene in self.store.scenes.values():
            for file in scene.files:
                if file.path == path:
                    return scene, file
        return None, None

    def _file(self, found: DiskFile, at: str) -> VideoFile:
        if found.was is not None:
            raise Refused(f"file {found.was} not found")
        return VideoFile(
            id=self.store.new_id("file"),
            path=found.path,
            size=found.size,
            duration=found.duration,
            oshash=oshash(found.path, found.size),
            mod_time=at,
            created_at=at,
            updated_at=at,
        )


def _changed(scene: Scene, known: VideoFile | None, found: DiskFile, at: str) -> Scene:
    """The scene with its file changed or moved; the scene's own time stays."""
    files = []
    for file in scene.files:
        if file is not known:
            files.append(file)
        elif found.was:
            files.append(replace(file, path=found.path, updated_at=at))
        else:
            sign = oshash(found.path, found.size)
            fresh = replace(file, size=found.size, duration=found.duration, oshash=sign)
            files.append(replace(fresh, mod_time=at, updated_at=at))
    return replace(scene, files=tuple(files))


def _lies(file: VideoFile, path: str) -> bool:
    return file.path.startswith(path) if path.endswith("/") else file.path == path
