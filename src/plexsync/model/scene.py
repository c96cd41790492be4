"""A scene as Stash holds it now."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
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
    """A performer, tag, studio or group by id."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag(Named):
    """`ancestors` are the tags above it, nearest first; none where nobody asked for them."""

    ancestors: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictured(Named):
    """`picture` is the path and query of its picture on the Stash server, "" where it has none of its own."""

    picture: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio(Pictured):
    """`parents` are the studios above it, nearest first."""

    parents: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Performer(Pictured):
    """`gender` is Stash's own word for it (FEMALE, TRANSGENDER_MALE ...), "" where it is not told."""

    disambiguation: str = ""
    aliases: tuple[str, ...] = ()
    gender: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Pictured):
    """A group that the scene belongs to, and its number there if it has one."""

    index: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StashId:
    """What the scene is called at a stash-box."""

    endpoint: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything of a scene that can reach Plex. Empty texts are ""; `files[0]` is the primary file.

    `date` is `YYYY-MM-DD`, `YYYY-MM`, `YYYY` or "". `rating` is 1 to 100 or None. `updated_at` is Stash's own text.
    `cover` is the path and query of the cover's address on the Stash server, without its host.
    """

    id: int
    title: str = ""
    code: str = ""
    details: str = ""
    director: str = ""
    date: str = ""
    rating: int | None = None
    organized: bool = False
    urls: tuple[str, ...] = ()
    stash_ids: tuple[StashId, ...] = ()
    studio: Studio | None = None
    performers: tuple[Performer, ...] = ()
    tags: tuple[Tag, ...] = ()
    groups: tuple[Group, ...] = ()
    files: tuple[SceneFile, ...] = ()
    cover: str = ""
    updated_at: str = ""
    _hash: str = field(init=False, default="", compare=False, repr=False)  #: once it was asked for

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

        `updated_at` and the addresses of pictures (whose `t` follows it) stay out: they move on any touch. So do the
        tags above a tag, which are told only where a rule asks for them: a new rule is no change of the scene.
        """
        if not self._hash:
            object.__setattr__(self, "_hash", self._hashed())
        return self._hash

    def _hashed(self) -> str:
        facts = (
            (self.id, self.title, self.code, self.details, self.director, self.date, self.rating, self.organized),
            self.urls,
            [(one.endpoint, one.id) for one in self.stash_ids],
            [(one.id, one.name, _ids(one.parents)) for one in (self.studio,) if one],
            [(one.id, one.name, one.disambiguation, one.aliases, one.gender) for one in self.performers],
            [(one.id, one.name) for one in self.tags],
            [(one.id, one.name, one.index) for one in self.groups],
            [(file.path, file.size, file.duration, file.oshash) for file in self.files],
        )
        text = _AS_TEXT.encode(facts)
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _ids(named: tuple[Named, ...]) -> list[tuple[int, str]]:
    return [(one.id, one.name) for one in named]
