"""What an error of Plex tells its reader, and what it never shows."""

from __future__ import annotations

import pytest

from oddanswers import WAITS, shown_of, spellings
from plex.asking import CALLS, TITLE, TOKEN, Connect, failure, plex_that
from plexsync.model.errors import PlexTemporaryError
from rawserver import always, raw_server, reply

LOCATIONS = [
    ("https://login.example/?next=secret", "https://login.example"),
    ("/login?next=%2F", "another path"),
    ("//elsewhere.example:8443/", "elsewhere.example:8443"),
    ("http://me:hunter2@elsewhere.example/", "http://elsewhere.example"),
    (f"http://{TOKEN}.example/?X-Plex-Token={TOKEN}", "****.example"),
    ("http://[broken", "an address that is none"),
    ("http://h:999999/", "an address that is none"),
    ("mailto:me", "another path"),
    ("\xff\xfe", "another path"),
    ("", "answers with"),
]


@pytest.mark.parametrize(("location", "shown"), LOCATIONS)
async def test_a_redirect_is_never_followed_and_names_where_it_leads(
    connect: Connect, location: str, shown: str
) -> None:
    async with raw_server(plex_that(b"")) as server:
        for status in (301, 302, 303, 307, 308):
            server.answering = plex_that(reply(status, "", {"Location": location}))
            for call in CALLS.values():
                error = await failure(call(connect(server.url)))
                assert (type(error), error.status) == (PlexTemporaryError, status)
                assert shown in error.message
                assert "secret" not in error.message
                assert "hunter2" not in error.message
        assert {asked.path for asked in server.asked} == {"/identity", *(place.split()[1] for place in CALLS)}


async def test_a_redirect_carries_the_token_nowhere(connect: Connect) -> None:
    async with raw_server(always(reply(200))) as elsewhere, raw_server(always(b"")) as server:
        there, itself = f"{elsewhere.url}/library", server.url.replace("http:", "https:")
        for location in (there, itself):
            server.answering = plex_that(reply(307, "", {"Location": location}))
            for call in CALLS.values():
                assert type(await failure(call(connect(server.url)))) is PlexTemporaryError
        assert elsewhere.asked == []
        assert all("x-plex-token" in asked.headers for asked in server.asked)


@pytest.mark.parametrize(("asked", "date", "seconds"), WAITS)
async def test_what_is_asked_to_wait_is_read_by_the_servers_own_clock(
    connect: Connect, asked: str, date: str | None, seconds: float | None
) -> None:
    headers = {"Retry-After": asked} | ({"Date": date} if date else {})
    async with raw_server(plex_that(reply(429, "busy", headers))) as server:
        for call in CALLS.values():
            assert (await failure(call(connect(server.url)))).retry_after == seconds


SECRET = "t0ken/+=&<>'\"%-_.~T0KEN"
SPELLINGS = spellings(SECRET)


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_the_token_is_shown_in_no_spelling(connect: Connect, spelling: str) -> None:
    async with raw_server(plex_that(b"")) as server:
        client = connect(server.url, SECRET)
        for status in (200, 400, 401, 500, 503):
            server.answering = plex_that(reply(status, SPELLINGS[spelling]))
            error = await failure(client.details([7]), SECRET)
            assert not shown_of(SECRET, f"{error.message} {error.excerpt}")


async def test_what_others_want_hidden_is_hidden_and_fields_are_named(connect: Connect) -> None:
    async with raw_server(plex_that(reply(400, "bad \x1b[31mvalue\x00 for hunter2 " + "x" * 500))) as server:
        client = connect(server.url, redact=lambda text: text.replace("hunter2", "hunt...ter2"))
        error = await failure(client.edit(1, 7, TITLE))
        assert "(title) with 400" in error.message
        assert error.excerpt is not None
        assert error.excerpt.startswith("bad [31mvalue for hunt...ter2 xxx")


async def test_the_headers_name_us_and_only_they_hold_the_token(connect: Connect) -> None:
    async with raw_server(plex_that(reply(200, '{"MediaContainer": {"size": 0}}'))) as server:
        client = connect(server.url)
        await client.check()
        for call in CALLS.values():
            await call(client)
    for asked in server.asked:
        assert asked.headers["x-plex-token"] == TOKEN
        assert asked.headers["x-plex-product"] == "PlexSync"
        assert asked.headers["x-plex-client-identifier"]
        assert asked.headers["accept"] == "application/json"
        assert "x-plex-pms-api-version" not in asked.headers
        assert "token" not in asked.target.lower()


async def test_a_cookie_is_not_kept(connect: Connect) -> None:
    """What a proxy's login leaves behind would outlive the token."""
    cookie = {"Set-Cookie": "session=abc; Path=/"}
    async with raw_server(plex_that(reply(200, '{"MediaContainer": {"size": 0}}', cookie))) as server:
        client = connect(server.url)
        for _ in range(2):
            await client.sections()
        assert all("cookie" not in asked.headers for asked in server.asked)
