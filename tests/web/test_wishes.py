"""What people ask for happens, between a Stash and a Plex that are really there."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from plexsync.sim import plex as sim_plex
from plexsync.sim import stash as sim_stash
from plexsync.sim.serving import serving
from web.house import KEY, Door, Settings, jobs_in, opened

SECONDS = 60.0


@pytest.fixture
def peers(tmp_path: Path) -> Iterator[Settings]:
    """Settings for a Stash and a Plex with the same twelve films."""
    stash = sim_stash.create_app(sim_stash.StashOptions(scenes=12))
    plex = sim_plex.create_app(sim_plex.PlexOptions(items=12))
    with serving(stash) as one, serving(plex) as other:
        yield Settings(folder=tmp_path / "data", stash=one.url, plex=other.url)


@pytest.fixture
def library(peers: Settings) -> str:
    """The title of Plex's only library."""
    headers = {"X-Plex-Token": "sim-plex-token", "Accept": "application/json"}
    answer = httpx2.get(f"{peers.plex}/library/sections", headers=headers).json()
    title: str = answer["MediaContainer"]["Directory"][0]["title"]
    return title


def at_work(settings: Settings, **changes: Any) -> AbstractContextManager[Door]:
    return opened(replace(settings, **changes), working=True)


def until(condition: Callable[[], bool]) -> None:
    """Ask again until it is so."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "it does not come about"


def quiet(client: httpx2.Client) -> bool:
    return bool(client.get("/api/v1/quiet").json()["quiet"])


def asked(client: httpx2.Client, **wish: Any) -> Any:
    answer = client.post("/api/v1/sync", json=wish)
    assert answer.status_code == 202
    return answer.json()


def plans(client: httpx2.Client, **which: Any) -> list[dict[str, Any]]:
    with client.stream("POST", "/api/v1/plan", json=which) as answer:
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
        return [json.loads(line) for line in answer.iter_lines()]


def runs(client: httpx2.Client, walk: str) -> int:
    """How often that walk was gone to its end."""
    count: int = client.get("/api/v1/status").json()["timetable"][walk]["runs"]
    return count


def in_step(client: httpx2.Client, scene: int) -> bool:
    found = client.get(f"/api/v1/scenes/{scene}/why").json()
    return any(item["in_step"] for item in found["servers"][0]["items"])


def test_a_plan_comes_true_when_it_is_synced(peers: Settings, library: str) -> None:
    """A library is previewed, planned line by line, let go, and then there is nothing left to plan."""
    with at_work(peers, libraries=(library,)) as door, door.client() as client:
        until(lambda: client.get("/api/v1/status").json()["servers"][0]["first_contact"]["waiting"] == 12)
        assert asked(client, library=library) == {"waiting": 12}
        planned = plans(client, all=True)
        assert [line["scene"] for line in planned] == list(range(1, 13))
        assert all(line["items"][0]["changes"] for line in planned)
        assert plans(client, scenes=["3", 3, 5]) == [planned[2], planned[4]]
        assert asked(client, library=library.upper(), go=True) == {"queued": 12}
        until(lambda: all(in_step(client, scene) for scene in range(1, 13)))
        assert not any(item["changes"] for line in plans(client, all=True) for item in line["items"])
        assert client.get("/api/v1/scenes/1/why").json()["history"]
        assert asked(client, library=library) == {"waiting": 0}


def test_all_and_recent_ask_for_a_walk(peers: Settings, library: str) -> None:
    with at_work(peers, libraries=(library,)) as door, door.client() as client:
        until(lambda: quiet(client))
        assert (runs(client, "full walk"), runs(client, "recent")) == (1, 0)
        assert asked(client, all=True) == {"asked": "full walk"}
        assert asked(client, recent=True) == {"asked": "recent"}
        until(lambda: (runs(client, "full walk"), runs(client, "recent")) == (2, 1))


def test_ready_is_who_needs_nobody(peers: Settings, library: str) -> None:
    """Without a library somebody has to choose one; strangers are not told the titles."""
    with at_work(peers, libraries=(library,)) as door, door.client(key=None) as stranger:
        until(lambda: stranger.get("/readyz").status_code == 200)
        assert stranger.get("/readyz").json() == {"ready": True, "troubles": []}
        assert stranger.head("/readyz").status_code == 200
    with at_work(peers) as door, door.client(key=None) as stranger, door.client() as client:
        until(lambda: any(library in trouble for trouble in client.get("/api/v1/status").json()["troubles"]))
        answer = stranger.get("/readyz")
        assert (answer.status_code, answer.json()["troubles"]) == (503, ["1 more, see `plexsync status`"])


def test_an_unknown_library_is_told_with_those_that_are_known(peers: Settings, library: str) -> None:
    with at_work(peers, libraries=(library,)) as door, door.client() as client:
        until(lambda: library in client.get("/api/v1/status").json()["servers"][0]["synced"])
        answer = client.post("/api/v1/sync", json={"library": "Nothing", "go": True})
    assert answer.status_code == 404
    assert answer.json()["error"] == f"no synced library is called 'Nothing'; synced are: {library}"


def test_scenes_are_queued_in_front_of_everything_once_each(client: httpx2.Client) -> None:
    assert asked(client, scenes=[4, "4", 2]) == {"queued": 2}
    assert {scene: job["lane"] for scene, job in jobs_in(client).items()} == {2: "user", 4: "user"}
    assert len(client.get("/api/v1/queue?limit=1").json()) == 1


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({}, 'give one of "scenes": [ids]'),
        ({"all": True, "recent": True}, 'give one of "scenes": [ids]'),
        ({"scenes": [1], "library": "A"}, 'give one of "scenes": [ids]'),
        ({"all": True, "go": True}, '"go" belongs to "library"'),
        ({"library": ""}, "library: string should have at least 1 character"),
        ({"library": "A", "Go": True}, "Go: extra inputs are not permitted"),
        ({"scenes": 7}, "scenes: input should be a valid array"),
    ],
)
def test_an_unclear_wish_changes_nothing(client: httpx2.Client, wish: dict[str, Any], told: str) -> None:
    answer = client.post("/api/v1/sync", json=wish)
    assert answer.status_code == 422
    assert told in answer.json()["error"]
    assert not jobs_in(client)


def test_a_plan_is_for_scenes_or_for_all(client: httpx2.Client) -> None:
    for body in ({}, {"scenes": [1], "all": True}, {"all": False}):
        answer = client.post("/api/v1/plan", json=body)
        assert (answer.status_code, answer.json()) == (
            422,
            {"error": 'the body: give one of "scenes": [ids], "all": true and "library": "title"'},
        )
    assert client.post("/api/v1/plan", json={"all": True}).status_code == 503, "all of Stash is asked for"


def test_without_stash_a_plan_is_unavailable(client: httpx2.Client) -> None:
    answer = client.post("/api/v1/plan", json={"scenes": [1]})
    assert answer.status_code == 503
    assert "Stash" in answer.json()["error"]


def test_stop_is_answered_and_passed_on(door: Door) -> None:
    with door.client(key=KEY) as client:
        assert not door.stopped.is_set()
        assert client.get("/api/v1/stop").status_code == 405
        assert not door.stopped.is_set()
        answer = client.post("/api/v1/stop")
    assert (answer.status_code, answer.json()) == (202, {"stopping": True})
    assert door.stopped.is_set()


def test_a_process_that_does_not_work_yet_lives_but_is_not_ready(door: Door) -> None:
    with door.client(key=None) as stranger:
        assert (stranger.get("/healthz").status_code, stranger.get("/healthz").json()) == (200, {"status": "ok"})
        assert stranger.head("/healthz").status_code == 200
        answer = stranger.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "troubles": ["PlexSync is starting"]})


def test_a_peer_that_lets_nobody_in_is_named_to_those_who_ask_for_readiness(tmp_path: Path) -> None:
    """Stash wants a key that PlexSync was not given."""
    stash = sim_stash.create_app(sim_stash.StashOptions(scenes=1, api_key="stash-key"))
    with serving(stash) as peer:
        settings = Settings(folder=tmp_path / "data", stash=peer.url)
        with opened(settings, working=True) as door, door.client(key=None) as stranger:
            until(lambda: any(line.startswith("Stash is held: ") for line in troubles(stranger)))
            assert stranger.get("/readyz").status_code == 503
            assert str(tmp_path) not in stranger.get("/readyz").text


def troubles(client: httpx2.Client) -> list[str]:
    """What a stranger is told."""
    found: list[str] = client.get("/readyz").json()["troubles"]
    return found
