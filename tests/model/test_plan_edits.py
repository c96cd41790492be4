"""An edit in Plex is told from a refresh of Plex, and kept, restored or pinned as the user wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from plexsync.model.fields import FIELDS, Field, Owner, Value
from plexsync.model.item import Item
from plexsync.model.plan import Because, Conflict, Done, Left, Plan, Written, make_plan
from plexsync.model.rules import Rules

CASES: list[tuple[Field, Value, Value]] = [
    (Field.TITLE, "Ours", "Theirs"),
    (Field.SUMMARY, "Ours.", "Theirs."),
    (Field.STUDIO, "Ours", "Theirs"),
    (Field.DATE, "2010-09-27", "2011-01-01"),
    (Field.GENRES, ("Ours",), ("Theirs",)),
    (Field.DIRECTORS, ("Ours",), ("Theirs",)),
]


def written(value: Value) -> Written:
    return Written(before=None, intended=value, confirmed=value, is_confirmed=True)


def planned(
    name: Field,
    wanted: Value,
    found: Value,
    ledger: Mapping[Field, Written],
    rules: Rules,
    *,
    locked: bool = True,
    pins: frozenset[Field] = frozenset(),
    guid: str = "",
) -> Plan:
    held: dict[str, Any] = {name.value: found}
    item = Item(rating_key=7, section=2, guid=guid, locks=frozenset({FIELDS[name].plex} if locked else ()), **held)
    return make_plan(scene=1, item=item, path="/a.mp4", wanted={name: wanted}, rules=rules, ledger=ledger, pins=pins)


@pytest.mark.parametrize(("name", "ours", "theirs"), CASES)
def test_what_is_listed_of_an_edit_tells_both_values_and_what_was_done(name: Field, ours: Value, theirs: Value) -> None:
    for owner, done in ((Owner.STASH, Done.RESTORED), (Owner.FILL, Done.KEPT)):
        made = planned(name, ours, theirs, {name: written(ours)}, Rules(owners={name: owner}))
        assert made.conflicts == (Conflict(field=name, ours=ours, now=theirs, done=done, edited=True),)
        assert bool(made.changes) is (owner is Owner.STASH)
        assert made.to_pin == frozenset()


@pytest.mark.parametrize(("name", "ours", "theirs"), CASES)
def test_a_value_that_plex_itself_put_over_ours_is_no_edit_and_is_restored(
    name: Field, ours: Value, theirs: Value
) -> None:
    """What we write is locked, so nobody but a refresh gives a field that is not locked another value."""
    for owner in (Owner.STASH, Owner.FILL):
        rules = Rules(owners={name: owner}, keep_edits=frozenset(Field))
        made = planned(name, ours, theirs, {name: written(ours)}, rules, locked=False)
        assert [change.because for change in made.changes] == [Because.DRIFTED]
        assert made.conflicts[0].edited is False
        assert made.to_pin == frozenset()


@pytest.mark.parametrize(("name", "ours", "theirs"), CASES)
@pytest.mark.parametrize("moved", [False, True])
def test_an_edit_is_kept_and_pinned_where_the_user_wants_that(
    name: Field, ours: Value, theirs: Value, moved: bool
) -> None:
    """Also where Stash has another value by now."""
    wanted: Value = ours
    if moved:
        wanted = "2012-12-12" if name is Field.DATE else ("New",) if isinstance(ours, tuple) else "New"
    made = planned(name, wanted, theirs, {name: written(ours)}, Rules(keep_edits=frozenset({name})))
    assert made.changes == ()
    assert [kept.reason for kept in made.kept] == [Left.EDITED]
    assert made.to_pin == {name}
    assert made.conflicts[0].done is Done.PINNED
    pinned = planned(
        name, wanted, theirs, {name: written(ours)}, Rules(keep_edits=frozenset({name})), pins=frozenset({name})
    )
    assert [kept.reason for kept in pinned.kept] == [Left.PINNED]
    assert pinned.to_pin == frozenset()
    assert pinned.conflicts[0].done is Done.PINNED


def test_a_write_in_doubt_is_never_an_edit() -> None:
    begun = Written(before=None, intended="New", confirmed="Ours", in_doubt=True)
    made = planned(Field.TITLE, "New", "Something", {Field.TITLE: begun}, Rules(keep_edits=frozenset(Field)))
    assert [change.after for change in made.changes] == ["New"]
    assert made.conflicts == ()


def test_what_was_never_ours_is_no_conflict() -> None:
    rules = Rules(keep_edits=frozenset(Field))
    assert planned(Field.TITLE, "Ours", "Theirs", {}, rules).conflicts == ()
    cleared = Written(before="Ours", intended=None, confirmed=None, is_confirmed=True)
    made = planned(Field.SUMMARY, None, "Theirs", {Field.SUMMARY: cleared}, rules)
    assert made.conflicts == ()
    assert made.changes == ()


def test_an_edit_that_is_what_stash_says_by_now_is_no_conflict() -> None:
    made = planned(Field.TITLE, "Theirs", "Theirs", {Field.TITLE: written("Ours")}, Rules())
    assert not any((made.changes, made.kept, made.conflicts))


@pytest.mark.parametrize(("name", "ours", "theirs"), CASES)
def test_a_pinned_field_is_left_as_it_is_and_listed(name: Field, ours: Value, theirs: Value) -> None:
    pins = frozenset({name})
    for ledger in ({}, {name: written(ours)}, {name: written(theirs)}):
        made = planned(name, ours, theirs, ledger, Rules(), pins=pins)
        assert made.changes == ()
        assert [(kept.now, kept.wanted, kept.reason) for kept in made.kept] == [(theirs, ours, Left.PINNED)]
    assert planned(name, ours, ours, {}, Rules(), pins=pins).kept == ()
    emptied = planned(name, None, ours, {name: written(ours)}, Rules(), pins=pins)
    assert emptied.changes == ()


def test_an_item_of_the_catalogue_gets_no_rating_unless_that_is_allowed() -> None:
    for guid, rules, goes in (
        ("plex://movie/5d7768", Rules(), False),
        ("plex://movie/5d7768", Rules(rate_plex_items=True), True),
        ("com.plexapp.agents.none://abc", Rules(), True),
    ):
        made = planned(Field.RATING, 8.0, None, {}, rules, guid=guid)
        assert bool(made.changes) is goes
        assert [kept.reason for kept in made.kept] == ([] if goes else [Left.CATALOGUED])
    title = planned(Field.TITLE, "Ours", "x", {}, Rules(), guid="plex://movie/5d7768")
    assert [change.field for change in title.changes] == [Field.TITLE]


def test_a_field_that_no_rule_gives_a_value_for_any_more_is_cleared_where_we_wrote_it() -> None:
    item = Item(rating_key=7, section=2, tagline="Ours", content_rating="Theirs", title="x")
    ledger = {Field.TAGLINE: written("Ours"), Field.CONTENT_RATING: written("Ours"), Field.TITLE: written("x")}
    made = make_plan(scene=1, item=item, path="/a.mp4", wanted={}, rules=Rules(), ledger=ledger)
    assert [(change.field, change.after) for change in made.changes] == [(Field.TAGLINE, None)]
    assert [(kept.field, kept.reason) for kept in made.kept] == [(Field.CONTENT_RATING, Left.EDITED)]
