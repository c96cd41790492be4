"""What comes in and goes out as JSON. Bodies are checked here and trusted from here on."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    WithJsonSchema,
    model_validator,
)

from plexsync.model.work import Event

#: The largest id that the store holds.
LARGEST_ID = 2**31 - 1

_ID_SCHEMA = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": LARGEST_ID}, {"type": "string"}]}


def scene_id(value: Any) -> int:
    """A scene's id, given as a number or as its digits. ValueError says what is allowed."""
    number = 0
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 10:
        number = int(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    if not 1 <= number <= LARGEST_ID:
        raise ValueError(f"a scene's id is a whole number from 1 to {LARGEST_ID}, as a number or as text")
    return number


def _optional_id(value: Any) -> int | None:
    """As `scene_id`; nothing, "" and 0 are how an event says that it knows no scene."""
    known = isinstance(value, bool | float) or value not in (None, "", "0", 0)
    return scene_id(value) if known else None


SceneId = Annotated[int, BeforeValidator(scene_id), WithJsonSchema(_ID_SCHEMA)]
_SceneIds = Annotated[list[SceneId], Field(fail_fast=True)]
_EventId = Annotated[
    int | None,
    BeforeValidator(_optional_id),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]}),
]
# PostgreSQL cannot hold the character NUL.
_Text = Annotated[str, Field(pattern="^[^\\x00]*$")]


class EventIn(BaseModel):
    """A hint that something may differ. What else it holds is ignored."""

    type: Annotated[_Text, Field(min_length=1, max_length=200, description="For example `Scene.Update.Post`.")]
    id: _EventId = Field(
        default=None, description="The scene, as a number or as text; 0 or nothing where none is known."
    )
    at: FiniteFloat = Field(default=0.0, description="When it was noted, in seconds since the epoch.")
    path: _Text | None = Field(default=None, description="Where the file of a scene that is gone was.")
    oshash: _Text | None = None
    ids: _SceneIds | None = Field(default=None, description="More scenes that the event is about.")

    def events(self) -> list[Event]:
        """The same for the rest of PlexSync: one event for each scene."""
        one = Event(type=self.type, id=self.id, at=self.at, path=self.path, oshash=self.oshash)
        return [one, *(replace(one, id=scene) for scene in dict.fromkeys(self.ids or ()) if scene != self.id)]


class EventsIn(BaseModel):
    """Some events; none at all is a way to try the token."""

    events: Annotated[list[EventIn], Field(fail_fast=True)]


class _Wish(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PlanIn(_Wish):
    """Which scenes to plan: `scenes`, or `all`."""

    scenes: _SceneIds | None = None
    all: bool = False

    @model_validator(mode="after")
    def _one(self) -> PlanIn:
        if (self.scenes is not None) == self.all:
            raise ValueError('give either "scenes": [ids] or "all": true')
        return self


class SyncIn(_Wish):
    """What to sync: one of `scenes`, `all`, `recent` (the last 24 hours) and `library`.

    Of a library it is told how many scenes wait; with `go` they are written.
    """

    scenes: _SceneIds | None = None
    all: bool = False
    recent: bool = False
    library: Annotated[_Text, Field(min_length=1, max_length=1000)] | None = None
    go: bool = False

    @model_validator(mode="after")
    def _one(self) -> SyncIn:
        if [self.scenes is not None, self.all, self.recent, self.library is not None].count(True) != 1:
            raise ValueError('give one of "scenes": [ids], "all": true, "recent": true and "library": "title"')
        if self.go and self.library is None:
            raise ValueError('"go" belongs to "library"')
        return self


class Accepted(BaseModel):
    """Events that are in the store for good."""

    accepted: int


class Asked(BaseModel):
    """What became of a wish: jobs `queued`, a walk `asked` for, or scenes that are `waiting` for a go."""

    queued: int | None = None
    asked: str | None = None
    waiting: int | None = None


class Health(BaseModel):
    """The process lives."""

    status: str


class Readiness(BaseModel):
    """Whether all works; if not, why, without titles, paths and secrets."""

    ready: bool
    troubles: list[str]


class Quiet(BaseModel):
    """Whether nothing is due or under way."""

    quiet: bool


class Stopping(BaseModel):
    """PlexSync was told to stop."""

    stopping: bool


class Fault(BaseModel):
    """Why a request failed, and what to do."""

    error: str
