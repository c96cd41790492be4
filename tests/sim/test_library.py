"""The films of both simulators."""

import io

from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from plexsync.sim.library import clips, cover


def test_clips_are_the_same_in_every_run_and_every_path_occurs_once() -> None:
    first = list(clips(5000))
    assert first == list(clips(5000))
    assert len({clip.path for clip in first}) == 5000
    assert [clip.number for clip in first[:3]] == [1, 2, 3]


def test_more_clips_begin_with_the_same_clips() -> None:
    assert list(clips(200))[:40] == list(clips(40))


def test_every_clip_is_described_completely() -> None:
    for clip in clips(100):
        assert clip.title
        assert clip.details
        assert clip.performers
        assert clip.tags
        assert clip.size > 0
        assert clip.duration > 0
        assert len(clip.date) == 10
        assert not clip.path.startswith("/")


@settings(max_examples=25)
@given(st.integers(1, 200_000), st.integers(1, 200_000))
def test_covers_are_pictures_that_differ_when_their_numbers_do(one: int, other: int) -> None:
    assert Image.open(io.BytesIO(cover(one))).size == (320, 180)
    assert (cover(one) == cover(other)) == (one == other)
