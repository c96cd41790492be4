"""Every failure of Plex, and of what stands before it, is the one error that says what the queue must do.

The tables are design and reference written out; nothing in them is taken from the code that they judge.
"""

from __future__ import annotations

import json

import pytest

from oddanswers import BODIES, LIES, PAGE, PAGES
from plex.asking import CALLS, IDENTITY, MACHINE, READ, TITLE, TOKEN, WRITES, Connect, failure, plex_that
from plexsync.model.errors import (
    Incompatible,
    NeedsSignIn,
    PlexPermanentError,
    PlexServerDown,
    PlexTemporaryError,
    SyncError,
)
from plexsync.plex.answers import OtherServer
from plexsync.plex.link import LinkBroken
from rawserver import always, raw_server, reply, then_silence

#: Statuses by what they mean. The first three are what Plex itself says of a request, the others a proxy's or unknown.
SIGN_IN = (401, 403)
VALUES_REFUSED = (400, 409, 413, 414, 415, 422, 431)
AWAY = (502, 503, 504)
#: Registered as "this was not carried out".
REFUSED = (
    *(300, 301, 302, 304, 305, 307, 308),
    *(402, 405, 406, 407, 408, 410, 411, 412, 416, 417, 418, 421, 423, 424, 425, 426, 428, 429, 451),
)
#: Of these nobody can say whether the request was carried out.
UNSURE = (
    *(303, 306, 309, 399, 419, 420, 430, 440, 444, 449, 450, 460, 463, 494, 495, 496, 497, 498, 499),
    *(500, 501, 505, 506, 507, 508, 509, 510, 511, 512, 520, 521, 522, 523, 524, 525, 526, 527, 529, 530),
    *(561, 598, 599, 600, 999),
)
#: status: class of a read, class of a write, whether a write may have been carried out
STATUSES: dict[int, tuple[type[SyncError], type[SyncError], bool]] = {
    **dict.fromkeys(SIGN_IN, (NeedsSignIn, NeedsSignIn, False)),
    **dict.fromkeys(VALUES_REFUSED, (PlexTemporaryError, PlexPermanentError, False)),
    **dict.fromkeys(AWAY, (PlexServerDown, PlexServerDown, True)),
    **dict.fromkeys(REFUSED, (PlexTemporaryError, PlexTemporaryError, False)),
    **dict.fromkeys(UNSURE, (PlexTemporaryError, PlexTemporaryError, True)),
}


@pytest.mark.parametrize("status", STATUSES)
async def test_each_status_is_the_error_of_the_table(connect: Connect, status: int) -> None:
    read, write, unsure = STATUSES[status]
    said = f"Plex said  so:\n{TOKEN}"
    async with raw_server(plex_that(reply(status, said, {"Retry-After": "7"}))) as server:
        client = connect(server.url)
        for place, call in CALLS.items():
            error = await failure(call(client))
            assert type(error) is (write if place in WRITES else read)
            assert (error.status, error.place) == (status, place)
            assert str(status) in error.message
            assert error.excerpt == ("" if status == 304 else "Plex said so: ****")
            assert error.retry_after == 7.0
            assert error.outcome_unknown == (unsure and place in WRITES)


@pytest.mark.parametrize("status", [*STATUSES, 404])
async def test_no_status_of_a_health_check_is_permanent_or_an_absence(connect: Connect, status: int) -> None:
    """What the address says of itself says nothing of any scene."""
    known = {**STATUSES, 404: (PlexTemporaryError, PlexTemporaryError, False)}
    async with raw_server(always(reply(status, PAGE))) as server:
        client = connect(server.url, machine_identifier=MACHINE)
        error = await failure(client.check())
        assert type(error) is (PlexServerDown if status == 404 else known[status][0])
        assert (error.status, error.place) == (status, "GET /identity")
        for place, call in CALLS.items():
            error = await failure(call(client))
            assert type(error) is (PlexServerDown if status == 404 else known[status][0])
            # Nothing is written before the server is identified.
            assert not error.outcome_unknown or place == READ
        assert {asked.method for asked in server.asked} == {"GET"}
        server.answering = plex_that(reply(status, PAGE))
        assert type(await failure(client.check())) is known[status][0]


@pytest.mark.parametrize("status", [200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 250, 299])
async def test_a_success_without_content_is_a_write_that_was_done_and_a_read_that_was_not(
    connect: Connect, status: int
) -> None:
    async with raw_server(plex_that(reply(status))) as server:
        client = connect(server.url)
        await client.edit(1, 7, TITLE)
        await client.upload_picture(7, b"picture")
        error = await failure(client.details([7]))
        assert (type(error), error.status, error.place) == (PlexTemporaryError, status, READ)


MAINTENANCE = [
    (503, '{"code":503,"title":"Maintenance","status":"Plex Media Server is currently running startup tasks."}'),
    (503, '<Response code="503" title="Maintenance" status="currently running database migrations."/>'),
    (503, "The server is still starting up. Please retry later"),
    (400, "The server is still starting up. Please retry later"),
]


