"""What becomes of a picture, whatever it is."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from plexsync.art.shaping import LARGEST_BYTES, UnreadablePictureError, shaped
from plexsync.model.pictures import Recipe, Shape
from plexsync.sim.library import cover

ORIGINAL = Recipe()
POSTER = Recipe(shape=Shape.POSTER)
ORIENTATION = 0x0112


def drawn(kind: str, mode: str = "RGB", size: tuple[int, int] = (64, 48), **more: object) -> bytes:
    written = io.BytesIO()
    Image.new(mode, size).save(written, kind, **more)
    return written.getvalue()


def noise(size: tuple[int, int]) -> bytes:
    written = io.BytesIO()
    data = random.Random(1).randbytes(size[0] * size[1] * 3)
    Image.frombytes("RGB", size, data).save(written, "PNG", compress_level=0)
    return written.getvalue()


def seen(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    picture.load()
    assert picture.format == "JPEG"
    return picture


def bomb() -> bytes:
    """A PNG of a few bytes that says it is 20,000 x 20,000 pixels."""
    head = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    chunks = (struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_a_small_jpeg_is_sent_as_it_is() -> None:
    assert shaped(cover(1), ORIGINAL) == cover(1)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("PNG", "RGB"),
        ("PNG", "RGBA"),
        ("PNG", "LA"),
        ("PNG", "P"),
        ("PNG", "1"),
        ("PNG", "I;16"),
        ("GIF", "P"),
        ("WEBP", "RGBA"),
        ("JPEG", "CMYK"),
        ("JPEG", "L"),
        ("BMP", "RGB"),
        ("AVIF", "RGB"),
    ],
)
@pytest.mark.parametrize("recipe", [ORIGINAL, POSTER], ids=["original", "poster"])
def test_any_picture_becomes_the_same_jpeg_each_time(kind: str, mode: str, recipe: Recipe) -> None:
    content = drawn(kind, mode)
    made = shaped(content, recipe)
    assert seen(made).size == ((64, 48) if recipe is ORIGINAL else (64, 96))
    assert shaped(content, recipe) == made


def test_a_large_picture_is_made_smaller_in_its_own_proportion() -> None:
    assert seen(shaped(drawn("JPEG", size=(4000, 1000)), ORIGINAL)).size == (1500, 375)
    assert seen(shaped(drawn("JPEG", size=(4000, 1000)), Recipe(edge=400))).size == (400, 100)


def test_a_poster_shows_the_whole_picture_in_the_middle_of_a_dim_copy_of_itself() -> None:
    source = io.BytesIO()
    Image.new("RGB", (1920, 1080), (200, 40, 40)).save(source, "PNG")
    poster = seen(shaped(source.getvalue(), POSTER))
    assert poster.size == (1000, 1500)
    middle, above = poster.getpixel((500, 750)), poster.getpixel((500, 100))
    assert isinstance(middle, tuple)
    assert isinstance(above, tuple)
    assert abs(middle[0] - 200) < 6
    assert 90 < above[0] < 150


@pytest.mark.parametrize(
    ("size", "ready"),
    [((200, 300), (200, 300)), ((2000, 3000), (1000, 1500)), ((320, 180), (320, 480)), ((100, 1000), (667, 1000))],
)
def test_a_poster_is_never_larger_than_asked_nor_its_picture_than_it_was(
    size: tuple[int, int], ready: tuple[int, int]
) -> None:
    width, height = seen(shaped(drawn("PNG", size=size), POSTER)).size
    assert width == ready[0]
    assert abs(height - ready[1]) <= 1


def test_noise_stays_far_below_what_plex_takes_and_gives_up_quality_before_size() -> None:
    content = noise((1900, 1900))
    made = shaped(content, Recipe(edge=1900, quality=95))
    assert len(made) <= LARGEST_BYTES
    assert seen(made).size == (1900, 1900)
    small = shaped(content, Recipe(edge=1500, quality=85))
    assert len(small) <= LARGEST_BYTES
    assert seen(small).size == (1500, 1500)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF"])
def test_a_profile_of_colours_larger_than_any_picture_may_be_is_left_out(kind: str) -> None:
    made = shaped(drawn(kind, icc_profile=bytes(LARGEST_BYTES + 1)), ORIGINAL)
    assert len(made) < 10_000
    assert seen(made).size == (64, 48)


def test_the_colours_of_a_picture_keep_what_they_mean() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    made = seen(shaped(drawn("PNG", icc_profile=profile), POSTER))
    assert made.info["icc_profile"] == profile


def test_size_goes_down_where_the_lowest_quality_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plexsync.art.shaping.LARGEST_BYTES", 20_000)
    made = shaped(noise((400, 400)), Recipe(quality=95))
    assert len(made) <= 20_000
    assert max(seen(made).size) < 400


def test_a_picture_that_lies_on_its_side_is_set_upright() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    made = seen(shaped(drawn("JPEG", size=(60, 20), exif=exif), ORIGINAL))
    assert made.size == (20, 60)
    assert made.getexif().get(ORIENTATION) is None


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_a_picture_that_moves_the_first_frame_is_taken(kind: str) -> None:
    frames = [Image.new("RGB", (40, 30), colour) for colour in ((250, 0, 0), (0, 0, 250))]
    written = io.BytesIO()
    frames[0].save(written, kind, save_all=True, append_images=frames[1:], duration=50)
    pixel = seen(shaped(written.getvalue(), ORIGINAL)).getpixel((20, 15))
    assert isinstance(pixel, tuple)
    assert pixel[0] > 200
    assert pixel[2] < 50


def test_sixteen_bits_become_eight_and_keep_their_brightness() -> None:
    written = io.BytesIO()
    Image.new("I;16", (20, 20), 0x8000).save(written, "PNG")
    pixel = seen(shaped(written.getvalue(), ORIGINAL)).getpixel((10, 10))
    assert isinstance(pixel, tuple)
    assert 120 < pixel[0] < 136


def test_what_is_transparent_shows_black() -> None:
    written = io.BytesIO()
    Image.new("RGBA", (20, 20), (255, 255, 255, 0)).save(written, "PNG")
    assert seen(shaped(written.getvalue(), ORIGINAL)).getpixel((10, 10)) == (0, 0, 0)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg/>",
        b"\xff\xd8\xff",
        cover(1)[: len(cover(1)) // 2],
        drawn("PNG")[:40],
        drawn("GIF")[:20],
        drawn("WEBP")[:30],
        drawn("AVIF")[:-9] + b"\xff" * 9,
        drawn("TIFF"),
        b"\0" * 9000,
        bomb(),
    ],
)
def test_what_is_no_whole_picture_or_far_too_large_is_refused(content: bytes) -> None:
    for recipe in (ORIGINAL, POSTER):
        with pytest.raises(UnreadablePictureError):
            shaped(content, recipe)


def test_of_what_is_no_picture_a_person_reads_which_formats_are_pictures() -> None:
    with pytest.raises(UnreadablePictureError, match="no picture as JPEG, PNG, GIF, WebP, AVIF or BMP"):
        shaped(b"<html>not found</html>", ORIGINAL)


SOURCES: list[Callable[[], bytes]] = [
    lambda: cover(1),
    lambda: drawn("PNG", "P"),
    lambda: drawn("GIF", "P"),
    lambda: drawn("WEBP"),
    lambda: drawn("JPEG", "CMYK"),
    lambda: drawn("BMP"),
]


@settings(max_examples=60)
@given(
    source=st.sampled_from(SOURCES),
    cut=st.floats(0, 1),
    edits=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=6),
)
def test_damaged_files_are_pictures_or_are_refused_and_nothing_else(
    source: Callable[[], bytes], cut: float, edits: list[tuple[int, int]]
) -> None:
    content = bytearray(source())
    for place, value in edits:
        content[place % len(content)] = value
    damaged = bytes(content[: int(len(content) * max(cut, 0.1))])
    try:
        made = shaped(damaged, POSTER)
    except UnreadablePictureError:
        return
    seen(made)


def test_each_recipe_has_a_name_of_its_own() -> None:
    recipes = [ORIGINAL, POSTER, Recipe(edge=1000), Recipe(quality=80)]
    assert len({recipe.name for recipe in recipes}) == len(recipes)
