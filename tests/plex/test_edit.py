"""Edits are said to Plex so that it does exactly what was meant, and to one item only."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.model.compare import text_key
from plexsync.model.fields import FIELDS, Field, Kind, Value
from plexsync.model.item import Person
from plexsync.plex.edit import (
    LINE_LIMIT,
    FieldEdit,
    Param,
    cut_text,
    edit_path,
    request_line,
    requests_for,
    shortened,
    with_kept_roles,
)


@dataclass
class Heard:
    """What a server that reads queries by hand understood from all the requests together."""

    ids: set[str] = field(default_factory=set)
    values: dict[str, str] = field(default_factory=dict)
    locks: dict[str, bool] = field(default_factory=dict)
    added: dict[str, list[str]] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    removed: dict[str, list[str]] = field(default_factory=dict)
    thumbs: dict[str, str] = field(default_factory=dict)


def hear(paths: list[str]) -> Heard:
    heard = Heard()
    for path in paths:
        assert path.isascii()
        assert " " not in path
        route, _, query = path.partition("?")
        assert route == "/library/sections/3/all"
        pairs = [pair.split("=") for pair in query.split("&")]
        assert all(len(pair) == 2 for pair in pairs)
        names = [unquote(name) for name, _ in pairs]
        assert len(set(names)) == len(names)
        _hear_one(heard, {unquote(name): unquote(value) for name, value in pairs})
    return heard


def _hear_one(heard: Heard, arguments: dict[str, str]) -> None:
    assert arguments.pop("type") == "1"
    heard.ids.add(arguments.pop("id"))
    names: dict[str, str] = {}
    for name, value in arguments.items():
        base = name.partition("[")[0].partition(".")[0]
        if name == f"{base}.value":
            heard.values[base] = value
        elif name == f"{base}.locked":
            heard.locks[base] = {"1": True, "0": False}[value]
        elif name == f"{base}[].tag.tag-":
            heard.removed.setdefault(base, []).extend(unquote(part) for part in value.split(","))
        elif name.endswith("].tag.tag"):
            names[name.removesuffix(".tag.tag")] = value
            heard.added.setdefault(base, []).append(value)
        elif name.endswith("].tag.thumb"):
            heard.thumbs[names[name.removesuffix(".tag.thumb")]] = value
        else:
            assert name.endswith("].tagging.text")
            heard.roles[names[name.removesuffix(".tagging.text")]] = value


NASTY = st.sampled_from(
    ["a,b", '"quoted"', "it's", "👩‍🚀", "שלום", "مرحبا", "&=#%+", "%2C", "a%252Cb", "日本語", " ", "-", "[]", "\\"]
)
TEXTS = st.one_of(NASTY, st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
LONG = st.builds(lambda text, times: text * times, TEXTS, st.integers(1, 400))
NAMES = st.one_of(NASTY, st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)).filter(str.strip)
LISTS = st.lists(NAMES, max_size=60, unique_by=text_key)
PEOPLE = LISTS.flatmap(lambda names: st.tuples(*(st.builds(Person, name=st.just(name), role=TEXTS) for name in names)))
VALUES: dict[Kind, st.SearchStrategy[Value]] = {
    Kind.TEXT: TEXTS | st.none(),
    Kind.DATE: st.dates().map(str) | st.none(),
    Kind.NUMBER: st.integers(0, 100).map(lambda tenths: tenths / 10) | st.none(),
    Kind.TAGS: LISTS.map(tuple),
    Kind.PEOPLE: PEOPLE,
    Kind.PICTURE: st.just("ab"),
}


def an_edit(kind: Field) -> st.SearchStrategy[FieldEdit]:
    """Any edit of that field."""
    lists = FIELDS[kind].kind in {Kind.TAGS, Kind.PEOPLE}
    return st.builds(
        FieldEdit,
        field=st.just(kind),
        after=LONG | st.none() if kind is Field.SUMMARY else VALUES[FIELDS[kind].kind],
        removed=LISTS.map(tuple) if lists else st.just(()),
        lock=st.sampled_from([True, False, None]),
    )


EDITS = st.fixed_dictionaries({}, optional={kind: an_edit(kind) for kind in Field})


@given(EDITS)
def test_plex_hears_exactly_what_was_meant(edits: dict[Field, FieldEdit]) -> None:
    """Every request names the item, and all of them together say each value, entry, removal and lock once."""
    paths = requests_for(3, 7, list(edits.values()))
    heard = hear(paths)
    assert heard.ids == ({"7"} if paths else set())
    for kind, edit in edits.items():
        spec = FIELDS[kind]
        assert heard.locks.get(spec.plex) == (edit.lock if spec.lockable else None)
        if spec.kind in {Kind.TAGS, Kind.PEOPLE}:
            assert isinstance(edit.after, tuple)
            names = [entry if isinstance(entry, str) else entry.name for entry in edit.after]
            assert heard.added.get(spec.plex, []) == names
            kept = {text_key(name) for name in names}
            expected = [name for name in edit.removed if text_key(name) not in kept]
            assert heard.removed.get(spec.plex, []) == expected
        elif spec.kind is Kind.PICTURE:
            assert spec.plex not in heard.values
        elif isinstance(edit.after, float):
            assert float(heard.values[spec.plex]) == pytest.approx(edit.after)
        else:
            assert heard.values[spec.plex] == ("" if edit.after is None else str(edit.after))
    if Field.ACTORS in edits:
        people = edits[Field.ACTORS].after
        assert isinstance(people, tuple)
        assert heard.roles == {p.name: p.role for p in people if isinstance(p, Person)}


@given(EDITS)
def test_a_request_line_is_only_too_long_for_a_single_value(edits: dict[Field, FieldEdit]) -> None:
    for path in requests_for(3, 7, list(edits.values())):
        if len(request_line(path)) > LINE_LIMIT:
            heard = hear([path])
            assert list(heard.values) == ["summary"]
            assert not heard.added
            assert not heard.removed


def test_everything_ordinary_of_an_item_travels_in_one_request() -> None:
    tags = tuple(f"tag number {number}" for number in range(30))
    people = tuple(Person(name=f"Person {number}", role="") for number in range(10))
    edits = [
        FieldEdit(field=Field.ACTORS, after=people, removed=("Gone",)),
        FieldEdit(field=Field.GENRES, after=tags, removed=("old", "a,b")),
        FieldEdit(field=Field.TITLE, after="Sintel"),
        FieldEdit(field=Field.SUMMARY, after="A lonely traveller. " * 20),
        FieldEdit(field=Field.RATING, after=8.0),
    ]
    (path,) = requests_for(3, 7, edits)
    assert path.startswith("/library/sections/3/all?type=1&id=7&title.value=Sintel&title.locked=1&")
    assert "&userRating.value=8&" in path
    assert "userRating.locked" not in path
    assert "&genre%5B%5D.tag.tag-=old%2Ca%252Cb&" in path


def test_a_field_is_cleared_by_an_empty_value_and_stays_locked() -> None:
    (path,) = requests_for(
        3, 7, [FieldEdit(field=Field.SUMMARY, after=None), FieldEdit(field=Field.RATING, after=None)]
    )
    assert path.endswith("&summary.value=&summary.locked=1&userRating.value=")


@pytest.mark.parametrize(("lock", "said"), [(True, "&title.locked=1"), (False, "&title.locked=0"), (None, "")], ids=str)
def test_a_field_is_locked_unlocked_or_left_as_it_is(lock: bool | None, said: str) -> None:
    (path,) = requests_for(3, 7, [FieldEdit(field=Field.TITLE, after="Old", lock=lock)])
    assert path.endswith(f"&id=7&title.value=Old{said}")


def test_a_picture_whose_lock_stays_as_it_is_needs_no_request() -> None:
    picture = FieldEdit(field=Field.BACKGROUND, after=None, lock=None)
    assert requests_for(3, 7, [picture]) == []
    (path,) = requests_for(3, 7, [picture, FieldEdit(field=Field.POSTER, after=None, lock=False)])
    assert path.endswith("&id=7&thumb.locked=0")


def test_the_pictures_of_people_travel_with_their_names_wherever_the_list_is_parted() -> None:
    people = tuple(Person(name=f"Person {number:03}", role="") for number in range(200))
    faces = {text_key(each.name): f"http://sync:9797/art/{each.name[-3:]}" for each in people[::2]}
    paths = requests_for(3, 7, [FieldEdit(field=Field.ACTORS, after=people, portraits=faces | {"nobody": "x"})])
    heard = hear(paths)
    assert len(paths) > 1
    assert heard.thumbs == {each.name: f"http://sync:9797/art/{each.name[-3:]}" for each in people[::2]}


def test_a_picture_of_a_person_is_taken_away_by_an_empty_address() -> None:
    edit = FieldEdit(field=Field.ACTORS, after=(Person(name="Ada", role=""),), portraits={text_key("ADA"): ""})
    (path,) = requests_for(3, 7, [edit])
    assert hear([path]).thumbs == {"Ada": ""}


def test_a_tag_that_is_wanted_in_another_case_is_not_taken_off() -> None:
    (path,) = requests_for(3, 7, [FieldEdit(field=Field.GENRES, after=("Comedy",), removed=("COMEDY",))])
    assert hear([path]).removed == {}


@pytest.mark.parametrize("keys", [(), (0,), (-1,), ("7",), ("",), (True,), (7, None)])
def test_an_edit_without_items_cannot_be_built(keys: tuple[int, ...]) -> None:
    """Plex would edit every item of the library."""
    with pytest.raises(ValueError, match="positive"):
        edit_path(3, keys, (Param("title.value", "x"),))


def test_an_edit_of_nothing_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="field"):
        edit_path(3, (7,), ())


@given(LONG.filter(bool), st.integers(400, 3000))
def test_a_text_that_is_too_long_is_cut_to_fit(text: str, limit: int) -> None:
    edit = shortened(FieldEdit(field=Field.SUMMARY, after=text), 3, 7, limit)
    if edit is not None:
        (path,) = requests_for(3, 7, [edit])
        assert len(request_line(path)) <= limit
        assert isinstance(edit.after, str)
        assert text.startswith(edit.after.removesuffix("…"))


def test_a_text_is_cut_at_a_word_and_never_inside_an_emoji() -> None:
    assert cut_text("alpha beta gamma", 16) == "alpha beta"
    assert cut_text("one two three", 14) == "one two th"
    assert cut_text("one two", 99) == "one two"
    assert cut_text("onetwothree", 5) == "onetw"
    assert cut_text("ab👩‍🚀", 25) == "ab"
    assert cut_text("abe\u0301", 4) == "ab"


def test_only_texts_are_cut() -> None:
    assert shortened(FieldEdit(field=Field.GENRES, after=("x" * 999,)), 3, 7, 500) is None
    assert shortened(FieldEdit(field=Field.DATE, after="2010-09-27"), 3, 7, 500) is None


def test_a_role_that_is_to_be_kept_is_sent_as_plex_holds_it() -> None:
    edit = FieldEdit(field=Field.ACTORS, after=(Person(name="ada"), Person(name="Bo"), Person(name="Cy", role="New")))
    held = [Person(name="Ada", role="Queen"), Person(name="Cy", role="Old")]
    assert with_kept_roles(edit, held).after == (
        Person(name="ada", role="Queen"),
        Person(name="Bo", role=""),
        Person(name="Cy", role="New"),
    )
    title = FieldEdit(field=Field.TITLE, after="x")
    assert with_kept_roles(title, held) is title
