"""A provider that is away, slow or wrong costs no item: it stays as it is until a refresh heals it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.responses import HTMLResponse, JSONResponse, Response

from plexsync.sim.plex import PlexOptions, create_app
from plexsync.sim.serving import serving
from sim.plex.asking import switch
from sim.plex.provider import IDENTIFIER, Films, appear, attach, films_served, kept, refresh, scan, settled

STARTER = """
import sys
from pathlib import Path
from plexsync.sim.plex import PlexOptions, main
main(0, PlexOptions(items=1, section_count=2, movies=1, state=Path(sys.argv[1])))
"""


def test_a_provider_that_is_away_leaves_items_unmatched_until_a_refresh(plex: httpx2.Client) -> None:
    films = Films()
    films.film("a")
    with films_served(films) as server:
        attach(plex, films)
        port = server.port
    appear(plex, "a.mp4")
    scan(plex)
    item = kept(plex, "a.mp4")
    assert (item["guid"], item["title"]) == (f"local://{item['ratingKey']}", "a")
    assert settled(plex)["failures"][0]["ratingKey"] == item["ratingKey"]
    with films_served(films, port=port):
        scan(plex, force="1")
        assert kept(plex, "a.mp4")["title"] == "Film a"
    refresh(plex, item)
    assert kept(plex, "a.mp4")["title"] == "Film a"


@pytest.mark.parametrize(
    "answer",
    [
        HTMLResponse("<html>login</html>"),
        JSONResponse({"error": {}}, 500),
        JSONResponse({"error": {}}, 503, {"Retry-After": "5"}),
        Response(b'{"MediaContainer": {"Metadata": [', media_type="application/json"),
        JSONResponse([]),
        JSONResponse({"MediaContainer": "none"}),
        JSONResponse({"MediaContainer": {"Metadata": []}}),
        JSONResponse({"MediaContainer": {"Metadata": [17]}}),
    ],
)
@pytest.mark.parametrize("place", ["matches", "a"])
def test_an_answer_that_is_none_leaves_everything_as_it_is(
    plex: httpx2.Client, films: Films, answer: Response, place: str
) -> None:
    attach(plex, films)
    films.film("a", summary="Before")
    films.answers[place] = answer
    appear(plex, "a.mp4")
    scan(plex)
    item = kept(plex, "a.mp4")
    assert (item["guid"], item["title"]) == (f"local://{item['ratingKey']}", "a")
    del films.answers[place]
    refresh(plex, item)
    assert kept(plex, "a.mp4")["summary"] == "Before"
    films.answers["a"] = answer
    before = kept(plex, "a.mp4")
    refresh(plex, item)
    assert kept(plex, "a.mp4") == before


def test_a_slow_provider_is_given_up_after_a_time(plex: httpx2.Client, films: Films) -> None:
    attach(plex, films)
    switch(plex, provider_timeout=0.1)
    films.film("a")
    films.seconds = 20
    appear(plex, "a.mp4")
    scan(plex)
    assert kept(plex, "a.mp4")["guid"].startswith("local://")
    assert settled(plex)["failures"][0]["reason"] == "no answer: TimeoutError"
    films.seconds = 0
    switch(plex, provider_timeout=90)
    refresh(plex, kept(plex, "a.mp4"))
    assert kept(plex, "a.mp4")["title"] == "Film a"


@pytest.mark.parametrize("guid", [f"{IDENTIFIER}://a", f"{IDENTIFIER}://movie/a/b", f"{IDENTIFIER}://movie/a b", "a"])
def test_a_guid_of_the_wrong_shape_is_taken_and_leads_nowhere(plex: httpx2.Client, films: Films, guid: str) -> None:
    attach(plex, films)
    films.film("a", guid=guid)
    appear(plex, "a.mp4")
    scan(plex)
    for _ in range(2):
        item = kept(plex, "a.mp4")
        assert (item["guid"], item["title"]) == (guid, "a")
        refresh(plex, item)
    assert [one["path"].rpartition("/")[2] for one in films.asked[1:]] == ["matches"]
    told = settled(plex)["failures"][0]
    assert told["reason"] == f"primary provider {IDENTIFIER} failed to return a result"


def test_a_film_that_is_gone_leaves_its_item_as_it_is(plex: httpx2.Client, films: Films) -> None:
    attach(plex, films)
    films.film("a", summary="Still here")
    appear(plex, "a.mp4")
    scan(plex)
    del films.films["a"]
    before = kept(plex, "a.mp4")
    refresh(plex, before)
    assert kept(plex, "a.mp4") == before
    assert settled(plex)["failures"][0]["status"] == 404


def test_values_of_wrong_types_count_as_not_told(plex: httpx2.Client, films: Films) -> None:
    attach(plex, films)
    wrong: dict[str, Any] = {"summary": 7, "year": 10**30, "studio": [], "Genre": "none", "Role": [3, {"tag": None}]}
    films.film("a", **wrong, title=5, originallyAvailableAt="yesterday", Rating=[{"type": "critic", "value": 99}])
    appear(plex, "a.mp4")
    scan(plex)
    item = kept(plex, "a.mp4")
    assert item["guid"] == f"{IDENTIFIER}://movie/a"
    names = ("summary", "year", "studio", "originallyAvailableAt", "rating")
    assert {item[name] for name in names} == {None}
    assert (item["title"], item["genres"], item["actors"]) == ("a", [], [])


@pytest.mark.parametrize(
    ("answer", "art"),
    [
        (Response(b"gone", 404), "http://127.0.0.1:1/art.png"),
        (HTMLResponse("<html></html>"), "http://127.0.0.1:99999/art.png"),
        (Response(b"x", 302, {"Location": "/films"}), "http://[/art.png"),
        (Response(b"", media_type="image/png"), "http://nowhere.invalid/art.png"),
    ],
)
def test_a_picture_that_cannot_be_had_costs_only_the_picture(
    plex: httpx2.Client, films: Films, answer: Response, art: str
) -> None:
    attach(plex, films)
    switch(plex, refuse_private_images=False)
    films.film("a", thumb=films.picture("one"), art=art)
    films.answers["one.png"] = answer
    films.answers["extras"] = HTMLResponse("none", 500)
    appear(plex, "a.mp4")
    scan(plex)
    item = kept(plex, "a.mp4")
    assert (item["title"], item["posterSha1"], item["artSha1"]) == ("Film a", None, None)
    del films.answers["one.png"]
    refresh(plex, item)
    assert kept(plex, "a.mp4")["posterSha1"]


def test_an_item_that_goes_while_its_provider_is_asked_stays_gone(plex: httpx2.Client, films: Films) -> None:
    attach(plex, films)
    films.film("a")
    films.film("b")
    appear(plex, "a.mp4", "b.mp4")
    films.seconds = 0.3
    plex.post("/library/sections/2/refresh")
    plex.request("DELETE", "/_sim/files", json={"path": "/plex/movies/a.mp4", "scan": True})
    plex.put("/library/sections/2/emptyTrash")
    settled(plex)
    assert "/plex/movies/a.mp4" not in plex.get("/_sim/items").json()
    assert kept(plex, "b.mp4")["title"] == "Film b"
    plex.post("/library/sections/2/refresh?force=1")
    plex.delete("/_sim/sections/2")
    settled(plex)
    assert plex.get("/_sim/agents").json()["failures"] == []


def test_an_agent_that_is_taken_away_meanwhile_tells_nothing_more(plex: httpx2.Client, films: Films) -> None:
    attach(plex, films)
    films.film("a")
    appear(plex, "a.mp4")
    films.seconds = 0.2
    plex.post("/library/sections/2/refresh")
    plex.put("/library/sections/2", params={"agent": "tv.plex.agents.movie"}).raise_for_status()
    settled(plex)
    assert kept(plex, "a.mp4")["guid"].startswith("local://")


@contextmanager
def process(folder: Path) -> Iterator[tuple[subprocess.Popen[str], httpx2.Client]]:
    command = [sys.executable, "-c", STARTER, str(folder)]
    pipe = subprocess.PIPE
    headers = {"X-Plex-Token": "sim-plex-token", "Accept": "application/json"}
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=os.environ.copy()) as started:
        assert started.stdout is not None
        try:
            url = json.loads(started.stdout.readline())["url"]
            with httpx2.Client(base_url=url, headers=headers, timeout=60, verify=False) as plex:
                yield started, plex
        finally:
            started.kill()


@pytest.mark.process
def test_a_server_that_is_killed_in_mid_scan_has_whole_items_and_unmatched_ones(tmp_path: Path, films: Films) -> None:
    names = [f"film-{number}" for number in range(40)]
    for name in names:
        films.film(name, summary="Whole", Genre=[{"tag": "Told"}], Role=[{"tag": "Ann", "role": "Herself"}])
    films.seconds = 0.02
    with process(tmp_path) as (started, plex):
        attach(plex, films)
        appear(plex, *(f"{name}.mp4" for name in names))
        plex.post("/library/sections/2/refresh")
        while not films.asked_for("/extras"):
            plex.get("/_sim/agents")
        started.send_signal(signal.SIGKILL)
        started.wait(60)
    films.seconds = 0
    app = create_app(PlexOptions(items=1, section_count=2, movies=1, state=tmp_path))
    headers = {"X-Plex-Token": "sim-plex-token", "Accept": "application/json"}
    with serving(app) as server, httpx2.Client(base_url=server.url, headers=headers, verify=False) as plex:
        before = [kept(plex, f"{name}.mp4") for name in names]
        whole = [item for item in before if item["summary"] == "Whole"]
        open_ones = [item for item in before if item["guid"].startswith("local://")]
        assert len(whole) + len(open_ones) == len(names)
        assert open_ones
        assert all(item["genres"] == ["Told"] and item["roles"] == {"Ann": "Herself"} for item in whole)
        assert plex.get("/library/sections").json()["MediaContainer"]["Directory"][1]["refreshing"] is False
        scan(plex, force="1")
        after = [kept(plex, f"{name}.mp4") for name in names]
        assert {item["summary"] for item in after} == {"Whole"}
        assert [item["ratingKey"] for item in after] == [item["ratingKey"] for item in before]
