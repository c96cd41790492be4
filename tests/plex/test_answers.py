"""Each failure of Plex becomes the one error that says what the queue must do."""

from __future__ import annotations

import json
import socket
import ssl
from typing import TYPE_CHECKING

import httpx2
import pytest
from werkzeug import Response

from plexsync.model.errors import (
    Incompatible,
    NeedsSignIn,
    PlexPermanentError,
    PlexServerDown,
    PlexTemporaryError,
    SyncError,
)
from plexsync.model.work import Peer
from plexsync.plex.answers import Request, Translator
from plexsync.plex.edit import Param
from plexsync.plex.link import LinkBroken

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_httpserver import HTTPServer

    from plexsync.plex.client import PlexClient

    Connect = Callable[..., PlexClient]

TITLE = (Param("title.value", "Sintel & Süß"), Param("title.locked", "1"))
SECTION = "/library/sections/1/all"
MAINTENANCE = json.dumps({"code": 503, "title": "Maintenance", "status": "running database migrations"})
PAGE = "<html><head><title>Bad</title></head><body><h1>Bad</h1></body></html>"


def identify(server: HTTPServer, machine: str = "a" * 40) -> None:
    server.expect_request("/identity").respond_with_json(
        {"MediaContainer": {"size": 0, "machineIdentifier": machine, "version": "1.43.2"}}
    )


WRITES: list[tuple[int, str, type[SyncError]]] = [
    (400, PAGE, PlexPermanentError),
    (400, "The server is still starting up. Please retry later", PlexServerDown),
    (401, PAGE, NeedsSignIn),
    (403, PAGE, NeedsSignIn),
    (408, PAGE, PlexTemporaryError),
    (409, PAGE, PlexPermanentError),
    (413, PAGE, PlexPermanentError),
    (414, PAGE, PlexPermanentError),
    (415, PAGE, PlexPermanentError),
    (422, PAGE, PlexPermanentError),
    (429, PAGE, PlexTemporaryError),
    (500, PAGE, PlexTemporaryError),
    (501, PAGE, PlexTemporaryError),
    (502, PAGE, PlexServerDown),
    (503, MAINTENANCE, PlexServerDown),
    (503, PAGE, PlexServerDown),
    (504, PAGE, PlexServerDown),
    (200, "<!DOCTYPE html><form>Please sign in</form>", PlexTemporaryError),
]


@pytest.mark.parametrize(("status", "body", "expected"), WRITES)
async def test_a_write_that_is_refused_says_what_to_do(
    httpserver: HTTPServer, connect: Connect, status: int, body: str, expected: type[SyncError]
) -> None:
    identify(httpserver)
    httpserver.expect_request(SECTION, method="PUT").respond_with_data(body, status)
    with pytest.raises(SyncError) as caught:
        await connect(httpserver.url_for("")).edit(1, 7, TITLE)
    assert type(caught.value) is expected
    assert caught.value.peer is Peer.PLEX
    assert caught.value.status == status
    assert caught.value.place == f"PUT {SECTION}"
    assert caught.value.outcome_unknown == (status in {500, 501, 502, 504})


READS: list[tuple[int, str, type[SyncError]]] = [
    (200, PAGE, PlexTemporaryError),
    (200, '{"MediaContainer": {"Metadata": [{"ratingKey"', PlexTemporaryError),
    (200, '{"MediaContainer": {"Metadata": {"0": 7}}}', PlexTemporaryError),
    (200, '{"MediaContainer": {"size": 2}}', PlexTemporaryError),
    (200, '{"Response": 1}', PlexTemporaryError),
    (200, "", PlexTemporaryError),
    (400, PAGE, PlexPermanentError),
    (401, PAGE, NeedsSignIn),
    (403, PAGE, NeedsSignIn),
    (500, PAGE, PlexTemporaryError),
    (502, PAGE, PlexServerDown),
    (503, MAINTENANCE, PlexServerDown),
]


@pytest.mark.parametrize(("status", "body", "expected"), READS)
async def test_a_read_that_fails_is_never_an_absent_item(
    httpserver: HTTPServer, connect: Connect, status: int, body: str, expected: type[SyncError]
) -> None:
    identify(httpserver)
    httpserver.expect_request("/library/metadata/7").respond_with_data(body, status)
    with pytest.raises(SyncError) as caught:
        await connect(httpserver.url_for("")).details([7])
    assert type(caught.value) is expected
    assert not caught.value.outcome_unknown


async def test_a_404_of_a_proxy_without_plex_is_not_an_absent_item(httpserver: HTTPServer, connect: Connect) -> None:
    """Some proxies answer 404 to everything while what they stand for is away."""
    httpserver.expect_request("/identity").respond_with_data("404 page not found", 404)
    httpserver.expect_request("/library/metadata/7").respond_with_data("404 page not found", 404)
    with pytest.raises(PlexServerDown, match="not Plex"):
        await connect(httpserver.url_for("")).details([7])


async def test_a_404_of_plex_is_an_absent_item_or_a_broken_link(httpserver: HTTPServer, connect: Connect) -> None:
    identify(httpserver)
    for path in ("/library/metadata/7", SECTION, "/library/metadata/7/posters", "/library/metadata/7/poster"):
        httpserver.expect_request(path).respond_with_data(PAGE, 404)
    client = connect(httpserver.url_for(""))
    assert await client.details([7]) == {}
    with pytest.raises(LinkBroken, match="item 7"):
        await client.edit(1, 7, TITLE)
    with pytest.raises(LinkBroken):
        await client.posters(7)
    with pytest.raises(LinkBroken):
        await client.upload_poster(7, b"picture")
    with pytest.raises(LinkBroken):
        await client.select_poster(7, "upload://posters/00")


