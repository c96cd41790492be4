"""Two values of a field are equal, differ in form only, or differ."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.model.compare import Sameness, same, text_key
from plexsync.model.fields import FIELDS, Field, Value
from plexsync.model.item import Item, Person
from plexsync.model.item_values import value_of

CASES: list[tuple[Field, Value, Value, Sameness]] = [
    (Field.TITLE, "Sintel", "Sintel", "equal"),
    (Field.TITLE, "Sintel", "SINTEL", "form"),
    (Field.TITLE, "Big  Buck\nBunny ", "Big Buck Bunny", "form"),
    (Field.TITLE, "Süß", unicodedata.normalize("NFD", "Süß"), "form"),
    (Field.TITLE, "Sintel", "Sintel 2", "other"),
    (Field.TITLE, None, "", "equal"),
    (Field.TITLE, None, "Sintel", "other"),
    (Field.SUMMARY, "one", None, "other"),
    (Field.DATE, "2010-09-27", "2010-09-27", "equal"),
    (Field.DATE, "2010-09-27", "2010-09-27 00:00:00", "form"),
    (Field.DATE, "2010-09-27", "2010-09-28", "other"),
    (Field.YEAR, 2010, 2010, "equal"),
    (Field.YEAR, 2010, 2011, "other"),
    (Field.YEAR, None, 2011, "other"),
    (Field.RATING, 7.3, 7.300000190734863, "equal"),
    (Field.RATING, 7.3, 7.5, "form"),
    (Field.RATING, 7.5, 8.0, "form"),
    (Field.RATING, 7.0, 8.0, "other"),
    (Field.RATING, 0.0, None, "other"),
    (Field.RATING, None, None, "equal"),
    (Field.GENRES, ("A", "B"), ("A", "B"), "equal"),
    (Field.GENRES, ("A", "B"), ("B", "a"), "form"),
    (Field.GENRES, ("A", "B"), ("A",), "other"),
    (Field.GENRES, (), None, "equal"),
    (Field.GENRES, ("A", "a"), ("A",), "form"),
    (Field.ACTORS, (Person(name="Ada", role=None),), (Person(name="Ada", role="Queen"),), "equal"),
    (Field.ACTORS, (Person(name="Ada", role=None),), (Person(name="ADA", role="Queen"),), "form"),
    (Field.ACTORS, (Person(name="Ada", role="queen"),), (Person(name="Ada", role="Queen"),), "form"),
    (Field.ACTORS, (Person(name="Ada", role=""),), (Person(name="Ada", role=None),), "equal"),
    (Field.ACTORS, (Person(name="Ada", role=""),), (Person(name="Ada", role="Queen"),), "other"),
    (Field.ACTORS, (Person(name="Ada"), Person(name="Bo")), (Person(name="Bo"), Person(name="Ada")), "form"),
    (Field.POSTER, "ab", "ab", "equal"),
    (Field.POSTER, "ab", "cd", "other"),
    (Field.POSTER, "ab", None, "other"),
]


@pytest.mark.parametrize(("field", "wanted", "found", "expected"), CASES)
def test_values_are_compared_by_what_they_mean(field: Field, wanted: Value, found: Value, expected: Sameness) -> None:
    assert same(FIELDS[field], wanted, found) == expected


@given(st.text(), st.text(max_size=3))
def test_every_text_means_the_same_as_its_other_unicode_form(text: str, spaces: str) -> None:
    other = unicodedata.normalize("NFD", text)
    assert text_key(text) == text_key(other)
    assert text_key(f" {text}\t") == text_key(text)
    assert (text_key(text + spaces) == text_key(text)) or spaces.strip()


@given(st.lists(st.text(min_size=1), min_size=1))
def test_a_list_in_another_order_is_never_another_list(names: list[str]) -> None:
    shuffled = sorted(names, reverse=True)
    assert same(FIELDS[Field.GENRES], tuple(names), tuple(shuffled)) != "other"


def test_each_field_of_an_item_has_its_value_and_empty_ones_have_none() -> None:
    ada = Person(name="Ada", role="Queen")
    item = Item(
        rating_key=1,
        section=1,
        title="Sintel",
        sort_title="Sintel 1",
        summary="s",
        tagline="t",
        studio="b",
        content_rating="R",
        date="2010-09-27",
        year=2010,
        rating=0.0,
        genres=("A",),
        labels=("L",),
        collections=("C",),
        directors=("D",),
        actors=(ada,),
        portraits={"Ada": "http://art/1"},
        thumb="/thumb/1",
        art="/art/1",
    )
    values = {field: value_of(item, field) for field in Field}
    assert values == {
        Field.TITLE: "Sintel",
        Field.SORT_TITLE: "Sintel 1",
        Field.SUMMARY: "s",
        Field.TAGLINE: "t",
        Field.DATE: "2010-09-27",
        Field.YEAR: 2010,
        Field.STUDIO: "b",
        Field.CONTENT_RATING: "R",
        Field.RATING: 0.0,
        Field.ACTORS: (ada,),
        Field.DIRECTORS: ("D",),
        Field.GENRES: ("A",),
        Field.LABELS: ("L",),
        Field.COLLECTIONS: ("C",),
        Field.POSTER: None,
        Field.BACKGROUND: None,
    }
    empty = Item(rating_key=1, section=1)
    assert {value_of(empty, field) for field in Field} == {None}
