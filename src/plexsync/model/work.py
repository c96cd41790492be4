"""What the queue holds and what it does with an outcome."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any


class Lane(IntEnum):
    """Who waits for the job. A lower number is served first; a job keeps the highest lane it was put with."""

    USER = 0
    CHANGE = 1
    BULK = 2


class Verdict(StrEnum):
    """What the queue does with an outcome."""

    DONE = "done"
    WAIT = "wait"  #: a peer is away: keep the job until that peer's gate lets it through, no attempt counted
    RETRY = "retry"  #: try again after the standard back-off
    RETRY_LONG = "retry_long"  #: not in Plex yet: try again after the long back-off, woken by the index
    HOLD = "hold"  #: a person has to act on a peer (sign in, upgrade): keep the job, no attempt counted
    DEAD = "dead"  #: this request can never work: keep it as a dead letter
    DECISION = "decision"  #: nothing is written, for a reason that is recorded


class Peer(StrEnum):
    """The two kinds of server that PlexSync stands between."""

    STASH = "stash"
    PLEX = "plex"


class PutKind(StrEnum):
    """How sure the one who puts a job is that something changed."""

    CHANGED = "changed"  #: a hook, a moved digest or a user: due now, attempts reset, revives a dead letter
    GAP = "gap"  #: reconciliation: only where nothing is queued, dead or decided for that digest


class EventType(StrEnum):
    """The events that the daemon understands; an unknown one is kept out with a warning, never an error."""

    SCENE_CREATE = "Scene.Create.Post"
    SCENE_UPDATE = "Scene.Update.Post"
    SCENE_DESTROY = "Scene.Destroy.Post"
    PERFORMER_UPDATE = "Performer.Update.Post"
    PERFORMER_DESTROY = "Performer.Destroy.Post"
    TAG_CREATE = "Tag.Create.Post"
    TAG_UPDATE = "Tag.Update.Post"
    TAG_DESTROY = "Tag.Destroy.Post"
    TAG_MERGE = "Tag.Merge.Post"
    STUDIO_UPDATE = "Studio.Update.Post"
    STUDIO_DESTROY = "Studio.Destroy.Post"
    GROUP_UPDATE = "Group.Update.Post"
    GROUP_DESTROY = "Group.Destroy.Post"
    SYNC_ALL = "Task.SyncAll"
    SYNC_RECENT = "Task.SyncRecent"
    QUEUE_STATUS = "Task.QueueStatus"
    PROCESS_QUEUE = "Task.ProcessQueue"
    QUEUE_CLEAR = "Task.QueueClear"
    DEAD_SHOW = "Task.DeadShow"
    DEAD_RETRY = "Task.DeadRetry"
    DEAD_CLEAR = "Task.DeadClear"
    DEAD_PURGE = "Task.DeadPurge"
    RECOVER = "Task.Recover"
    HEALTH = "Task.Health"
    OUTAGES = "Task.Outages"
    DOCTOR = "Task.Doctor"
    REFRESH_INDEX = "Task.RefreshIndex"
    SUGGEST_PATHS = "Task.SuggestPathRules"
    RECONCILE_ALL = "Task.ReconcileAll"
    RECONCILE_DAY = "Task.ReconcileDay"
    RECONCILE_WEEK = "Task.ReconcileWeek"
    RECONCILE_EMPTY = "Task.ReconcileEmpty"
    WALK_NEEDED = "Walk.Needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A hint that something may differ. `at` is when it was noted, in seconds since the epoch."""

    type: str
    id: int | None = None
    at: float = 0.0
    path: str | None = None
    oshash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """A wish to have one scene looked at on one server."""

    server: str
    scene: int
    lane: Lane
    reason: str
    kind: PutKind = PutKind.CHANGED
    digest: str | None = None  #: the digest a gap was seen at; a decision for that digest is not asked again


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A claimed row. Its outcome counts only while `token` and `generation` still match the table."""

    server: str
    scene: int
    lane: Lane
    reasons: tuple[str, ...]
    generation: int
    token: str
    attempts: int
    long_attempts: int = 0
    first_failed_at: float | None = None
    queued_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why an attempt failed, as kept with the job and the dead letter. Secrets are masked before it is made."""

    error: str  #: the class of the error, one of `model.errors`
    message: str
    at: float
    peer: Peer | None = None
    status: int | None = None
    place: str | None = None
    excerpt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A recorded reason for not writing. It is asked again when `digest` or `index_version` moves."""

    kind: str
    reason: str
    digest: str
    index_version: int
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one attempt. `due_at` is set for the two retry verdicts; `failure` for all but done and decision."""

    verdict: Verdict
    due_at: float | None = None
    counts: bool = False  #: this attempt is counted
    failure: Failure | None = None
    decision: Decision | None = None
    context: dict[str, Any] = field(default_factory=dict)  #: kept with a dead letter: title, path, plan
    parked_in: int | None = None  #: the held library that the job waits for
