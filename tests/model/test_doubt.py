"""A write whose outcome is not known: what Plex holds lately is ours, and never a person's edit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from plexsync.model.fields import Field, Owner, Value
from plexsync.model.item import Item, Person
from plexsync.model.plan import Because, Change, Left, Plan, Written, make_plan
from plexsync.model.rules import Rules

ITEM = Item(rating_key=7, section=2)
DOUBTED = Written(before=None, intended="New", confirmed="Old", in_doubt=True)


def planned(name: Field, wanted: Value, found: Any, written: Written, owner: Owner = Owner.STASH) -> Plan:
    item = replace(ITEM, **{name.value: found})
    rules = Rules(owners={name: owner})
    return make_plan(scene=1, item=item, path="/a.mp4", wanted={name: wanted}, rules=rules, ledger={name: written})


def test_a_value_that_arrived_is_told_and_not_written_again() -> None:
    made = planned(Field.STUDIO, "New", "New", DOUBTED)
    assert (made.changes, made.arrived) == ((), ((Field.STUDIO, "New"),))


@pytest.mark.parametrize(
    ("name", "wanted", "found"),
    [
        (Field.STUDIO, "New  Studio", "new studio"),
        (Field.DATE, "2020-01-02", "2020-01-02T00:00:00"),
        (Field.RATING, 7.3, 7.5),
        (Field.GENRES, ("one", "two"), ("Two", "One")),
        (Field.ACTORS, (Person(name="Ann"),), (Person(name="ann", role="Herself"),)),
    ],
)
def test_a_value_that_arrived_in_plex_s_own_form_is_not_written_again(name: Field, wanted: Value, found: Value) -> None:
    written = Written(before=None, intended=wanted, in_doubt=True)
    for owner in (Owner.STASH, Owner.FILL):
        made = planned(name, wanted, found, written, owner)
        assert (made.changes, made.kept, made.arrived) == ((), (), ((name, found),))


@pytest.mark.parametrize(
    ("name", "held", "wanted"),
    [
        (Field.STUDIO, "New studio", "New Studio"),
        (Field.TITLE, "the  title", "The title"),
        (Field.RATING, 8.6, 8.5),
        (Field.GENRES, ("One", "Two"), ("Two", "One")),
        (Field.ACTORS, (Person(name="Ann"), Person(name="Bea")), (Person(name="Bea"), Person(name="Ann"))),
    ],
)
@pytest.mark.parametrize("was_ours", [True, False])
def test_a_value_that_never_arrived_is_written_though_plex_holds_nearly_the_same(
    name: Field, held: Value, wanted: Value, *, was_ours: bool
) -> None:
    written = Written(
        before=None if was_ours else held, intended=wanted, confirmed=held if was_ours else None, in_doubt=True
    )
    for owner in (Owner.STASH, Owner.FILL) if was_ours else (Owner.STASH,):
        [change] = planned(name, wanted, held, written, owner).changes
        assert [getattr(one, "name", one) for one in _entries(change.after)] == [
            getattr(one, "name", one) for one in _entries(wanted)
        ]


def _entries(value: Value) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def test_a_repair_that_never_arrived_is_tried_again_though_plex_holds_nearly_the_same() -> None:
    written = Written(before=None, intended="New", confirmed="New", is_confirmed=True, in_doubt=True)
    [change] = planned(Field.STUDIO, "New", "new", written).changes
    assert (change.before, change.after) == ("new", "New")


def test_what_arrived_of_another_intent_is_none_of_it() -> None:
    written = Written(before=None, intended="Newer", confirmed="Old", in_doubt=True)
    assert planned(Field.STUDIO, "New", "New", written).arrived == ()


def test_a_write_that_was_read_back_has_nothing_to_arrive() -> None:
    read_back = Written(before=None, intended="New", confirmed="New", is_confirmed=True)
    assert planned(Field.STUDIO, "New", "New", read_back).arrived == ()


@pytest.mark.parametrize("is_confirmed", [True, False])
def test_a_difference_after_a_write_in_doubt_is_never_drift(*, is_confirmed: bool) -> None:
    """It may be a repair of drift whose answer never came: that says nothing of a new edit."""
    written = Written(before=None, intended="New", confirmed="New", is_confirmed=is_confirmed, in_doubt=True)
    [change] = planned(Field.STUDIO, "New", "Other", written).changes
    assert change == Change(field=Field.STUDIO, before="Other", after="New", because=Because.CHANGED)
    settled = replace(written, is_confirmed=True, in_doubt=False)
    [change] = planned(Field.STUDIO, "New", "Other", settled).changes
    assert change.because is Because.DRIFTED


def test_a_filled_field_that_differs_after_a_write_in_doubt_is_ours_to_fill() -> None:
    written = Written(before=None, intended=8.0, in_doubt=True)
    [change] = planned(Field.RATING, 8.0, 3.0, written, Owner.FILL).changes
    assert change.after == 8.0
    [kept] = planned(Field.RATING, 8.0, 3.0, replace(written, in_doubt=False), Owner.FILL).kept
    assert kept.reason is Left.FILLED


def test_a_value_that_differs_after_a_write_in_doubt_is_cleared_when_stash_has_none() -> None:
    [change] = planned(Field.STUDIO, None, "Half of it", DOUBTED).changes
    assert (change.after, change.because) == (None, Because.EMPTIED)
    [kept] = planned(Field.STUDIO, None, "Half of it", replace(DOUBTED, in_doubt=False)).kept
    assert kept.reason is Left.EDITED


def test_of_a_list_in_doubt_only_our_own_entries_are_taken_off() -> None:
    written = Written(before=("Theirs",), intended=("Theirs", "Ours"), in_doubt=True)
    [change] = planned(Field.GENRES, None, ("Theirs", "Ours", "Mine"), written).changes
    assert change.after == ("Theirs", "Mine")
