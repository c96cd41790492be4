"""What a plan says of each field: written, or left alone, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from plexsync.model.fields import FIELDS, Field, Value
from plexsync.model.portraits import Portrait


class Because(StrEnum):
    """Why a field is written."""

    NEVER_WRITTEN = "never written"
    CHANGED = "changed in Stash"
    DRIFTED = "changed in Plex"
    EMPTIED = "emptied in Stash"
    UNDONE = "undo"
    GONE = "gone from Stash"


class Left(StrEnum):
    """Why a field that differs is left alone."""

    FILLED = "Plex already holds a value"
    FOREIGN = "Plex held this before us"
    EDITED = "it was edited in Plex"
    EMPTY = "empty in Stash, Plex keeps its own"
    REFUSED = "Plex will not take this"
    PINNED = "pinned"
    CATALOGUED = "the item is matched to Plex's own catalogue, see `rate_plex_items`"


class Done(StrEnum):
    """What became of a value of ours that Plex no longer holds."""

    RESTORED = "restored"
    KEPT = "kept"
    PINNED = "kept and pinned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field to write. `before` is what Plex holds now, `after` what it will hold.

    `ours` are the entries of a shared list that we added, or add now.
    """

    field: Field
    before: Value
    after: Value
    because: Because
    ours: Value = None

    @property
    def intended(self) -> Value:
        """What the ledger is to keep as ours: of a list that is emptied, the entries that stay are not."""
        if FIELDS[self.field].shared:
            return self.ours
        return None if self.because is Because.EMPTIED else self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One field that differs and is left alone."""

    field: Field
    now: Value
    wanted: Value
    reason: Left


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A value of ours that Plex no longer holds although we did not take it away: `ours`, and what is there `now`.

    `edited` by a person, else by Plex itself, which may give a field that is not locked another value.
    """

    field: Field
    ours: Value
    now: Value
    done: Done
    edited: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A field whose value, or entries of it (`value`), Plex took from our provider, and what counts as ours by that.

    `before` is all that Plex holds; `intended` and `confirmed` are as the ledger keeps them of a write.
    """

    field: Field
    before: Value
    value: Value
    intended: Value
    confirmed: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole difference between a scene and one item; applying nothing else brings them in step.

    `arrived` are the values of writes in doubt that Plex turned out to hold, in its own form. `disowned` are shared
    lists of which entries of ours are neither wanted nor in Plex any more, each with what is left of ours. `given` are
    the fields of which the ledger has to learn, before anything is written, that Plex has them from our provider.
    `locked` are the pinned fields that Plex would take from it at the next refresh: they are locked as they are.
    """

    scene: int
    rating_key: int
    section: int
    path: str  #: Plex's path of the linked file
    changes: tuple[Change, ...] = ()
    kept: tuple[Kept, ...] = ()
    arrived: tuple[tuple[Field, Value], ...] = ()
    disowned: tuple[tuple[Field, Value], ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    given: tuple[Given, ...] = ()
    locked: tuple[Field, ...] = ()
    portraits: tuple[Portrait, ...] = ()  #: pictures of people that go along with the fields

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not self.changes and not self.portraits and not self.locked

    @property
    def to_pin(self) -> frozenset[Field]:
        """The fields that a person edited in Plex and that the user wants kept so from now on."""
        pinned = {kept.field for kept in self.kept if kept.reason is Left.PINNED}
        edited = {one.field for one in self.conflicts if one.edited and one.done is Done.PINNED}
        return frozenset(edited - pinned)
