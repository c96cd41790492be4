"""Fields that are one value or a list of ours alone: set, filled or cleared as a whole."""

from __future__ import annotations

from plexsync.model.compare import same
from plexsync.model.fields import Kind, Owner, Value
from plexsync.model.plan.answers import Because, Change, Kept, Left
from plexsync.model.plan.entries import entry_keys, in_order, is_empty, with_roles, without
from plexsync.model.plan.standing import Standing
from plexsync.model.plan.written import TRIES_UNTIL_REFUSED, added, is_ours

_LISTS = (Kind.TAGS, Kind.PEOPLE)


def decide(at: Standing) -> Change | Kept | None:
    """What becomes of the field; None where nothing differs."""
    if is_empty(at.wanted):
        return _emptied(at)
    if _counts_as_equal(at):
        return None
    if _refused(at):
        return _left(at, Left.REFUSED)
    if _keeps_its_own(at):
        return _left(at, Left.FILLED)
    after = with_roles(at.wanted, at.found)
    return Change(field=at.spec.field, before=at.found, after=after, because=_because(at))


def _left(at: Standing, reason: Left) -> Kept:
    return Kept(field=at.spec.field, now=at.found, wanted=at.wanted, reason=reason)


def _keeps_its_own(at: Standing) -> bool:
    """Where we only fill, a value that is not ours stays, unless Plex itself put it over ours."""
    if at.owner is not Owner.FILL or is_empty(at.found) or is_ours(at.spec, at.found, at.written):
        return False
    return not at.reverted and at.given != at.found


def _counts_as_equal(at: Standing) -> bool:
    """Equal, or in the form that Plex gave our own value when it was read back."""
    sameness = same(at.spec, at.wanted, at.found)
    if sameness == "equal":
        return True
    if sameness == "form" and at.spec.kind in _LISTS:
        return _order_counts_as_equal(at)
    if at.written is None or not at.meant:
        return False
    if sameness == "form" and at.written.may_have_arrived(at.spec, at.found):
        return True
    return at.written.is_confirmed and same(at.spec, at.found, at.written.confirmed) == "equal"


def _order_counts_as_equal(at: Standing) -> bool:
    """Of lists with the same entries: where the order is right, is not ours to set, or is the one Plex insists on."""
    if in_order(at.wanted, at.found) or _order_is_theirs(at):
        return True
    written = at.written
    if written is None or entry_keys(written.intended) != entry_keys(at.wanted):
        return False
    if written.in_doubt and not written.is_confirmed:
        return in_order(at.wanted, written.intended) and written.may_have_arrived(at.spec, at.found)
    told = written.is_confirmed or written.tries > 0
    return told and not in_order(written.intended, written.confirmed)


def _order_is_theirs(at: Standing) -> bool:
    """Where we only fill: the order of a list that we did not write, or that was given another order since."""
    return at.owner is Owner.FILL and (at.written is None or not in_order(at.written.confirmed, at.found))


def _refused(at: Standing) -> bool:
    written = at.written
    if written is None or written.tries < TRIES_UNTIL_REFUSED or not at.meant:
        return False
    if is_empty(at.wanted) and isinstance(at.found, tuple):
        return not is_empty(written.confirmed) and entry_keys(written.confirmed) <= entry_keys(at.found)
    return same(at.spec, at.found, written.confirmed) != "other"


def _because(at: Standing) -> Because:
    written = at.written
    if written is None:
        return Because.NEVER_WRITTEN
    meant_before = written.is_confirmed and not written.in_doubt and at.meant
    return Because.DRIFTED if meant_before else Because.CHANGED


def _emptied(at: Standing) -> Change | Kept | None:
    """Clear only what the ledger says we wrote, unless the user asked for more."""
    if is_empty(at.found):
        return None
    if at.spec.keep_when_empty:
        return _left(at, Left.EMPTY) if at.written is None else None
    if _refused(at):
        return _left(at, Left.REFUSED)
    rest = None if at.clears_foreign else _without_ours(at)
    if rest != at.found:
        return Change(field=at.spec.field, before=at.found, after=rest, because=Because.EMPTIED)
    return _left(at, _why_left(at))


def _without_ours(at: Standing) -> Value:
    """What stays: nothing of our own value; of a list the entries that others added or that were there before us."""
    if not isinstance(at.found, tuple):
        return None if is_ours(at.spec, at.found, at.written) else at.found
    return at.found if at.written is None else without(at.found, added(at.spec, at.written))


def _why_left(at: Standing) -> Left:
    if at.written is None or at.found == at.written.before:
        return Left.FOREIGN
    entries = entry_keys(at.found)
    return Left.FOREIGN if entries and entries <= entry_keys(at.written.before) else Left.EDITED
