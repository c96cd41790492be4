"""What of the simulated Plex outlives its process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from plexsync.sim.plex import PlexOptions, create_app
from plexsync.sim.serving import serving
from sim.plex.asking import ALL, details, edit, held, locks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STARTER = """
import sys
from pathlib import Path
from plexsync.sim.plex import PlexOptions, main
main(0, PlexOptions(items=5, state=Path(sys.argv[1])))
"""


@contextmanager
def running(folder: Path, *, at: float = 1_800_000_000) -> Iterator[httpx2.Client]:
    headers = {"X-Plex-Token": "sim-plex-token", "Accept": "application/json"}
    app = create_app(PlexOptions(items=5, state=folder, clock=lambda: at))
    with serving(app) as server, httpx2.Client(base_url=server.url, headers=headers, verify=False) as client:
        yield client


@contextmanager
def process(folder: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    command = [sys.executable, "-c", STARTER, str(folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=os.environ.copy()) as started:
        assert started.stdout is not None
        try:
            yield started, json.loads(started.stdout.readline())
        finally:
            started.kill()


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    with running(tmp_path) as plex:
        identity = plex.get("/identity").content
        query = "title.value=Kept&title.locked=1&genre%5B0%5D.tag.tag=One&actor%5B0%5D.tag.tag=Ann"
        edit(plex, f"{query}&actor%5B0%5D.tagging.text=Hero&actor%5B0%5D.tag.thumb=http%3A%2F%2Fann")
        edit(plex, "collection%5B0%5D.tag.tag=Films", 102)
        plex.post("/library/metadata/101/posters", content=b"picture")
        plex.put("/:/rate?key=102&rating=4")
        plex.post("/_sim/files", json={"path": "New.mp4", "scan": True})
        gone = details(plex, 103)["Media"][0]["Part"][0]["file"]
        plex.request("DELETE", "/_sim/files", json={"path": gone, "scan": True})
        plex.put("/library/sections/1/emptyTrash")
        before = plex.get("/_sim/items").json(), plex.get("/_sim/collections").json()
        item = details(plex)
        counter = plex.get("/library/sections").json()["MediaContainer"]["Directory"][0]["contentChangedAt"]
    with running(tmp_path, at=1_800_009_999) as plex:
        assert plex.get("/identity").content == identity
        assert (plex.get("/_sim/items").json(), plex.get("/_sim/collections").json()) == before
        after = details(plex)
        assert after == item
        section = plex.get("/library/sections").json()["MediaContainer"]["Directory"][0]
        assert section["createdAt"] == 1_800_000_000
        assert section["contentChangedAt"] >= counter
        assert locks(after) == {"title", "thumb"}
        assert plex.get(after["thumb"]).content == b"picture"
        plex.post("/_sim/files", json={"path": "Newer.mp4", "scan": True})
        keys = [found["ratingKey"] for found in plex.get("/_sim/items").json().values()]
        assert len(set(keys)) == len(keys)


def test_a_second_restart_finds_the_same_again(tmp_path: Path) -> None:
    with running(tmp_path) as plex:
        edit(plex, "title.value=Kept")
    for _ in range(2):
        with running(tmp_path) as plex:
            assert held(plex)["title"] == "Kept"
    kinds = [json.loads(line)[0] for line in (tmp_path / "plex.jsonl").read_bytes().splitlines()]
    assert sorted(kinds) == ["born", "item", "section"]


def test_a_torn_last_line_is_dropped(tmp_path: Path) -> None:
    with running(tmp_path) as plex:
        edit(plex, "title.value=Kept")
    with (tmp_path / "plex.jsonl").open("ab") as file:
        file.write(b'["item",{"key":101,"sec')
    with running(tmp_path) as plex:
        assert held(plex)["title"] == "Kept"


def test_one_application_can_be_served_again(tmp_path: Path) -> None:
    app = create_app(PlexOptions(items=5, state=tmp_path))
    headers = {"X-Plex-Token": "sim-plex-token", "Accept": "application/json"}
    for title in ("One", "Two"):
        with serving(app) as server, httpx2.Client(base_url=server.url, headers=headers, verify=False) as plex:
            plex.put("/_sim/faults", json=[{"path": "/identity", "fault": "hang", "seconds": 0.01}])
            with pytest.raises(httpx2.RemoteProtocolError):
                plex.get("/identity")
            edit(plex, f"title.value={title}")
            assert held(plex)["title"] == title
    assert app.state.plex.items[101].value("title") == "Two"


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_process_that_ends_in_any_way_has_kept_everything(tmp_path: Path, number: signal.Signals) -> None:
    headers = {"X-Plex-Token": "sim-plex-token", "Accept": "application/json"}
    with process(tmp_path) as (started, told):
        assert (told["items"], told["sections"]) == (5, [{"key": "1", "title": "Open movies", "path": "/plex/media"}])
        with httpx2.Client(base_url=told["url"], headers=headers, verify=False) as plex:
            assert plex.put(f"{ALL}?type=1&title.value=Kept").status_code == 200
        started.send_signal(number)
        _, errors = started.communicate(timeout=20)
        assert errors == ""
        assert started.returncode == (-signal.SIGKILL if number is signal.SIGKILL else 0)
    with running(tmp_path) as plex:
        assert {item["title"] for item in plex.get("/_sim/items").json().values()} == {"Kept"}
