"""Paths of two systems are compared by what they name."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.model.paths import file_name, is_windows, name_key, normal_path, path_key, segments

NORMAL = [
    ("/data/a.mp4", "/data/a.mp4"),
    ("//data///a.mp4/", "/data/a.mp4"),
    ("/", "/"),
    ("", ""),
    ("c:\\Media\\\\a.mp4", "C:/Media/a.mp4"),
    ("C:/Media/a.mp4", "C:/Media/a.mp4"),
    ("c:\\", "C:"),
    ("c:", "C:"),
    ("\\\\nas\\share\\a.mp4", "\\\\nas/share/a.mp4"),
    ("\\\\nas\\share\\", "\\\\nas/share"),
    ("/data/back\\slash.mp4", "/data/back\\slash.mp4"),
    ("/data/100%_#1?.mp4", "/data/100%_#1?.mp4"),
    ("/data/two\nlines.mp4", "/data/two\nlines.mp4"),
    ("/data/u\u0308.mp4", "/data/ü.mp4"),
    ("/data/ space /a.mp4", "/data/ space /a.mp4"),
]
SAME = [
    ("/data/\u00fc.mp4", "/data/u\u0308.mp4"),
    ("/data//a.mp4", "/data/a.mp4"),
    ("C:\\Media\\A.mp4", "c:/media/a.MP4"),
    ("\\\\NAS\\Share\\a.mp4", "\\\\nas\\share\\A.mp4"),
]
DIFFERENT = [
    ("/data/a.mp4", "/data/A.mp4"),
    ("/data/a.mp4", "/database/a.mp4"),
    ("\\\\nas\\share\\a.mp4", "/nas/share/a.mp4"),
    ("/data/a\\b.mp4", "/data/a/b.mp4"),
    ("/data/a%20b.mp4", "/data/a b.mp4"),
    ("/data/a_b.mp4", "/data/axb.mp4"),
]


@pytest.mark.parametrize(("path", "expected"), NORMAL)
def test_a_path_has_one_normal_form(path: str, expected: str) -> None:
    assert normal_path(path) == expected
    assert normal_path(expected) == expected


@pytest.mark.parametrize(("one", "two"), SAME)
def test_spellings_of_one_path_have_one_key(one: str, two: str) -> None:
    assert path_key(one) == path_key(two)


@pytest.mark.parametrize(("one", "two"), DIFFERENT)
def test_paths_of_two_files_have_two_keys(one: str, two: str) -> None:
    assert path_key(one) != path_key(two)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/data/a.mp4", "a.mp4"),
        ("C:\\Media\\a.mp4", "a.mp4"),
        ("\\\\nas\\share\\a.mp4", "a.mp4"),
        ("/data/back\\slash.mp4", "back\\slash.mp4"),
        ("/data/", "data"),
        ("/", ""),
        ("", ""),
    ],
)
def test_the_file_name_is_the_last_segment(path: str, name: str) -> None:
    assert file_name(path) == name
    assert name_key(path) == name_key(name) == name.casefold()


def test_the_names_of_one_file_on_two_systems_are_equal() -> None:
    assert name_key("/data/U\u0308BER.mp4") == name_key("D:\\clips\\über.MP4")


def test_the_segments_of_a_path_are_told_without_its_system() -> None:
    assert segments("C:\\Media\\A.mp4") == ("c:", "media", "a.mp4")
    assert segments("\\\\NAS\\share\\a") == segments("/nas/share/a") == ("nas", "share", "a")
    assert segments("/") == ()


PATHS = st.text(st.one_of(st.sampled_from("/\\:Cc%_#\n. aü\u0308é"), st.characters(exclude_categories=["Cs"])))


@given(PATHS)
def test_the_normal_form_is_normal_and_keeps_the_key_and_the_system(path: str) -> None:
    normal = normal_path(path)
    assert normal_path(normal) == normal
    assert path_key(normal) == path_key(path)
    assert is_windows(normal) == is_windows(path)
    assert "//" not in normal


@given(PATHS)
def test_a_key_does_not_depend_on_how_unicode_writes_the_path(path: str) -> None:
    for form in ("NFC", "NFD"):
        other = unicodedata.normalize(form, path)
        assert path_key(other) == path_key(path)
        assert name_key(other) == name_key(path)
        assert segments(other) == segments(path)


@given(PATHS)
def test_no_segment_is_empty(path: str) -> None:
    assert all(segments(path))