async def test_a_missing_library_is_named(httpserver: HTTPServer, connect: Connect) -> None:
    identify(httpserver)
    httpserver.expect_request(SECTION).respond_with_data(PAGE, 404)
    with pytest.raises(PlexPermanentError, match="library 1"):
        await anext(connect(httpserver.url_for("")).items(1))


async def test_a_redirect_is_not_followed_and_names_where_it_leads(httpserver: HTTPServer, connect: Connect) -> None:
    identify(httpserver)
    elsewhere = Response(status=302, headers={"Location": "https://login.example/?next=secret"})
    httpserver.expect_request("/library/metadata/7").respond_with_response(elsewhere)
    with pytest.raises(PlexTemporaryError, match=r"login\.example instead"):
        await connect(httpserver.url_for("")).details([7])


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "99999"}, 600.0),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
async def test_what_plex_asks_to_wait_is_told(
    httpserver: HTTPServer, connect: Connect, header: dict[str, str], seconds: float | None
) -> None:
    httpserver.expect_request("/library/sections").respond_with_data("busy", 429, header)
    with pytest.raises(PlexTemporaryError) as caught:
        await connect(httpserver.url_for("")).sections()
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(
    ("until", "seconds"), [("10:00:30 GMT", 30.0), ("09:00:00 GMT", 0.0), ("23:00:00 GMT", 600.0), ("", None)]
)
def test_a_time_to_wait_for_is_measured_by_the_servers_own_clock(until: str, seconds: float | None) -> None:
    headers = {"Retry-After": f"Fri, 20 Nov 2026 {until}", "Date": "Fri, 20 Nov 2026 10:00:00 GMT"}
    request = Request(method="GET", path="/library/sections")
    error = Translator("", str).refused(httpx2.Response(503, headers=headers), request)
    assert error.retry_after == seconds


async def test_an_error_shows_fields_and_a_masked_start_of_the_answer_but_no_query(
    httpserver: HTTPServer, connect: Connect
) -> None:
    identify(httpserver)
    body = "bad value; your token is sim-plex-token, your key is hunter2 " + "x" * 500
    httpserver.expect_request(SECTION, method="PUT").respond_with_data(body, 400)
    client = connect(httpserver.url_for(""), redact=lambda text: text.replace("hunter2", "hunt...ter2"))
    with pytest.raises(PlexPermanentError, match=r"\(title\) with 400") as caught:
        await client.edit(1, 7, TITLE)
    error = caught.value
    assert error.excerpt is not None
    assert error.excerpt.startswith("bad value; your token is ***, your key is hunt...ter2")
    assert len(error.excerpt) <= 200
    assert "Sintel" not in f"{error.message}{error.place}{error.excerpt}"


async def test_a_closed_port_is_a_plex_that_does_not_run(connect: Connect) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(PlexServerDown, match="refuses") as caught:
            await connect(url).edit(1, 7, TITLE)
    assert not caught.value.outcome_unknown


async def test_an_unknown_name_is_told_apart(connect: Connect) -> None:
    with pytest.raises(PlexServerDown, match="cannot be resolved"):
        await connect("http://plex.invalid:32400").sections()


async def test_a_server_that_accepts_and_stays_silent_is_down(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(PlexServerDown, match="in time"):
            await connect(url, read_timeout=0.1).identity()


async def test_a_tls_failure_has_its_own_remedy(httpserver: HTTPServer, connect: Connect) -> None:
    """Plain HTTP on a port that is spoken to with TLS."""
    url = httpserver.url_for("").replace("http://", "https://")
    with pytest.raises(PlexServerDown, match=r"plex\.direct"):
        await connect(url, verify=ssl.create_default_context()).identity()


async def test_another_server_behind_the_address_is_never_written_to(httpserver: HTTPServer, connect: Connect) -> None:
    identify(httpserver, "b" * 40)
    client = connect(httpserver.url_for(""), machine_identifier="a" * 40)
    for attempt in (client.check(), client.verify_identity(), client.edit(1, 7, TITLE)):
        with pytest.raises(Incompatible, match=r"expected a{40}, found b{40}.*Correct the address") as caught:
            await attempt
        assert caught.value.peer is Peer.PLEX
    assert {request.path for request, _ in httpserver.log} == {"/identity"}


async def test_the_headers_name_us_and_only_they_hold_the_token(httpserver: HTTPServer, connect: Connect) -> None:
    identify(httpserver)
    httpserver.expect_request("/library/sections").respond_with_json({"MediaContainer": {"size": 0}})
    await connect(httpserver.url_for("")).check()
    for request, _ in httpserver.log:
        assert request.headers["X-Plex-Token"] == "sim-plex-token"
        assert request.headers["X-Plex-Product"] == "PlexSync"
        assert request.headers["X-Plex-Client-Identifier"]
        assert request.headers["Accept"] == "application/json"
        assert "X-Plex-Pms-Api-Version" not in request.headers
        assert "token" not in request.url.lower()


@pytest.mark.parametrize("url", ["plex:32400", "ftp://plex", ""])
def test_an_address_without_http_is_refused_at_once(url: str, connect: Connect) -> None:
    with pytest.raises(ValueError, match="http"):
        connect(url)
