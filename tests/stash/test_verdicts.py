"""Every failure of Stash, and of what stands before it, is the one error that says what the queue must do.

The tables are design and reference written out; nothing in them is taken from the code that they judge.
"""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from oddanswers import BODIES, LIES, PAGE
from plexsync.model.errors import Incompatible, NeedsSignIn, StashServerDown, StashTemporaryError, SyncError
from plexsync.sim.serving import serving
from plexsync.sim.stash import StashOptions, create_app
from rawserver import always, raw_server, reply, then_silence
from stash.asking import CALLS, COVER, COVERED, KEY, OPERATION, READ, Connect, errors, failure

#: Statuses by what they mean; Stash itself says 401, 403, 404, 422 and 200.
SIGN_IN = (401, 403)
AWAY = (502, 503, 504)
#: Registered as "this was not carried out".
REFUSED = (
    *(300, 301, 302, 304, 305, 307, 308, 400, 402, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415),
    *(416, 417, 418, 421, 422, 423, 424, 425, 426, 428, 429, 431, 451),
)
#: Of these nobody can say whether the request was carried out.
UNSURE = (
    *(201, 202, 203, 204, 205, 206, 207, 208, 226, 250, 299),
    *(303, 306, 309, 399, 419, 420, 430, 440, 444, 449, 450, 460, 463, 494, 495, 496, 497, 498, 499),
    *(500, 501, 505, 506, 507, 508, 509, 510, 511, 512, 520, 521, 522, 523, 524, 525, 526, 527, 529, 530),
    *(561, 598, 599, 600, 999),
)
#: status: class, whether an operation may have been carried out
STATUSES: dict[int, tuple[type[SyncError], bool]] = {
    **dict.fromkeys(SIGN_IN, (NeedsSignIn, False)),
    **dict.fromkeys(AWAY, (StashServerDown, True)),
    **dict.fromkeys(REFUSED, (StashTemporaryError, False)),
    **dict.fromkeys(UNSURE, (StashTemporaryError, True)),
}


@pytest.mark.parametrize("status", STATUSES)
async def test_each_status_is_the_error_of_the_table(connect: Connect, status: int) -> None:
    kind, unsure = STATUSES[status]
    said = f"what  went\nwrong with {KEY}"
    async with raw_server(always(reply(status, said, {"Retry-After": "7"}))) as server:
        client = connect(server.url, KEY)
        for place, call in CALLS.items():
            error = await failure(call(client))
            assert type(error) is kind
            assert (error.status, error.place) == (status, place)
            assert str(status) in error.message
            assert error.excerpt == ("" if status in {204, 304} else "what went wrong with ****")
            assert error.retry_after == 7.0
            assert error.outcome_unknown == (unsure and place == OPERATION)
        assert type(await failure(client.healthy())) is kind


UNAUTHORISED: list[tuple[int, str, dict[str, str], type[SyncError]]] = [
    (401, "", {}, NeedsSignIn),
    (401, "unauthorized", {"WWW-Authenticate": "Basic"}, NeedsSignIn),
    (401, PAGE, {}, NeedsSignIn),
    (401, errors({"message": "unauthorized"}), {}, NeedsSignIn),
    (403, "Stash is exposed to the public internet without a password", {}, NeedsSignIn),
    (302, "", {"Location": "/login?returnURL=%2Fscene%2F5%2Fscreenshot"}, NeedsSignIn),
    (303, "", {"Location": "/stash/login"}, NeedsSignIn),
    (307, "", {"Location": "https://auth.example.org/?rd=here"}, NeedsSignIn),
    (302, "", {"Location": "https://sso.example.org/"}, NeedsSignIn),
    # A page with 200 says nothing for certain.
    (200, "<!doctype html><form>Sign in</form>", {}, StashTemporaryError),
]


@pytest.mark.parametrize(("status", "body", "headers", "kind"), UNAUTHORISED)
async def test_each_way_to_be_turned_away_asks_for_a_sign_in(
    connect: Connect, status: int, body: str, headers: dict[str, str], kind: type[SyncError]
) -> None:
    async with raw_server(always(reply(status, body, headers))) as server:
        client = connect(server.url, KEY)
        for call in CALLS.values():
            error = await failure(call(client))
            assert (type(error), error.status) == (kind, status)
            if kind is NeedsSignIn:
                assert "stash_api_key" in error.message


