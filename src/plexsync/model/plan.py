"""A plan is a value: what differs, why, and what is left alone for which reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from plexsync.model.compare import same, text_key
from plexsync.model.fields import FIELDS, Field, FieldSpec, Kind, Owner, Value
from plexsync.model.item import Item, Person
from plexsync.model.item_values import value_of
from plexsync.model.rules import Rules

#: After this many writes whose read-back showed the same other value, Plex is taken at its word.
TRIES_UNTIL_REFUSED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The ledger of one field of one item.

    `before` is what Plex held before our first write ever; `intended` what we last set out to write, None for
    nothing. `confirmed` is what Plex held when a write was last read back: this one if `is_confirmed` or there were
    `tries`, which counts the writes of this `intended` whose read-back showed another value; else an earlier one.
    Where a list was to be emptied, `confirmed` holds only the entries that should have gone and did not.
    `in_doubt`: a write was begun lately that was never read back. Whatever Plex holds since is ours.
    """

    before: Value
    intended: Value
    confirmed: Value = None
    is_confirmed: bool = False
    tries: int = 0
    in_doubt: bool = False


class Because(StrEnum):
    """Why a field is written."""

    NEVER_WRITTEN = "never written"
    CHANGED = "changed in Stash"
    DRIFTED = "changed in Plex"
    EMPTIED = "emptied in Stash"


class Left(StrEnum):
    """Why a field that differs is left alone."""

    FILLED = "Plex already holds a value"
    FOREIGN = "Plex held this before us"
    EDITED = "it was edited in Plex"
    EMPTY = "empty in Stash, Plex keeps its own"
    REFUSED = "Plex will not take this"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field to write. `before` is what Plex holds now, `after` what it will hold."""

    field: Field
    before: Value
    after: Value
    because: Because

    @property
    def intended(self) -> Value:
        """What the ledger is to keep as ours: of a list that is emptied, the entries that stay are not."""
        return None if self.because is Because.EMPTIED else self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One field that differs and is left alone."""

    field: Field
    now: Value
    wanted: Value
    reason: Left


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole difference between a scene and one item; applying nothing else brings them in step.

    `arrived` are the values of writes in doubt that Plex turned out to hold, in its own form.
    """

    scene: int
    rating_key: int
    section: int
    path: str  #: Plex's path of the linked file
    changes: tuple[Change, ...] = ()
    kept: tuple[Kept, ...] = ()
    arrived: tuple[tuple[Field, Value], ...] = ()


def make_plan(
    *, scene: int, item: Item, path: str, wanted: Mapping[Field, Value], rules: Rules, ledger: Mapping[Field, Written]
) -> Plan:
    """Compare field by field. A field that `wanted` does not name is not looked at."""
    changes: list[Change] = []
    kept: list[Kept] = []
    arrived: list[tuple[Field, Value]] = []
    for name, value in wanted.items():
        if rules.owner(name) is Owner.PLEX:
            continue
        written = ledger.get(name)
        found = _found(item, name, written)
        match _decide(FIELDS[name], rules, value, found, written):
            case Change() as change:
                changes.append(change)
            case Kept() as left:
                kept.append(left)
            case None if written is not None and written.in_doubt and _arrived(name, value, written):
                arrived.append((name, found))
    return Plan(
        scene=scene,
        rating_key=item.rating_key,
        section=item.section,
        path=path,
        changes=tuple(changes),
        kept=tuple(kept),
        arrived=tuple(arrived),
    )


def _arrived(name: Field, wanted: Value, written: Written) -> bool:
    """Whether what is wanted, and is there, is what was last written."""
    return same(FIELDS[name], wanted, written.intended) == "equal"


def _found(item: Item, name: Field, written: Written | None) -> Value:
    """What Plex holds. A picture's bytes cannot be told from the item, so our own record of them counts."""
    if FIELDS[name].kind is not Kind.PICTURE:
        return value_of(item, name)
    return written.confirmed if written is not None and written.is_confirmed else None


def _decide(
    spec: FieldSpec, rules: Rules, wanted: Value, found: Value, written: Written | None
) -> Change | Kept | None:
    if _is_empty(wanted):
        return _emptied(spec, found, written, clears_foreign=rules.clears_foreign(spec.field))
    if _counts_as_equal(spec, wanted, found, written):
        return None
    if _refused(spec, wanted, found, written):
        return Kept(field=spec.field, now=found, wanted=wanted, reason=Left.REFUSED)
    if rules.owner(spec.field) is Owner.FILL and found is not None and not _ours(spec, found, written):
        return Kept(field=spec.field, now=found, wanted=wanted, reason=Left.FILLED)
    after = _with_roles(wanted, found)
    return Change(field=spec.field, before=found, after=after, because=_because(spec, wanted, written))


