"""What the simulated Plex tells over its WebSocket."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from sim.plex.asking import edit, switch

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
