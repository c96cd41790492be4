"""Scenes in Stash's own bytes: what was met before in these very bytes need not be read again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from plexsync.stash.answers import SceneAnswer, decoded
from plexsync.stash.scenes import Told, scene_of

if TYPE_CHECKING:
    import msgspec

    from plexsync.model.scene import Scene


@dataclass(slots=True, kw_only=True)
class UnreadScene:
    """A scene of a page. `mark` is equal for equal bytes; two that differ share one in 2^64 cases."""

    id: int
    mark: int
    content: msgspec.Raw
    told: Told  #: of the whole page
    tag_parents: bool
    _scene: Scene | None = None

    def read(self) -> Scene:
        """The scene. ValueError where the bytes are none, which those that were read once are not."""
        if self._scene is None:
            answer = decoded(self.content, SceneAnswer)
            self._scene = scene_of(answer, self.told, tag_parents=self.tag_parents)
        return self._scene
