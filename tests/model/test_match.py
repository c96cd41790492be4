"""A scene's file is found in Plex by its exact path, or by what proves it; it is never guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.model.item import IndexedItem, Part
from plexsync.model.match import Confidence, Match, Surroundings, Verdict, common_suffix, match_file
from plexsync.model.scene import SceneFile

HIGH, LOW = Confidence.HIGH, Confidence.LOW


def item(
    key: int, *paths: str, size: int | None = None, duration: float | None = None, section: int = 1
) -> IndexedItem:
    parts = tuple(Part(path=path, size=size, duration=duration) for path in paths)
    return IndexedItem(rating_key=key, section=section, title="", parts=parts)


def by_name(path: str, *items: IndexedItem, twins: tuple[str, ...] = (), size: int | None = 9) -> Match:
    file = SceneFile(path=path, size=size, duration=60.0)
    return match_file(file, Surroundings(mapped=None, same_name=items, twins=twins))


def test_where_a_rule_maps_the_path_only_the_item_there_counts() -> None:
    file = SceneFile(path="/data/a/x.mp4", size=9)
    there, elsewhere = item(1, "/media/a/x.mp4"), item(2, "/other/a/x.mp4", size=9)
    around = Surroundings(mapped="/media/a/x.mp4", at_path=[there], same_name=[there, elsewhere], twins=["/b/a/x.mp4"])
    found = match_file(file, around)
    assert (found.verdict, found.items, found.confidence) == (Verdict.FOUND, (there,), HIGH)
    assert found.plex_path == "/media/a/x.mp4"


def test_where_a_rule_maps_the_path_and_no_item_is_there_the_file_is_missing() -> None:
    around = Surroundings(mapped="/media/a/x.mp4", same_name=[item(2, "/other/a/x.mp4", size=9)])
    found = match_file(SceneFile(path="/data/a/x.mp4", size=9), around)
    assert (found.verdict, found.items, found.plex_path) == (Verdict.MISSING, (), "/media/a/x.mp4")


def test_a_file_in_two_libraries_is_found_in_both_as_plex_spells_it() -> None:
    one, two = item(1, "D:\\Media\\X.mp4"), item(2, "D:\\Media\\X.mp4", section=2)
    around = Surroundings(mapped="d:/media/x.mp4", at_path=[one, two])
    found = match_file(SceneFile(path="/data/x.mp4"), around)
    assert (found.items, found.plex_path) == ((one, two), "D:\\Media\\X.mp4")
    without_rule = by_name("/data/media/x.mp4", item(1, "/m/media/x.mp4", size=9), item(2, "/m/media/x.mp4", size=9))
    assert (without_rule.verdict, len(without_rule.items), without_rule.confidence) == (Verdict.FOUND, 2, HIGH)


PROOFS: list[tuple[int | None, float | None, int | None, float | None, Confidence]] = [
    (9, None, 9, None, HIGH),
    (9, 60.0, 9, 99.0, HIGH),
    (9, None, 8, None, LOW),
    (9, 60.0, 8, 60.9, HIGH),
    (None, 60.0, None, 61.0, HIGH),
    (None, 60.0, None, 61.1, LOW),
    (None, None, None, None, LOW),
    (0, None, 0, None, LOW),
    (None, 0.0, None, 0.0, LOW),
    (None, 60.0, 9, None, LOW),
]


@pytest.mark.parametrize(("size", "duration", "plex_size", "plex_duration", "expected"), PROOFS)
def test_a_common_end_of_two_segments_is_sure_only_with_equal_size_or_duration(
    size: int | None, duration: float | None, plex_size: int | None, plex_duration: float | None, expected: Confidence
) -> None:
    held = item(1, "/media/a/x.mp4", size=plex_size, duration=plex_duration)
    file = SceneFile(path="/data/a/x.mp4", size=size, duration=duration)
    found = match_file(file, Surroundings(mapped=None, same_name=[held]))
    assert (found.verdict, found.items, found.confidence) == (Verdict.FOUND, (held,), expected)


def test_a_bare_file_name_is_never_sure() -> None:
    found = by_name("/data/b/x.mp4", item(1, "/media/a/x.mp4", size=9))
    assert (found.verdict, found.confidence) == (Verdict.FOUND, LOW)


def test_the_longest_common_end_wins() -> None:
    near, far = item(1, "/media/b/a/x.mp4", size=9), item(2, "/media/c/a/x.mp4", size=9)
    assert by_name("/data/b/a/x.mp4", near, far).items == (near,)
    assert by_name("/data/b/a/x.mp4", far, near).items == (near,)


def test_two_items_that_fit_equally_are_told_and_not_chosen_from() -> None:
    one, two = item(1, "/m1/a/x.mp4", size=9), item(2, "/m2/a/x.mp4", size=8)
    found = by_name("/data/a/x.mp4", one, two)
    assert (found.verdict, found.items) == (Verdict.AMBIGUOUS, (one, two))
    assert "last 2 segments" in found.reason


def test_another_scene_that_fits_the_item_as_well_makes_it_ambiguous() -> None:
    held = item(1, "/media/a/x.mp4", size=9)
    assert by_name("/data1/a/x.mp4", held, twins=("/data2/a/x.mp4",)).verdict is Verdict.AMBIGUOUS
    assert by_name("/data1/a/x.mp4", held, twins=("/media/a/x.mp4",)).verdict is Verdict.AMBIGUOUS
    assert by_name("/data1/a/x.mp4", held, twins=("/data2/b/x.mp4",)).verdict is Verdict.FOUND


def test_the_version_of_an_item_that_is_this_file_is_linked() -> None:
    parts = (Part(path="/m1/a/x.mp4", size=8), Part(path="/m2/a/x.mp4", size=9))
    held = IndexedItem(rating_key=1, section=1, title="", parts=parts)
    found = by_name("/data/a/x.mp4", held)
    assert (found.verdict, found.items, found.plex_path) == (Verdict.FOUND, (held,), "/m2/a/x.mp4")
    assert found.confidence is HIGH


def test_a_file_whose_name_plex_does_not_have_is_outside() -> None:
    found = by_name("/data/a/x.mp4")
    assert (found.verdict, found.items) == (Verdict.OUTSIDE, ())


@pytest.mark.parametrize(
    ("one", "two", "count"),
    [
        ("/data/a/x.mp4", "/media/a/x.mp4", 2),
        ("/data/a/x.mp4", "D:\\media\\A\\X.MP4", 2),
        ("/data/ü/x.mp4", "\\\\nas\\u\u0308\\x.mp4", 2),
        ("/a/x.mp4", "/ba/x.mp4", 1),
        ("/x.mp4", "/x.mp4", 1),
        ("/data/a//x.mp4", "/data/a/x.mp4", 3),
        ("/x.mp4", "/y.mp4", 0),
        ("", "/x.mp4", 0),
    ],
)
def test_a_common_end_is_counted_in_whole_segments(one: str, two: str, count: int) -> None:
    assert common_suffix(one, two) == common_suffix(two, one) == count


PATHS = st.lists(st.sampled_from("abc"), max_size=3).map(lambda parts: "/" + "/".join([*parts, "x.mp4"]))


@given(PATHS, st.lists(st.tuples(PATHS, st.integers(1, 2)), max_size=4), st.lists(PATHS, max_size=2))
def test_what_is_sure_is_the_only_one_that_fits_and_is_proved(
    path: str, held: list[tuple[str, int]], twins: list[str]
) -> None:
    items = [item(key, place, size=size) for key, (place, size) in enumerate(held)]
    found = match_file(SceneFile(path=path, size=1), Surroundings(mapped=None, same_name=items, twins=twins))
    if found.verdict is not Verdict.FOUND or found.confidence is not HIGH:
        return
    shared = common_suffix(path, found.plex_path)
    assert shared >= 2
    assert all(one.parts[0].size == 1 or one.parts[0].path == found.plex_path for one in found.items)
    others = [one.parts[0].path for one in items if one not in found.items]
    assert all(common_suffix(path, other) < shared for other in others)
    assert all(common_suffix(twin, found.plex_path) < shared for twin in twins)


def test_where_two_folders_of_plex_are_one_of_stash_the_item_that_is_there_is_found() -> None:
    held = item(2, "/disk2/x.mp4")
    around = Surroundings(mapped="/disk1/x.mp4", also=["/disk2/x.mp4"], at_path=[held])
    found = match_file(SceneFile(path="/pool/x.mp4", size=9), around)
    assert (found.verdict, found.items, found.plex_path) == (Verdict.FOUND, (held,), "/disk2/x.mp4")
    none = match_file(SceneFile(path="/pool/x.mp4"), Surroundings(mapped="/disk1/x.mp4", also=["/disk2/x.mp4"]))
    assert (none.verdict, none.plex_path) == (Verdict.MISSING, "/disk1/x.mp4")
    assert "/disk1/x.mp4 or /disk2/x.mp4" in none.reason


def test_of_two_files_of_one_name_in_such_folders_the_same_content_is_taken_and_none_is_guessed() -> None:
    one, two, copy = item(1, "/disk1/x.mp4", size=8), item(2, "/disk2/x.mp4", size=9), item(3, "/disk1/x.mp4", size=9)
    file = SceneFile(path="/pool/x.mp4", size=9)
    places = {"mapped": "/disk1/x.mp4", "also": ["/disk2/x.mp4"]}
    found = match_file(file, Surroundings(**places, at_path=[one, two]))  # type: ignore[arg-type]
    assert (found.items, found.plex_path) == ((two,), "/disk2/x.mp4")
    both = match_file(file, Surroundings(**places, at_path=[copy, two]))  # type: ignore[arg-type]
    assert (both.items, both.plex_path) == ((copy, two), "/disk1/x.mp4")
    neither = match_file(SceneFile(path="/pool/x.mp4"), Surroundings(**places, at_path=[one, two]))  # type: ignore[arg-type]
    assert (neither.verdict, neither.items) == (Verdict.AMBIGUOUS, (one, two))
