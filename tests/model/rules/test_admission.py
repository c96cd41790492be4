"""Which scenes take part, and in which words the others are told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from model.rules.scenes import SCENE
from plexsync.model.rules import Admission, Names, Places, RuleBook, Rules
from plexsync.model.scene import SceneFile

TAKES: list[dict[str, Any]] = [
    {},
    {"only_organized": True},
    {"only_with_stash_id": True},
    {"only_tags": Names(("nobody", "fan*"))},
    {"only_tags_under": Names(("Series",))},
    {"not_tags": Names(("Draft",))},
    {"not_tags_under": Names(("Fantasy",))},
    {"only_studios": Names(("blender",))},
    {"only_studios": Names(("Durian",))},
    {"not_studios": Names(("Other",))},
    {"only_paths": Places(("/data/films",))},
    {"only_paths": Places(("/data/films/The Sintel.mkv",))},
    {"only_paths": Places(("*.mkv",))},
    {"not_paths": Places(("/data/film", "/data/films/the*", "*.mp4"))},
    {"min_rating": 74, "max_rating": 74},
]
REFUSES: list[tuple[dict[str, Any], str]] = [
    ({"only_organized": True}, "it is not organized in Stash (only_organized)"),
    ({"only_with_stash_id": True}, "it has no StashID (only_with_stash_id)"),
    ({"only_tags": Names(("A", "B*"))}, 'it has none of the tags "A" or "B*" (only_tags)'),
    ({"only_tags_under": Names(("A",))}, 'it has no tag below "A" (only_tags_under)'),
    ({"not_tags": Names(("4*",))}, 'it has the tag "4K" (not_tags: "4*")'),
    ({"not_tags_under": Names(("series",))}, 'it has the tag "Open Movies", which is below "series" (not_tags_under)'),
    ({"only_studios": Names(("A",))}, 'it is of the studio "Durian", and not of "A" (only_studios)'),
    ({"not_studios": Names(("blender",))}, 'it is of the studio "Durian" (not_studios: "blender")'),
    ({"only_paths": Places(("/data/film",))}, 'no file of it lies in "/data/film" (only_paths)'),
    ({"not_paths": Places(("/data",))}, 'a file of it lies in "/data" (not_paths)'),
    ({"min_rating": 75}, "it is rated 74 of 100, and at least 75 is asked for (min_rating)"),
    ({"max_rating": 60}, "it is rated 74 of 100, and at most 60 is asked for (max_rating)"),
]
BARE = replace(SCENE, organized=False, stash_ids=())


@pytest.mark.parametrize("rules", TAKES)
def test_a_scene_takes_part_where_nothing_speaks_against_it(rules: dict[str, Any]) -> None:
    assert Admission(**rules).refusal(SCENE) == ""


@pytest.mark.parametrize(("rules", "reason"), REFUSES)
def test_a_scene_that_takes_no_part_is_told_why_by_the_name_of_the_rule(rules: dict[str, Any], reason: str) -> None:
    assert Admission(**rules).refusal(BARE) == reason


def test_a_scene_without_studio_or_rating_is_told_so() -> None:
    scene = replace(SCENE, studio=None, rating=None)
    assert "it has no studio" in Admission(only_studios=Names(("A",))).refusal(scene)
    assert "it is not rated" in Admission(min_rating=1).refusal(scene)
    assert Admission(max_rating=1).refusal(scene) == ""


def test_paths_of_windows_are_compared_without_case_and_with_either_slash() -> None:
    scene = replace(SCENE, files=(SceneFile(path="D:\\Films\\a.mkv"),))
    assert Admission(only_paths=Places(("d:/films",))).refusal(scene) == ""
    assert Admission(not_paths=Places(("D:\\films\\*",))).refusal(scene)


def test_the_digest_moves_when_a_scene_comes_to_take_part_and_not_while_it_does_not() -> None:
    rules = Rules(admission=Admission(only_organized=True))
    assert rules.excludes(BARE)
    assert rules.digest(BARE, "1") == rules.digest(replace(BARE, title="Other"), "1")
    assert rules.digest(BARE, "1") != rules.digest(SCENE, "1")
    assert rules.digest(SCENE, "1") == Rules().digest(SCENE, "1")
    book = RuleBook(default=rules)
    assert book.digest(BARE) != book.digest(SCENE)


def test_each_library_has_its_own_rules_by_title_or_key() -> None:
    films, clips = Rules(half_stars=True), Rules(split_directors=False)
    book = RuleBook(libraries={"Films": films, "7": clips})
    assert book.of("FILMS", "3") is films
    assert book.of("Anything", "7") is clips
    assert book.of("Anything", "8") is book.default
    assert book.digest(SCENE) != RuleBook().digest(SCENE)
