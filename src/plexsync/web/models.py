"""What comes in and goes out as JSON. Bodies are checked here and trusted from here on."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

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
from plexsync.sync.recovery import Victims, victims_of
from plexsync.sync.undoing import fields_named

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
    """Which scenes to plan: `scenes`, `all`, or those of a `library`, by title or key."""

    scenes: _SceneIds | None = None
    all: bool = False
    library: Annotated[_Text, Field(min_length=1, max_length=1000)] | None = None

    @model_validator(mode="after")
    def _one(self) -> PlanIn:
        if [self.scenes is not None, self.all, self.library is not None].count(True) != 1:
            raise ValueError('give one of "scenes": [ids], "all": true and "library": "title"')
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


class ReconcileIn(_Wish):
    """What is searched for gaps, and whether they are only reported."""

    scope: Literal["all", "24h", "7d", "empty"] = Field(
        default="all", description="All, what was added or changed lately, or only what is empty in Plex."
    )
    report_only: bool = False


class ClearIn(_Wish):
    """Which waiting jobs to drop: those of one lane, or all."""

    lane: Literal["user", "change", "bulk"] | None = None


class RetryIn(_Wish):
    """Which dead letters to try again: those of `scenes`, or `all`."""

    scenes: _SceneIds | None = None
    all: bool = False

    @model_validator(mode="after")
    def _one(self) -> RetryIn:
        if (self.scenes is not None) == self.all:
            raise ValueError('give either "scenes": [ids] or "all": true')
        return self


class PurgeIn(_Wish):
    """Which dead letters to forget: those older than so many days, or `all`; neither: older than `purge_days`."""

    older_than_days: FiniteFloat | None = Field(default=None, description="0 or more.")
    all: bool = False

    @model_validator(mode="after")
    def _one(self) -> PurgeIn:
        if self.older_than_days is not None and self.all:
            raise ValueError('give either "older_than_days": number or "all": true')
        if self.older_than_days is not None and self.older_than_days < 0:
            raise ValueError(
                f'"older_than_days" is {self.older_than_days:g}: give 0 for every letter, or a number above'
            )
        return self


class RecoverIn(_Wish):
    """Which dead letters to recover: of some error classes, or `all`; neither: what died of an outage.

    `since` leaves out what began to fail before, in seconds since the epoch.
    """

    errors: Annotated[list[_Text], Field(min_length=1)] | None = None
    all: bool = False
    since: FiniteFloat | None = None

    @model_validator(mode="after")
    def _known(self) -> RecoverIn:
        if self.errors is not None and self.all:
            raise ValueError('give either "errors": [classes] or "all": true')
        victims_of(self.errors or (), everything=self.all, since=self.since)
        return self

    def victims(self) -> Victims:
        """The letters that are meant."""
        return victims_of(self.errors or (), everything=self.all, since=self.since)


class ReleaseIn(_Wish):
    """Of another Stash or Plex: whether it is a `new` one, not the one known so far."""

    new: bool = False


class PinIn(_Wish):
    """Which fields of a scene are to be left as they are, or no longer (`pinned` false); without `fields` all."""

    scene: SceneId
    fields: Annotated[list[_Text], Field(min_length=1)] | None = None
    pinned: bool = True

    @model_validator(mode="after")
    def _known(self) -> PinIn:
        fields_named(self.fields or ())
        return self


class UndoIn(_Wish):
    """What to undo: all that was written for a `scene` or in a `library`, or what one `run` wrote."""

    scene: SceneId | None = None
    run: Annotated[_Text, Field(min_length=1, max_length=200)] | None = None
    library: Annotated[_Text, Field(min_length=1, max_length=1000)] | None = None

    @model_validator(mode="after")
    def _one(self) -> UndoIn:
        if [self.scene is not None, self.run is not None, self.library is not None].count(True) != 1:
            raise ValueError('give one of "scene": id, "run": "id" and "library": "title"')
        return self


class UninstallIn(_Wish):
    """Which library to put back as it was, by title or key; without one each."""

    library: Annotated[_Text, Field(min_length=1, max_length=1000)] | None = None


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


class IndexAsked(BaseModel):
    """The Plex servers whose items are listed anew."""

    servers: list[str]


class Cleared(BaseModel):
    """How many waiting jobs were dropped. A full walk finds what still differs."""

    cleared: int


class Hurried(BaseModel):
    """How many jobs had to wait until now; all of them are due."""

    due: int


class RetriedOut(BaseModel):
    """How many dead letters are tried again, and the scenes that have none."""

    retried: int
    unknown: list[int]


class Purged(BaseModel):
    """How many dead letters were forgotten."""

    purged: int


class RecoveredOut(BaseModel):
    """What became of a server's dead letters."""

    server: str
    put: int = Field(description="Are tried again.")
    queued: int = Field(description="Were queued already.")
    gone: int = Field(description="Their scene is gone from Stash, and so are they.")
    left: int = Field(description="Stay: a peer is not well, or Stash cannot tell the scene now.")
    others: int = Field(description="Were not meant.")
    trouble: str = Field(description="What kept the rest from being tried.")


class Recoveries(BaseModel):
    """One entry a server."""

    servers: list[RecoveredOut]


class AskedRun(BaseModel):
    """The run that was asked for; or the one that waits or searches already and grants the same."""

    run: int
    joined: bool


class Released(BaseModel):
    """How many scenes go on."""

    released: int


class Rejected(BaseModel):
    """How many scenes are left as Plex has them."""

    rejected: int


class Noted(BaseModel):
    """How many messages about the store were shown until now."""

    noted: int


class Stopping(BaseModel):
    """PlexSync was told to stop."""

    stopping: bool


class Fault(BaseModel):
    """Why a request failed, and what to do."""

    error: str
