"""The brake: what bulk work would take away or rename, counted and judged before any of it is written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from plexsync.model.fields import Field
from plexsync.model.plan import Because, Change, Plan
from plexsync.model.rules import WhenGone
from plexsync.model.work import Job, Lane
from plexsync.store import brakes
from plexsync.sync.causes import BULK, FREED, TOOK_OVER
from plexsync.sync.runs import causes_of

#: The reason of a job that the brake let go by itself.
JUDGED = "judged"
#: The reason of one that a person let go.
RELEASED = "released"

#: Decisions: waits to be judged, waits for a person, was turned down by one.
PENDING = "brake?"
HELD = brakes.HELD
REJECTED = brakes.REJECTED
KINDS = (PENDING, HELD, REJECTED)

#: A decision that a library's writes wait for the user's go.
PREVIEW = "preview"

#: The fact of a decision on a scene that came with few others.
FEW = "few"

#: The digest of a decision on a scene that Stash no longer has.
GONE = "gone"


class Drastic(StrEnum):
    """What a person would want to know of before it happens to many scenes."""

    CLEAR = "clear"  #: a field becomes empty, or loses all that we put there
    RESTORE = "restore"  #: what was changed in Plex is overwritten
    UNLINK = "unlink"  #: the scene is gone, or none of its files is an item any more
    RETITLE = "retitle"  #: an item that was in step before gets another title
    PUT_BACK = "put_back"  #: an item gets back what it held before us: Stash lost its scene or its file


#: What the rule for lost scenes and files does.
BY_RULE = {WhenGone.RESTORE: Drastic.PUT_BACK, WhenGone.CLEAR: Drastic.CLEAR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many scenes something drastic would happen to; one that is only retitled counts there alone."""

    taken: int = 0
    retitled: int = 0
    kinds: tuple[tuple[Drastic, int], ...] = ()

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            taken=self.taken + other.taken,
            retitled=self.retitled + other.retitled,
            kinds=tuple((kind, self.count(kind) + other.count(kind)) for kind in Drastic),
        )

    def count(self, kind: Drastic) -> int:
        """How many scenes of one kind."""
        return dict(self.kinds).get(kind, 0)

    @classmethod
    def of(cls, scenes: Iterable[Iterable[Drastic]]) -> Tally:
        """What the kinds of each scene come to."""
        counts = dict.fromkeys(Drastic, 0)
        taken = 0
        for kinds in map(frozenset, scenes):
            taken += bool(kinds - {Drastic.RETITLE})
            for kind in kinds:
                counts[kind] += 1
        return cls(taken=taken, retitled=counts[Drastic.RETITLE], kinds=tuple(counts.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Up to so many scenes, and up to such a share of all linked ones, nobody is asked."""

    taken: int = 50
    taken_share: float = 0.02
    retitled: int = 50
    retitled_share: float = 0.20

    def exceeded(self, tally: Tally, scenes: int, by: Tally | None = None) -> bool:
        """Whether a person has to say so, on a server with so many linked scenes; of a part, where that adds to it."""
        part = tally if by is None else by
        many_taken = tally.taken > max(self.taken, self.taken_share * scenes)
        many_retitled = tally.retitled > max(self.retitled, self.retitled_share * scenes)
        return (many_taken and part.taken > 0) or (many_retitled and part.retitled > 0)


LIMITS = Limits()


#: The reasons of jobs whose scenes are held, by what a person is asked about, and are looked at again.
ASKED = {kind: brakes.asked_about(kind) for kind in Drastic}


#: These say nothing of who wanted a job, where others do.
_PASSING = {FREED, TOOK_OVER}


def is_bulk(job: Job) -> bool:
    """Whether nobody asked for this very scene, nor let it go already; few that a person is asked about are, too."""
    asked = _asked(job)
    causes = set(causes_of(job)) - asked
    return (job.lane is not Lane.USER or bool(asked)) and BULK.issuperset(causes - _PASSING or causes)


def of_few(job: Job) -> bool:
    """Whether it came with few others: such do not wait until a whole walk is counted, though they count with it."""
    return job.lane is Lane.CHANGE and is_bulk(job) and not _asked(job)


def _asked(job: Job) -> set[str]:
    return set(job.reasons).intersection(ASKED.values())


def is_unasked(job: Job) -> bool:
    """The same, of whatever nobody may bring about in bulk: hooks come in thousands, too."""
    return job.lane is not Lane.USER and not {JUDGED, RELEASED} & set(job.reasons)


def drastic(plans: Sequence[Plan], *, known: bool, anew: Collection[int] = ()) -> frozenset[Drastic]:
    """What these plans would do. `known`: the scene was in step on this server before.

    Of items that came `anew` to a path that was written nothing was changed by anybody: they never had our values.
    """
    kinds = ((plan, _kind(change, known=known)) for plan in plans for change in plan.changes)
    harmless = (Drastic.RESTORE, Drastic.RETITLE)
    return frozenset(
        kind for plan, kind in kinds if kind is not None and not (plan.rating_key in anew and kind in harmless)
    )


def _kind(change: Change, *, known: bool) -> Drastic | None:
    if change.because is Because.EMPTIED or (change.after in (None, "", ()) and change.before not in (None, "", ())):
        return Drastic.CLEAR
    if change.because is Because.DRIFTED:
        return Drastic.RESTORE
    if change.field is Field.TITLE and (known or change.because is not Because.NEVER_WRITTEN):
        return Drastic.RETITLE
    return None
