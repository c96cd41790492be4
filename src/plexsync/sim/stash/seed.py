"""The library that a new server starts with: the films of `plexsync.sim.library` as scenes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b

from plexsync.sim.library import Clip, clips
from plexsync.sim.stash.records import Entity, GroupPlace, Kind, Scene, VideoFile, stamp

SERIES = "Caminandes"


@dataclass(slots=True)
class Seed:
    """Scenes, and the performers, tags, studios and groups that they name, numbered as they come."""

    prefix: str
    count: int
    started: datetime  #: the newest scene is a day older than this
    scenes: dict[int, Scene] = field(default_factory=dict)
    entities: dict[Kind, dict[str, Entity]] = field(
        default_factory=lambda: {"performer": {}, "tag": {}, "studio": {}, "group": {}}
    )

    def grow(self) -> None:
        """Make everything; the same for the same three values."""
        for made in clips(self.count):
            self.scenes[made.number] = self._scene(made)

    def _scene(self, clip: Clip) -> Scene:
        at = stamp(self.started - timedelta(days=1, minutes=self.count - clip.number))
        return Scene(
            id=clip.number,
            created_at=at,
            updated_at=at,
            title=clip.title,
            code=f"PS-{clip.number:05d}",
            details=clip.details,
            director=clip.director,
            date=clip.date,
            urls=(f"https://films.example/{clip.number}",),
            rating100=20 + clip.number * 7 % 81,
            organized=clip.number % 2 == 0,
            studio_id=self._entity("studio", clip.studio, at),
            performer_ids=tuple(self._entity("performer", name, at) for name in clip.performers),
            tag_ids=tuple(self._entity("tag", name, at) for name in clip.tags),
            group_places=self._groups(clip, at),
            files=(_file(clip, self.prefix, at),),
            cover=clip.number,
        )

    def _groups(self, clip: Clip, at: str) -> tuple[GroupPlace, ...]:
        if not clip.title.startswith(SERIES) or "take" in clip.title:
            return ()
        return (GroupPlace(group_id=self._entity("group", SERIES, at), scene_index=clip.number),)

    def _entity(self, kind: Kind, name: str, at: str) -> int:
        known = self.entities[kind]
        if name not in known:
            known[name] = Entity(kind=kind, id=len(known) + 1, name=name, created_at=at, updated_at=at)
        return known[name].id


def oshash(path: str, size: int) -> str:
    """A stand-in for the hash of a file's content: 16 hexadecimal digits, the same for the same file."""
    return blake2b(f"{path}\n{size}".encode(), digest_size=8).hexdigest()


def _file(clip: Clip, prefix: str, at: str) -> VideoFile:
    return VideoFile(
        id=clip.number,
        path=f"{prefix}/{clip.path}",
        size=clip.size,
        duration=clip.duration,
        oshash=oshash(clip.path, clip.size),
        mod_time=at,
        created_at=at,
        updated_at=at,
    )
