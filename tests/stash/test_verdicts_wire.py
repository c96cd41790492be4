"""However the wire to Stash breaks, and whatever comes over it, the error says what the queue must do."""

from __future__ import annotations

import asyncio
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
from plexsync.model.errors import ConfigurationError, StashServerDown, StashTemporaryError, SyncError
from plexsync.model.work import Peer
from plexsync.stash.client import StashClient
from plexsync.stash.documents import Question
from plexsync.stash.failures import Failures
from rawserver import Act, always, closed_port, deaf_port, raw_server, reply, then_close
from stash.asking import CALLS, KEY, OPERATION, Connect, failure
from wirefaults import ON_CONNECTION, ON_REQUEST, WITHOUT_END


@pytest.mark.parametrize("name", ON_REQUEST)
async def test_an_answer_that_breaks_on_the_wire_is_a_server_that_is_down(connect: Connect, name: str) -> None:
    async with raw_server(always(ON_REQUEST[name])) as server:
        client = connect(server.url)
        for place, call in CALLS.items():
            error = await failure(call(client))
            assert type(error) is StashServerDown
            assert (error.place, error.status) == (place, None)
            assert error.outcome_unknown == (place == OPERATION)
        server.answering = always(reply(200, '{"data": {"s5": null}}'))
        assert await client.scenes([5]) == {}


async def test_an_answer_that_does_not_end_is_a_server_that_is_down(connect: Connect) -> None:
    """Each silence at the read time-out, each drip at a few of them, all at the same time."""

    async def asked(fault: Act, place: str) -> None:
        async with raw_server(always(fault)) as server:
            error = await failure(CALLS[place](connect(server.url, read_timeout=0.5)))
        assert (type(error), error.place, error.status) == (StashServerDown, place, None)
        assert "timed out" in error.message
        assert error.outcome_unknown == (place == OPERATION)

    await asyncio.gather(*(asked(fault, place) for fault in WITHOUT_END.values() for place in CALLS))


@pytest.mark.parametrize("name", ON_CONNECTION)
async def test_a_connection_that_breaks_before_it_is_used_is_a_server_that_is_down(connect: Connect, name: str) -> None:
    async with raw_server(always(reply(200))) as server:
        server.greeting = ON_CONNECTION[name]
        for call in CALLS.values():
            assert type(await failure(call(connect(server.url)))) is StashServerDown


async def test_an_operation_that_nobody_takes_is_a_server_that_is_down(connect: Connect) -> None:
    async with raw_server(always(reply(200))) as server:
        server.takes = False
        client = connect(server.url, read_timeout=0.5)
        error = await failure(client.run_operation("plugin", {"much": "x" * 30_000_000}))
        assert "timed out (WriteTimeout)" in error.message
        assert (type(error), error.place, error.outcome_unknown) == (StashServerDown, OPERATION, True)


async def test_each_way_to_no_connection_is_told_apart_and_nothing_was_done(connect: Connect) -> None:
    with closed_port() as closed, deaf_port() as deaf:
        ways = {
            f"http://127.0.0.1:{closed}": "Stash refuses the connection",
            f"http://127.0.0.1:{deaf}": "timed out (ConnectTimeout)",
            "http://stash.invalid:9999": "cannot be resolved",
            f"http://{'a' * 70}.invalid": "cannot be resolved",
        }
        for url, words in ways.items():
            client = connect(url, connect_timeout=0.2 if str(deaf) in url else 5.0)
            for call in CALLS.values():
                error = await failure(call(client))
                assert (type(error), error.outcome_unknown) == (StashServerDown, False)
                assert words in error.message


async def test_each_fault_of_tls_is_told_with_its_remedy(connect: Connect, tmp_path: Path) -> None:
    for name in ("other", "old", "new"):
        (tmp_path / name).mkdir()
    good = certified(tmp_path, "127.0.0.1")
    other = certified(tmp_path / "other", "elsewhere.example")
    old = certified(tmp_path / "old", "127.0.0.1", begins=timedelta(days=-9), ends=timedelta(days=-1))
    new = certified(tmp_path / "new", "127.0.0.1", begins=timedelta(days=1), ends=timedelta(days=9))
    ways = [
        (good, ssl.create_default_context(), "name its CA file in ca_file"),
        (other, other.trusted(), "for another name"),
        (old, old.trusted(), "has expired"),
        (new, new.trusted(), "not valid yet"),
    ]
    for shown, trusted, words in ways:
        async with raw_server(always(reply(200)), tls=shown.for_server()) as server:
            for call in CALLS.values():
                error = await failure(call(connect(server.url, verify=trusted)))
                assert (type(error), error.outcome_unknown) == (StashServerDown, False)
                assert words in error.message
            assert server.asked == []
    async with raw_server(always(reply(200, '{"data": {"s5": null}}')), tls=good.for_server()) as server:
        for verify in (good.trusted(), str(good.certificate), False):
            assert await connect(server.url, verify=verify).scenes([5]) == {}


