"""What puts an item back as it was before us, or before one run of ours. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from plexsync.model.compare import same
from plexsync.model.fields import FIELDS, Field, FieldSpec, Kind, Value
from plexsync.model.item import Item
from plexsync.model.item_values import value_of
from plexsync.model.plan import Because, Change, Written, added, entry_keys, is_empty, is_ours, only, without
from plexsync.model.plan.entries import joined


class Stays(StrEnum):
    """Why a field is not put back."""

    UNKNOWN = "what Plex held before PlexSync is not known"
    THEIRS = "somebody chose another value in Plex since"
    NO_PICTURE = "no picture was chosen before"
    PINNED = "pinned"
    OFF = "it is switched off, or left to Plex"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the ledger knows of a field: `before` our first write, whether that is sure, and its lock then."""

    written: Written
    before_known: bool = True
    before_locked: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChange:
    """What one run did to a field: from its first `before` to its last `after`."""

    before: Value
    after: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """One field to put back. `lock` None leaves its lock as it is, or (in an answer) to what is known of it.

    `is_first`: it is as it was before our first write then, and nothing of it is ours; else `ours` is.
    """

    change: Change
    lock: bool | None = None
    is_first: bool = True
    ours: Value = None

    @property
    def field(self) -> Field:
        """The field that is put back."""
        return self.change.field

    def held_by(self, item: Item) -> bool:
        """Whether Plex took it, if perhaps in a form of its own. Of a picture the item does not tell."""
        spec = FIELDS[self.field]
        if spec.kind is Kind.PICTURE:
            return True
        locked = spec.plex in item.locks
        if spec.lockable and self.lock is not None and locked is not self.lock:
            return False
        found = value_of(item, self.field)
        if spec.shared:
            return not (entry_keys(self.change.before) - entry_keys(self.change.after)) & entry_keys(found)
        return same(spec, self.change.after, found) != "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """Everything that is to be put back of one item; `settled` are fields that already are as they were."""

    restored: tuple[Restored, ...] = ()
    settled: tuple[Restored, ...] = ()
    left: tuple[tuple[Field, Stays], ...] = ()

    @property
    def fields(self) -> list[Field]:
        """All that is as it was once this was carried out."""
        return [one.field for one in (*self.restored, *self.settled)]


def restoration(
    item: Item,
    ledger: Mapping[Field, Known],
    shown: Mapping[Field, Value],
    run: Mapping[Field, RunChange] | None = None,
) -> Restoration:
    """Compare the item with what it held before us, or (`run`) before one run, which goes only where its value stands.

    `shown` are the pictures that the item shows: one of ours by its sha1, any other by Plex's key.
    """
    if run is None:
        return assembled(item, ledger, shown, _before_us)
    meant = {name: known for name, known in ledger.items() if name in run}
    return assembled(item, meant, shown, lambda name, found, known: _before_run(name, found, known, run[name]))


def kept_from_refreshes(plan: Restoration, item: Item) -> Restoration:
    """The same where a refresh of Plex would take our provider's values: all that is put back and pinned is locked."""
    every = [(_locked(one), one in plan.restored) for one in (*plan.restored, *plan.settled)]
    restored = [one for one, is_due in every if is_due or not _stands(one, item)]
    settled = [one for one, _ in every if one not in restored]
    return replace(plan, restored=tuple(restored), settled=tuple(settled))


def _locked(one: Restored) -> Restored:
    refreshed = FIELDS[one.field].lockable and one.field is not Field.LABELS
    return replace(one, lock=True) if refreshed else one


def assembled(
    item: Item,
    ledger: Mapping[Field, Known],
    shown: Mapping[Field, Value],
    answer_of: Callable[[Field, Value, Known], Restored | Stays],
) -> Restoration:
    """What `answer_of` says of each field and of what Plex holds there, put together."""
    restored: list[Restored] = []
    settled: list[Restored] = []
    left: list[tuple[Field, Stays]] = []
    for name, known in ledger.items():
        found = shown.get(name) if FIELDS[name].kind is Kind.PICTURE else value_of(item, name)
        answer = answer_of(name, found, known)
        if isinstance(answer, Stays):
            left.append((name, answer))
        else:
            one = replace(answer, lock=_lock(answer, known)) if answer.lock is None else answer
            (settled if _stands(one, item) else restored).append(one)
    return Restoration(restored=tuple(restored), settled=tuple(settled), left=tuple(left))


def _before_us(name: Field, found: Value, known: Known) -> Restored | Stays:
    # A rating is its user's own, and so is one that was given after ours.
    theirs = name is Field.RATING and not is_ours(FIELDS[name], found, known.written) and not is_empty(found)
    return as_before(name, found, known, theirs=theirs)


def as_before(name: Field, found: Value, known: Known, *, theirs: bool) -> Restored | Stays:
    """What Plex held before our first write; of a list without our entries. A plain value that is `theirs` stays."""
    spec, written = FIELDS[name], known.written
    if spec.shared:
        rest = without(found, added(spec, written) - entry_keys(written.given))
        return put_back(name, found, joined(rest, without(written.given, entry_keys(found))))
    if not known.before_known:
        return Stays.UNKNOWN
    if spec.kind is Kind.PICTURE:
        return _picture(name, found, written.before, {written.intended, written.confirmed})
    return Stays.THEIRS if theirs else put_back(name, found, written.before)


def _before_run(name: Field, found: Value, known: Known, run: RunChange) -> Restored | Stays:
    spec = FIELDS[name]
    if spec.shared:
        put, taken = _difference(run.after, run.before), _difference(run.before, run.after)
        back = only(run.before, entry_keys(taken) - entry_keys(found))
        rest = joined(without(found, entry_keys(put) & added(spec, known.written)), back)
        ours = joined(without(known.written.intended, entry_keys(put)), taken)
        return Restored(change=change_to(name, found, rest), is_first=False, ours=ours)
    if spec.kind is Kind.PICTURE:
        answer = _picture(name, found, run.before, {run.after})
    elif same(spec, run.after, found) == "other":
        answer = Stays.THEIRS
    else:
        answer = put_back(name, found, run.before)
    if isinstance(answer, Stays):
        return answer
    first = known.before_known and same(spec, run.before, known.written.before) == "equal"
    return answer if first else replace(answer, is_first=False, ours=run.before)


def _picture(name: Field, found: Value, before: Value, ours: set[Value]) -> Restored | Stays:
    if is_empty(before):
        return Stays.NO_PICTURE if found in ours else Stays.THEIRS
    if found != before and found not in ours:
        return Stays.THEIRS
    return put_back(name, found, before)


def put_back(name: Field, found: Value, before: Value) -> Restored:
    return Restored(change=change_to(name, found, before))


def change_to(name: Field, found: Value, after: Value) -> Change:
    return Change(field=name, before=found, after=None if is_empty(after) else after, because=Because.UNDONE)


def _difference(one: Value, other: Value) -> Value:
    return without(one, entry_keys(other))


def _lock(answer: Restored, known: Known) -> bool | None:
    """The lock that the field had; as it is where that is not known, or where others' values stand there now."""
    spec = FIELDS[answer.field]
    if not spec.lockable or not answer.is_first:
        return None
    if spec.shared and entry_keys(answer.change.after) != entry_keys(known.written.before):
        return None
    return known.before_locked


def _stands(one: Restored, item: Item) -> bool:
    spec: FieldSpec = FIELDS[one.field]
    locked = spec.plex in item.locks
    if one.lock is not None and one.lock is not locked:
        return False
    return same(spec, one.change.after, one.change.before) == "equal"
