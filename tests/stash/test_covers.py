"""Covers: a picture, none, unchanged, or an error; nothing else is taken for a picture."""

from __future__ import annotations

from hashlib import md5
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Response

from plexsync.model.errors import StashTemporaryError
from plexsync.model.scene import Scene
from plexsync.stash.covers import COVER_BOUND, Cover

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug import Request

    from plexsync.stash.client import StashClient
    from stash.conftest import Mouth

SCENE = Scene(id=5, cover="/scene/5/screenshot?t=17")
JPEG = b"\xff\xd8\xff\xe0 a picture"
DRAWING = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'


async def test_a_picture_comes_with_type_and_etag(mouth: Mouth) -> None:
    mouth.says(JPEG, headers={"Content-Type": "image/jpeg", "ETag": '"abc"'})
    cover = await mouth.client.cover(SCENE)
    assert cover == Cover(kind="picture", etag='"abc"', content=JPEG, media_type="image/jpeg")
    (request,) = mouth.requests()
    assert (request.method, request.full_path) == ("GET", "/scene/5/screenshot?t=17")
    assert "If-None-Match" not in request.headers


async def test_a_known_etag_is_sent_and_an_unchanged_cover_has_no_content(mouth: Mouth) -> None:
    mouth.says(b"", 304)
    assert await mouth.client.cover(SCENE, '"abc"') == Cover(kind="unchanged", etag='"abc"')
    assert mouth.requests()[0].headers["If-None-Match"] == '"abc"'


async def test_a_glimpse_asks_for_the_first_bytes_and_tells_how_many_there_are(mouth: Mouth) -> None:
    headers = {"Content-Type": "image/jpeg", "ETag": '"abc"', "Content-Range": "bytes 0-13/300000"}
    mouth.says(JPEG, 206, headers)
    seen = await mouth.client.glimpse(SCENE.cover, '"old"')
    assert (seen.kind, seen.etag, seen.size) == ("picture", '"abc"', 300_000)
    (request,) = mouth.requests()
    assert (request.headers["Range"], request.headers["If-None-Match"]) == ("bytes=0-63", '"old"')


async def test_a_glimpse_of_a_server_that_sends_everything_reads_no_more(mouth: Mouth) -> None:
    large = JPEG + bytes(100_000)
    mouth.says(large, headers={"Content-Type": "image/jpeg", "ETag": '"abc"'})
    seen = await mouth.client.glimpse(SCENE.cover)
    assert (seen.kind, seen.size) == ("picture", len(large))
    assert len(seen.content) < 100


async def test_a_glimpse_tells_no_cover_an_unchanged_one_and_a_page_apart(mouth: Mouth) -> None:
    assert (await mouth.client.glimpse("")).kind == "none"
    mouth.says(DRAWING, headers={"Content-Type": "image/svg+xml"})
    assert (await mouth.client.glimpse(SCENE.cover)).kind == "none"
    mouth.says(b"", 304)
    assert (await mouth.client.glimpse(SCENE.cover, '"abc"')).kind == "unchanged"
    mouth.says(b"<html>sign in</html>", headers={"Content-Type": "text/html"})
    with pytest.raises(StashTemporaryError):
        await mouth.client.glimpse(SCENE.cover)


async def test_a_part_that_nobody_asked_for_is_no_cover(mouth: Mouth) -> None:
    mouth.says(JPEG, 206, {"Content-Type": "image/jpeg", "Content-Range": "bytes 0-13/300000"})
    with pytest.raises(StashTemporaryError):
        await mouth.client.cover(SCENE)


async def test_the_placeholder_drawing_is_no_cover(mouth: Mouth) -> None:
    mouth.says(DRAWING, headers={"Content-Type": "image/svg+xml; charset=utf-8"})
    assert (await mouth.client.cover(SCENE)).kind == "none"


async def test_a_scene_without_an_address_has_no_cover_and_nothing_is_asked(mouth: Mouth) -> None:
    assert (await mouth.client.cover(Scene(id=5))).kind == "none"
    assert mouth.requests() == []


@pytest.mark.parametrize("media_type", ["image/png", "image/webp", "IMAGE/GIF", "application/octet-stream"])
async def test_pictures_of_any_format_are_taken(mouth: Mouth, media_type: str) -> None:
    mouth.says(b"bytes", headers={"Content-Type": media_type})
    assert (await mouth.client.cover(SCENE)).media_type == media_type.lower()


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"<!doctype html><form>sign in</form>", "text/html"),
        (b"<!doctype html><form>sign in</form>", "image/jpeg"),
        (b"  \n<html>", "application/octet-stream"),
        (b'{"error": "no"}', "application/json"),
        (b"plain", ""),
        (b"", "image/jpeg"),
        (b"", "image/svg+xml"),
        (JPEG, "image/svg+xml"),
    ],
)
async def test_what_is_no_picture_is_a_temporary_error(mouth: Mouth, content: bytes, media_type: str) -> None:
    mouth.says(content, headers={"Content-Type": media_type})
    with pytest.raises(StashTemporaryError) as caught:
        await mouth.client.cover(SCENE)
    assert caught.value.place == "GET /scene/5/screenshot"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"<!doctype html><h1>404 Not Found</h1>", "text/html"),
        (b"this is no picture", "image/svg+xml"),
        (b"\x00\x01\x02", "application/octet-stream"),
    ],
)
async def test_what_stash_itself_keeps_as_a_picture_is_handed_on_whatever_it_is(
    mouth: Mouth, content: bytes, media_type: str
) -> None:
    etag = f'"{md5(content, usedforsecurity=False).hexdigest()}"'
    mouth.says(content, headers={"Content-Type": media_type, "ETag": etag})
    cover = await mouth.client.cover(SCENE)
    assert (cover.kind, cover.etag, cover.content) == ("picture", etag, content)


async def test_reading_ends_where_a_cover_is_too_large(mouth: Mouth) -> None:
    given = 0

    def endless(request: Request) -> Response:
        def pieces() -> Any:
            nonlocal given
            while given < 4 * COVER_BOUND:
                given += 1 << 20
                yield b"\xff" * (1 << 20)

        return Response(pieces(), content_type="image/jpeg")

    mouth.server.expect_request("/scene/5/screenshot").respond_with_handler(endless)
    with pytest.raises(StashTemporaryError, match="larger than 50 MB"):
        await mouth.client.cover(SCENE)
    assert given < 2 * COVER_BOUND


async def test_the_prefix_of_a_proxy_is_kept_for_questions_and_covers(
    httpserver: Any, connect: Callable[..., StashClient]
) -> None:
    client = connect(httpserver.url_for("/media/stash/"))
    httpserver.expect_request("/media/stash/graphql").respond_with_json({"data": {"version": {"version": "v1"}}})
    httpserver.expect_request("/media/stash/scene/5/screenshot").respond_with_data(JPEG, content_type="image/jpeg")
    assert await client.version() == "v1"
    assert (await client.cover(SCENE)).content == JPEG


@pytest.mark.parametrize("etag", ["", "line\r\nX-More: 1", "schräg"])
async def test_an_etag_that_no_header_can_hold_is_not_sent(mouth: Mouth, etag: str) -> None:
    mouth.says(JPEG, headers={"Content-Type": "image/jpeg"})
    assert (await mouth.client.cover(SCENE, etag)).kind == "picture"
    assert "If-None-Match" not in mouth.requests()[0].headers