@pytest.mark.parametrize(("status", "said"), MAINTENANCE)
async def test_a_plex_that_starts_or_migrates_is_down_and_did_nothing(connect: Connect, status: int, said: str) -> None:
    async with raw_server(plex_that(reply(status, said))) as server:
        client = connect(server.url)
        for call in CALLS.values():
            error = await failure(call(client))
            assert type(error) is PlexServerDown
            assert not error.outcome_unknown
            assert "starting or migrating" in error.message


async def test_a_refused_value_that_speaks_of_maintenance_is_still_refused(connect: Connect) -> None:
    """Plex and proxies repeat what they were sent."""
    async with raw_server(plex_that(reply(400, "bad value: Maintenance man"))) as server:
        assert type(await failure(connect(server.url).edit(1, 7, TITLE))) is PlexPermanentError


@pytest.mark.parametrize("status", VALUES_REFUSED)
async def test_a_refusal_by_a_proxy_without_plex_is_not_permanent(connect: Connect, status: int) -> None:
    """As a proxy says it where plain HTTP came to its port for HTTPS."""
    answers = iter([IDENTITY])
    refusal = reply(status, "<center>The plain HTTP request was sent to HTTPS port</center>")
    async with raw_server(lambda _: next(answers, refusal)) as server:
        error = await failure(connect(server.url).edit(1, 7, TITLE))
        assert (type(error), error.status, error.place) == (PlexTemporaryError, status, "GET /identity")


IDENTITY_GONE: list[tuple[bytes, type[SyncError]]] = [
    (reply(404, "404 page not found"), PlexServerDown),
    (reply(400, PAGE), PlexTemporaryError),
    (reply(401, PAGE), NeedsSignIn),
    (reply(500, PAGE), PlexTemporaryError),
    (reply(502, PAGE), PlexServerDown),
    (reply(503, PAGE), PlexServerDown),
    (reply(302, "", {"Location": "/login"}), PlexTemporaryError),
    (reply(200, PAGE), PlexTemporaryError),
    (reply(200, ""), PlexTemporaryError),
    (reply(200, '{"MediaContainer": {"machineIdentifier": ""}}'), PlexTemporaryError),
    (reply(200, '{"MediaContainer": {"machineIdentifier": 7}}'), PlexTemporaryError),
    (reply(200, '{"MediaContainer": {"version": "1.43.2"}}'), PlexTemporaryError),
    (IDENTITY.replace(b"a" * 40, b"b" * 40), OtherServer),
]


@pytest.mark.parametrize(("identity", "kind"), IDENTITY_GONE)
async def test_a_404_where_plex_does_not_answer_is_never_an_absence(
    connect: Connect, identity: bytes, kind: type[SyncError]
) -> None:
    async with raw_server(lambda asked: identity if asked.path == "/identity" else reply(404, PAGE)) as server:
        client = connect(server.url, machine_identifier=MACHINE)
        calls = [*(call(client) for call in CALLS.values()), client.pictures(7), client.sections()]
        for call in calls:
            assert type(await failure(call)) is kind
        assert {asked.method for asked in server.asked} == {"GET"}


async def test_a_404_is_an_absence_only_of_what_was_asked_for(connect: Connect) -> None:
    async with raw_server(plex_that(reply(404, PAGE))) as server:
        client = connect(server.url)
        assert await client.details([7, 8, 9]) == {}
        for call in (
            client.edit(1, 7, TITLE),
            client.upload_picture(7, b"picture"),
            client.select_picture(7, "upload://posters/00"),
            client.pictures(7),
        ):
            with pytest.raises(LinkBroken, match="item 7"):
                await call
        missing = await failure(anext(client.items(1)))
        assert (type(missing), missing.status, missing.place) == (
            PlexPermanentError,
            404,
            "GET /library/sections/1/all",
        )
        assert "library 1" in missing.message
        for listing in (client.sections(), client.check()):
            error = await failure(listing)
            assert (type(error), error.status, error.place) == (PlexTemporaryError, 404, "GET /library/sections")


@pytest.mark.parametrize("found", ["b" * 40, TOKEN, "x" * 5000, "\n\n"])
async def test_another_server_is_never_written_to(connect: Connect, found: str) -> None:
    said = json.dumps({"MediaContainer": {"size": 0, "machineIdentifier": found + "!"}})
    async with raw_server(always(reply(200, said))) as server:
        client = connect(server.url, machine_identifier=MACHINE)
        calls = (client.check(), client.verify_identity(), client.edit(1, 7, TITLE), client.upload_picture(7, b"p"))
        for call in calls:
            error = await failure(call)
            assert isinstance(error, OtherServer)
            assert error.verdict is Incompatible.verdict
            assert (error.expected, error.found) == (MACHINE, found + "!")
            assert f"expected {MACHINE}, found" in error.message
            assert "Correct the address" in error.message
        assert {(asked.method, asked.path) for asked in server.asked} == {("GET", "/identity")}


