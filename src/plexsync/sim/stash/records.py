"""What the simulated Stash stores: facts, replaced as a whole by each edit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datetime import datetime

Kind = Literal["performer", "tag", "studio", "group"]
KINDS: tuple[Kind, ...] = ("performer", "tag", "studio", "group")


def stamp(moment: datetime) -> str:
    """A time as Stash stores and compares it: RFC 3339 text to the second, with the moment's own offset."""
    text = moment.isoformat(timespec="seconds")
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFile:
    """One file of a scene."""

    id: int
    path: str
    size: int  #: bytes
    duration: float  #: seconds
    oshash: str
    mod_time: str
    created_at: str
    updated_at: str
    width: int = 1920
    height: int = 1080

    @property
    def basename(self) -> str:
        """The last segment of the path."""
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The path without its last segment."""
        return self.path.rpartition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPlace:
    """A scene's place in a group."""

    group_id: int
    scene_index: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StashId:
    """The id of an object at a stash-box."""

    endpoint: str
    stash_id: str
    updated_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One scene; attributes are named as in the interface wherever they are plain values."""

    id: int
    created_at: str
    updated_at: str
    title: str | None = None
    code: str | None = None
    details: str | None = None
    director: str | None = None
    date: str | None = None
    urls: tuple[str, ...] = ()
    rating100: int | None = None
    organized: bool = False
    studio_id: int | None = None
    performer_ids: tuple[int, ...] = ()
    tag_ids: tuple[int, ...] = ()
    group_places: tuple[GroupPlace, ...] = ()
    stash_ids: tuple[StashId, ...] = ()
    files: tuple[VideoFile, ...] = ()  #: the primary file comes first
    cover: int | str | None = None  #: a clip's number, the MD5 of a kept picture, or none
    resume_time: float = 0
    play_duration: float = 0
    play_history: tuple[str, ...] = ()
    o_history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A performer, tag, studio or group. `values` holds what was set, by the interface's names."""

    kind: Kind
    id: int
    name: str
    created_at: str
    updated_at: str
    image: str | None = None  #: the MD5 of a kept picture
    values: dict[str, Any] = field(default_factory=dict)
