"""What a sync is asked to bring to Plex."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from plexsync.cli.call import Failed


class Unclear(Failed):
    """The call names nothing, or two things at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Exactly one of scenes, all, recent or a library; Unclear otherwise."""

    scenes: tuple[int, ...] = ()
    all_scenes: bool = False
    recent: bool = False
    library: str | None = None
    go: bool = False

    def __post_init__(self) -> None:
        named = sum((bool(self.scenes), self.all_scenes, self.recent, self.library is not None))
        if named != 1:
            raise Unclear("name one of SCENE..., --all, --recent or --library NAME")
        if self.go and self.library is None:
            raise Unclear("--go belongs to --library NAME: it lets the backlog of that library be written")

    def as_json(self) -> dict[str, Any]:
        """The request to the daemon."""
        if self.library is not None:
            return {"library": self.library, "go": self.go}
        if self.scenes:
            return {"scenes": list(self.scenes)}
        return {"all": True} if self.all_scenes else {"recent": True}