#: More of them, in the shape of Plex.
ROWS: dict[str, bytes] = {
    "null inside": b'{"MediaContainer": null}',
    "rows that are none": b'{"MediaContainer": {"size": 1, "Metadata": {"0": 7}}}',
    "rows of lists": b'{"MediaContainer": {"size": 1, "Metadata": [[]]}}',
    "rows of null": b'{"MediaContainer": {"size": 1, "Metadata": [null]}}',
    "rows without a key": b'{"MediaContainer": {"size": 1, "Metadata": [{"title": "Sintel"}]}}',
    "a key that is none": b'{"MediaContainer": {"size": 1, "Metadata": [{"ratingKey": "seven"}]}}',
    "fewer rows than counted": b'{"MediaContainer": {"size": 2, "Metadata": [{"ratingKey": "8"}]}}',
    "a count without rows": b'{"MediaContainer": {"size": 1}}',
    "neither rows nor count": b'{"MediaContainer": {}}',
    "not a number": b'{"MediaContainer": {"size": NaN}}',
    "endless": b'{"MediaContainer": {"size": 1e999}}',
    "half a surrogate": b'{"MediaContainer": {"size": 0, "title1": "\\ud800"}}',
}
NO_ANSWERS = BODIES | ROWS


@pytest.mark.parametrize("name", NO_ANSWERS)
async def test_content_that_was_not_asked_for_is_a_temporary_error(connect: Connect, name: str) -> None:
    async with raw_server(plex_that(reply(200, NO_ANSWERS[name], {"Content-Type": "application/json"}))) as server:
        client = connect(server.url)
        error = await failure(client.details([7]))
        assert (type(error), error.status, error.place) == (PlexTemporaryError, 200, READ)
        assert not error.outcome_unknown
        assert ("a web page" in error.message) == (name in PAGES)
        if name in BODIES or name in {"null inside", "a count without rows", "neither rows nor count"}:
            assert type(await failure(client.sections())) is PlexTemporaryError
            assert type(await failure(client.pictures(7))) is PlexTemporaryError
        server.answering = always(reply(200, NO_ANSWERS[name]))
        assert type(await failure(client.identity())) is PlexTemporaryError


@pytest.mark.parametrize("name", PAGES)
async def test_a_write_that_is_answered_with_a_page_may_have_been_carried_out(connect: Connect, name: str) -> None:
    async with raw_server(plex_that(reply(200, NO_ANSWERS[name]))) as server:
        for place in WRITES:
            error = await failure(CALLS[place](connect(server.url)))
            assert (type(error), error.status, error.outcome_unknown) == (PlexTemporaryError, 200, True)


async def test_a_name_in_broken_text_hides_nothing_around_it(connect: Connect) -> None:
    rows = b'[{"ratingKey": "7", "title": "Sin\xfftel"}, {"ratingKey": "8", "title": "Sintel"}]'
    async with raw_server(plex_that(reply(200, b'{"MediaContainer": {"size": 2, "Metadata": %s}}' % rows))) as server:
        found = await connect(server.url).details([7, 8])
    assert [found[key].title for key in (7, 8)] == ["Sin\ufffdtel", "Sintel"]


async def test_an_answer_beyond_all_measure_is_not_read_to_its_end(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plexsync.plex.connection.ANSWER_BOUND", 1_000_000)
    endless = then_silence(b"HTTP/1.1 200 OK\r\n\r\n" + b'{"MediaContainer": {"title1": "' + b"x" * 3_000_000)
    async with raw_server(plex_that(always(endless))) as server:
        error = await failure(connect(server.url).details([7]))
    assert (type(error), error.status) == (PlexTemporaryError, 200)
    assert "it is larger than" in error.message


async def test_an_identity_that_comes_and_goes_is_a_server_that_is_down(connect: Connect) -> None:
    answers = iter([reply(404, PAGE)])
    async with raw_server(lambda _: next(answers, IDENTITY)) as server:
        error = await failure(connect(server.url).identity())
        assert (type(error), error.status, error.place) == (PlexServerDown, 404, "GET /identity")


@pytest.mark.parametrize("lie", LIES)
async def test_what_headers_say_of_the_content_changes_no_verdict(connect: Connect, lie: dict[str, str]) -> None:
    async with raw_server(plex_that(reply(500, "no \xff", lie))) as server:
        client = connect(server.url)
        for call in CALLS.values():
            error = await failure(call(client))
            assert (type(error), error.status) == (PlexTemporaryError, 500)
        server.answering = plex_that(reply(200, '{"MediaContainer": {"size": 0}}', lie))
        assert await client.details([7]) == {}


@pytest.mark.parametrize("packing", ["gzip", "deflate, gzip", "gzip, gzip"])
async def test_content_that_cannot_be_unpacked_hides_no_status(connect: Connect, packing: str) -> None:
    broken = {"Content-Encoding": packing, "Retry-After": "7"}
    async with raw_server(plex_that(reply(200, "not packed", broken))) as server:
        client = connect(server.url)
        for place, call in CALLS.items():
            error = await failure(call(client))
            assert (type(error), error.status, error.place) == (PlexTemporaryError, 200, place)
            assert error.outcome_unknown == (place in WRITES)
        for status in (401, 422, 500, 503):
            server.answering = plex_that(reply(status, "not packed", broken))
            error = await failure(client.edit(1, 7, TITLE))
            assert (type(error), error.status, error.retry_after) == (STATUSES[status][1], status, 7.0)