def _counts_as_equal(spec: FieldSpec, wanted: Value, found: Value, written: Written | None) -> bool:
    """Equal, or in the form that Plex gave our own value when it was read back."""
    sameness = same(spec, wanted, found)
    if sameness == "equal" or (sameness == "form" and spec.kind in (Kind.TAGS, Kind.PEOPLE)):
        return True
    if written is None or same(spec, wanted, written.intended) != "equal":
        return False
    if written.in_doubt and sameness == "form":
        return True
    return written.is_confirmed and same(spec, found, written.confirmed) == "equal"


def _refused(spec: FieldSpec, wanted: Value, found: Value, written: Written | None) -> bool:
    if written is None or written.tries < TRIES_UNTIL_REFUSED:
        return False
    if same(spec, wanted, written.intended) != "equal":
        return False
    if wanted is None and isinstance(found, tuple):
        return not _is_empty(written.confirmed) and entry_keys(written.confirmed) <= entry_keys(found)
    return same(spec, found, written.confirmed) != "other"


def _ours(spec: FieldSpec, found: Value, written: Written | None) -> bool:
    """Whether Plex holds what we wrote last, or what we held confirmed before a write that never came to its end."""
    if written is None:
        return False
    if written.in_doubt:
        return True
    if _still_ours(written) and same(spec, written.confirmed, found) == "equal":
        return True
    sameness = same(spec, written.intended, found)
    # A number near ours may be a person's own choice.
    return sameness == "equal" or (sameness == "form" and spec.kind is not Kind.NUMBER)


def _still_ours(written: Written) -> bool:
    """Whether the value last read back is ours: not where Plex kept its own against what we wrote."""
    return written.is_confirmed or written.tries == 0 or _is_empty(written.intended)


def _is_empty(value: Value) -> bool:
    return value is None or value in ("", ())


def _because(spec: FieldSpec, wanted: Value, written: Written | None) -> Because:
    if written is None:
        return Because.NEVER_WRITTEN
    meant_before = written.is_confirmed and not written.in_doubt and same(spec, wanted, written.intended) == "equal"
    return Because.DRIFTED if meant_before else Because.CHANGED


def _with_roles(wanted: Value, found: Value) -> Value:
    """A cast list with a role text for every name: Plex drops the text of a name that is sent without one."""
    if not isinstance(wanted, tuple) or not wanted or not isinstance(wanted[0], Person):
        return wanted
    held = {text_key(p.name): p.role or "" for p in _people(found)}
    return tuple(
        p if p.role is not None else Person(name=p.name, role=held.get(text_key(p.name), "")) for p in _people(wanted)
    )


def _people(value: Value) -> tuple[Person, ...]:
    return tuple(entry for entry in value if isinstance(entry, Person)) if isinstance(value, tuple) else ()


def _emptied(spec: FieldSpec, found: Value, written: Written | None, *, clears_foreign: bool) -> Change | Kept | None:
    """Clear only what the ledger says we wrote, unless the user asked for more."""
    if _is_empty(found):
        return None
    if spec.keep_when_empty:
        return Kept(field=spec.field, now=found, wanted=None, reason=Left.EMPTY) if written is None else None
    if _refused(spec, None, found, written):
        return Kept(field=spec.field, now=found, wanted=None, reason=Left.REFUSED)
    rest = None if clears_foreign else _without_ours(spec, found, written)
    if rest != found:
        return Change(field=spec.field, before=found, after=rest, because=Because.EMPTIED)
    return Kept(field=spec.field, now=found, wanted=None, reason=_why_left(found, written))


def _without_ours(spec: FieldSpec, found: Value, written: Written | None) -> Value:
    """What stays: nothing of our own value; of a list the entries that others added or that were there before us."""
    if not isinstance(found, tuple):
        return None if _ours(spec, found, written) else found
    if written is None:
        return found
    added = _added(written)
    return without(found, added)


def without(entries: tuple[str, ...] | tuple[Person, ...], keys: set[str]) -> Value:
    """A list without the entries of these names; None for one that is empty then."""
    if people := _people(entries):
        return tuple(person for person in people if text_key(person.name) not in keys) or None
    names = (name for name in entries if isinstance(name, str))
    return tuple(name for name in names if text_key(name) not in keys) or None


def _added(written: Written) -> set[str]:
    """The entries that we added, also where a write that takes them off never came to its end."""
    unfinished = not written.is_confirmed and (written.tries == 0 or _is_empty(written.intended))
    ours = entry_keys(written.intended) | (entry_keys(written.confirmed) if unfinished else set())
    return ours - entry_keys(written.before)


def _why_left(found: Value, written: Written | None) -> Left:
    if written is None or found == written.before:
        return Left.FOREIGN
    entries = entry_keys(found)
    return Left.FOREIGN if entries and entries <= entry_keys(written.before) else Left.EDITED


def entry_keys(value: Value) -> set[str]:
    """The names in a list, told apart as Plex tells them apart."""
    if not isinstance(value, tuple):
        return set()
    return {text_key(entry.name if isinstance(entry, Person) else entry) for entry in value}
