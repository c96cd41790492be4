"""A scene as Stash holds it now."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from plexsync.model.paths import file_name

_SAME_SECOND = 2.0
_AS_TEXT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneFile:
    """One video file. `path` is Stash's own view of it; `size` in bytes, `duration` in seconds."""

    path: str
    size: int | None = None
    duration: float | None = None
    oshash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A performer, tag or studio by id."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything of a scene that can reach Plex. Empty texts are ""; `files[0]` is the primary file.

    `date` is `YYYY-MM-DD`, `YYYY-MM`, `YYYY` or "". `rating` is 1 to 100 or None. `updated_at` is Stash's own text.
    `cover` is the path and query of the cover's address on the Stash server, without its host.
    """

    id: int
    title: str = ""
    details: str = ""
    date: str = ""
    rating: int | None = None
    organized: bool = False
    studio: Named | None = None
    performers: tuple[Named, ...] = ()
    tags: tuple[Named, ...] = ()
    files: tuple[SceneFile, ...] = ()
    cover: str = ""
    updated_at: str = ""

    @property
    def primary(self) -> SceneFile | None:
        """The file that Stash plays; None for a scene without files."""
        return self.files[0] if self.files else None

    @property
    def label(self) -> str:
        """How people recognise the scene: its title, else its file name, else its id."""
        if self.title:
            return self.title
        return file_name(self.primary.path) if self.primary else f"scene {self.id}"

    @property
    def surely_touched_before(self) -> float | None:
        """A time (seconds since the epoch) after which no change has the present `updated_at`; None if it is no time.

        Stash counts whole seconds, so a second change within one leaves it as it was.
        """
        try:
            touched = datetime.fromisoformat(self.updated_at)
        except ValueError:
            return None
        return touched.timestamp() + _SAME_SECOND if touched.tzinfo is not None else None

    @property
    def content_hash(self) -> str:
        """A hash of all that can reach Plex; equal exactly when nothing of it changed.

        `updated_at` and the cover's address (whose `t` follows it) stay out: they move on any touch of the scene.
        """
        facts = (
            self.id,
            self.title,
            self.details,
            self.date,
            self.rating,
            [(one.id, one.name) for one in (self.studio,) if one],
            [(one.id, one.name) for one in self.performers],
            [(one.id, one.name) for one in self.tags],
            [(file.path, file.size, file.duration, file.oshash) for file in self.files],
        )
        text = _AS_TEXT.encode(facts)
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
