"""What an error of Stash tells its reader, and what it never shows."""

from __future__ import annotations

import base64
import logging

import pytest

from oddanswers import WAITS, shown_of, spellings
from plexsync.model.errors import NeedsSignIn, StashTemporaryError, SyncError
from rawserver import always, raw_server, reply
from stash.asking import CALLS, KEY, Connect, errors, failure

LOCATIONS: list[tuple[str, type[SyncError], str]] = [
    ("/login?returnURL=%2Fgraphql", NeedsSignIn, "asks for a sign-in"),
    ("/stash/login", NeedsSignIn, "asks for a sign-in"),
    ("https://auth.example.org/?rd=secret", NeedsSignIn, "asks for a sign-in"),
    ("https://stash.example.org:9999/graphql?secret", StashTemporaryError, "https://stash.example.org:9999"),
    ("/elsewhere?returnURL=%2Flogin", StashTemporaryError, "another path"),
    ("http://me:hunter2@elsewhere.example/", StashTemporaryError, "http://elsewhere.example"),
    (f"http://{KEY}.example/?apikey={KEY}", StashTemporaryError, "****.example"),
    ("http://[broken", StashTemporaryError, "an address that is none"),
    ("http://h:999999/", StashTemporaryError, "an address that is none"),
    ("mailto:me", StashTemporaryError, "another path"),
    ("\xff\xfe", StashTemporaryError, "another path"),
    ("", StashTemporaryError, "failed with status"),
]


@pytest.mark.parametrize(("location", "kind", "shown"), LOCATIONS)
async def test_a_redirect_is_never_followed_and_names_where_it_leads(
    connect: Connect, location: str, kind: type[SyncError], shown: str
) -> None:
    async with raw_server(always(b"")) as server:
        client = connect(server.url, KEY)
        for status in (301, 302, 303, 307, 308):
            server.answering = always(reply(status, "", {"Location": location}))
            for call in CALLS.values():
                error = await failure(call(client))
                assert (type(error), error.status) == (kind, status)
                assert shown in error.message
                assert "secret" not in error.message
                assert "hunter2" not in error.message
        assert {asked.path for asked in server.asked} == {"/graphql", "/scene/5/screenshot"}


async def test_a_redirect_carries_the_key_nowhere(connect: Connect) -> None:
    async with raw_server(always(reply(200))) as elsewhere, raw_server(always(b"")) as server:
        client = connect(server.url, KEY)
        for location in (f"{elsewhere.url}/graphql", server.url.replace("http:", "https:")):
            server.answering = always(reply(307, "", {"Location": location}))
            for call in CALLS.values():
                assert type(await failure(call(client))) is StashTemporaryError
        assert elsewhere.asked == []
        assert all(asked.headers["apikey"] == KEY for asked in server.asked)


@pytest.mark.parametrize(("asked", "date", "seconds"), WAITS)
async def test_what_is_asked_to_wait_is_read_by_the_servers_own_clock(
    connect: Connect, asked: str, date: str | None, seconds: float | None
) -> None:
    headers = {"Retry-After": asked} | ({"Date": date} if date else {})
    async with raw_server(always(reply(429, "busy", headers))) as server:
        for call in CALLS.values():
            assert (await failure(call(connect(server.url)))).retry_after == seconds


SECRET = "k3y/+=&<>'\"%-_.~K3YK3Y"
SPELLINGS = spellings(SECRET)


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_the_key_is_shown_in_no_spelling(connect: Connect, spelling: str) -> None:
    async with raw_server(always(b"")) as server:
        client = connect(server.url, SECRET)
        for status in (200, 400, 401, 500, 503):
            server.answering = always(reply(status, SPELLINGS[spelling]))
            for call in CALLS.values():
                error = await failure(call(client), SECRET)
                assert not shown_of(SECRET, f"{error.message} {error.excerpt}")


async def test_the_words_of_stash_are_shown_without_secrets(connect: Connect) -> None:
    said = errors({"message": f"{KEY} and hunter2\x00 are\nknown " + "x" * 5000})
    async with raw_server(always(reply(200, said))) as server:
        client = connect(server.url, KEY, redact=lambda text: text.replace("hunter2", "[gone]"))
        for place in ("POST /graphql ScenesById", "POST /graphql RunOperation"):
            assert "failed (200): **** and [gone] are known xxx" in (await failure(CALLS[place](client))).message


async def test_a_password_in_the_address_is_sent_as_a_sign_in_and_shown_nowhere(
    connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sent = base64.b64encode(b"me:pass@word").decode()
    async with raw_server(always(reply(500, f"pass@word, pass%40word, {sent} are wrong"))) as server:
        client = connect(server.url.replace("http://", "http://me:pass%40word@"))
        for call in CALLS.values():
            assert (await failure(call(client), "pass@word")).excerpt == "****, ****, **** are wrong"
        assert all(asked.headers["authorization"] == f"Basic {sent}" for asked in server.asked)
    for secret in ("pass@word", "pass%40word"):
        assert secret not in caplog.text


async def test_the_key_goes_into_a_header_and_nowhere_else(connect: Connect) -> None:
    async with raw_server(always(reply(500))) as server:
        client = connect(server.url, KEY)
        for call in CALLS.values():
            await failure(call(client))
    for asked in server.asked:
        assert asked.headers["apikey"] == KEY
        assert "key-that" not in asked.target
        assert b"key-that" not in asked.body


@pytest.mark.parametrize("key", [None, "", "  "])
async def test_no_key_is_sent_where_none_is_configured(connect: Connect, key: str | None) -> None:
    async with raw_server(always(reply(200, '{"data": {"version": {"version": "v1"}}}'))) as server:
        assert await connect(server.url, key).version() == "v1"
        assert "apikey" not in server.asked[0].headers


async def test_a_cookie_of_stash_is_not_kept(connect: Connect) -> None:
    answer = reply(200, '{"data": {"version": {"version": "v1"}}}', {"Set-Cookie": "session=abc; Path=/"})
    async with raw_server(always(answer)) as server:
        client = connect(server.url, KEY)
        for _ in range(2):
            await client.version()
        assert all("cookie" not in asked.headers for asked in server.asked)
