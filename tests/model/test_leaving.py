"""What the rule for lost scenes and files makes of each kind of field."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.model.fields import Field, Value
from plexsync.model.item import Item, Person
from plexsync.model.leaving import leaving
from plexsync.model.plan import Because, Written
from plexsync.model.restoring import Known, Restoration, Stays
from plexsync.model.rules import WhenGone

ITEM = Item(rating_key=1, section=1, locks=frozenset({"summary", "genre", "title", "label"}))
RESTORE, CLEAR, LEAVE = WhenGone.RESTORE, WhenGone.CLEAR, WhenGone.LEAVE


def known(before: Value, ours: Value, *, sure: bool = True, locked: bool | None = False) -> Known:
    written = Written(before=before, intended=ours, confirmed=ours, is_confirmed=True)
    return Known(written=written, before_known=sure, before_locked=locked)


def done(field: Field, held: Known, now: Value, how: WhenGone) -> Restoration:
    """Of one field that Plex holds so `now`."""
    items = {
        Field.TITLE: replace(ITEM, title=str(now)),
        Field.SUMMARY: replace(ITEM, summary=str(now)),
        Field.GENRES: replace(ITEM, genres=names(now)),
        Field.LABELS: replace(ITEM, labels=names(now)),
    }
    return leaving(items.get(field, ITEM), {field: held}, {field: now}, how)


def names(value: Value) -> tuple[str, ...]:
    return tuple(str(entry) for entry in value) if isinstance(value, tuple) else ()


def told(found: Restoration) -> tuple[Value, bool | None] | str | None:
    """The value and the lock that the field gets, or why it stays."""
    if found.left:
        return found.left[0][1].value
    one = (*found.restored, *found.settled)[0]
    return one.change.after, one.lock


@pytest.mark.parametrize(
    ("field", "held", "now", "restored", "cleared"),
    [
        (Field.SUMMARY, known("Theirs", "Ours"), "Ours", ("Theirs", False), (None, False)),
        (Field.SUMMARY, known("Theirs", "Ours", locked=True), "Ours", ("Theirs", True), (None, False)),
        (Field.SUMMARY, known(None, "Ours"), "Ours", (None, False), (None, False)),
        (Field.SUMMARY, known("Theirs", "Ours"), "Edited", Stays.THEIRS, Stays.THEIRS),
        (Field.SUMMARY, known("Theirs", "Ours"), "Theirs", ("Theirs", False), ("Theirs", False)),
        (Field.SUMMARY, known("Theirs", "Ours"), "", Stays.THEIRS, (None, None)),
        (Field.SUMMARY, known("Theirs", None), "", ("Theirs", False), (None, False)),
        (Field.SUMMARY, known("Ours?", "Ours", sure=False), "Ours", Stays.UNKNOWN, (None, False)),
        (Field.TITLE, known("file name", "Ours"), "Ours", ("file name", False), ("file name", False)),
        (Field.TITLE, known("file name", "Ours"), "Edited", Stays.THEIRS, Stays.THEIRS),
        (Field.GENRES, known(("Old",), ("a", "b")), ("a", "b"), (("Old",), False), (None, False)),
        (Field.GENRES, known(("Old",), ("a", "Old")), ("a", "Old"), (("Old",), False), (("Old",), None)),
        (Field.GENRES, known(("Old",), ("a", "b")), ("a", "Mine"), Stays.THEIRS, (("Mine",), None)),
        (Field.GENRES, known(None, ("a",)), ("Mine",), Stays.THEIRS, Stays.THEIRS),
        (Field.LABELS, known(("Keep",), ("a",)), ("Keep", "A"), (("Keep",), False), (("Keep",), False)),
        (
            Field.LABELS,
            known(("Keep",), ("a",)),
            ("Keep", "a", "Mine"),
            (("Keep", "Mine"), None),
            (("Keep", "Mine"), None),
        ),
        (Field.POSTER, known("media://1", "sha"), "sha", ("media://1", False), ("media://1", False)),
        (Field.POSTER, known(None, "sha"), "sha", Stays.NO_PICTURE, Stays.NO_PICTURE),
        (Field.POSTER, known("media://1", "sha"), "upload://theirs", Stays.THEIRS, Stays.THEIRS),
    ],
)
def test_each_kind_of_field_has_its_own_way_back(
    field: Field, held: Known, now: Value, restored: object, cleared: object
) -> None:
    assert told(done(field, held, now, RESTORE)) == restored
    assert told(done(field, held, now, CLEAR)) == cleared
    assert done(field, held, now, LEAVE) == Restoration()


def test_what_is_pinned_or_switched_off_stays_whatever_the_rule_says() -> None:
    ledger = {Field.SUMMARY: known("Theirs", "Ours"), Field.TITLE: known("file", "Ours")}
    item = replace(ITEM, summary="Ours", title="Ours")
    found = leaving(item, ledger, {}, RESTORE, {Field.SUMMARY: Stays.PINNED, Field.STUDIO: Stays.OFF})
    assert [one.field for one in found.restored] == [Field.TITLE]
    assert found.left == ((Field.SUMMARY, Stays.PINNED),)
    assert {one.change.because for one in found.restored} == {Because.GONE}


TEXTS = st.sampled_from([None, "Theirs", "Ours", "Edited"])
LISTS = st.one_of(st.none(), st.lists(st.sampled_from("abcd"), min_size=1, unique=True).map(tuple))


@given(TEXTS, TEXTS, TEXTS, st.sampled_from([RESTORE, CLEAR]))
def test_a_text_that_is_not_ours_is_never_changed(before: Value, ours: Value, now: Value, how: WhenGone) -> None:
    item = replace(ITEM, summary=str(now or ""))
    found = leaving(item, {Field.SUMMARY: known(before, ours)}, {}, how)
    if now not in (ours, None):
        assert all(one.change.after == now for one in found.restored)


@given(st.sampled_from([Field.GENRES, Field.LABELS]), LISTS, LISTS, LISTS, st.sampled_from([RESTORE, CLEAR]))
def test_no_entry_is_taken_off_a_list_that_is_not_ours(
    field: Field, before: Value, ours: Value, now: Value, how: WhenGone
) -> None:
    item = replace(ITEM, genres=names(now), labels=names(now))
    found = leaving(item, {field: known(before, ours)}, {}, how)
    for one in found.restored:
        assert set(names(now)) - set(names(ours)) <= set(names(one.change.after))


def test_a_cast_is_put_back_with_its_roles() -> None:
    before, ours = (Person(name="Ann", role="Herself"),), (Person(name="Bo"),)
    item = replace(ITEM, actors=(Person(name="Bo", role=""),))
    found = leaving(item, {Field.ACTORS: known(before, ours)}, {}, RESTORE)
    assert found.restored[0].change.after == before
