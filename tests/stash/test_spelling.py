"""However a disk spells a path, the pattern that Stash is asked by lets it through."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.model.errors import StashTemporaryError
from plexsync.sim.serving import serving
from plexsync.sim.stash.app import create_app
from plexsync.sim.stash.criteria import like
from plexsync.sim.stash.options import StashOptions
from plexsync.stash.client import StashClient
from plexsync.stash.spelling import any_spelling, endings, loose_ending
from stash.conftest import Mouth

SIGNS = st.sampled_from("aAZ ._%-'\"[(éÉüßñйЙжЖ夜がガ한ſΩςΣ🎬ếÅœ") | st.characters(
    codec="utf-8", exclude_characters="\n"
)
NAMES = st.text(SIGNS, max_size=12)


@given(NAMES.filter(lambda text: unicodedata.is_normalized("NFC", text)))
def test_each_form_of_a_text_is_like_it(text: str) -> None:
    # A few old signs are no form of themselves, but another way to write a newer one: those only a walk knows.
    forms = (text, unicodedata.normalize("NFD", text))
    for asked in forms:
        for held in forms:
            assert like(any_spelling(asked)).fullmatch(held)


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("Film 1.mp4", "Film 1.mp4"),
        ("Été à Zürich", "%t% % Z%rich"),
        ("夜の歌", "夜の歌"),
        ("ночь", "____"),
        ("й", "%"),
        ("한국어", "%"),
        ("50%_x", "50%_x"),
    ],
)
def test_only_what_may_be_spelled_in_several_ways_is_left_open(text: str, pattern: str) -> None:
    assert any_spelling(text) == any_spelling(unicodedata.normalize("NFD", text)) == pattern


def test_an_end_is_whole_segments_whatever_separates_them() -> None:
    (told,) = endings(["Night", "x.mp4"])
    assert told == loose_ending(["Night", "x.mp4"])
    pattern = like(told)
    for path in ("/data/Night/x.mp4", "C:\\Night\\x.mp4", "/night/X.MP4"):
        assert pattern.fullmatch(path)
    for path in ("Night/x.mp4", "/data/x.mp4", "/data/Night/x.mp4.part"):
        assert not pattern.fullmatch(path)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(create_app(StashOptions(scenes=0))) as server:
        for path in ("/a/Cafe\u0301/é.mp4", "/b/Caf\u00e9/e\u0301.mp4", "/b/x.mp4", "/c/b/X.MP4"):
            httpx2.post(f"{server.url}/_sim/files", json={"path": path}, verify=False).raise_for_status()
        yield server.url


async def test_each_end_has_its_own_scenes(url: str, connect: Callable[..., StashClient]) -> None:
    stash = connect(url)
    found = await stash.scenes_ending([("b", "x.mp4"), ("b", "none.mp4")])
    assert [[scene.id for scene in page] for page in found] == [[3, 4], []]
    assert [len(page) for page in await stash.scenes_ending([("b", "x.mp4")], 1)] == [1]


async def test_only_loosely_a_name_is_found_that_is_composed_in_part(
    url: str, connect: Callable[..., StashClient]
) -> None:
    stash = connect(url)
    assert await stash.scenes_ending([("Café", "é.mp4")]) == [[], []]
    (page,) = await stash.scenes_ending([("Café", "é.mp4")], loosely=True)
    assert [scene.id for scene in page] == [1, 2]
    whole = await stash.scenes_ending([("é.mp4",)])
    assert [[scene.id for scene in page] for page in whole] == [[1], [2]]


async def test_an_end_that_is_not_answered_is_no_empty_answer(mouth: Mouth) -> None:
    mouth.says({"data": {"f0": {"scenes": []}}})
    with pytest.raises(StashTemporaryError, match="f1 was asked for and is not answered"):
        await mouth.client.scenes_ending([("a", "b.mp4"), ("c", "d.mp4")])
