"""However the wire to Plex breaks, and whatever comes over it, the error says what the queue must do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates import certified
from oddanswers import HARM, Harm, answers, harmed, nearly
from plex.asking import CALLS, EDIT, IDENTITY, MACHINE, TITLE, TOKEN, UPLOAD, WRITES, Connect, failure, plex_that
from plexsync.model.errors import ConfigurationError, PlexPermanentError, PlexServerDown, PlexTemporaryError, SyncError
from plexsync.model.work import Peer
from plexsync.plex.answers import Request, Translator
from plexsync.plex.client import PlexClient
from plexsync.plex.edit import Param
from plexsync.plex.link import LinkBroken
from rawserver import Act, always, closed_port, deaf_port, raw_server, reply, then_close, then_reset
from wirefaults import ON_CONNECTION, ON_REQUEST, WITHOUT_END


@pytest.mark.parametrize("name", ON_REQUEST)
async def test_an_answer_that_breaks_on_the_wire_is_a_server_that_is_down(connect: Connect, name: str) -> None:
    async with raw_server(plex_that(always(ON_REQUEST[name]))) as server:
        client = connect(server.url)
        for place, call in CALLS.items():
            error = await failure(call(client))
            assert type(error) is PlexServerDown
            assert (error.place, error.status) == (place, None)
            assert error.outcome_unknown == (place in WRITES)
        # The server is identified anew before anything else is written.
        server.answering = plex_that(reply(200))
        before = len(server.asked)
        await client.edit(1, 7, TITLE)
        assert [asked.method for asked in server.asked[before:]] == ["GET", "PUT"]


async def test_an_answer_that_does_not_end_is_a_server_that_is_down(connect: Connect) -> None:
    """Each silence at the read time-out, each drip at a few of them, all at the same time."""

    async def asked(fault: Act, place: str) -> None:
        async with raw_server(plex_that(always(fault))) as server:
            error = await failure(CALLS[place](connect(server.url, read_timeout=0.5)))
        assert (type(error), error.place, error.status) == (PlexServerDown, place, None)
        assert "did not answer in time" in error.message
        assert error.outcome_unknown == (place in WRITES)

    await asyncio.gather(*(asked(fault, place) for fault in WITHOUT_END.values() for place in CALLS))


@pytest.mark.parametrize("name", ON_CONNECTION)
async def test_a_connection_that_breaks_before_it_is_used_is_a_server_that_is_down(connect: Connect, name: str) -> None:
    async with raw_server(plex_that(reply(200))) as server:
        server.greeting = ON_CONNECTION[name]
        for call in CALLS.values():
            error = await failure(call(connect(server.url)))
            assert type(error) is PlexServerDown
            assert not error.outcome_unknown


@pytest.mark.parametrize("end", [then_close(IDENTITY), then_reset(IDENTITY)])
async def test_a_server_that_breaks_off_after_each_answer_is_written_to_all_the_same(
    connect: Connect, end: Any
) -> None:
    async with raw_server(lambda asked: end if asked.path == "/identity" else reply(200)) as server:
        await connect(server.url).edit(1, 7, TITLE)
        assert [asked.method for asked in server.asked].count("PUT") == 1


async def test_a_picture_that_nobody_takes_is_a_server_that_is_down(connect: Connect) -> None:
    async with raw_server(plex_that(reply(200))) as server:
        server.takes = False
        error = await failure(connect(server.url, read_timeout=0.5).upload_picture(7, b"x" * 30_000_000))
        assert "did not take the request in time" in error.message
        assert (type(error), error.place, error.outcome_unknown) == (PlexServerDown, UPLOAD, True)


async def test_each_way_to_no_connection_is_told_apart_and_nothing_was_done(connect: Connect) -> None:
    with closed_port() as closed, deaf_port() as deaf:
        ways = {
            f"http://127.0.0.1:{closed}": "Plex refuses the connection",
            f"http://127.0.0.1:{deaf}": "did not answer the connection in time",
            "http://plex.invalid:32400": "cannot be resolved",
            f"http://{'a' * 70}.invalid": "cannot be resolved",
        }
        for url, words in ways.items():
            client = connect(url, connect_timeout=0.2 if str(deaf) in url else 5.0)
            for call in CALLS.values():
                error = await failure(call(client))
                assert (type(error), error.outcome_unknown) == (PlexServerDown, False)
                assert words in error.message


async def test_each_fault_of_tls_is_told_with_its_remedy(connect: Connect, tmp_path: Path) -> None:
    good = certified(tmp_path, "127.0.0.1")
    (tmp_path / "other").mkdir()
    other = certified(tmp_path / "other", "elsewhere.example")
    (tmp_path / "old").mkdir()
    old = certified(tmp_path / "old", "127.0.0.1", begins=timedelta(days=-9), ends=timedelta(days=-1))
    (tmp_path / "new").mkdir()
    new = certified(tmp_path / "new", "127.0.0.1", begins=timedelta(days=1), ends=timedelta(days=9))
    ways = [
        (good, ssl.create_default_context(), "name its CA file in ca_file"),
        (other, other.trusted(), "plex.direct"),
        (old, old.trusted(), "has expired"),
        (new, new.trusted(), "not valid yet"),
    ]
    for shown, trusted, words in ways:
        async with raw_server(plex_that(reply(200)), tls=shown.for_server()) as server:
            for call in CALLS.values():
                error = await failure(call(connect(server.url, verify=trusted)))
                assert (type(error), error.outcome_unknown) == (PlexServerDown, False)
                assert words in error.message
            assert server.asked == []
    async with raw_server(plex_that(reply(200)), tls=good.for_server()) as server:
        for verify in (good.trusted(), str(good.certificate), False):
            await connect(server.url, verify=verify).edit(1, 7, TITLE)


async def test_http_and_tls_that_miss_each_other_are_a_server_that_is_down(connect: Connect, tmp_path: Path) -> None:
    async with raw_server(plex_that(reply(200))) as plain:
        plain.greeting = then_close(reply(400, "no TLS here"))
        error = await failure(connect(plain.url.replace("http:", "https:")).edit(1, 7, TITLE))
        assert (type(error), error.outcome_unknown) == (PlexServerDown, False)
        assert "http://" in error.message
        for greeting in ON_CONNECTION.values():
            plain.greeting = greeting
            error = await failure(connect(plain.url.replace("http:", "https:")).edit(1, 7, TITLE))
            assert (type(error), error.outcome_unknown) == (PlexServerDown, False)
    made = certified(tmp_path, "127.0.0.1")
    async with raw_server(plex_that(reply(200)), tls=made.for_server()) as secure:
        error = await failure(connect(secure.url.replace("https:", "http:")).edit(1, 7, TITLE))
        assert (type(error), error.outcome_unknown) == (PlexServerDown, False)


TRANSPORT: list[tuple[Exception, type[SyncError], bool]] = [
    (httpx2.ConnectTimeout(""), PlexServerDown, False),
    (httpx2.ConnectError(""), PlexServerDown, False),
    (httpx2.PoolTimeout(""), PlexServerDown, False),
    (httpx2.ReadTimeout(""), PlexServerDown, True),
    (httpx2.WriteTimeout(""), PlexServerDown, True),
    (TimeoutError(), PlexServerDown, True),
    (httpx2.ReadError(""), PlexServerDown, True),
    (httpx2.WriteError(""), PlexServerDown, True),
    (httpx2.CloseError(""), PlexServerDown, True),
    (httpx2.RemoteProtocolError(""), PlexServerDown, True),
    (httpx2.LocalProtocolError(""), PlexTemporaryError, False),
    (httpx2.UnsupportedProtocol(""), PlexTemporaryError, False),
]


@pytest.mark.parametrize(("error", "kind", "unknown"), TRANSPORT, ids=lambda value: type(value).__name__)
def test_each_failure_of_the_transport_is_the_error_of_the_table(
    error: Exception, kind: type[SyncError], unknown: bool
) -> None:
    translator = Translator(TOKEN, str)
    for method in ("GET", "PUT", "POST"):
        made = translator.unreachable(error, Request(method=method, path="/library?X-Plex-Token=1"))
        assert type(made) is kind
        assert made.place == f"{method} /library"
        assert made.outcome_unknown == (unknown and method != "GET")


@pytest.mark.parametrize("length", [70_000, 200_000])
async def test_a_line_that_cannot_be_sent_is_refused_before_it_is_sent(connect: Connect, length: int) -> None:
    async with raw_server(plex_that(reply(200))) as server:
        error = await failure(connect(server.url).edit(1, 7, (Param("title.value", "x" * length),)))
        assert (type(error), error.status, error.place) == (PlexPermanentError, 414, EDIT)
        assert [asked.method for asked in server.asked] == ["GET"]


def test_a_ca_file_that_is_not_there_is_a_wrong_configuration(connect: Connect) -> None:
    with pytest.raises(ConfigurationError, match="CA file"):
        connect("https://plex", verify="/nowhere/ca.pem")


@pytest.mark.parametrize("url", ["plex:32400", "ftp://plex", ""])
def test_an_address_without_http_is_refused_at_once(url: str, connect: Connect) -> None:
    with pytest.raises(ValueError, match="http"):
        connect(url)


NAMES = [
    *("MediaContainer", "Metadata", "Directory", "size", "totalSize", "ratingKey", "key", "machineIdentifier", "Media"),
    *("Part", "file", "Genre", "tag", "Role", "Field", "locked", "type", "title", "year", "userRating", "selected"),
]
NEARLY = nearly(NAMES, [TOKEN, MACHINE]).map(lambda value: json.dumps({"MediaContainer": value}).encode())
ANSWER = answers(NEARLY, TOKEN)


async def none_escapes(answer: bytes, identity: bytes) -> None:
    """Ask everything of a server that answers this; only our errors come of it, and none shows the token."""
    errors: list[SyncError] = []
    async with raw_server(lambda asked: then_close(identity if asked.path == "/identity" else answer)) as server:
        options: dict[str, Any] = {"client_identifier": "0", "read_timeout": 0.5}
        async with PlexClient(server.url, TOKEN, machine_identifier=MACHINE, **options) as plex:
            calls = [call(plex) for call in CALLS.values()]
            calls += [plex.pictures(7), plex.sections(), plex.check(), anext(plex.items(1))]
            for asked in calls:
                with contextlib.suppress(LinkBroken, StopAsyncIteration):
                    try:
                        await asked
                    except SyncError as failed:
                        errors.append(failed)
    for error in errors:
        assert TOKEN not in f"{error.message}{error.place}{error.excerpt}"
        assert error.peer is Peer.PLEX
        assert error.place


@given(answer=ANSWER, harm=HARM, known=st.booleans())
@settings(max_examples=20)
def test_whatever_is_answered_only_our_errors_come_of_it(answer: bytes, harm: Harm, known: bool) -> None:
    content = harmed(answer, harm)
    asyncio.run(none_escapes(content, IDENTITY if known else content))


@pytest.mark.soak
@given(answer=ANSWER, harm=HARM, known=st.booleans())
@settings(max_examples=2000)
def test_whatever_is_answered_for_long_only_our_errors_come_of_it(answer: bytes, harm: Harm, known: bool) -> None:
    content = harmed(answer, harm)
    asyncio.run(none_escapes(content, IDENTITY if known else content))
