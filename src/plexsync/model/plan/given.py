"""Values that Plex took from our provider: nobody wrote them, and they are ours all the same."""

from __future__ import annotations

from plexsync.model.fields import Field, Value
from plexsync.model.plan.answers import Change, Given, Kept, Left
from plexsync.model.plan.entries import entry_keys, is_empty, joined, with_roles, without
from plexsync.model.plan.shared import left_as_ours
from plexsync.model.plan.standing import Standing
from plexsync.model.plan.written import added, is_ours

#: What a provider cannot tell, and the pictures, of which an item does not say whose they are.
UNTOLD = frozenset({Field.RATING, Field.LABELS, Field.POSTER, Field.BACKGROUND})


def given(at: Standing, answer: Change | Kept | None) -> Given | None:
    """What the ledger has to learn of the field; None where it knows, or where nothing comes from the provider."""
    if is_empty(at.given) or _is_others(at, answer):
        return None
    if at.written is None:
        whole = answer is None and not at.spec.shared
        ours = with_roles(at.wanted, at.found) if whole else at.given
        return _given(at, ours, at.found if whole else at.given)
    if at.written.in_doubt or not at.written.is_confirmed:
        return None
    if at.spec.shared:
        new = without(at.given, added(at.spec, at.written))
        ours = joined(left_as_ours(at), new)
        return None if is_empty(new) else _given(at, ours, ours)
    if is_ours(at.spec, at.found, at.written) or (answer is not None and at.given != at.found):
        return None
    # Where the rest of a list has to wait, what Plex has of it is ours already.
    return _given(at, with_roles(at.wanted, at.found) if answer is None else at.given, at.found)


def _is_others(at: Standing, answer: Change | Kept | None) -> bool:
    """Where we only fill: a list in which others have a part as well."""
    return isinstance(answer, Kept) and answer.reason is Left.FILLED and not at.spec.shared


def _given(at: Standing, intended: Value, confirmed: Value) -> Given:
    known = None if at.written is None else at.written.given
    if not at.spec.shared:
        value = at.given if at.written is None else known
    else:
        value = joined(known, without(at.given, entry_keys(known)))
    return Given(field=at.spec.field, before=at.found, value=value, intended=intended, confirmed=confirmed)
