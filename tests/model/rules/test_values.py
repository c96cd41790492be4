"""What Plex should hold for a scene, and when that moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.model.compare import text_key
from plexsync.model.fields import FIELDS, Field, Owner, Value
from plexsync.model.item import Person
from plexsync.model.rules import Rules, desired
from plexsync.model.scene import Performer, Scene, SceneFile, Studio, Tag

RULES = Rules()
FILE = SceneFile(path="/data/a/Big Buck.Bunny.mp4", size=1, duration=2.0, oshash="ff")
SCENE = Scene(
    id=1,
    title="Sintel",
    details="A girl and her dragon.",
    date="2010-09-27",
    rating=73,
    studio=Studio(id=1, name="Blender"),
    performers=(Performer(id=1, name="Ada"), Performer(id=2, name="Bo")),
    tags=(Tag(id=1, name="Fantasy"), Tag(id=2, name="Short")),
    files=(FILE,),
    cover="/scene/1/screenshot?t=1",
    updated_at="2024",
)


def values(scene: Scene, rules: Rules = RULES) -> Mapping[Field, Value]:
    return desired(scene, rules).values


def tags(*names: str) -> tuple[Tag, ...]:
    return tuple(Tag(id=number, name=name) for number, name in enumerate(names))


def performers(*names: str) -> tuple[Performer, ...]:
    return tuple(Performer(id=number, name=name) for number, name in enumerate(names))


def test_a_whole_scene_gives_every_field_but_the_poster() -> None:
    assert values(SCENE) == {
        Field.TITLE: "Sintel",
        Field.SUMMARY: "A girl and her dragon.",
        Field.DATE: "2010-09-27",
        Field.YEAR: 2010,
        Field.STUDIO: "Blender",
        Field.RATING: 7.3,
        Field.DIRECTORS: None,
        Field.ACTORS: (Person(name="Ada"), Person(name="Bo")),
        Field.GENRES: ("Fantasy", "Short"),
    }


def test_an_empty_scene_gives_nothing() -> None:
    assert set(values(Scene(id=1)).values()) == {None}
    assert set(values(Scene(id=1), replace(RULES, title_from_stem=True)).values()) == {None}


@pytest.mark.parametrize(
    ("text", "day", "year"),
    [
        ("2024-02-29", "2024-02-29", 2024),
        (" 2024-02-29 ", "2024-02-29", 2024),
        ("2024-02-31", None, 2024),
        ("2023-02-29", None, 2023),
        ("2024-13-01", None, 2024),
        ("2024-00-00", None, 2024),
        ("2024-02", None, 2024),
        ("2024", None, 2024),
        ("0001-01-01", "0001-01-01", 1),
        ("0000-01-01", None, None),
        ("24-02-01", None, None),
        ("2024-2-1", None, None),
        ("2024/02/01", None, None),
        ("2024-02-01T10:00:00Z", None, None),
        ("٢٠٢٤", None, None),
        ("soon", None, None),
        ("", None, None),
    ],
)
def test_the_year_follows_the_date_and_a_part_of_a_date_gives_only_the_year(
    text: str, day: str | None, year: int | None
) -> None:
    wanted = values(replace(SCENE, date=text))
    assert (wanted[Field.DATE], wanted[Field.YEAR]) == (day, year)


@pytest.mark.parametrize(
    ("rating", "expected"),
    [(None, None), (-1, None), (0, None), (1, 0.1), (33, 3.3), (70, 7.0), (95, 9.5), (100, 10.0), (101, 10.0)],
)
def test_a_rating_has_one_decimal(rating: int | None, expected: float | None) -> None:
    assert values(replace(SCENE, rating=rating))[Field.RATING] == expected


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/data/a/Big Buck.Bunny.mp4", "Big Buck.Bunny"),
        ("D:\\clips\\a.mp4", "a"),
        ("/data/back\\slash.mp4", "back\\slash"),
        ("/data/.hidden", ".hidden"),
        ("/data/none", "none"),
        ("/data/u\u0308.mp4", "ü"),
    ],
)
def test_an_empty_title_becomes_the_stem_only_where_that_is_asked_for(path: str, title: str) -> None:
    scene = replace(SCENE, title="\u200b ", files=(SceneFile(path=path),))
    assert values(scene)[Field.TITLE] is None
    assert values(scene, replace(RULES, title_from_stem=True))[Field.TITLE] == title
    assert values(SCENE, replace(RULES, title_from_stem=True))[Field.TITLE] == "Sintel"


def test_ten_thousand_tags_come_in_their_order_and_each_once() -> None:
    names = [f"tag {number}" for number in range(10_000)]
    assert values(replace(SCENE, tags=tags(*names, *names)))[Field.GENRES] == tuple(names)


def test_names_that_plex_cannot_tell_apart_come_once_as_first_written() -> None:
    scene = replace(SCENE, tags=tags("Süß", "SÜSS", "su\u0308ß", " Süß ", "x  y", "X Y", "", "\u200b", "\U0001f3ac"))
    assert values(scene)[Field.GENRES] == ("Süß", "x y", "\U0001f3ac")
    scene = replace(SCENE, performers=performers("Ada", "ADA", "\u202eעדה\u202c"))
    assert values(scene)[Field.ACTORS] == (Person(name="Ada"), Person(name="עדה"))


def test_texts_keep_their_limits_and_only_a_summary_its_lines() -> None:
    long = "word\n" * 5000
    wanted = values(Scene(id=1, title=long, details=long, studio=Studio(id=1, name=long), tags=tags(long)))
    assert str(wanted[Field.TITLE]).split() == ["word"] * 51
    assert "\n" in str(wanted[Field.SUMMARY])
    for name, value in wanted.items():
        for text in value if isinstance(value, tuple) else (value,):
            assert text is None or len(str(text)) <= FIELDS[name].limit


TEXTS = st.text(st.sampled_from("aAßİ \u200b\u0308ü\U0001f3ac,"), max_size=8)


@given(st.lists(TEXTS, max_size=8), TEXTS)
def test_what_is_wanted_is_never_an_empty_text_and_no_name_comes_twice(names: list[str], title: str) -> None:
    wanted = values(Scene(id=1, title=title, tags=tags(*names), performers=performers(*names)))
    assert all(value is None or value for value in wanted.values())
    genres = wanted[Field.GENRES] or ()
    assert isinstance(genres, tuple)
    keys = [text_key(str(name)) for name in genres]
    assert all(keys)
    assert len(set(keys)) == len(keys)


MOVES: list[dict[str, object]] = [
    {"title": "Other"},
    {"title": "sintel"},
    {"details": ""},
    {"date": "2010"},
    {"rating": 74},
    {"rating": None},
    {"studio": None},
    {"studio": Studio(id=1, name="Other")},
    {"performers": ()},
    {"performers": SCENE.performers[::-1]},
    {"tags": (*SCENE.tags, Tag(id=3, name="New"))},
    {"files": (replace(FILE, path="/data/b.mp4"),)},
    {"files": (replace(FILE, size=2),)},
    {"files": (FILE, replace(FILE, path="/data/b.mp4"))},
]
STAYS: list[dict[str, object]] = [
    {"organized": True},
    {"updated_at": "2025"},
    {"cover": "/scene/1/screenshot?t=2"},
    {"title": " Sintel\u200b "},
    {"tags": (*SCENE.tags, Tag(id=3, name="FANTASY"))},
    {"tags": (Tag(id=9, name="Fantasy"), Tag(id=2, name="Short"))},
]


@pytest.mark.parametrize("change", MOVES)
def test_the_digest_moves_with_all_that_can_reach_plex(change: dict[str, object]) -> None:
    other = replace(SCENE, **change)  # type: ignore[arg-type]
    assert RULES.digest(other, "1") != RULES.digest(SCENE, "1")
    assert other.content_hash != SCENE.content_hash


@pytest.mark.parametrize("change", STAYS)
def test_the_digest_stays_where_nothing_new_can_reach_plex(change: dict[str, object]) -> None:
    assert RULES.digest(replace(SCENE, **change), "1") == RULES.digest(SCENE, "1")  # type: ignore[arg-type]


def test_a_touch_alone_does_not_change_the_content() -> None:
    touched = replace(SCENE, updated_at="2025", cover="/scene/1/screenshot?t=2")
    assert touched.content_hash == SCENE.content_hash


@pytest.mark.parametrize(
    "rules",
    [
        Rules(enabled=frozenset(Field) - {Field.GENRES}),
        Rules(owners={Field.TITLE: Owner.FILL}),
        Rules(rate_plex_items=True),
        Rules(clear_foreign=frozenset({Field.TITLE})),
    ],
)
def test_the_digest_moves_with_the_rules_and_the_link(rules: Rules) -> None:
    assert rules.digest(SCENE, "1") != RULES.digest(SCENE, "1")
    assert RULES.digest(SCENE, "2") != RULES.digest(SCENE, "1")


def test_a_field_that_is_not_written_does_not_move_the_digest() -> None:
    other = replace(SCENE, tags=())
    for rules in (Rules(enabled=frozenset(Field) - {Field.GENRES}), Rules(owners={Field.GENRES: Owner.PLEX})):
        assert rules.digest(other, "1") == rules.digest(SCENE, "1")


def test_the_digest_of_equal_values_is_equal_with_lone_surrogates_too() -> None:
    scene = replace(SCENE, title="a\ud83d", files=(replace(FILE, path="/data/\udcff.mp4"),))
    assert RULES.digest(scene, "1") == RULES.digest(replace(scene), "1")
    assert scene.content_hash


def test_a_field_that_is_off_belongs_to_plex_and_the_year_goes_with_the_date() -> None:
    rules = Rules(enabled=frozenset(Field) - {Field.DATE}, owners={Field.TITLE: Owner.FILL, Field.YEAR: Owner.STASH})
    assert rules.owner(Field.DATE) is Owner.PLEX
    assert rules.owner(Field.YEAR) is Owner.PLEX
    assert rules.owner(Field.TITLE) is Owner.FILL
    assert rules.owner(Field.SUMMARY) is Owner.STASH
    assert rules.owner(Field.RATING) is Owner.FILL
    assert Rules(clear_foreign=frozenset({Field.DATE})).clears_foreign(Field.YEAR)
    assert not Rules(clear_foreign=frozenset({Field.DATE})).clears_foreign(Field.TITLE)


@pytest.mark.parametrize(
    ("scene", "label"),
    [
        (SCENE, "Sintel"),
        (replace(SCENE, title=""), "Big Buck.Bunny.mp4"),
        (replace(SCENE, title="", files=(SceneFile(path="D:\\x\\a.mp4"),)), "a.mp4"),
        (Scene(id=7), "scene 7"),
    ],
)
def test_people_recognise_a_scene_by_its_label(scene: Scene, label: str) -> None:
    assert scene.label == label