NO_FIELD = 'Cannot query field "rating100" on type "Scene".'
VALIDATION = {"message": NO_FIELD, "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}
PARSING = {"message": "Expected Name, found }", "extensions": {"code": "GRAPHQL_PARSE_FAILED"}}
DATA = {"s5": None, "runPluginOperation": "done"}
#: status, body, class, whether an operation may have been carried out
GRAPHQL: dict[str, tuple[int, str, type[SyncError], bool]] = {
    "an unknown field": (422, errors(VALIDATION), Incompatible, False),
    "an unknown field with 200": (200, errors(VALIDATION), Incompatible, False),
    "an unknown field without a code": (422, errors({"message": NO_FIELD}), Incompatible, False),
    "a document that is none": (422, errors(PARSING), Incompatible, False),
    "no document": (400, errors({"message": "json request body could not be decoded"}), Incompatible, False),
    "before setup or migration": (200, errors({"message": "database not initialized"}), Incompatible, False),
    "before migration": (
        200,
        errors({"message": "database schema version 70 does not match required schema version 75"}),
        Incompatible,
        False,
    ),
    "locked": (200, errors({"message": "database is locked (5) (SQLITE_BUSY)"}), StashTemporaryError, True),
    "no transaction": (
        200,
        errors({"message": "beginning transaction: context deadline exceeded"}),
        StashTemporaryError,
        True,
    ),
    "a panic": (
        200,
        errors({"message": "internal system error", "path": ["s5"]}, data=None),
        StashTemporaryError,
        True,
    ),
    "a panic in words": (
        200,
        errors({"message": "runtime error: invalid memory address or nil pointer dereference"}),
        StashTemporaryError,
        True,
    ),
    "not found": (200, errors({"message": "scene with id 5 not found"}), StashTemporaryError, True),
    "data beside it": (200, errors({"message": "half of it failed"}, data=DATA), StashTemporaryError, True),
    "data beside an error of a field": (
        200,
        errors({"message": "no such file", "path": ["s5", "files", 0]}, data=DATA),
        StashTemporaryError,
        True,
    ),
    "data beside an error of another field": (
        200,
        errors({"message": "failed", "path": ["findScenes"]}, data=DATA),
        StashTemporaryError,
        True,
    ),
    "an error without words": (200, errors({"message": ""}, data=DATA), StashTemporaryError, True),
    "an empty path": (200, errors({"message": "odd", "path": []}, data=DATA), StashTemporaryError, True),
    "many errors": (
        200,
        errors(*({"message": f"fault {each}"} for each in range(1000))),
        StashTemporaryError,
        True,
    ),
    "errors with 500": (500, errors({"message": "database is locked"}), StashTemporaryError, True),
    "errors that are none": (200, '{"errors": "seven", "data": {"s5": null}}', StashTemporaryError, True),
    "errors without a message": (200, '{"errors": [{}], "data": {"s5": null}}', StashTemporaryError, True),
}


@pytest.mark.parametrize("name", GRAPHQL)
async def test_each_kind_of_graphql_error_is_the_error_of_the_table(connect: Connect, name: str) -> None:
    """An answer with any `errors` is no answer, and above all not the answer that a scene does not exist."""
    status, body, kind, unsure = GRAPHQL[name]
    async with raw_server(always(reply(status, body, {"Content-Type": "application/json"}))) as server:
        client = connect(server.url, KEY)
        for place in (READ, OPERATION):
            error = await failure(CALLS[place](client))
            assert (type(error), error.status) == (kind, status)
            assert (error.place or "").startswith(place)
            assert error.outcome_unknown == (unsure and place == OPERATION)
            assert str(status) in error.message or kind is Incompatible
        for call in (client.scenes_after(0), client.ids_after(0), client.touched(0.0), client.scene_at("/a")):
            assert type(await failure(call)) is kind


async def test_what_stash_does_not_understand_is_named(connect: Connect) -> None:
    async with raw_server(always(reply(422, errors(VALIDATION)))) as server:
        error = await failure(connect(server.url).scenes([5]))
        assert '"rating100"' in error.message
        assert "this version of Stash does not understand" in error.message


@pytest.mark.parametrize("status", ["SETUP", "NEEDS_MIGRATION"])
async def test_a_stash_that_waits_for_its_owner_is_held_by_every_question_for_data(
    connect: Connect, status: str
) -> None:
    with serving(create_app(StashOptions(scenes=3))) as server:
        httpx2.put(f"{server.url}/_sim/status", json={"status": status}).raise_for_status()
        client = connect(server.url)
        for call in (client.scenes([1]), client.scenes_after(0), client.touched(0.0), client.healthy()):
            error = await failure(call)
            assert type(error) is Incompatible
            assert "open it in a browser" in error.message


ALIASED: list[tuple[list[dict[str, Any]], set[int]]] = [
    ([{"message": "database is locked", "path": ["s6"]}], {6}),
    ([{"message": "no such file", "path": ["s6", "files", 0, "path"]}], {6}),
    ([{"message": "a", "path": ["s6"]}, {"message": "b", "path": ["s7"]}], {6, 7}),
    ([{"message": "a", "path": ["s6"]}, {"message": "b", "path": ["s6"]}], {6}),
]


@pytest.mark.parametrize(("faults", "failed"), ALIASED)
async def test_an_error_of_one_scene_stays_with_it(
    connect: Connect, scene_answer: dict[str, Any], faults: list[dict[str, Any]], failed: set[int]
) -> None:
    data = {f"s{each}": {**scene_answer, "id": str(each)} for each in (5, 6, 7)} | {"s8": None}
    body = errors(*faults, data=data)
    async with raw_server(always(reply(200, body))) as server:
        scenes = await connect(server.url).scenes_each([5, 6, 7, 8])
    assert set(scenes.failed) == failed
    assert set(scenes.found) == {5, 6, 7} - failed
    for scene, error in scenes.failed.items():
        assert (type(error), error.status) == (StashTemporaryError, 200)
        assert error.place == f"{READ}, scene {scene}"


ELSEWHERE: list[list[dict[str, Any]]] = [
    [{"message": "no path"}],
    [{"message": "an empty path", "path": []}],
    [{"message": "another field", "path": ["findScenes"]}],
    [{"message": "another scene", "path": ["s9"]}],
    [{"message": "a number", "path": [5]}],
    [{"message": "one of them", "path": ["s6"]}, {"message": "and more", "path": ["version"]}],
]


@pytest.mark.parametrize("faults", ELSEWHERE)
async def test_an_error_that_is_of_no_scene_asked_for_makes_none_of_them_missing(
    connect: Connect, faults: list[dict[str, Any]]
) -> None:
    body = errors(*faults, data={"s5": None, "s6": None})
    async with raw_server(always(reply(200, body))) as server:
        error = await failure(connect(server.url).scenes_each([5, 6]))
        assert type(error) is StashTemporaryError


#: More that is no answer, in the shape of Stash.
SHAPES: dict[str, bytes] = {
    "no data": b'{"data": null}',
    "data that is none": b'{"data": 7}',
    "data of a list": b'{"data": []}',
    "nothing of what was asked for": b'{"data": {}}',
    "something else": b'{"data": {"version": {"version": "v1"}}}',
    "another scene": b'{"data": {"s5": {"id": "6"}}}',
    "half a scene": b'{"data": {"s5": {"id": "5", "title": null}}}',
    "a scene of another type": b'{"data": {"s5": ["5"]}}',
    "not a number": b'{"data": {"s5": NaN}}',
    "endless": b'{"data": {"s5": 1e999}}',
    "half a surrogate": b'{"data": {"s5": "\\ud800"}}',
    "cut": b'{"data": {"s5": nul',
}


@pytest.mark.parametrize("name", BODIES | SHAPES)
async def test_content_that_was_not_asked_for_is_a_temporary_error(connect: Connect, name: str) -> None:
    body = (BODIES | SHAPES)[name]
    async with raw_server(always(reply(200, body, {"Content-Type": "application/json"}))) as server:
        client = connect(server.url)
        error = await failure(client.scenes([5]))
        assert (type(error), error.status) == (StashTemporaryError, 200)
        assert (error.place or "").startswith(READ)
        for call in (client.scenes_after(0), client.touched(0.0), client.plugin_settings("p"), client.healthy()):
            error = await failure(call)
            assert (type(error), error.status, error.outcome_unknown) == (StashTemporaryError, 200, False)
        operation = await failure(CALLS[OPERATION](client))
        assert (type(operation), operation.outcome_unknown) == (StashTemporaryError, True)


@pytest.mark.parametrize("name", BODIES)
async def test_a_cover_that_is_said_to_be_another_thing_is_a_temporary_error(connect: Connect, name: str) -> None:
    async with raw_server(always(reply(200, BODIES[name], {"Content-Type": "application/json"}))) as server:
        error = await failure(connect(server.url).cover(COVERED))
        assert (type(error), error.status, error.place) == (StashTemporaryError, 200, COVER)


async def test_an_answer_beyond_all_measure_is_not_read_to_its_end(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plexsync.stash.connection.ANSWER_BOUND", 1_000_000)
    endless = then_silence(b"HTTP/1.1 200 OK\r\n\r\n" + b'{"data": {"s5": {"title": "' + b"x" * 3_000_000)
    async with raw_server(always(endless)) as server:
        error = await failure(connect(server.url).scenes([5]))
    assert (type(error), error.status) == (StashTemporaryError, 200)
    assert "it is larger than" in error.message


@pytest.mark.parametrize("lie", LIES)
async def test_what_headers_say_of_the_content_changes_no_verdict(connect: Connect, lie: dict[str, str]) -> None:
    async with raw_server(always(reply(500, "no \xff", lie))) as server:
        client = connect(server.url)
        for call in CALLS.values():
            error = await failure(call(client))
            assert (type(error), error.status) == (StashTemporaryError, 500)
        server.answering = always(reply(200, json.dumps({"data": {"s5": None}}), lie))
        assert await client.scenes([5]) == {}


@pytest.mark.parametrize("packing", ["gzip", "deflate, gzip", "gzip, gzip"])
async def test_content_that_cannot_be_unpacked_hides_no_status(connect: Connect, packing: str) -> None:
    broken = {"Content-Encoding": packing, "Retry-After": "7"}
    async with raw_server(always(reply(200, "not packed", broken))) as server:
        client = connect(server.url)
        for place, call in CALLS.items():
            error = await failure(call(client))
            assert (type(error), error.status, error.place) == (StashTemporaryError, 200, place)
            assert error.outcome_unknown == (place == OPERATION)
        for status in (401, 422, 500, 503):
            server.answering = always(reply(status, "not packed", broken))
            error = await failure(client.scenes([5]))
            assert (type(error), error.status, error.retry_after) == (STATUSES[status][0], status, 7.0)
