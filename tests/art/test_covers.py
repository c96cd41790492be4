"""Pictures on their way from Stash to Plex."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from newstore import new_store
from plexsync.art import Art
from plexsync.art.covers import Album
from plexsync.art.folder import FOLDER_LIMIT
from plexsync.art.sources import PictureKind, Source, cover_of, picture_of
from plexsync.model.errors import SyncError
from plexsync.model.pictures import UNMADE, Recipe, Shape
from plexsync.model.scene import Scene
from plexsync.sim.library import cover
from plexsync.stash.client import StashClient
from plexsync.store.database import Database

TOUCHED = "2024-05-06T07:08:09Z"
LATER = 1_800_000_000.0
WHOLE = Recipe()
POSTER = Recipe(shape=Shape.POSTER)


def sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


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

    async def look(self, source: Source, *, closely: bool = False) -> str:
        """What the plain recipe made of it."""
        return (await self.art.look(source, [WHOLE], LATER, closely=closely))[WHOLE]


@asynccontextmanager
async def studio(folder: Path, server: HTTPServer, *, limit: int = FOLDER_LIMIT) -> AsyncIterator[Studio]:
    database = Database.open(new_store(folder / "plexsync.db"))
    client = StashClient(server.url_for("/"), None)
    made = Studio(art=Art(folder=folder / "art", stash=client, database=database, limit=limit), shown=cover(1))
    server.expect_request("/scene/1/screenshot").respond_with_handler(made.answer)
    server.expect_request("/performer/1/image").respond_with_handler(made.answer)
    try:
        yield made
    finally:
        await client.close()
        database.close()


def source(updated_at: str = TOUCHED) -> Source:
    return cover_of(Scene(id=1, updated_at=updated_at, cover="/scene/1/screenshot"))


async def test_a_cover_is_fetched_once_while_its_scene_is_untouched(tmp_path: Path, httpserver: HTTPServer) -> None:
    async with studio(tmp_path, httpserver) as made:
        for _ in range(3):
            assert await made.look(source()) == sha1(cover(1))
        assert made.asked == 1
        await made.look(source("2024-05-06T08:00:00Z"))
        assert (made.asked, made.unchanged) == (2, 1)


async def test_several_recipes_take_one_fetch_and_are_known_apart(tmp_path: Path, httpserver: HTTPServer) -> None:
    async with studio(tmp_path, httpserver) as made:
        found = await made.art.look(source(), [WHOLE, POSTER], LATER)
        assert found[WHOLE] == sha1(cover(1)) != found[POSTER]
        assert await made.art.look(source(), [POSTER], LATER) == {POSTER: found[POSTER]}
        assert made.asked == 1
        assert await made.art.look(source(), [WHOLE, POSTER], LATER, closely=True) == found
        assert (made.asked, made.unchanged) == (2, 1)
        for recipe in (WHOLE, POSTER):
            content = await made.art.content(source(), recipe, found[recipe], LATER)
            assert content is not None
            assert sha1(content[1]) == content[0] == found[recipe]
        assert made.asked == 2


async def test_a_recipe_that_came_later_is_made_of_the_picture_as_it_is_now(
    tmp_path: Path, httpserver: HTTPServer
) -> None:
    async with studio(tmp_path, httpserver) as made:
        await made.look(source())
        made.shown = cover(2)
        found = await made.art.look(source(), [WHOLE, Recipe(edge=300)], LATER)
        assert found[WHOLE] == sha1(cover(2))


async def test_told_to_look_closely_it_finds_a_change_that_no_time_shows(
    tmp_path: Path, httpserver: HTTPServer
) -> None:
    async with studio(tmp_path, httpserver) as made:
        await made.look(source())
        made.shown = cover(2)
        assert await made.look(source()) == sha1(cover(1))
        assert await made.look(source(), closely=True) == sha1(cover(2))


async def test_for_a_preview_a_cover_that_is_another_one_is_neither_made_nor_remembered(
    tmp_path: Path, httpserver: HTTPServer
) -> None:
    async with studio(tmp_path, httpserver) as made:
        album: Album = {}
        for _ in range(2):
            assert await made.art.look(source(), [WHOLE], LATER, held=album, make=False) == {WHOLE: UNMADE}
        assert made.asked == 1
        assert album["scene", 1][WHOLE.name].size == len(cover(1))
        assert not (tmp_path / "art").exists()
        assert await made.look(source()) == sha1(cover(1))
        assert made.asked == 2


async def test_for_a_preview_a_cover_that_is_the_known_one_is_told_by_what_was_made_of_it(
    tmp_path: Path, httpserver: HTTPServer
) -> None:
    async with studio(tmp_path, httpserver) as made:
        await made.look(source())
        touched = source("2024-05-06T08:00:00Z")
        assert await made.art.look(touched, [WHOLE], LATER, make=False) == {WHOLE: sha1(cover(1))}
        assert await made.art.look(touched, [WHOLE], LATER, make=False) == {WHOLE: sha1(cover(1))}
        assert (made.asked, made.unchanged) == (2, 1)
        # A recipe that came later has nothing yet, which makes no other picture of the first one.
        found = await made.art.look(touched, [WHOLE, POSTER], LATER, make=False)
        assert found == {WHOLE: sha1(cover(1)), POSTER: UNMADE}
        made.shown = cover(2)
        again = source("2024-05-06T09:00:00Z")
        assert await made.art.look(again, [WHOLE], LATER, make=False) == {WHOLE: UNMADE}


async def test_for_a_preview_what_could_not_be_read_is_looked_at_as_a_whole(
    tmp_path: Path, httpserver: HTTPServer
) -> None:
    async with studio(tmp_path, httpserver) as made:
        made.shown = b"no picture"
        await made.look(source())
        assert await made.art.look(source(), [WHOLE], LATER, make=False) == {WHOLE: ""}


async def test_the_time_in_an_address_says_when_to_look_and_never_what_is_there(
    tmp_path: Path, httpserver: HTTPServer
) -> None:
    async with studio(tmp_path, httpserver) as made:
        first = picture_of(PictureKind.PERFORMER, 1, "/performer/1/image?t=1700000000")
        touched = picture_of(PictureKind.PERFORMER, 1, "/performer/1/image?t=1700000100")
        assert await made.look(first) == await made.look(first) == await made.look(touched) == sha1(cover(1))
        assert (made.asked, made.unchanged) == (2, 1)
        timeless = picture_of(PictureKind.PERFORMER, 1, "/performer/1/image")
        await made.look(timeless)
        await made.look(timeless)
        assert (made.asked, made.unchanged) == (4, 3)


async def test_what_could_not_be_read_is_fetched_anew_at_the_next_look(tmp_path: Path, httpserver: HTTPServer) -> None:
    async with studio(tmp_path, httpserver) as made:
        made.shown = b"no picture"
        assert await made.look(source()) == ""
        made.shown = cover(3)
        assert await made.look(source()) == sha1(cover(3))


async def test_bytes_that_were_lost_or_damaged_are_fetched_again(tmp_path: Path, httpserver: HTTPServer) -> None:
    async with studio(tmp_path, httpserver) as made:
        found = await made.look(source())
        path = made.art.folder / f"{found}.jpg"
        for damage in (path.unlink, lambda: path.write_bytes(b""), lambda: path.write_bytes(cover(9))):
            damage()
            assert await made.art.content(source(), WHOLE, found, LATER) == (found, cover(1))


async def test_a_picture_that_is_another_one_by_now_is_had_as_it_is_now(tmp_path: Path, httpserver: HTTPServer) -> None:
    async with studio(tmp_path, httpserver) as made:
        found = await made.look(source())
        (made.art.folder / f"{found}.jpg").unlink()
        made.shown = cover(2)
        assert await made.art.content(source(), WHOLE, found, LATER) == (sha1(cover(2)), cover(2))
        assert await made.look(source()) == sha1(cover(2))


async def test_the_folder_keeps_within_its_limit_and_holds_the_newest(tmp_path: Path, httpserver: HTTPServer) -> None:
    async with studio(tmp_path, httpserver, limit=40_000) as made:
        for number in range(1, 80):
            made.shown = cover(number)
            found = await made.look(source(), closely=True)
            os.utime(made.art.folder / f"{found}.jpg", (1_000_000.0 + number,) * 2)
        kept = [path.stat().st_size for path in made.art.folder.iterdir()]
        assert sum(kept) < 40_000 + 40 * max(kept)
        assert len(kept) < 79
        assert (made.art.folder / f"{sha1(cover(79))}.jpg").exists()


async def test_one_picture_is_brought_into_shape_at_a_time_though_nobody_waits_for_the_first_any_more(
    tmp_path: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = threading.Event(), threading.Event()

    def slowly(content: bytes, _recipe: Recipe) -> bytes:
        begun.set()
        assert go.wait(30)
        return content

    monkeypatch.setattr("plexsync.art.covers.shaped", slowly)
    async with studio(tmp_path, httpserver) as made:
        first = asyncio.create_task(made.look(source()))
        assert await asyncio.to_thread(begun.wait, 30)
        first.cancel()
        await asyncio.wait({first})
        begun.clear()
        second = asyncio.create_task(made.look(source()))
        assert not await asyncio.to_thread(begun.wait, 0.5)
        go.set()
        assert await second == sha1(cover(1))


class Bench(asyncio.Lock):
    """Tells when somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.awaited = asyncio.Event()

    async def acquire(self) -> Literal[True]:
        if self.locked():
            self.awaited.set()
        return await super().acquire()


