"""What Stash is asked for: a picture by the kind of its owner and the owner's id."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from plexsync.model.scene import Scene
from plexsync.store.pictures import SCENE


class PictureKind(StrEnum):
    """Whose picture it is; the words of Stash's own paths."""

    SCENE = SCENE
    PERFORMER = "performer"
    STUDIO = "studio"
    GROUP = "group"
    TAG = "tag"


#: Seconds by which Stash's clock may differ from ours, and those of one second that it does not tell apart.
_CLOCKS_DIFFER = 60.0
_LAST = {PictureKind.SCENE: "screenshot", PictureKind.GROUP: "frontimage"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A picture of Stash at `address` (path and query), "" where it has none of its own.

    It cannot have changed while `mark` is the same and was looked at later than `settled` (seconds since the epoch):
    whatever changes it moves the mark, but Stash counts whole seconds. None where that cannot be told.
    """

    kind: PictureKind
    id: int
    address: str
    mark: str
    settled: float | None

    @property
    def label(self) -> str:
        """For people who read the log."""
        return f"{self.kind.value} {self.id}"

    def is_settled(self, checked_for: str, checked_at: float) -> bool:
        """Whether that look still tells the picture as it is."""
        return self.settled is not None and checked_for == self.mark and checked_at > self.settled


def cover_of(scene: Scene) -> Source:
    """The cover of a scene."""
    return Source(
        kind=PictureKind.SCENE,
        id=scene.id,
        address=scene.cover,
        mark=scene.updated_at,
        settled=scene.surely_touched_before,
    )


def picture_of(kind: PictureKind, number: int, address: str) -> Source:
    """What a scene names, by the address that Stash gave: its `t` is when its owner was last touched."""
    _, _, touched = address.rpartition("?t=")
    settled = int(touched) + _CLOCKS_DIFFER if touched.isascii() and touched.isdigit() and len(touched) < 12 else None
    return Source(kind=kind, id=number, address=address, mark=address, settled=settled)


def by_id(kind: PictureKind, number: int) -> Source:
    """The same where nobody gave an address."""
    path = f"/{kind.value}/{number}/{_LAST.get(kind, 'image')}"
    return Source(kind=kind, id=number, address=path, mark="", settled=None)
