"""A plan holds what differs and may be written, and tells what differs and is left alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.model.compare import same, text_key
from plexsync.model.fields import FIELDS, Field, Kind, Owner, Value
from plexsync.model.item import Item, Person
from plexsync.model.item_values import value_of
from plexsync.model.plan import Because, Change, Kept, Left, Plan, Written, make_plan
from plexsync.model.rules import Rules

Ledger = dict[Field, Written]
ITEM = Item(rating_key=7, section=2)


def confirmed(value: Value, *, before: Value = None, form: Value = None) -> Written:
    """We wrote it, and Plex held it after that, perhaps in its own form."""
    return Written(before=before, intended=value, confirmed=value if form is None else form, is_confirmed=True)


def held(name: Field, value: Value) -> Item:
    """An item that holds this value."""
    empty: Any = () if FIELDS[name].kind in (Kind.TAGS, Kind.PEOPLE) else "" if FIELDS[name].kind is Kind.TEXT else None
    if name is Field.DATE:
        empty = ""
    changes: dict[str, Any] = {name.value: empty if value is None else value}
    return ITEM if name is Field.POSTER else replace(ITEM, **changes)


def plan(item: Item, wanted: Mapping[Field, Value], rules: Rules, ledger: Mapping[Field, Written]) -> Plan:
    return make_plan(scene=1, item=item, path="/media/a.mp4", wanted=wanted, rules=rules, ledger=ledger)


def one(
    name: Field,
    wanted: Value,
    found: Value,
    written: Written | None,
    owner: Owner = Owner.STASH,
    *,
    clear: bool = False,
    locked: bool = True,
) -> Change | Kept | None:
    """The single answer about one field."""
    rules = Rules(owners={name: owner}, clear_foreign=frozenset({name} if clear else ()))
    item = replace(held(name, found), locks=frozenset({FIELDS[name].plex} if locked else ()))
    made = plan(item, {name: wanted}, rules, {} if written is None else {name: written})
    answers: list[Change | Kept] = [*made.changes, *made.kept]
    assert len(answers) <= 1
    return answers[0] if answers else None


SAMPLES: dict[Field, tuple[Value, Value, Value]] = {
    Field.TITLE: ("Sintel", "Elephants Dream", "Cosmos"),
    Field.SUMMARY: ("One.", "Two.", "Three."),
    Field.DATE: ("2010-09-27", "2006-03-24", "2015-08-10"),
    Field.STUDIO: ("Blender", "Orange", "Apricot"),
    Field.RATING: (7.3, 2.0, 9.5),
    Field.ACTORS: ((Person(name="Ada", role=""),), (Person(name="Bo", role=""),), (Person(name="Cy", role=""),)),
    Field.GENRES: (("Fantasy", "Short"), ("Drama",), ("War", "Epic")),
}
SCALARS = [Field.SUMMARY, Field.DATE, Field.STUDIO, Field.RATING]
LISTS = [Field.ACTORS, Field.GENRES]
ANY = list(SAMPLES)


@pytest.mark.parametrize("name", ANY)
def test_an_empty_field_of_plex_is_filled_whoever_owns_it(name: Field) -> None:
    ours = SAMPLES[name][0]
    for owner in (Owner.STASH, Owner.FILL):
        answer = one(name, ours, None, None, owner)
        assert answer == Change(field=name, before=None, after=ours, because=Because.NEVER_WRITTEN)
    assert one(name, ours, None, None, Owner.PLEX) is None


@pytest.mark.parametrize("name", ANY)
def test_what_is_equal_is_neither_written_nor_listed(name: Field) -> None:
    ours = SAMPLES[name][0]
    for owner in Owner:
        assert one(name, ours, ours, None, owner) is None
        assert one(name, ours, ours, confirmed(ours), owner) is None
        assert one(name, None, None, None, owner) is None
        assert one(name, None, None, confirmed(ours), owner) is None


@pytest.mark.parametrize("name", ANY)
def test_a_foreign_value_is_replaced_only_where_stash_owns_the_field(name: Field) -> None:
    ours, foreign, _ = SAMPLES[name]
    change = Change(field=name, before=foreign, after=ours, because=Because.NEVER_WRITTEN)
    assert one(name, ours, foreign, None, Owner.STASH) == change
    assert one(name, ours, foreign, None, Owner.FILL) == Kept(field=name, now=foreign, wanted=ours, reason=Left.FILLED)
    assert one(name, ours, foreign, None, Owner.PLEX) is None


@pytest.mark.parametrize("name", ANY)
def test_our_own_value_follows_stash_whoever_owns_the_field(name: Field) -> None:
    new, old, before = SAMPLES[name]
    for owner in (Owner.STASH, Owner.FILL):
        answer = one(name, new, old, confirmed(old, before=before), owner)
        assert answer == Change(field=name, before=old, after=new, because=Because.CHANGED)


@pytest.mark.parametrize("name", ANY)
def test_an_edit_in_plex_is_drift_where_stash_owns_the_field_and_stays_elsewhere(name: Field) -> None:
    ours, theirs, _ = SAMPLES[name]
    answer = one(name, ours, theirs, confirmed(ours), Owner.STASH)
    assert answer == Change(field=name, before=theirs, after=ours, because=Because.DRIFTED)
    answer = one(name, ours, theirs, confirmed(ours), Owner.FILL)
    assert answer == Kept(field=name, now=theirs, wanted=ours, reason=Left.FILLED)
    answer = one(name, ours, None, confirmed(ours), Owner.FILL)
    assert answer == Change(field=name, before=None, after=ours, because=Because.DRIFTED)


@pytest.mark.parametrize("name", [*SCALARS, *LISTS])
def test_a_value_that_became_empty_in_stash_is_cleared_only_where_we_wrote_it(name: Field) -> None:
    ours, theirs, before = SAMPLES[name]
    cleared = Change(field=name, before=ours, after=None, because=Because.EMPTIED)
    assert one(name, None, ours, confirmed(ours)) == cleared
    assert one(name, None, ours, confirmed(ours, before=before)) == cleared
    assert one(name, None, ours, Written(before=None, intended=ours)) == cleared
    assert one(name, None, theirs, None) == Kept(field=name, now=theirs, wanted=None, reason=Left.FOREIGN)
    assert one(name, None, theirs, confirmed(ours)) == Kept(field=name, now=theirs, wanted=None, reason=Left.EDITED)
    restored = confirmed(ours, before=theirs)
    assert one(name, None, theirs, restored) == Kept(field=name, now=theirs, wanted=None, reason=Left.FOREIGN)


@pytest.mark.parametrize("name", [*SCALARS, *LISTS])
def test_a_foreign_value_is_cleared_where_the_user_asked_for_it(name: Field) -> None:
    ours, theirs, _ = SAMPLES[name]
    cleared = Change(field=name, before=theirs, after=None, because=Because.EMPTIED)
    for written in (None, confirmed(ours)):
        assert one(name, None, theirs, written, clear=True) == cleared


def test_the_year_is_cleared_with_the_date() -> None:
    rules = Rules(clear_foreign=frozenset({Field.DATE}))
    made = plan(replace(ITEM, date="2010-09-27", year=2010), {Field.DATE: None, Field.YEAR: None}, rules, {})
    assert [(change.field, change.after) for change in made.changes] == [(Field.DATE, None), (Field.YEAR, None)]


@pytest.mark.parametrize("name", [*SCALARS, *LISTS])
def test_an_empty_value_of_any_kind_means_empty(name: Field) -> None:
    ours = SAMPLES[name][0]
    for empty in ("", ()):
        answer = one(name, empty, ours, confirmed(ours))
        assert isinstance(answer, Change)
        assert answer.because is Because.EMPTIED


def test_an_empty_title_keeps_the_one_of_plex() -> None:
    assert one(Field.TITLE, None, "x", None) == Kept(field=Field.TITLE, now="x", wanted=None, reason=Left.EMPTY)
    assert one(Field.TITLE, None, "x", confirmed("x")) is None
    assert one(Field.TITLE, None, "x", None, clear=True) is not None
    assert not isinstance(one(Field.TITLE, None, "x", None, clear=True), Change)


FORMS: list[tuple[Field, Value, Value]] = [
    (Field.TITLE, "Sintel", "SINTEL"),
    (Field.SUMMARY, "One.\nTwo.", "One. Two."),
    (Field.RATING, 7.3, 7.5),
    (Field.STUDIO, "Süß", "Su\u0308ß"),
]


@pytest.mark.parametrize(("name", "ours", "form"), FORMS)
def test_another_form_is_equal_only_where_plex_gave_it_to_what_we_wrote(name: Field, ours: Value, form: Value) -> None:
    assert one(name, ours, form, confirmed(ours, form=form)) is None
    answer = one(name, ours, form, None)
    assert answer == Change(field=name, before=form, after=ours, because=Because.NEVER_WRITTEN)
    answer = one(name, ours, form, confirmed(ours))
    assert answer == Change(field=name, before=form, after=ours, because=Because.DRIFTED)
    answer = one(name, ours, form, Written(before=None, intended=ours))
    assert answer == Change(field=name, before=form, after=ours, because=Because.CHANGED)


@pytest.mark.parametrize(("name", "ours", "form"), FORMS)
def test_the_form_that_plex_gave_our_value_is_ours_to_change_and_to_clear(
    name: Field, ours: Value, form: Value
) -> None:
    written = confirmed(ours, form=form)
    new = SAMPLES[name][1]
    assert one(name, new, form, written, Owner.FILL) == Change(
        field=name, before=form, after=new, because=Because.CHANGED
    )
    if name is not Field.TITLE:
        answer = one(name, None, form, written)
        assert answer == Change(field=name, before=form, after=None, because=Because.EMPTIED)


def test_a_rating_near_ours_may_be_a_choice_of_the_user() -> None:
    assert one(Field.RATING, 8.0, 7.5, confirmed(7.3), Owner.FILL) == Kept(
        field=Field.RATING, now=7.5, wanted=8.0, reason=Left.FILLED
    )
    assert one(Field.RATING, None, 7.5, confirmed(7.3)) == Kept(
        field=Field.RATING, now=7.5, wanted=None, reason=Left.EDITED
    )


@pytest.mark.parametrize("found", [("FANTASY", "short"), ("Fantasy ", "Short"), ("Fantasy", "Short", "SHORT")])
def test_case_and_white_space_of_a_list_never_count(found: tuple[str, ...]) -> None:
    ours = ("Fantasy", "Short")
    for written in (None, confirmed(ours)):
        for owner in (Owner.STASH, Owner.FILL):
            assert one(Field.GENRES, ours, found, written, owner) is None


def test_the_order_of_a_list_is_set_where_stash_owns_it_and_plex_keeps_an_order() -> None:
    ours, turned = ("Fantasy", "Short"), ("Short", "Fantasy")
    set_anew = Change(field=Field.GENRES, before=turned, after=ours, because=Because.NEVER_WRITTEN)
    assert one(Field.GENRES, ours, turned, None) == set_anew
    assert one(Field.GENRES, ours, turned, confirmed(ours)) == replace(set_anew, because=Because.DRIFTED)
    assert one(Field.GENRES, ours, turned, confirmed(turned)) == replace(set_anew, because=Because.CHANGED)
    assert one(Field.GENRES, ours, turned, None, Owner.FILL) is None
    assert one(Field.GENRES, ours, turned, confirmed(ours), Owner.FILL) is None


@pytest.mark.parametrize("found", [("Short", "Fantasy", "Epic"), ("Epic", "Short", "Fantasy")])
def test_an_order_that_plex_gave_a_list_of_ours_is_learned_and_not_fought(found: tuple[str, ...]) -> None:
    """Also where Plex turns it once more: it was seen not to keep the order that it is given."""
    ours = ("Epic", "Fantasy", "Short")
    learned = confirmed(ours, form=("Short", "Fantasy", "Epic"))
    assert one(Field.GENRES, ours, found, learned) is None


def test_a_list_that_stash_owns_is_set() -> None:
    answer = one(Field.GENRES, ("A", "B"), ("B", "Mine"), confirmed(("B",)))
    assert answer == Change(field=Field.GENRES, before=("B", "Mine"), after=("A", "B"), because=Because.CHANGED)


def test_of_a_list_that_became_empty_only_our_entries_go() -> None:
    found = ("Mine", "A", "Before", "b")
    answer = one(Field.GENRES, None, found, confirmed(("A", "B", "Before"), before=("Before",)))
    change = Change(field=Field.GENRES, before=found, after=("Mine", "Before"), because=Because.EMPTIED)
    assert answer == change
    assert change.intended is None
    people = (Person(name="Mine", role="x"), Person(name="ADA", role="y"))
    answer = one(Field.ACTORS, None, people, confirmed((Person(name="Ada", role="y"),)))
    assert answer == Change(field=Field.ACTORS, before=people, after=people[:1], because=Because.EMPTIED)


def test_what_is_left_of_a_list_is_not_ours_the_next_time() -> None:
    after = Written(before=("Before",), intended=None, confirmed=("Mine", "Before"), is_confirmed=True)
    answer = one(Field.GENRES, None, ("Mine", "Before"), after)
    assert answer == Kept(field=Field.GENRES, now=("Mine", "Before"), wanted=None, reason=Left.EDITED)
    answer = one(Field.GENRES, None, ("Before",), after)
    assert answer == Kept(field=Field.GENRES, now=("Before",), wanted=None, reason=Left.FOREIGN)


@pytest.mark.parametrize("name", [*SCALARS, *LISTS])
def test_a_clearing_that_was_cut_off_is_taken_up_again(name: Field) -> None:
    ours, theirs, _ = SAMPLES[name]
    cut_off = Written(before=None, intended=None, confirmed=ours)
    assert one(name, None, ours, cut_off) == Change(field=name, before=ours, after=None, because=Because.EMPTIED)
    assert one(name, None, theirs, cut_off) == Kept(field=name, now=theirs, wanted=None, reason=Left.EDITED)


@pytest.mark.parametrize("name", ANY)
def test_a_write_that_was_cut_off_is_taken_up_again(name: Field) -> None:
    new, old, _ = SAMPLES[name]
    for owner in (Owner.STASH, Owner.FILL):
        answer = one(name, new, old, Written(before=None, intended=new, confirmed=old), owner)
        assert answer == Change(field=name, before=old, after=new, because=Because.CHANGED)
        assert one(name, new, new, Written(before=None, intended=new, confirmed=old), owner) is None


@pytest.mark.parametrize("name", ANY)
def test_plex_is_taken_at_its_word_after_two_tries(name: Field) -> None:
    ours, theirs, other = SAMPLES[name]
    tried = Written(before=theirs, intended=ours, confirmed=theirs, tries=1)
    assert isinstance(one(name, ours, theirs, tried), Change)
    refused = replace(tried, tries=2)
    assert one(name, ours, theirs, refused) == Kept(field=name, now=theirs, wanted=ours, reason=Left.REFUSED)
    assert isinstance(one(name, ours, other, refused), Change)
    assert isinstance(one(name, other, theirs, refused), Change)
    empty = Written(before=None, intended=ours, tries=2)
    assert one(name, ours, None, empty) == Kept(field=name, now=None, wanted=ours, reason=Left.REFUSED)


@pytest.mark.parametrize("name", SCALARS)
def test_a_value_that_plex_does_not_clear_is_tried_twice(name: Field) -> None:
    ours = SAMPLES[name][0]
    tried = Written(before=None, intended=None, confirmed=ours, tries=1)
    assert one(name, None, ours, tried) == Change(field=name, before=ours, after=None, because=Because.EMPTIED)
    refused = replace(tried, tries=2)
    assert one(name, None, ours, refused) == Kept(field=name, now=ours, wanted=None, reason=Left.REFUSED)


@pytest.mark.parametrize("name", [*SCALARS, *LISTS])
def test_what_plex_kept_against_our_write_is_not_ours_to_clear(name: Field) -> None:
    ours, theirs, _ = SAMPLES[name]
    refused = Written(before=theirs, intended=ours, confirmed=theirs, tries=2)
    assert one(name, None, theirs, refused) == Kept(field=name, now=theirs, wanted=None, reason=Left.FOREIGN)


def test_roles_that_plex_holds_are_kept() -> None:
    found = (Person(name="ada", role="Queen"), Person(name="Cy", role="Knight"))
    answer = one(Field.ACTORS, (Person(name="Ada"), Person(name="Bo")), found, None)
    assert isinstance(answer, Change)
    assert answer.after == (Person(name="Ada", role="Queen"), Person(name="Bo", role=""))
    assert one(Field.ACTORS, (Person(name="Ada"), Person(name="Cy")), found, None) is None
    asked = (Person(name="Ada", role="King"), Person(name="Cy"))
    answer = one(Field.ACTORS, asked, found, None)
    assert isinstance(answer, Change)
    assert answer.after == (asked[0], Person(name="Cy", role="Knight"))


def test_a_picture_is_known_by_our_own_record_and_never_taken_away() -> None:
    change = Change(field=Field.POSTER, before=None, after="aa", because=Because.NEVER_WRITTEN)
    assert one(Field.POSTER, "aa", None, None) == change
    assert one(Field.POSTER, "aa", None, confirmed("aa")) is None
    answer = one(Field.POSTER, "bb", None, confirmed("aa"))
    assert answer == Change(field=Field.POSTER, before="aa", after="bb", because=Because.CHANGED)
    unread = Written(before="/thumb", intended="aa")
    assert isinstance(one(Field.POSTER, "aa", None, unread), Change)
    assert one(Field.POSTER, "aa", None, replace(unread, tries=2)) == Kept(
        field=Field.POSTER, now=None, wanted="aa", reason=Left.REFUSED
    )
    for written in (None, confirmed("aa")):
        assert not isinstance(one(Field.POSTER, None, None, written, clear=True), Change)


def test_fields_that_are_not_asked_for_are_not_looked_at() -> None:
    made = plan(replace(ITEM, title="x", summary="y"), {Field.TITLE: "z"}, Rules(), {})
    assert [change.field for change in made.changes] == [Field.TITLE]
    assert (made.rating_key, made.section, made.path) == (7, 2, "/media/a.mp4")


def test_a_field_that_is_switched_off_is_not_written() -> None:
    rules = Rules(enabled=frozenset(Field) - {Field.TITLE, Field.DATE})
    wanted: dict[Field, Value] = {Field.TITLE: "z", Field.DATE: "2010-09-27", Field.YEAR: 2010, Field.STUDIO: "s"}
    assert [change.field for change in plan(ITEM, wanted, rules, {}).changes] == [Field.STUDIO]


NAMES = st.sampled_from(["A", "a", "B", "b ", "C", "Dé", "De\u0301"])
TAGS = st.lists(NAMES, max_size=4, unique_by=text_key).map(tuple)
PEOPLE = st.lists(
    st.builds(Person, name=NAMES, role=st.sampled_from([None, "", "x"])),
    max_size=3,
    unique_by=lambda p: text_key(p.name),
).map(tuple)
VALUES: dict[Field, st.SearchStrategy[Any]] = {
    Field.TITLE: st.sampled_from([None, "A", "a", "B"]),
    Field.SUMMARY: st.sampled_from([None, "A\nb", "A b", "c"]),
    Field.DATE: st.sampled_from([None, "2010-09-27", "2011-01-01"]),
    Field.YEAR: st.sampled_from([None, 2010, 2011]),
    Field.STUDIO: st.sampled_from([None, "S", "s", "T"]),
    Field.RATING: st.sampled_from([None, 7.3, 7.5, 8.0]),
    Field.ACTORS: PEOPLE.map(lambda value: value or None),
    Field.GENRES: TAGS.map(lambda value: value or None),
}
#: What a person edits in Plex is locked.
LOCKED = frozenset(FIELDS[name].plex for name in VALUES)
WANTED = st.fixed_dictionaries(VALUES)
OWNERS = st.dictionaries(st.sampled_from(list(Field)), st.sampled_from(list(Owner)))
RULES = st.builds(Rules, owners=OWNERS, clear_foreign=st.frozensets(st.sampled_from(list(Field)), max_size=2))


def item_of(values: Mapping[Field, Value]) -> Item:
    item = replace(ITEM, locks=LOCKED)
    for name, value in values.items():
        item = replace(item, **{name.value: getattr(held(name, value), name.value)})
    return item


def applied(made: Plan, item: Item, ledger: Ledger, *, shouting: bool) -> tuple[Item, Ledger]:
    """What Plex and the ledger hold when a plan was carried out; a shouting Plex gives texts its own form."""
    after: dict[Field, Value] = {}
    noted = dict(ledger)
    for change in made.changes:
        value = change.after.upper() if shouting and isinstance(change.after, str) else change.after
        after[change.field] = value
        before = ledger[change.field].before if change.field in ledger else change.before
        noted[change.field] = Written(before=before, intended=change.intended, confirmed=value, is_confirmed=True)
    held_now = {name: after.get(name, value_of(item, name)) for name in VALUES}
    return item_of(held_now), noted


STEPS = st.lists(st.one_of(st.tuples(st.just("stash"), WANTED), st.tuples(st.just("plex"), WANTED)), max_size=5)


@given(WANTED, RULES, STEPS, st.booleans())
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(
    first: dict[Field, Value], rules: Rules, steps: list[tuple[str, dict[Field, Value]]], shouting: bool
) -> None:
    item, ledger, wanted = item_of(first), Ledger(), dict.fromkeys(VALUES)
    for who, values in steps:
        if who == "plex":
            item = item_of(values)
        else:
            wanted = dict(values)
        item, ledger = applied(plan(item, wanted, rules, ledger), item, ledger, shouting=shouting)
        assert plan(item, wanted, rules, ledger).changes == ()


@given(WANTED, OWNERS, STEPS)
def test_nothing_is_cleared_that_we_did_not_write(
    first: dict[Field, Value], owners: dict[Field, Owner], steps: list[tuple[str, dict[Field, Value]]]
) -> None:
    rules = Rules(owners=owners)
    item, ledger, wanted = item_of(first), Ledger(), dict.fromkeys(VALUES)
    sent: dict[Field, list[Value]] = {name: [] for name in VALUES}
    for who, values in steps:
        item, wanted = (item_of(values), wanted) if who == "plex" else (item, dict(values))
        made = plan(item, wanted, rules, ledger)
        for change in made.changes:
            assert rules.owner(change.field) is not Owner.PLEX
            if change.because is Because.EMPTIED:
                assert_ours(change, first[change.field], sent[change.field])
            elif rules.owner(change.field) is Owner.FILL and change.before is not None:
                assert any(same(FIELDS[change.field], one, change.before) != "other" for one in sent[change.field])
            sent[change.field].append(change.after)
        item, ledger = applied(made, item, ledger, shouting=False)


def assert_ours(change: Change, first: Value, sent: list[Value]) -> None:
    """Each entry that goes, or the whole value, was sent by us before."""
    if not isinstance(change.before, tuple):
        assert any(same(FIELDS[change.field], one, change.before) != "other" for one in sent)
        return
    gone = keys(change.before) - keys(change.after)
    assert gone <= {key for value in sent for key in keys(value)}


def keys(value: Value) -> set[str]:
    entries = value if isinstance(value, tuple) else ()
    return {text_key(entry.name if isinstance(entry, Person) else entry) for entry in entries}


@given(WANTED, WANTED, RULES)
def test_every_difference_is_either_written_or_listed(
    wanted: dict[Field, Value], found: dict[Field, Value], rules: Rules
) -> None:
    item = item_of(found)
    made = plan(item, wanted, rules, {})
    told = {change.field for change in made.changes} | {kept.field for kept in made.kept}
    assert len(told) == len(made.changes) + len(made.kept)
    for name, value in wanted.items():
        differs = same(FIELDS[name], value, value_of(item, name)) == "other"
        assert (name in told) >= (differs and rules.owner(name) is not Owner.PLEX)


def test_what_a_clearing_left_of_our_own_entries_is_taken_off_again_and_then_taken_for_refused() -> None:
    """Plex may heed only the first of several names: the rest is ours still, and a user's entry beside it is not."""
    once = Written(before=None, intended=None, confirmed=("Dawn",), tries=1)
    assert one(Field.GENRES, None, ("Dawn", "Mine"), once) == Change(
        field=Field.GENRES, before=("Dawn", "Mine"), after=("Mine",), because=Because.EMPTIED
    )
    twice = replace(once, tries=2)
    answer = one(Field.GENRES, None, ("Dawn", "Mine"), twice)
    assert isinstance(answer, Kept)
    assert answer.reason is Left.REFUSED
    gone = one(Field.GENRES, None, ("Mine",), twice)
    assert isinstance(gone, Kept)
    assert gone.reason is Left.EDITED
