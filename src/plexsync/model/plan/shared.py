"""Labels and collections: ground that is shared, of which only the entries that we added are ours.

Whatever the rules say or said, and whoever owns the field, others' entries are never taken off.
"""

from __future__ import annotations

from plexsync.model.fields import Owner, Value
from plexsync.model.plan.answers import Because, Change, Kept, Left
from plexsync.model.plan.entries import entry_keys, is_empty, joined, only, without
from plexsync.model.plan.standing import Standing
from plexsync.model.plan.written import TRIES_UNTIL_REFUSED, added


def decide(at: Standing) -> Change | Kept | None:
    """What becomes of the list; None where nothing is to be added or taken off."""
    ours, wanted, held = _ours(at), entry_keys(at.wanted), entry_keys(at.found)
    going, missing = (ours - wanted) & held, wanted - held
    if not going and not missing:
        return None
    if _refused(at):
        return _left(at, Left.REFUSED)
    coming = missing if _may_add(at) else set()
    if not going and not coming:
        return _left(at, Left.EDITED if missing <= ours else Left.FILLED)
    return Change(
        field=at.spec.field,
        before=at.found,
        after=joined(without(at.found, going), only(at.wanted, coming)),
        because=_because(at, going, coming),
        ours=only(at.wanted, ours | coming),
    )


def left_as_ours(at: Standing) -> Value:
    """Our entries without those that are neither wanted nor in Plex: whoever adds such a one again is not us."""
    assert at.written is not None  # noqa: S101  # only asked where there is a ledger
    return only(at.written.intended, entry_keys(at.wanted) | entry_keys(at.found))


def _ours(at: Standing) -> set[str]:
    ours = set() if at.written is None else added(at.spec, at.written)
    return ours | entry_keys(at.given)


def _left(at: Standing, reason: Left) -> Kept:
    return Kept(field=at.spec.field, now=at.found, wanted=at.wanted, reason=reason)


def _may_add(at: Standing) -> bool:
    """Where we only fill: to an empty list, or to one that holds just what we added."""
    held, ours = entry_keys(at.found), _ours(at)
    if at.owner is not Owner.FILL or not held or at.reverted:
        return True
    unfinished = at.written is not None and not at.written.is_confirmed
    return held == ours or (held <= ours and unfinished)


def _refused(at: Standing) -> bool:
    """Plex was told twice, and holds of our entries just what it held after that."""
    written = at.written
    if written is None or written.tries < TRIES_UNTIL_REFUSED:
        return False
    ours = added(at.spec, written)
    if entry_keys(written.intended) != entry_keys(only(at.wanted, ours)) or entry_keys(at.wanted) - ours - entry_keys(
        at.found
    ):
        return False
    return entry_keys(written.confirmed) == ours & entry_keys(at.found)


def _because(at: Standing, going: set[str], coming: set[str]) -> Because:
    written = at.written
    if written is None:
        return Because.NEVER_WRITTEN
    if is_empty(at.wanted):
        return Because.EMPTIED
    again = written.is_confirmed and not written.in_doubt and not going and coming <= entry_keys(written.intended)
    return Because.DRIFTED if again else Because.CHANGED
