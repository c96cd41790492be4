"""What a failing Stash makes of a question: one error of the model each, never a wrong answer."""

from __future__ import annotations

import json
import logging
import socket
from typing import TYPE_CHECKING

import httpx2
import pytest
from werkzeug.datastructures import Authorization

from plexsync.model.errors import (
    ConfigurationError,
    Incompatible,
    NeedsSignIn,
    StashServerDown,
    StashTemporaryError,
    SyncError,
)
from plexsync.model.scene import Scene
from plexsync.model.work import Peer
from plexsync.stash.client import StashClient
from plexsync.stash.failures import Failures, Reply, retry_after

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_httpserver import HTTPServer

    from stash.conftest import Mouth

COVERED = Scene(id=5, cover="/scene/5/screenshot?t=1")

STATUSES: list[tuple[int, type[SyncError]]] = [
    (301, StashTemporaryError),
    (304, StashTemporaryError),
    (400, Incompatible),
    (401, NeedsSignIn),
    (403, NeedsSignIn),
    (404, StashTemporaryError),
    (405, StashTemporaryError),
    (408, StashTemporaryError),
    (410, StashTemporaryError),
    (413, StashTemporaryError),
    (422, Incompatible),
    (429, StashTemporaryError),
    (500, StashTemporaryError),
    (501, StashTemporaryError),
    (502, StashServerDown),
    (503, StashServerDown),
    (504, StashServerDown),
    (507, StashTemporaryError),
    (599, StashTemporaryError),
]


@pytest.mark.parametrize(("status", "kind"), STATUSES)
async def test_a_status_becomes_one_error_with_place_and_excerpt(
    mouth: Mouth, status: int, kind: type[SyncError]
) -> None:
    mouth.says("what  went\nwrong", status)
    with pytest.raises(SyncError) as caught:
        await mouth.client.scenes([5])
    assert type(caught.value) is kind
    assert (caught.value.peer, caught.value.status, caught.value.place) == (Peer.STASH, status, "ScenesById")
    assert caught.value.excerpt == ("" if status == 304 else "what went wrong")


@pytest.mark.parametrize(("status", "kind"), STATUSES)
async def test_a_status_of_a_cover_becomes_the_same_error(mouth: Mouth, status: int, kind: type[SyncError]) -> None:
    mouth.says("no", status)
    with pytest.raises(SyncError) as caught:
        await mouth.client.cover(COVERED)
    assert type(caught.value) is kind
    assert caught.value.place == "cover of scene 5"


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("/login?returnURL=%2Fgraphql", NeedsSignIn),
        ("/stash/login", NeedsSignIn),
        ("https://auth.example.org/?rd=here", NeedsSignIn),
        ("https://stash.example.org/graphql", StashTemporaryError),
        ("", StashTemporaryError),
    ],
)
async def test_a_redirect_is_never_followed_and_one_to_a_login_needs_a_sign_in(
    mouth: Mouth, location: str, kind: type[SyncError]
) -> None:
    mouth.says("", 302, {"Location": location})
    for asked in (mouth.client.version(), mouth.client.cover(COVERED)):
        with pytest.raises(SyncError) as caught:
            await asked
        assert type(caught.value) is kind
    assert len(mouth.requests()) == 2


def test_a_redirect_to_no_address_is_a_temporary_error() -> None:
    reply = Reply(status=302, headers=httpx2.Headers({"Location": "http://[broken"}), content=b"")
    error = Failures(clean=lambda text: text).of_status(reply, "Version")
    assert type(error) is StashTemporaryError


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("database is locked (5) (SQLITE_BUSY)", StashTemporaryError),
        ("beginning transaction: context deadline exceeded", StashTemporaryError),
        ("scene with id 5 not found", StashTemporaryError),
        ("", StashTemporaryError),
    ],
)
async def test_an_answer_with_errors_is_no_answer_whatever_data_it_holds(
    mouth: Mouth, message: str, kind: type[SyncError]
) -> None:
    mouth.says({"data": {"version": {"version": "v1", "hash": ""}}, "errors": [{"message": message}]})
    with pytest.raises(kind) as caught:
        await mouth.client.version()
    assert message in caught.value.message