async def test_http_and_tls_that_miss_each_other_are_a_server_that_is_down(connect: Connect, tmp_path: Path) -> None:
    trusting = ssl.create_default_context()
    async with raw_server(always(reply(200))) as plain:
        url = plain.url.replace("http:", "https:")
        plain.greeting = then_close(reply(400, "no TLS here"))
        error = await failure(connect(url, verify=trusting).run_operation("plugin", {}))
        assert (type(error), error.outcome_unknown) == (StashServerDown, False)
        assert "http://" in error.message
        for greeting in ON_CONNECTION.values():
            plain.greeting = greeting
            error = await failure(connect(url, verify=trusting).run_operation("plugin", {}))
            assert (type(error), error.outcome_unknown) == (StashServerDown, False)
    made = certified(tmp_path, "127.0.0.1")
    async with raw_server(always(reply(200)), tls=made.for_server()) as secure:
        error = await failure(connect(secure.url.replace("https:", "http:")).scenes([5]))
        assert type(error) is StashServerDown


async def test_a_port_for_tls_that_says_so_in_http_is_a_temporary_error_with_a_remedy(connect: Connect) -> None:
    """As Stash itself does it."""
    async with raw_server(always(reply(400, "Client sent an HTTP request to an HTTPS server.\n"))) as server:
        error = await failure(connect(server.url).scenes([5]))
        assert (type(error), error.status) == (StashTemporaryError, 400)
        assert "is stash_url right, http or https?" in error.message
        assert error.excerpt == "Client sent an HTTP request to an HTTPS server."


TRANSPORT: list[tuple[Exception, type[SyncError], bool]] = [
    (httpx2.ConnectTimeout(""), StashServerDown, False),
    (httpx2.ConnectError(""), StashServerDown, False),
    (httpx2.PoolTimeout(""), StashServerDown, False),
    (httpx2.ReadTimeout(""), StashServerDown, True),
    (httpx2.WriteTimeout(""), StashServerDown, True),
    (TimeoutError(), StashServerDown, True),
    (httpx2.ReadError(""), StashServerDown, True),
    (httpx2.WriteError(""), StashServerDown, True),
    (httpx2.CloseError(""), StashServerDown, True),
    (httpx2.RemoteProtocolError(""), StashServerDown, True),
    (httpx2.LocalProtocolError(""), StashTemporaryError, False),
    (httpx2.UnsupportedProtocol(""), StashTemporaryError, False),
    (httpx2.InvalidURL(""), StashTemporaryError, False),
]


@pytest.mark.parametrize(("error", "kind", "unknown"), TRANSPORT, ids=lambda value: type(value).__name__)
def test_each_failure_of_the_transport_is_the_error_of_the_table(
    error: Exception, kind: type[SyncError], unknown: bool
) -> None:
    for changes in (False, True):
        made = Failures([], str).of_transport(error, Question(place="POST /graphql Mine", changes=changes))
        assert type(made) is kind
        assert made.place == "POST /graphql Mine"
        assert made.outcome_unknown == (unknown and changes)


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


def test_a_ca_file_that_is_not_there_is_a_wrong_configuration() -> None:
    with pytest.raises(ConfigurationError, match="CA file"):
        StashClient("https://stash", verify="/nowhere/ca.pem")


NAMES = [
    *("s5", "findScenes", "scenes", "id", "title", "details", "date", "rating100", "organized", "updated_at", "studio"),
    *("performers", "tags", "files", "path", "size", "duration", "fingerprints", "paths", "screenshot", "errors"),
    *("message", "data", "version", "systemStatus", "configuration", "plugins", "runPluginOperation", "extensions"),
]
NEARLY = nearly(NAMES, [KEY, "s5", "database is locked"])
DATA = st.dictionaries(st.sampled_from(NAMES), NEARLY)
ENVELOPE = st.one_of(
    NEARLY,
    st.builds(dict, data=NEARLY | DATA, errors=NEARLY | st.lists(DATA)),
    st.builds(dict, data=NEARLY | DATA),
).map(lambda value: json.dumps(value).encode())
ANSWER = answers(ENVELOPE, KEY)


async def none_escapes(answer: bytes) -> None:
    """Ask everything of a server that answers this; only our errors come of it, and none shows the key."""
    errors: list[SyncError] = []
    async with raw_server(always(then_close(answer))) as server:
        stash = StashClient(server.url, KEY, read_timeout=0.5)
        calls: list[Any] = [call(stash) for call in CALLS.values()]
        calls += [stash.scenes_after(0), stash.ids_after(0), stash.touched(0.0), stash.scene_at("/a")]
        calls += [stash.plugin_settings("p"), stash.healthy(), stash.version()]
        for asked in calls:
            try:
                await asked
            except SyncError as failed:
                errors.append(failed)
        found = await failed_of(stash)
        await stash.close()
    for error in [*errors, *found]:
        assert KEY not in f"{error.message}{error.place}{error.excerpt}"
        assert error.peer is Peer.STASH
        assert error.place


async def failed_of(stash: StashClient) -> list[SyncError]:
    """What a lookup finds wrong with single scenes."""
    try:
        return list((await stash.scenes_each([5, 6])).failed.values())
    except SyncError as error:
        return [error]


@given(answer=ANSWER, harm=HARM)
@settings(max_examples=20)
def test_whatever_is_answered_only_our_errors_come_of_it(answer: bytes, harm: Harm) -> None:
    asyncio.run(none_escapes(harmed(answer, harm)))


@pytest.mark.soak
@given(answer=ANSWER, harm=HARM)
@settings(max_examples=2000)
def test_whatever_is_answered_for_long_only_our_errors_come_of_it(answer: bytes, harm: Harm) -> None:
    asyncio.run(none_escapes(harmed(answer, harm)))
