"""What Plex tells is heard, whatever else comes over the line; and nobody stays on a line that is dead."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plex.asking import TOKEN
from plexsync.plex.listener import Listener, UnheardError
from plexsync.plex.notices import ItemTold, Notice, ScanTold, notices
from plexsync.sim.plex import PlexOptions, create_app
from plexsync.sim.plex.events import OTHERS
from plexsync.sim.serving import Serving, serving
from world import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

PATIENCE = 60.0
PINGS = (0.05, 0.2)


@pytest.fixture(scope="module")
def running() -> Iterator[Serving]:
    with serving(create_app(PlexOptions(items=3))) as server:
        yield server


@pytest.fixture
def server(running: Serving) -> Iterator[Serving]:
    yield running
    act(running, "PUT", "faults", [])
    act(running, "PUT", "switches", {"websockets": "well", "websocket_admits": "any", "string_ids_in_events": True})


def act(server: Serving, method: str, what: str, content: Any) -> dict[str, Any]:
    answer = httpx2.request(method, f"{server.url}/_sim/{what}", json=content, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return found if isinstance(found, dict) else {}


def listener(server: Serving, token: str = TOKEN, pings: tuple[float, float] = (20.0, 20.0)) -> Listener:
    return Listener(
        server.url,
        token,
        client_identifier="test",
        verify=True,
        connect_timeout=PATIENCE,
        redact=lambda said: said,
        pings=pings,
    )


async def heard(told: AsyncIterator[Notice], count: int) -> list[Notice]:
    async with asyncio.timeout(PATIENCE):
        return [await anext(told) for _ in range(count)]


async def refused(server: Serving, token: str = TOKEN) -> UnheardError:
    with pytest.raises(UnheardError) as caught:
        async with listener(server, token).open():
            pass
    return caught.value


@pytest.mark.parametrize("as_text", [True, False])
async def test_a_scan_and_what_it_found_is_heard_with_ids_of_either_type(server: Serving, as_text: bool) -> None:
    act(server, "PUT", "switches", {"string_ids_in_events": as_text})
    async with listener(server).open() as told:
        path = f"new/{as_text}.mp4"
        made = await asyncio.to_thread(act, server, "POST", "files", {"path": path, "scan": True})
        first, created, done, last = await heard(told, 4)
    assert (first, last) == (ScanTold(section=1), ScanTold(section=1, ended=True))
    for entry in (created, done):
        assert isinstance(entry, ItemTold)
        assert (entry.rating_key, entry.section, entry.deleted) == (int(made["ratingKey"]), 1, False)
        assert entry.updated_at


async def test_an_item_that_is_gone_is_heard_as_gone(server: Serving) -> None:
    made = act(server, "POST", "files", {"path": "gone.mp4", "scan": True})
    async with listener(server).open() as told:
        await asyncio.to_thread(act, server, "DELETE", "files", {"path": "gone.mp4", "scan": True})
        _, entry, _ = await heard(told, 3)
    assert isinstance(entry, ItemTold)
    assert (entry.rating_key, entry.deleted) == (int(made["ratingKey"]), True)


async def test_whatever_else_is_told_is_let_pass(server: Serving) -> None:
    odd = [
        "",
        "no JSON",
        "[]",
        '{"NotificationContainer": 5}',
        '{"NotificationContainer":{"type":"timeline"}}',
        "\ud7ff",
    ]
    entry = {"itemID": 7, "type": 18, "state": 5}
    async with listener(server).open() as told:
        for kind in OTHERS:
            await asyncio.to_thread(act, server, "POST", "notifications", {"type": kind})
        for text in odd:
            await asyncio.to_thread(act, server, "POST", "notifications", {"text": text})
        collection = {"type": "timeline", "content": {"TimelineEntry": [entry, entry | {"type": 1}]}}
        await asyncio.to_thread(act, server, "POST", "notifications", collection)
        assert await heard(told, 1) == [ItemTold(rating_key=7)]


@pytest.mark.parametrize("admits", ["header", "query"])
async def test_the_token_comes_through_in_whichever_place_the_server_looks(server: Serving, admits: str) -> None:
    act(server, "PUT", "switches", {"websocket_admits": admits})
    async with listener(server).open() as told:
        await asyncio.to_thread(act, server, "POST", "files", {"path": f"{admits}.mp4", "scan": True})
        assert await heard(told, 1) == [ScanTold(section=1)]


async def test_a_server_of_the_other_address_is_heard_too(server: Serving) -> None:
    act(server, "PUT", "faults", [{"path": "/:/websockets/", "fault": "status", "status": 404}])
    async with listener(server).open() as told:
        await asyncio.to_thread(act, server, "POST", "files", {"path": "other.mp4", "scan": True})
        assert await heard(told, 1) == [ScanTold(section=1)]


async def test_a_refusal_says_what_to_do(server: Serving) -> None:
    error = await refused(server, "wrong")
    assert error.refused
    assert str(error) == "Plex's address opens no WebSocket (it answers with 401): the token does not admit to it"
    act(server, "PUT", "faults", [{"path": "/:/", "fault": "status", "status": 404}])
    error = await refused(server)
    assert error.refused
    assert "a proxy before Plex may have to be told" in str(error)


@pytest.mark.parametrize("fault", ["maintenance503", "refuse", "html", "half_json"])
async def test_a_server_that_is_away_may_be_heard_later(server: Serving, fault: str) -> None:
    act(server, "PUT", "faults", [{"fault": fault}])
    assert (await refused(server)).refused is (fault == "html")


@pytest.mark.parametrize(("url", "token"), [("http://127.0.0.1:9", TOKEN), ("http://", TOKEN), ("", "täk€n")])
async def test_an_address_or_token_of_no_use_is_said_to_be_one(server: Serving, url: str, token: str) -> None:
    deaf = Listener(
        url or server.url,
        token,
        client_identifier="test",
        verify=True,
        connect_timeout=PATIENCE,
        redact=lambda said: said.replace(token, "***"),
    )
    with pytest.raises(UnheardError) as caught:
        async with deaf.open():
            pass
    assert "WebSocket" in str(caught.value)
    assert token not in str(caught.value)


async def test_a_redirect_is_not_followed_with_the_token(server: Serving) -> None:
    act(server, "PUT", "faults", [{"path": "/:/websockets/", "fault": "redirect"}])
    error = await refused(server)
    assert "302" in str(error)


async def test_a_line_that_is_cut_is_noticed(server: Serving) -> None:
    async with listener(server).open() as told:
        await asyncio.to_thread(act, server, "PUT", "faults", [{"path": "/:/", "fault": "refuse"}])
        with pytest.raises(UnheardError, match="broke off"):
            await heard(told, 1)


async def test_a_line_that_is_open_and_dead_is_given_up(server: Serving) -> None:
    act(server, "PUT", "switches", {"websockets": "silent"})
    async with listener(server, pings=PINGS).open() as told:
        with pytest.raises(UnheardError, match="broke off"):
            await heard(told, 1)


async def test_a_line_on_which_nothing_happens_stays_open(server: Serving) -> None:
    """A server that takes its time for an answer to a ping is not dead yet."""
    pings = (0.05, 1.0)
    async with listener(server, pings=pings).open() as told:
        waiting = asyncio.ensure_future(anext(told))
        await asyncio.wait([waiting], timeout=1.2 * sum(pings))
        assert not waiting.done()
        await asyncio.to_thread(act, server, "POST", "files", {"path": "late.mp4", "scan": True})
        assert await asyncio.wait_for(waiting, PATIENCE) == ScanTold(section=1)


async def test_the_end_of_an_open_line_is_no_error(server: Serving) -> None:
    async def listeners() -> int:
        return int((await asyncio.to_thread(act, server, "GET", "listeners", None))["listeners"])

    async def left() -> bool:
        return not await listeners()

    async with listener(server).open():
        assert await listeners() == 1
    await until(left)


def test_entries_of_an_old_server_are_understood() -> None:
    entry = {"_elementType": "TimelineEntry", "itemID": "7", "sectionID": "2", "type": "1", "state": "9"}
    old = {"_elementType": "NotificationContainer", "type": "timeline", "size": 1, "_children": [entry]}
    for message in (old, {"NotificationContainer": old}):
        assert list(notices(json.dumps(message))) == [ItemTold(rating_key=7, section=2, deleted=True)]


def test_a_scan_may_be_told_without_its_library() -> None:
    contexts: list[dict[str, Any]] = [{}, {"Context": {}}, {"Context": None}]
    for context in contexts:
        activity = {"type": "library.update.section"} | context
        row = {"event": "ended", "uuid": "u", "Activity": activity}
        message = {"NotificationContainer": {"type": "activity", "ActivityNotification": [row]}}
        assert list(notices(json.dumps(message))) == [ScanTold(ended=True)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = ["itemID", "sectionID", "type", "state", "updatedAt", "identifier", "event", "Activity", "metadataState"]


@given(rows=st.lists(st.dictionaries(st.sampled_from(NAMES), JSON), max_size=3), kind=JSON)
def test_no_message_of_any_shape_does_harm(rows: list[dict[str, Any]], kind: Any) -> None:
    for name in ("TimelineEntry", "ActivityNotification", "_children"):
        for notice in notices(json.dumps({"NotificationContainer": {"type": kind, name: rows}})):
            assert isinstance(notice, ScanTold) or notice.rating_key > 0


@given(st.binary(max_size=60))
def test_no_message_of_any_bytes_does_harm(message: bytes) -> None:
    assert list(notices(message)) == []