async def test_who_hangs_up_before_it_is_their_turn_leaves_no_work_behind(
    tmp_path: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, made_of = threading.Event(), list[bytes]()

    def slowly(content: bytes, _recipe: Recipe) -> bytes:
        made_of.append(content)
        assert go.wait(30)
        return content

    monkeypatch.setattr("plexsync.art.covers.shaped", slowly)
    async with studio(tmp_path, httpserver) as made:
        bench = Bench()
        made.art = replace(made.art, bench=bench)
        first = asyncio.create_task(made.look(source()))
        while not bench.locked():  # noqa: ASYNC110 -- it has no event for that
            await asyncio.sleep(0.01)
        made.shown = cover(2)
        second = asyncio.create_task(made.look(source()))
        await asyncio.wait_for(bench.awaited.wait(), 30)
        second.cancel()
        await asyncio.wait({second})
        go.set()
        assert await first == sha1(cover(1))
        made.shown = cover(3)
        assert await made.look(source(), closely=True) == sha1(cover(3))
        assert made_of == [cover(1), cover(3)]


async def test_what_others_put_into_the_folder_is_left_and_keeps_no_picture_from_it(
    tmp_path: Path, httpserver: HTTPServer
) -> None:
    async with studio(tmp_path, httpserver, limit=1) as made:
        (made.art.folder / "@eaDir").mkdir(parents=True)
        (made.art.folder / "note.txt").write_text("mine")
        os.utime(made.art.folder / "@eaDir", (1_000_000.0,) * 2)
        # These have the folder looked through.
        for number in [one for one in range(1, 80) if sha1(cover(one)).startswith("0")][:2]:
            made.shown = cover(number)
            found = await made.art.content(source(), WHOLE, "", LATER)
            assert found == (sha1(cover(number)), cover(number))
            assert await made.look(source(), closely=True) == sha1(cover(number))
        assert {"@eaDir", "note.txt"} <= {path.name for path in made.art.folder.iterdir()}


async def test_a_folder_that_cannot_be_written_is_a_reason_and_no_picture(
    tmp_path: Path, httpserver: HTTPServer
) -> None:
    async with studio(tmp_path, httpserver) as made:
        (tmp_path / "art").write_text("in the way")
        with pytest.raises(SyncError, match="cannot be kept"):
            await made.look(source())