@pytest.mark.parametrize("status", [200, 422])
async def test_a_field_that_this_stash_does_not_have_is_named(mouth: Mouth, status: int) -> None:
    said = 'Cannot query field "rating100" on type "Scene".'
    fault = {"message": said, "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}
    mouth.says({"errors": [fault], "data": None}, status)
    for asked in (mouth.client.scenes([5]), mouth.client.scenes_after(0)):
        with pytest.raises(Incompatible, match='"rating100"'):
            await asked


CONTENTS: list[str | bytes] = [
    b"",
    b"null",
    b"[]",
    b"7",
    b'"text"',
    b"{}",
    b'{"data": null}',
    b'{"data": 7}',
    b'{"data": {}}',
    b'{"data": {"version": null}}',
    b'{"data": {"version": "v1"}}',
    b'{"data": {"version": {"version": 7}}}',
    b'{"data": {"version": {"version": "v1"',
    b'{"data": {"version": {"version": "v1"}}} and more',
    b'{"errors": "seven", "data": {"version": {"version": "v1"}}}',
    b"\x1f\x8b\x08 not gzip",
    b"\xff\xfe\x00",
    "<!doctype html><title>Sign in</title>",
]


@pytest.mark.parametrize("content", CONTENTS)
async def test_content_that_was_not_asked_for_is_a_temporary_error(mouth: Mouth, content: bytes) -> None:
    mouth.says(content)
    with pytest.raises(StashTemporaryError) as caught:
        await mouth.client.version()
    assert (caught.value.status, caught.value.place) == (200, "Version")
    for asked in (mouth.client.scenes([5]), mouth.client.scene_at("/a"), mouth.client.plugin_settings("p")):
        with pytest.raises(StashTemporaryError):
            await asked


async def test_a_web_page_is_called_one(mouth: Mouth) -> None:
    mouth.says("<html>hello</html>", headers={"Content-Type": "text/html; charset=utf-8"})
    with pytest.raises(StashTemporaryError, match="web page"):
        await mouth.client.version()


async def test_content_in_a_broken_encoding_is_a_temporary_error(mouth: Mouth) -> None:
    mouth.says(b"not gzip at all", headers={"Content-Encoding": "gzip"})
    with pytest.raises(StashTemporaryError):
        await mouth.client.version()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "17"}, 17.0),
        ({"Retry-After": "Sat, 21 Nov 2026 10:01:30 GMT", "Date": "Sat, 21 Nov 2026 10:00:00 GMT"}, 90.0),
        ({"Retry-After": "Sat, 21 Nov 2026 09:00:00 GMT", "Date": "Sat, 21 Nov 2026 10:00:00 GMT"}, 0.0),
        ({"Retry-After": "Sat, 21 Nov 2026 10:01:30 GMT"}, None),
        ({"Retry-After": "Sat, 21 Nov 2026 10:01:30", "Date": "Sat, 21 Nov 2026 10:00:00 GMT"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": ""}, None),
        ({}, None),
    ],
)
def test_the_wait_asked_for_is_read_in_both_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(httpx2.Headers(headers)) == seconds


@pytest.mark.parametrize(("status", "unknown"), [(502, True), (504, True), (503, False), (401, False), (422, False)])
async def test_an_answer_of_a_proxy_may_hide_that_an_operation_ran(mouth: Mouth, status: int, unknown: bool) -> None:
    mouth.says("", status)
    with pytest.raises(SyncError) as caught:
        await mouth.client.run_operation("p", {})
    assert caught.value.outcome_unknown is unknown


async def test_an_answer_that_cannot_be_read_may_hide_that_an_operation_ran(mouth: Mouth) -> None:
    mouth.says(b'{"data": {"runPlugin')
    with pytest.raises(StashTemporaryError) as caught:
        await mouth.client.run_operation("p", {})
    assert caught.value.outcome_unknown


async def test_the_wait_asked_for_comes_with_the_error(mouth: Mouth) -> None:
    mouth.says("", 503, {"Retry-After": "12"})
    with pytest.raises(StashServerDown) as caught:
        await mouth.client.version()
    assert caught.value.retry_after == 12.0


