"""What the simulated Plex tells over its WebSocket."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from plexsync.sim.plex import PlexOptions, create_app
from plexsync.sim.plex.events import OTHERS
from plexsync.sim.serving import serving
from sim.plex.asking import edit, switch
from sim.plex.provider import Films, appear, attach, kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plexsync.sim.serving import Serving


def address(server: Serving, token: str = "sim-plex-token") -> str:
    return f"ws://127.0.0.1:{server.port}/:/websockets/notifications?X-Plex-Token={token}"


@pytest.fixture
def listener(server: Serving) -> Iterator[ClientConnection]:
    with connect(address(server)) as opened:
        yield opened


def told(listener: ClientConnection, until: str) -> list[dict[str, Any]]:
    """Notifications up to the first of a kind."""
    found: list[dict[str, Any]] = []
    while not found or found[-1]["type"] != until:
        found.append(json.loads(listener.recv(timeout=10))["NotificationContainer"])
    return found


def test_a_scan_is_told_from_begin_to_end(plex: httpx2.Client, listener: ClientConnection) -> None:
    made = plex.post("/_sim/files", json={"path": "New.mp4", "scan": True}).json()
    notes = told(listener, "status")
    assert [note["type"] for note in notes] == ["activity", "timeline", "timeline", "activity", "status"]
    entries = [note["TimelineEntry"][0] for note in notes if note["type"] == "timeline"]
    assert [(entry["itemID"], entry["state"]) for entry in entries] == [(made["ratingKey"], 0), (made["ratingKey"], 1)]
    assert [note["ActivityNotification"][0]["event"] for note in notes if note["type"] == "activity"] == [
        "started",
        "ended",
    ]


def test_the_scan_of_a_provider_s_library_is_told_until_the_last_item_is(
    plex: httpx2.Client, films: Films, listener: ClientConnection
) -> None:
    attach(plex, films)
    films.film("a")
    appear(plex, "a.mp4", "unknown.mp4")
    switch(plex, provider_parallel=1)
    plex.post("/library/sections/2/refresh")
    notes = told(listener, "status")
    states = [note["TimelineEntry"][0]["state"] for note in notes if note["type"] == "timeline"]
    assert states == [0, 0, 2, 3, 4, 5, 2, 5]
    assert [note["ActivityNotification"][0]["event"] for note in notes if note["type"] == "activity"] == [
        "started",
        "ended",
    ]
    plex.put(f"/library/metadata/{kept(plex, 'a.mp4')['ratingKey']}/refresh")
    told_states = [told(listener, "timeline")[-1]["TimelineEntry"][0]["state"] for _ in range(4)]
    assert told_states == [2, 3, 4, 5]


def test_edits_are_told_by_some_servers_and_ids_may_be_numbers(plex: httpx2.Client, listener: ClientConnection) -> None:
    edit(plex, "title.value=Untold")
    switch(plex, edit_events=True, string_ids_in_events=False)
    edit(plex, "title.value=Told")
    entry = told(listener, "timeline")[0]["TimelineEntry"][0]
    assert (entry["itemID"], entry["sectionID"], entry["title"], entry["state"]) == (101, 1, "Told", 1)


def test_a_wrong_token_is_turned_away(server: Serving) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(address(server, "wrong"))
    assert refused.value.response.status_code == 401


def test_an_outage_closes_the_connection_and_refuses_new_ones(
    plex: httpx2.Client, server: Serving, listener: ClientConnection
) -> None:
    plex.put("/_sim/faults", json=[{"fault": "refuse"}])
    with pytest.raises(ConnectionClosed) as broken:
        listener.recv(timeout=10)
    assert broken.value.rcvd is None
    with pytest.raises(InvalidMessage):
        connect(address(server))
    plex.put("/_sim/faults", json=[{"fault": "maintenance503"}])
    with pytest.raises(InvalidStatus) as refused:
        connect(address(server))
    assert refused.value.response.status_code == 503
    plex.put("/_sim/faults", json=[])
    with connect(address(server)) as again:
        plex.get("/library/sections/1/refresh")
        assert told(again, "status")


def test_the_end_of_the_server_closes_the_connection(server: Serving, listener: ClientConnection) -> None:
    server.stop()
    with pytest.raises(ConnectionClosed):
        listener.recv(timeout=10)


def test_a_hanging_handshake_goes_on_when_the_outage_ends(plex: httpx2.Client, server: Serving) -> None:
    plex.put("/_sim/faults", json=[{"path": "/:/websockets", "fault": "hang"}])
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(connect, address(server))
        plex.put("/_sim/faults", json=[])
        with opening.result(timeout=10) as opened:
            plex.get("/library/sections/1/refresh")
            assert told(opened, "status")


def test_only_the_kinds_that_are_asked_for_are_told(plex: httpx2.Client, server: Serving) -> None:
    with connect(address(server) + "&filters=status,timeline") as opened:
        plex.post("/_sim/files", json={"path": "New.mp4", "scan": True})
        assert [note["type"] for note in told(opened, "status")] == ["timeline", "timeline", "status"]


def test_every_other_kind_can_be_told_and_any_text(plex: httpx2.Client, listener: ClientConnection) -> None:
    for kind, content in OTHERS.items():
        assert plex.post("/_sim/notifications", json={"type": kind}).json() == {"listeners": 1}
        assert told(listener, kind) == [{"type": kind, "size": 1, **content}]
    plex.post("/_sim/notifications", json={"type": "playing", "content": {"Anything": [{"a": 1}]}})
    assert told(listener, "playing")[0]["Anything"] == [{"a": 1}]
    plex.post("/_sim/notifications", json={"text": "{half"})
    assert listener.recv(timeout=10) == "{half"
    assert plex.post("/_sim/notifications", json={"type": "unheard of"}).status_code == 400


def test_a_refresh_of_everything_is_told_item_by_item(plex: httpx2.Client, listener: ClientConnection) -> None:
    plex.get("/library/sections/1/refresh?force=1")
    entries = [note["TimelineEntry"][0] for note in told(listener, "status") if note["type"] == "timeline"]
    assert len({entry["itemID"] for entry in entries}) == 12


def test_nothing_is_told_again_to_who_comes_later(plex: httpx2.Client, server: Serving) -> None:
    plex.post("/_sim/files", json={"path": "Early.mp4", "scan": True})
    with connect(address(server)) as opened:
        plex.post("/_sim/notifications", json={"type": "account"})
        assert [note["type"] for note in told(opened, "account")] == ["account"]


def test_a_silent_socket_stays_open_and_answers_no_ping(plex: httpx2.Client, server: Serving) -> None:
    switch(plex, websockets="silent")
    with connect(address(server), close_timeout=0.1) as opened:
        assert not opened.ping().wait(0.3)
        plex.post("/_sim/notifications", json={"type": "account"})
        with pytest.raises(TimeoutError):
            opened.recv(timeout=0.3)


def test_a_server_may_tell_nothing(plex: httpx2.Client, listener: ClientConnection) -> None:
    switch(plex, tells=False)
    plex.post("/_sim/files", json={"path": "Unheard.mp4", "scan": True})
    switch(plex, tells=True)
    plex.post("/_sim/notifications", json={"type": "account"})
    assert [note["type"] for note in told(listener, "account")] == ["account"]


@pytest.mark.parametrize(("where", "other"), [("query", {}), ("header", {"X-Plex-Token": "sim-plex-token"})])
def test_a_socket_may_take_its_token_in_one_place_only(
    plex: httpx2.Client, server: Serving, where: str, other: dict[str, str]
) -> None:
    switch(plex, websocket_admits=where)
    place = address(server) if where == "query" else address(server).partition("?")[0]
    with connect(place, additional_headers=other) as opened:
        assert opened.ping().wait(10)
    wrong = address(server) if where == "header" else address(server).partition("?")[0]
    headers = {} if where == "header" else {"X-Plex-Token": "sim-plex-token"}
    with pytest.raises(InvalidStatus), connect(wrong, additional_headers=headers):
        pass


def test_the_same_is_told_as_server_sent_events(plex: httpx2.Client) -> None:
    headers = {"X-Plex-Token": "sim-plex-token"}
    with plex.stream("GET", "/:/eventsource/notifications?filters=account", headers=headers) as answer:
        lines = answer.iter_lines()
        assert next(lines) == "event: ping"
        plex.post("/_sim/notifications", json={"type": "playing"})
        plex.post("/_sim/notifications", json={"type": "account"})
        found = [line for line, _ in zip(lines, range(4), strict=False)]
    assert found[2] == "event: account"
    assert json.loads(found[3].removeprefix("data: "))["NotificationContainer"]["type"] == "account"


def test_a_library_can_be_renamed_and_removed(plex: httpx2.Client, tmp_path: Path) -> None:
    assert plex.put("/_sim/sections/2", json={"title": "Cinema"}).json()["title"] == "Cinema"
    titles = [row["title"] for row in plex.get("/library/sections").json()["MediaContainer"]["Directory"]]
    assert titles == ["Open movies", "Cinema"]
    assert plex.delete("/_sim/sections/2").status_code == 200
    assert plex.get("/library/sections/2/all").status_code == 404
    options = PlexOptions(items=2, section_count=2, state=tmp_path)
    for _ in range(2):
        with serving(create_app(options)) as kept, httpx2.Client(base_url=kept.url, headers=plex.headers) as client:
            client.delete("/_sim/sections/2")
            listed = client.get("/library/sections").json()["MediaContainer"]["Directory"]
            assert [row["key"] for row in listed] == ["1"]
