"""Scenes as Stash answers them become scenes of the model, whatever is missing or odd in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.model.scene import Group, Named, Performer, SceneFile, StashId, Studio, Tag
from plexsync.stash.answers import SceneAnswer, decoded
from plexsync.stash.scenes import cover_address, picture_address, scene_of
from stash.asking import BARE_SCENE

if TYPE_CHECKING:
    from plexsync.model.scene import Scene


def read(answer: dict[str, Any], *, tag_parents: bool = False) -> Scene:
    return scene_of(decoded(msgspec.json.encode(answer), SceneAnswer), tag_parents=tag_parents)


def a_performer(number: int | str, name: str, **facts: Any) -> dict[str, Any]:
    bare: dict[str, Any] = {
        "id": number,
        "name": name,
        "disambiguation": None,
        "alias_list": [],
        "gender": None,
        "image_path": None,
    }
    return bare | facts


def a_studio(number: int, name: str, **facts: Any) -> dict[str, Any]:
    return {"id": number, "name": name, "image_path": None, "parent_studio": None} | facts


def a_group(number: int, name: str, index: int | None, **facts: Any) -> dict[str, Any]:
    return {"scene_index": index, "group": {"id": number, "name": name, "front_image_path": None} | facts}


def test_a_scene_of_which_nothing_is_known_has_empty_values(scene_answer: dict[str, Any]) -> None:
    scene = read(scene_answer)
    assert (scene.id, scene.title, scene.details, scene.date, scene.rating) == (5, "", "", "", None)
    assert (scene.code, scene.director, scene.urls, scene.stash_ids, scene.groups) == ("", "", (), (), ())
    assert (scene.studio, scene.performers, scene.tags, scene.files, scene.primary) == (None, (), (), (), None)
    assert scene.updated_at == "2026-07-11T10:00:00+02:00"


def test_everything_that_can_reach_plex_is_read(scene_answer: dict[str, Any]) -> None:
    prints = [{"type": "phash", "value": 7}, {"type": "oshash", "value": "0123456789abcdef"}]
    first = {"path": "/data/a.mp4", "size": "9007199254740993", "duration": 61, "fingerprints": prints}
    second = {"path": "/data/b.mp4", "size": 12, "duration": 61.5, "fingerprints": []}
    known = {
        "id": 5,
        "title": "Sintel",
        "code": "DOM-1",
        "details": "A girl\nand a dragon",
        "director": "Colin Levy",
        "date": "2010-09",
        "rating100": 85,
        "organized": True,
        "urls": ["https://durian.blender.org", "https://example.org/2"],
        "stash_ids": [{"endpoint": "https://box/graphql", "stash_id": "a-b-c"}],
        "studio": a_studio(3, "Blender"),
        "performers": [a_performer(9, "Halina"), a_performer("2", "Thom")],
        "tags": [{"id": "4", "name": "Short"}],
        "groups": [a_group(8, "Open films", 3), a_group(7, "Dragons", None)],
        "files": [first, second],
        "a_newer_field": {"of": "Stash"},
    }
    scene = read(scene_answer | known)
    assert (scene.title, scene.details, scene.date, scene.rating) == ("Sintel", "A girl\nand a dragon", "2010-09", 85)
    assert scene.organized
    assert (scene.code, scene.director) == ("DOM-1", "Colin Levy")
    assert scene.urls == ("https://durian.blender.org", "https://example.org/2")
    assert scene.stash_ids == (StashId(endpoint="https://box/graphql", id="a-b-c"),)
    assert scene.studio == Studio(id=3, name="Blender")
    assert scene.performers == (Performer(id=9, name="Halina"), Performer(id=2, name="Thom"))
    assert scene.tags == (Tag(id=4, name="Short"),)
    assert scene.groups == (Group(id=8, name="Open films", index=3), Group(id=7, name="Dragons"))
    assert scene.files == (
        SceneFile(path="/data/a.mp4", size=9007199254740993, duration=61.0, oshash="0123456789abcdef"),
        SceneFile(path="/data/b.mp4", size=12, duration=61.5, oshash=None),
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "five"},
        {"id": None},
        {"title": 7},
        {"organized": "yes"},
        {"performers": None},
        {"tags": [{"id": "1"}]},
        {"tags": [{"id": "1", "name": "Short", "parents": None}]},
        {"urls": None},
        {"stash_ids": None},
        {"groups": None},
        {"groups": [{"scene_index": "first", "group": {"id": 1, "name": "G", "front_image_path": None}}]},
        {"studio": {"id": "1", "name": "Blender"}},
        {"performers": [{"id": "1", "name": "Halina"}]},
        {"files": {}},
        {"files": [{"path": None, "size": 1, "duration": 1.0, "fingerprints": []}]},
        {"files": [{"path": "/a", "size": "large", "duration": 1.0, "fingerprints": []}]},
    ],
)
def test_a_wrong_type_is_never_taken_for_an_empty_value(scene_answer: dict[str, Any], wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read(scene_answer | wrong)


def test_a_field_that_was_not_answered_is_never_taken_for_an_empty_value(scene_answer: dict[str, Any]) -> None:
    for name in scene_answer:
        with pytest.raises(ValueError, match=name):
            read({key: value for key, value in scene_answer.items() if key != name})


@given(path=st.text(st.characters(exclude_categories=["Cs"])))
def test_any_path_is_kept_as_it_is(path: str) -> None:
    file = {"path": path, "size": None, "duration": None, "fingerprints": None}
    content = msgspec.json.encode({"data": [file]})
    answer = decoded(content, dict[str, list[dict[str, Any]]])
    assert answer["data"][0]["path"] == path


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b'"bad\xff\xfename"', "bad��name"),
        (b'"half \\ud83d pair"', "half � pair"),
        (b'"half \\udfff"', "half �"),
        (b'"whole \\ud83c\\udfac and \xff"', "whole 🎬 and �"),
    ],
)
def test_text_that_is_no_unicode_hides_nothing_around_it(content: bytes, text: str) -> None:
    answer = decoded(b'{"path": ' + content + b', "next": "fine"}', dict[str, str])
    assert answer == {"path": text, "next": "fine"}


@pytest.mark.parametrize(
    ("screenshot", "address"),
    [
        ("http://stash:9999/scene/5/screenshot?t=17", "/scene/5/screenshot?t=17"),
        ("https://example.org/behind/a/proxy/scene/5/screenshot?t=17", "/scene/5/screenshot?t=17"),
        ("https://example.org/scene/3/scene/5/screenshot", "/scene/5/screenshot"),
        ("http://stash:9999/scene/5/screenshot?apikey=secret&t=17", "/scene/5/screenshot?t=17"),
        ("http://stash:9999/scene/5/screenshot#part", "/scene/5/screenshot"),
        ("/scene/5/screenshot", "/scene/5/screenshot"),
        ("http://stash/some where/new%20form", "/some%20where/new%20form"),
        ("@evil.example/x", ""),
        ("http://[broken", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_of_a_covers_address_only_path_and_query_are_kept(screenshot: str | None, address: str) -> None:
    assert cover_address(screenshot) == address


@pytest.mark.parametrize("left", ["disambiguation", "alias_list", "gender", "image_path"])
def test_a_fact_of_a_performer_that_was_not_answered_is_never_taken_for_an_empty_value(
    scene_answer: dict[str, Any], left: str
) -> None:
    ada = a_performer(1, "Ada")
    del ada[left]
    with pytest.raises(ValueError, match=left):
        read(scene_answer | {"performers": [ada]})


def test_parents_of_a_tag_that_were_asked_for_and_not_answered_are_never_taken_for_none(
    scene_answer: dict[str, Any],
) -> None:
    told = scene_answer | {"tags": [{"id": 4, "name": "Short"}]}
    assert read(told).tags == (Tag(id=4, name="Short"),)
    with pytest.raises(ValueError, match="tag 4: its parents"):
        read(told, tag_parents=True)
    for above in ([{"id": 1, "name": "Film"}], [{"id": 1, "name": "Film", "parents": [{"id": 2, "name": "All"}]}]):
        with pytest.raises(ValueError, match="parents"):
            read(scene_answer | {"tags": [{"id": 4, "name": "Short", "parents": above}]}, tag_parents=True)


def test_a_performers_own_facts_are_read(scene_answer: dict[str, Any]) -> None:
    told = {
        "disambiguation": "the elder",
        "alias_list": ["A.", "Countess"],
        "gender": "FEMALE",
        "image_path": "http://stash:9999/performer/9/image?t=17",
    }
    (ada,) = read(scene_answer | {"performers": [a_performer(9, "Ada", **told)]}).performers
    assert ada == Performer(
        id=9,
        name="Ada",
        disambiguation="the elder",
        aliases=("A.", "Countess"),
        gender="FEMALE",
        picture="/performer/9/image?t=17",
    )


@pytest.mark.parametrize(
    ("image", "address"),
    [
        ("http://stash:9999/performer/9/image?t=17", "/performer/9/image?t=17"),
        ("http://stash:9999/performer/9/image?t=17&default=true", ""),
        ("http://stash:9999/performer/9/image?default=true&t=17", ""),
        ("http://stash:9999/performer/9/image?default=false&t=17", "/performer/9/image?default=false&t=17"),
        ("https://example.org/behind/studio/3/image?t=17", "/studio/3/image?t=17"),
        ("https://example.org/behind/a/group/3/frontimage?t=17", "/group/3/frontimage?t=17"),
        ("http://stash:9999/tag/3/image?apikey=secret&t=17", "/tag/3/image?t=17"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_stand_in_of_stash_is_no_picture(image: str | None, address: str) -> None:
    assert picture_address(image) == address


def test_studio_and_group_have_their_pictures(scene_answer: dict[str, Any]) -> None:
    studio = a_studio(3, "Blender", image_path="http://stash/studio/3/image?t=1")
    group = a_group(8, "Open films", 0, front_image_path="http://stash/group/8/frontimage?t=2")
    scene = read(scene_answer | {"studio": studio, "groups": [group]})
    assert scene.studio == Studio(id=3, name="Blender", picture="/studio/3/image?t=1")
    assert scene.groups == (Group(id=8, name="Open films", index=0, picture="/group/8/frontimage?t=2"),)


#: The ids of the studios above studio 1, nearest first, and those that are kept.
CHAINS = [([], []), ([2], [2]), ([2, 3], [2, 3]), ([2, 3, 4], [2, 3, 4]), ([2, 1, 2], [2]), ([1, 1, 1], [])]


@pytest.mark.parametrize(("told", "kept"), CHAINS)
def test_the_studios_above_are_read_nearest_first_and_each_once(
    scene_answer: dict[str, Any], told: list[int], kept: list[int]
) -> None:
    above: dict[str, Any] | None = None
    for number in reversed(told):
        above = {"id": str(number), "name": f"Studio {number}", "parent_studio": above}
    studio = read(scene_answer | {"studio": a_studio(1, "Studio 1", parent_studio=above)}).studio
    assert studio is not None
    assert studio.parents == tuple(Named(id=number, name=f"Studio {number}") for number in kept)


HERD = st.dictionaries(st.integers(1, 8), st.lists(st.integers(1, 8), max_size=3, unique=True))


def above(herd: dict[int, list[int]], tag: int, levels: int) -> list[dict[str, Any]]:
    """The parents of a tag as Stash tells them, to that many levels; the last level is told without its own."""
    told = [{"id": str(parent), "name": f"Tag {parent}"} for parent in herd.get(tag, [])]
    if levels == 1:
        return told
    return [each | {"parents": above(herd, int(each["id"]), levels - 1)} for each in told]


def distances(herd: dict[int, list[int]], tag: int) -> dict[int, int]:
    """How many steps it is from a tag up to each one that is at most three steps away."""
    found: dict[int, int] = {}
    level = {tag}
    for steps in (1, 2, 3):
        level = {parent for each in level for parent in herd.get(each, [])}
        found = dict.fromkeys(level, steps) | found
    found.pop(tag, None)
    return found


@given(herd=HERD)
def test_the_tags_above_a_tag_are_read_once_each_nearest_first_whatever_circle_they_form(
    herd: dict[int, list[int]],
) -> None:
    tag = {"id": "1", "name": "Tag 1", "parents": above(herd, 1, 3)}
    (read_tag,) = read(BARE_SCENE | {"tags": [tag]}, tag_parents=True).tags
    expected = distances(herd, 1)
    ids = [each.id for each in read_tag.ancestors]
    assert len(ids) == len(set(ids))
    assert set(ids) == set(expected)
    assert [expected[each] for each in ids] == sorted(expected[each] for each in ids)
    assert all(each.name == f"Tag {each.id}" for each in read_tag.ancestors)