async def test_a_closed_port_is_a_server_that_is_down_and_nothing_was_done(
    connect: Callable[..., StashClient],
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        client = connect(f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(StashServerDown) as caught:
            await client.run_operation("p", {})
    assert caught.value.outcome_unknown is False


async def test_a_secret_is_masked_in_message_and_excerpt(
    httpserver: HTTPServer, connect: Callable[..., StashClient]
) -> None:
    key = "a-key-of-stash-0123456789"
    client = connect(httpserver.url_for(""), key, redact=lambda text: text.replace("hunter2", "[gone]"))
    body = json.dumps({"errors": [{"message": f"{key} and hunter2 are known"}], "data": None})
    httpserver.expect_request("/graphql").respond_with_data(body)
    with pytest.raises(StashTemporaryError) as caught:
        await client.version()
    shown = f"{caught.value.message} {caught.value.excerpt} {caught.value.place}"
    assert key not in shown
    assert "hunter2" not in shown
    assert "[gone]" in shown


async def test_an_excerpt_is_short_and_a_secret_at_its_end_is_masked_before_it_is_cut(mouth: Mouth) -> None:
    mouth.says("x" * 185 + " key-that-nobody-may-read-0123456789 " + "y" * 100_000, 500)
    with pytest.raises(StashTemporaryError) as caught:
        await mouth.client.version()
    assert caught.value.excerpt is not None
    assert len(caught.value.excerpt) <= 200
    assert "key-that" not in caught.value.excerpt


async def test_the_key_goes_into_a_header_and_nowhere_else(mouth: Mouth) -> None:
    mouth.says({"data": {"version": {"version": "v1", "hash": ""}}})
    await mouth.client.version()
    (request,) = mouth.requests()
    assert request.headers["ApiKey"] == "key-that-nobody-may-read-0123456789"
    assert "key-that" not in request.url
    assert b"key-that" not in request.data


@pytest.mark.parametrize("key", [None, "", "  "])
async def test_no_key_is_sent_where_none_is_configured(
    httpserver: HTTPServer, connect: Callable[..., StashClient], key: str | None
) -> None:
    client = connect(httpserver.url_for(""), key)
    httpserver.expect_request("/graphql").respond_with_json({"data": {"version": {"version": "v1"}}})
    assert await client.version() == "v1"
    assert "ApiKey" not in httpserver.log[0][0].headers


async def test_a_cookie_of_stash_is_not_kept(mouth: Mouth) -> None:
    mouth.says({"data": {"version": {"version": "v1"}}}, headers={"Set-Cookie": "session=abc; Path=/"})
    await mouth.client.version()
    await mouth.client.version()
    assert all("Cookie" not in request.headers for request in mouth.requests())


@pytest.mark.parametrize(
    "url", ["", "stash:9999", "ftp://stash", "http://", "http://h:99999", "http://h/?a=b", "http://["]
)
def test_an_address_that_cannot_be_one_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="stash_url"):
        StashClient(url)


@pytest.mark.parametrize("key", ["line\nbreak", "schlüssel", "nul\0"])
def test_a_key_that_no_header_can_hold_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        StashClient("http://stash", key)
    assert key not in str(caught.value)


async def test_a_password_in_the_address_is_sent_as_a_sign_in_and_shown_nowhere(
    httpserver: HTTPServer, connect: Callable[..., StashClient], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = connect(f"http://me:pass%40word@127.0.0.1:{httpserver.port}/")
    httpserver.expect_request("/graphql").respond_with_data("pass@word is wrong", 500)
    with pytest.raises(StashTemporaryError) as caught:
        await client.version()
    assert httpserver.log[0][0].authorization == Authorization("basic", {"username": "me", "password": "pass@word"})
    assert caught.value.excerpt == "**** is wrong"
    for secret in ("pass@word", "pass%40word"):
        assert secret not in caplog.text


def test_a_ca_file_that_is_not_there_is_a_wrong_configuration() -> None:
    with pytest.raises(ConfigurationError, match="CA file"):
        StashClient("https://stash", verify="/nowhere/ca.pem")
