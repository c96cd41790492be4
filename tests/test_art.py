"""Pictures on their way from Stash to Plex."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from plexsync.art import Art, UnreadablePictureError, shaped
from plexsync.model.errors import SyncError
from plexsync.model.scene import Scene
from plexsync.sim.library import cover
from plexsync.stash.client import StashClient
from plexsync.store.database import Database

TOUCHED = "2024-05-06T07:08:09Z"
LATER = 1_800_000_000.0


def sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def drawn(kind: str, mode: str = "RGB", size: tuple[int, int] = (64, 48)) -> bytes:
    written = io.BytesIO()
    Image.new(mode, size).save(written, kind)
    return written.getvalue()


@dataclass(slots=True)
class Studio:
    """An `Art` and a Stash that shows what `shown` holds."""

    art: Art
    shown: bytes
    asked: int = 0
    unchanged: int = 0

    def answer(self, request: Request) -> Response:
        self.asked += 1
        tag = f'"{sha1(self.shown)}"'
        if request.headers.get("If-None-Match") == tag:
            self.unchanged += 1
            return Response(status=304, headers={"ETag": tag})
        return Response(self.shown, headers={"ETag": tag}, content_type="image/jpeg")


@asynccontextmanager
async def studio(folder: Path, server: HTTPServer, **more: int) -> AsyncIterator[Studio]:
    database = Database.open(f"sqlite:///{folder / 'plexsync.db'}")
    client = StashClient(server.url_for("/"), None)
    made = Studio(art=Art(folder=folder / "art", stash=client, database=database, **more), shown=cover(1))
    server.expect_request("/scene/1/screenshot").respond_with_handler(made.answer)
    try:
        yield made
    finally:
        await client.close()
        database.close()


def scene(_server: HTTPServer, updated_at: str = TOUCHED) -> Scene:
    return Scene(id=1, updated_at=updated_at, cover="/scene/1/screenshot")


def test_a_small_jpeg_is_sent_as_it_is() -> None:
    assert shaped(cover(1)) == cover(1)


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
        ("TIFF", "CMYK"),
        ("BMP", "RGB"),
    ],
)
def test_any_picture_becomes_the_same_jpeg_each_time(kind: str, mode: str) -> None:
    content = drawn(kind, mode)
    with Image.open(io.BytesIO(shaped(content))) as picture:
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (64, 48))
    assert shaped(content) == shaped(content)


def test_a_large_picture_is_made_smaller_in_its_own_proportion() -> None:
    with Image.open(io.BytesIO(shaped(drawn("JPEG", size=(4000, 1000))))) as picture:
        assert picture.size == (1500, 375)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg/>",
        b"\xff\xd8\xff",
        cover(1)[: len(cover(1)) // 2],
        drawn("PNG")[:40],
        drawn("GIF")[:20],
        b"\0" * 9000,
    ],
)
def test_what_is_no_whole_picture_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadablePictureError):
        shaped(content)


async def test_a_cover_is_fetched_once_while_its_scene_is_untouched(tmp_path: Path, httpserver: HTTPServer) -> None:
    async with studio(tmp_path, httpserver) as made:
        for _ in range(3):
            assert await made.art.cover(scene(httpserver), LATER) == sha1(cover(1))
        assert made.asked == 1
        await made.art.cover(scene(httpserver, "2024-05-06T08:00:00Z"), LATER)
        assert (made.asked, made.unchanged) == (2, 1)


async def test_told_to_look_it_finds_a_change_that_no_time_shows(tmp_path: Path, httpserver: HTTPServer) -> None:
    async with studio(tmp_path, httpserver) as made:
        await made.art.cover(scene(httpserver), LATER)
        made.shown = cover(2)
        assert await made.art.cover(scene(httpserver), LATER) == sha1(cover(1))
        assert await made.art.cover(scene(httpserver), LATER, look=True) == sha1(cover(2))


async def test_what_could_not_be_read_is_fetched_anew_at_the_next_look(tmp_path: Path, httpserver: HTTPServer) -> None:
    async with studio(tmp_path, httpserver) as made:
        made.shown = b"no picture"
        assert await made.art.cover(scene(httpserver), LATER) is None
        made.shown = cover(3)
        assert await made.art.cover(scene(httpserver), LATER) == sha1(cover(3))


async def test_bytes_that_were_lost_or_damaged_are_fetched_again(tmp_path: Path, httpserver: HTTPServer) -> None:
    async with studio(tmp_path, httpserver) as made:
        found = await made.art.cover(scene(httpserver), LATER)
        assert found is not None
        path = made.art.folder / f"{found}.jpg"
        for damage in (path.unlink, lambda: path.write_bytes(b""), lambda: path.write_bytes(cover(9))):
            damage()
            assert await made.art.content(scene(httpserver), found) == cover(1)
        made.shown = cover(2)
        path.unlink()
        assert await made.art.content(scene(httpserver), found) is None


async def test_the_folder_keeps_within_its_limit_and_holds_the_newest(tmp_path: Path, httpserver: HTTPServer) -> None:
    async with studio(tmp_path, httpserver, limit=40_000) as made:
        for number in range(1, 80):
            made.shown = cover(number)
            found = await made.art.cover(scene(httpserver), LATER, look=True)
            os.utime(made.art.folder / f"{found}.jpg", (1_000_000.0 + number,) * 2)
        kept = [path.stat().st_size for path in made.art.folder.iterdir()]
        assert sum(kept) < 40_000 + 40 * max(kept)
        assert len(kept) < 79
        assert (made.art.folder / f"{sha1(cover(79))}.jpg").exists()


async def test_a_folder_that_cannot_be_written_is_a_reason_and_no_picture(
    tmp_path: Path, httpserver: HTTPServer
) -> None:
    async with studio(tmp_path, httpserver) as made:
        (tmp_path / "art").write_text("in the way")
        with pytest.raises(SyncError, match="cannot be kept"):
            await made.art.cover(scene(httpserver), LATER)
