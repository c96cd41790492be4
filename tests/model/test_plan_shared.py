"""Labels and collections are shared ground: only what we added is ever taken off, whoever owns the field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from plexsync.model.fields import FIELDS, Field, Owner, Value
from plexsync.model.item import Item
from plexsync.model.plan import Because, Change, Conflict, Done, Kept, Left, Plan, Written, make_plan
from plexsync.model.rules import Rules

SHARED = [Field.LABELS, Field.COLLECTIONS]


def planned(
    name: Field,
    wanted: Value,
    found: tuple[str, ...],
    written: Written | None = None,
    rules: Rules | None = None,
    *,
    pins: frozenset[Field] = frozenset(),
    locked: bool = True,
    asked: bool = True,
) -> Plan:
    """The plan for an item that holds this list."""
    lists: dict[str, Any] = {name.value: found}
    item = Item(rating_key=7, section=2, locks=frozenset({FIELDS[name].plex} if locked else ()), **lists)
    return make_plan(
        scene=1,
        item=item,
        path="/media/a.mp4",
        wanted={name: wanted} if asked else {},
        rules=rules or Rules(),
        ledger={} if written is None else {name: written},
        pins=pins,
    )


def ours(*entries: str, before: tuple[str, ...] = ()) -> Written:
    """What we added, read back."""
    return Written(before=before or None, intended=entries or None, confirmed=entries or None, is_confirmed=True)


def filling(name: Field) -> Rules:
    return Rules(owners={name: Owner.FILL})


@pytest.mark.parametrize("name", SHARED)
def test_what_is_missing_is_added_beside_what_others_put_there(name: Field) -> None:
    (change,) = planned(name, ("Synced", "Mine"), ("Mine", "Theirs")).changes
    assert change.after == ("Mine", "Theirs", "Synced")
    assert change.because is Because.NEVER_WRITTEN
    assert change.intended == ("Synced",), "what was there before us never becomes ours"


@pytest.mark.parametrize("name", SHARED)
def test_at_first_contact_nothing_is_ever_taken_off(name: Field) -> None:
    for clear in (frozenset(), frozenset({name})):
        made = planned(name, None, ("Theirs",), None, Rules(clear_foreign=clear))
        assert not made.changes
        assert not made.kept


@pytest.mark.parametrize("name", SHARED)
@pytest.mark.parametrize("asked", [True, False])
def test_when_the_rule_goes_away_only_our_entries_go(name: Field, asked: bool) -> None:
    for owner in (Owner.STASH, Owner.FILL):
        made = planned(name, None, ("Mine", "Synced"), ours("Synced"), Rules(owners={name: owner}), asked=asked)
        (change,) = made.changes
        assert (change.after, change.because, change.intended) == (("Mine",), Because.EMPTIED, None)


def test_an_entry_that_is_no_longer_wanted_goes_and_another_comes() -> None:
    (change,) = planned(Field.LABELS, ("B",), ("Mine", "A"), ours("A")).changes
    assert change == Change(
        field=Field.LABELS, before=("Mine", "A"), after=("Mine", "B"), because=Because.CHANGED, ours=("B",)
    )


@pytest.mark.parametrize("found", [("Synced",), ("SYNCED",), ("Other", "synced ")])
def test_odd_capitals_of_plex_are_our_entry_all_the_same(found: tuple[str, ...]) -> None:
    assert planned(Field.LABELS, ("synced",), found, ours("Synced")).changes == ()
    (change,) = planned(Field.LABELS, None, found, ours("sYNCED")).changes
    assert change.after == (("Other",) if "Other" in found else None)


def test_an_entry_that_is_wanted_and_that_somebody_else_put_there_stays_when_it_is_wanted_no_more() -> None:
    made = planned(Field.LABELS, ("Theirs", "Synced"), ("Theirs",))
    assert made.changes[0].intended == ("Synced",)
    (change,) = planned(Field.LABELS, None, ("Theirs", "Synced"), ours("Synced", before=("Theirs",))).changes
    assert change.after == ("Theirs",)


def test_an_entry_of_ours_that_is_gone_and_not_wanted_is_ours_no_more() -> None:
    """Whoever puts it there again is not us."""
    made = planned(Field.LABELS, ("B",), ("B", "Mine"), ours("A", "B"))
    assert made.changes == ()
    assert made.disowned == ((Field.LABELS, ("B",)),)
    again = planned(Field.LABELS, ("B",), ("A", "B", "Mine"), ours("B"))
    assert again.changes == ()
    assert again.disowned == ()
    assert planned(Field.LABELS, None, (), ours("A"), asked=False).disowned == ((Field.LABELS, None),)


def test_an_entry_of_ours_that_somebody_took_off_is_put_there_again_where_stash_owns_the_list() -> None:
    made = planned(Field.LABELS, ("A", "B"), ("B",), ours("A", "B"))
    (change,) = made.changes
    assert (change.after, change.because) == (("B", "A"), Because.DRIFTED)
    assert made.conflicts == (
        Conflict(field=Field.LABELS, ours=("A", "B"), now=("B",), done=Done.RESTORED, edited=True),
    )


def test_an_entry_of_ours_that_somebody_took_off_stays_off_where_we_only_fill() -> None:
    made = planned(Field.LABELS, ("A", "B"), ("B",), ours("A", "B"), filling(Field.LABELS))
    assert made.kept == (Kept(field=Field.LABELS, now=("B",), wanted=("A", "B"), reason=Left.EDITED),)
    assert made.conflicts[0].done is Done.KEPT
    reverted = planned(Field.LABELS, ("A", "B"), ("B",), ours("A", "B"), filling(Field.LABELS), locked=False)
    assert [change.after for change in reverted.changes] == [("B", "A")], "a refresh of Plex is no edit"


def test_where_we_only_fill_a_list_that_holds_something_is_left_as_it_is() -> None:
    made = planned(Field.LABELS, ("A",), ("Mine",), None, filling(Field.LABELS))
    assert made.kept == (Kept(field=Field.LABELS, now=("Mine",), wanted=("A",), reason=Left.FILLED),)
    assert planned(Field.LABELS, ("A",), (), None, filling(Field.LABELS)).changes[0].after == ("A",)
    more = planned(Field.LABELS, ("A", "B"), ("A",), ours("A"), filling(Field.LABELS))
    assert more.changes[0].after == ("A", "B")


def test_an_edit_of_a_shared_list_is_pinned_where_the_user_wants_edits_kept() -> None:
    rules = Rules(keep_edits=frozenset({Field.LABELS}))
    made = planned(Field.LABELS, ("A", "B"), ("B",), ours("A", "B"), rules)
    assert made.changes == ()
    assert made.to_pin == {Field.LABELS}
    added = planned(Field.LABELS, ("A", "B", "C"), ("A", "B", "Mine"), ours("A", "B"), rules)
    assert added.changes[0].after == ("A", "B", "Mine", "C"), "an entry that others add is no edit of ours"


@pytest.mark.parametrize("owner", [Owner.STASH, Owner.FILL])
def test_a_write_that_was_cut_off_is_taken_up_again(owner: Owner) -> None:
    rules = Rules(owners={Field.LABELS: owner})
    begun = Written(before=None, intended=("A", "B"), confirmed=("A",))
    assert planned(Field.LABELS, ("A", "B"), ("A",), begun, rules).changes[0].after == ("A", "B")
    assert planned(Field.LABELS, ("A", "B"), ("A", "B"), begun, rules).changes == ()
    taking = Written(before=None, intended=("A",), confirmed=("A", "B"))
    assert planned(Field.LABELS, ("A",), ("A", "B", "Mine"), taking, rules).changes[0].after == ("A", "Mine")


def test_plex_is_taken_at_its_word_after_two_tries() -> None:
    stuck = Written(before=None, intended=("A",), confirmed=("A", "B"), tries=2)
    made = planned(Field.LABELS, ("A",), ("A", "B", "Mine"), stuck)
    assert [kept.reason for kept in made.kept] == [Left.REFUSED]
    assert planned(Field.LABELS, ("A",), ("A", "B"), replace(stuck, tries=1)).changes[0].after == ("A",)
    absent = Written(before=None, intended=("A",), confirmed=None, tries=2)
    assert [kept.reason for kept in planned(Field.LABELS, ("A",), ("Mine",), absent).kept] == [Left.REFUSED]
    assert planned(Field.LABELS, ("A", "C"), ("Mine",), absent).changes[0].after == ("Mine", "A", "C")


def test_what_is_in_doubt_and_arrived_is_confirmed_as_ours_alone() -> None:
    begun = Written(before=None, intended=("A",), in_doubt=True)
    made = planned(Field.LABELS, ("A",), ("Mine", "a"), begun)
    assert made.changes == ()
    assert made.arrived == ((Field.LABELS, ("a",)),)


def test_a_pinned_list_is_left_as_it_is() -> None:
    made = planned(Field.LABELS, None, ("A", "Mine"), ours("A"), pins=frozenset({Field.LABELS}))
    assert made.kept == (Kept(field=Field.LABELS, now=("A", "Mine"), wanted=None, reason=Left.PINNED),)


def test_a_list_of_which_plex_decides_is_not_touched() -> None:
    rules = Rules(owners={Field.LABELS: Owner.PLEX})
    made = planned(Field.LABELS, None, ("A",), ours("A"), rules)
    assert not any((made.changes, made.kept, made.conflicts, made.disowned))
