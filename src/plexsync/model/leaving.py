"""What becomes of an item whose scene, or whose file, Stash has no more. Pure.

Nobody asked for it by name, so a value that is not ours any more stays, also where an undo would overwrite it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from plexsync.model.compare import same
from plexsync.model.fields import FIELDS, Field, FieldSpec, Value
from plexsync.model.item import Item
from plexsync.model.plan import Because, Written, added, is_empty, is_ours, without
from plexsync.model.restoring import (
    Known,
    Restoration,
    Restored,
    Stays,
    as_before,
    assembled,
    change_to,
    put_back,
)
from plexsync.model.rules import WhenGone


def leaving(
    item: Item,
    ledger: Mapping[Field, Known],
    shown: Mapping[Field, Value],
    how: WhenGone,
    stays: Mapping[Field, Stays] | None = None,
) -> Restoration:
    """What the rule does to the item. `stays` are fields that are left alone, and why; `shown` as in `restoration`."""
    if how is WhenGone.LEAVE:
        return Restoration()
    answer_of = _as_before if how is WhenGone.RESTORE else _emptied
    held = stays or {}
    due = {name: known for name, known in ledger.items() if name not in held}
    found = assembled(item, due, shown, answer_of)
    left = [(name, why) for name, why in held.items() if name in ledger]
    return Restoration(
        restored=tuple(map(_because_gone, found.restored)),
        settled=tuple(map(_because_gone, found.settled)),
        left=(*found.left, *left),
    )


def _because_gone(one: Restored) -> Restored:
    return replace(one, change=replace(one.change, because=Because.GONE))


def _as_before(name: Field, found: Value, known: Known) -> Restored | Stays:
    ours = _is_as_before(name, found, known) or is_ours(FIELDS[name], found, known.written)
    return as_before(name, found, known, theirs=not ours)


def _emptied(name: Field, found: Value, known: Known) -> Restored | Stays:
    """A title and a picture cannot be nothing: they become what they were. Of lists only our entries go."""
    spec, written = FIELDS[name], known.written
    if spec.keep_when_empty:
        return _as_before(name, found, known)
    if spec.shared:
        return put_back(name, found, without(found, added(spec, written)))
    return _cleared(name, found, known)


def _cleared(name: Field, found: Value, known: Known) -> Restored | Stays:
    spec, written = FIELDS[name], known.written
    if known.before_known and is_empty(written.given) and _is_as_before(name, found, known):
        return put_back(name, found, written.before)
    if is_empty(found):
        return _nothing(name, found, unlocks=spec.lockable and is_empty(written.intended))
    rest = _without_ours(spec, found, written)
    if rest == found:
        return Stays.THEIRS
    if is_empty(rest):
        return _nothing(name, found, unlocks=spec.lockable)
    return Restored(change=change_to(name, found, rest), is_first=False, ours=None)


def _without_ours(spec: FieldSpec, found: Value, written: Written) -> Value:
    if isinstance(found, tuple):
        return without(found, added(spec, written))
    return None if is_ours(spec, found, written) else found


def _nothing(name: Field, found: Value, *, unlocks: bool) -> Restored:
    """The field is empty then, and Plex may fill it again. The record stays: an undo finds there what was before."""
    return Restored(change=change_to(name, found, None), lock=False if unlocks else None, is_first=False, ours=None)


def _is_as_before(name: Field, found: Value, known: Known) -> bool:
    return same(FIELDS[name], known.written.before, found) == "equal"
