"""An independent client listens to the simulated Plex, and hears what a real one would tell."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from plexapi.alert import AlertListener
from plexapi.server import PlexServer

from plexsync.sim.plex import PlexOptions, create_app
from plexsync.sim.plex.events import OTHERS
from plexsync.sim.serving import Serving, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "sim-plex-token"
PATIENCE = 60.0


@pytest.fixture
def server() -> Iterator[Serving]:
    with serving(create_app(PlexOptions(items=3, section_count=2))) as running:
        yield running


@pytest.fixture
def told(server: Serving) -> Iterator[queue.Queue[dict[str, Any]]]:
    connect: Any = PlexServer
    listen: Any = AlertListener
    plex = connect(server.url, TOKEN)
    heard: queue.Queue[dict[str, Any]] = queue.Queue()
    listener = listen(plex, heard.put)
    listener.start()
    while not httpx2.get(f"{server.url}/_sim/listeners", timeout=PATIENCE).json()["listeners"]:
        assert listener.is_alive()
    yield heard
    # Its `stop` closes the connection beside the thread that waits there: that may take ten seconds to notice.
    listener._ws.keep_running = False
    httpx2.post(f"{server.url}/_sim/notifications", json={"type": next(iter(OTHERS))}, timeout=PATIENCE)
    listener.join(PATIENCE)
    plex._session.close()


def until(told: queue.Queue[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    found = [told.get(timeout=PATIENCE)]
    while found[-1]["type"] != kind:
        found.append(told.get(timeout=PATIENCE))
    return found


def states(alerts: list[dict[str, Any]]) -> list[int]:
    return [alert["TimelineEntry"][0]["state"] for alert in alerts if alert["type"] == "timeline"]


@pytest.mark.parametrize(("path", "wanted"), [("/plex/media/a.mp4", [0, 1]), ("/plex/movies/a.mp4", [0, 2, 3, 4, 5])])
def test_it_hears_an_item_come_and_go_through_the_states_it_knows(
    server: Serving, told: queue.Queue[dict[str, Any]], path: str, wanted: list[int]
) -> None:
    post: Any = httpx2.request
    made = post("POST", f"{server.url}/_sim/files", json={"path": path, "scan": True}, timeout=PATIENCE).json()
    alerts = until(told, "status")
    assert states(alerts) == wanted
    entry = next(alert for alert in alerts if alert["type"] == "timeline")["TimelineEntry"][0]
    assert (entry["itemID"], entry["sectionID"]) == (made["ratingKey"], made["section"])
    post("DELETE", f"{server.url}/_sim/files", json={"path": path, "scan": True}, timeout=PATIENCE)
    assert states(until(told, "status")) == [9]


def test_it_hears_every_kind_of_notification(server: Serving, told: queue.Queue[dict[str, Any]]) -> None:
    for kind in OTHERS:
        httpx2.post(f"{server.url}/_sim/notifications", json={"type": kind}, timeout=PATIENCE)
        (alert,) = until(told, kind)
        assert set(alert) == {"type", "size", *OTHERS[kind]}
