"""Scenes as Stash answers them become scenes of the model, whatever is missing or odd in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.model.scene import Named, SceneFile
from plexsync.stash.answers import SceneAnswer, decoded
from plexsync.stash.scenes import cover_address, scene_of

if TYPE_CHECKING:
    from plexsync.model.scene import Scene


def read(answer: dict[str, Any]) -> Scene:
    return scene_of(decoded(msgspec.json.encode(answer), SceneAnswer))


def test_a_scene_of_which_nothing_is_known_has_empty_values(scene_answer: dict[str, Any]) -> None:
    scene = read(scene_answer)
    assert (scene.id, scene.title, scene.details, scene.date, scene.rating) == (5, "", "", "", None)
    assert (scene.studio, scene.performers, scene.tags, scene.files, scene.primary) == (None, (), (), (), None)
    assert scene.updated_at == "2026-07-11T10:00:00+02:00"


def test_everything_that_can_reach_plex_is_read(scene_answer: dict[str, Any]) -> None:
    prints = [{"type": "phash", "value": 7}, {"type": "oshash", "value": "0123456789abcdef"}]
    first = {"path": "/data/a.mp4", "size": "9007199254740993", "duration": 61, "fingerprints": prints}
    second = {"path": "/data/b.mp4", "size": 12, "duration": 61.5, "fingerprints": []}
    known = {
        "id": 5,
        "title": "Sintel",
        "details": "A girl\nand a dragon",
        "date": "2010-09",
        "rating100": 85,
        "organized": True,
        "studio": {"id": "3", "name": "Blender"},
        "performers": [{"id": 9, "name": "Halina"}, {"id": "2", "name": "Thom"}],
        "tags": [{"id": "4", "name": "Short"}],
        "files": [first, second],
        "a_newer_field": {"of": "Stash"},
    }
    scene = read(scene_answer | known)
    assert (scene.title, scene.details, scene.date, scene.rating) == ("Sintel", "A girl\nand a dragon", "2010-09", 85)
    assert scene.organized
    assert scene.studio == Named(id=3, name="Blender")
    assert scene.performers == (Named(id=9, name="Halina"), Named(id=2, name="Thom"))
    assert scene.tags == (Named(id=4, name="Short"),)
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
