"""Filters of scenes and of what they refer to."""

from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.sim.stash.criteria import like
from sim.stash.remote import Remote
from sim.stash.test_queries import FIND, found


def rule(modifier: str, value: Any = "", **more: Any) -> dict[str, Any]:
    """One criterion."""
    return {"modifier": modifier, "value": value, **more}


@pytest.mark.parametrize(
    ("scenes", "ids"),
    [
        ({"title": rule("EQUALS", "sintel")}, [1]),
        ({"title": rule("NOT_EQUALS", "%take%"), "id": rule("LESS_THAN", 3)}, [1, 2]),
        ({"title": rule("EXCLUDES", "take"), "id": rule("BETWEEN", 20, value2=22)}, [20]),
        ({"title": rule("MATCHES_REGEX", "^Spring")}, [6, 26]),
        ({"title": rule("NOT_MATCHES_REGEX", "[aeu]")}, [6, 15]),
        ({"title": rule("IS_NULL")}, []),
        ({"title": rule("NOT_NULL"), "id": rule("EQUALS", 9)}, [9]),
        ({"id": rule("NOT_BETWEEN", 2, value2=39)}, [1, 40]),
        ({"id": rule("NOT_EQUALS", 1), "title": rule("INCLUDES", "Sintel")}, [21]),
        ({"organized": True, "id": rule("LESS_THAN", 5)}, [2, 4]),
        ({"date": rule("LESS_THAN", "2007-01-01")}, [3, 23]),
        ({"url": rule("EQUALS", "https://films.example/7")}, [7]),
        ({"file_count": rule("GREATER_THAN", 1)}, []),
        ({"rating100": rule("GREATER_THAN", 98)}, [23]),
        ({"groups": rule("INCLUDES", ["1"])}, [8, 9, 10]),
        ({"movies_filter": {"name": rule("EQUALS", "Caminandes")}}, [8, 9, 10]),
        ({"studios_filter": {"name": rule("EQUALS", "Small Hours")}}, [19, 39]),
        (
            {"tags_filter": {"name": rule("EQUALS", "llama"), "NOT": {"name": rule("EQUALS", "x")}}},
            [8, 9, 10, 28, 29, 30],
        ),
        ({"files_filter": {"basename": rule("EQUALS", "Hero.mp4")}}, [11]),
        ({"tags": rule("INCLUDES_ALL", ["1", "2"])}, [1, 21]),
        ({"tags": rule("EXCLUDES", ["1"]), "id": rule("LESS_THAN", 19)}, [4, 18]),
        ({"tags": rule("INCLUDES", ["2"], excludes=["4"])}, []),
        ({"performers": rule("IS_NULL", [])}, []),
        ({"performers": rule("NOT_NULL", []), "id": rule("LESS_THAN", 3)}, [1, 2]),
        ({"performers": rule("EQUALS", ["1", "2", "3"])}, [1]),
        ({"markers_filter": {"updated_at": rule("GREATER_THAN", "2000")}}, []),
        ({"is_missing": "phash", "id": rule("LESS_THAN", 2)}, [1]),
        ({"AND": {"id": rule("LESS_THAN", 3)}, "title": rule("INCLUDES", "Bunny")}, [2]),
    ],
)
def test_a_filter_gives_what_it_says(stash: Remote, scenes: dict[str, Any], ids: list[int]) -> None:
    assert found(stash, scenes) == ids


def test_a_modifier_that_does_not_fit_is_an_internal_error(stash: Remote) -> None:
    message = stash.refused(FIND, scenes={"id": rule("MATCHES_REGEX", 1)})
    assert message == "internal system error"


def test_a_filter_that_is_not_simulated_says_so(stash: Remote) -> None:
    assert "not simulated" in stash.refused(FIND, scenes={"performers_filter": {"ethnicity": rule("EQUALS", "x")}})
    assert "not simulated" in stash.refused(FIND, scenes={"files_filter": {"dir": rule("EQUALS", "x")}})
    assert "not simulated" in stash.refused(FIND, scenes={"is_missing": "shoe"})
    assert "regexp" in stash.refused(FIND, scenes={"path": rule("MATCHES_REGEX", "(")})


def test_tags_and_studios_are_found_with_what_lies_below_them(stash: Remote) -> None:
    stash.ask("mutation {tagUpdate(input: {id: 2, parent_ids: [7]}) {id}}")
    stash.ask("mutation {studioUpdate(input: {id: 3, parent_id: 2}) {id}}")
    assert found(stash, {"tags": rule("INCLUDES", ["7"])}) == [3, 23]
    assert found(stash, {"tags": rule("INCLUDES", ["7"], depth=-1)}) == [1, 3, 21, 23]
    assert found(stash, {"studios": rule("INCLUDES", ["2"], depth=1)}) == [18, 19, 20, 38, 39, 40]


def test_files_that_moved_are_found_by_their_own_time(stash: Remote) -> None:
    newest = stash.ask("{findScene(id: 40) {updated_at}}")["findScene"]["updated_at"]
    moved = {"path": "/data/elsewhere.mp4", "was": "/data/Blender Foundation/Sintel (2010)/Sintel.mp4"}
    httpx2.post(f"{stash.url}/_sim/files", json=moved).raise_for_status()
    assert found(stash, {"updated_at": rule("GREATER_THAN", newest)}) == []
    assert found(stash, {"files_filter": {"updated_at": rule("GREATER_THAN", newest)}}) == [1]


def test_words_are_searched_in_title_details_path_and_hash(stash: Remote) -> None:
    assert found(stash, q="lighthouse") == [18, 38]
    assert found(stash, q="sintel dragon") == [1, 21]
    assert found(stash, q="2010 take") == [21]


def test_paths_are_found_by_a_pattern_without_case(stash: Remote) -> None:
    told = stash.ask('{findScenesByPathRegex(filter: {q: "SINTEL[^,]*mp4$"}) {scenes {id}}}')
    assert told["findScenesByPathRegex"]["scenes"] == [{"id": "1"}]


def test_a_random_order_with_a_seed_is_the_same_again(stash: Remote) -> None:
    first = found(stash, sort="random_7")
    assert first == found(stash, sort="random_7")
    assert sorted(first) == list(range(1, 41))
    assert first != sorted(first)


def test_an_unknown_order_is_refused(stash: Remote) -> None:
    assert "invalid sort" in stash.refused(FIND, filter={"sort": "beauty"})


@given(st.text(max_size=20), st.text(max_size=3), st.text(max_size=3))
def test_a_text_is_like_itself_and_like_any_part_between_wildcards(text: str, before: str, after: str) -> None:
    assert like("%" + text + "%").fullmatch(before + text + after)
    assert like(text).fullmatch(text)


@pytest.mark.parametrize(("pattern", "text"), [("É", "é"), ("a", "ab"), ("_", ""), ("ſ", "s"), ("\u212a", "k")])
def test_only_ascii_letters_ignore_case(pattern: str, text: str) -> None:
    assert not like(pattern).fullmatch(text)
