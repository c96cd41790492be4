"""A library that is there is given our agent, refreshed, and given back: what stays and what changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from starlette.responses import JSONResponse

from cli.introduction import MOVIES, Introduction, introduced
from plexsync.model.provider import IDENTIFIER
from sim.plex.provider import root


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Introduction]:
    """The films of the library are known to what answers as our provider, by the names of their files."""
    with introduced(tmp_path) as one:
        one.films.answers = {one.me.provider_path: JSONResponse(root(IDENTIFIER, title="PlexSync (Stash)"))}
        for number, item in enumerate(items(one).values(), 1):
            name = PurePosixPath(item["Media"][0]["Part"][0]["file"]).stem
            guid = f"{IDENTIFIER}://movie/{number}"
            film = one.films.film(name, guid=guid, title=f"Scene {number}", ratingKey=str(number))
            one.films.films[str(number)] = film
        yield one


def items(stage: Introduction) -> dict[str, dict[str, Any]]:
    """The items of the library with all that Plex tells, by rating key."""
    rows = stage.plex.get("/library/sections/2/all").json()["MediaContainer"]["Metadata"]
    keys = ",".join(row["ratingKey"] for row in rows)
    whole = stage.plex.get(f"/library/metadata/{keys}").json()["MediaContainer"]["Metadata"]
    return {row["ratingKey"]: row for row in whole}


def refreshed(stage: Introduction) -> dict[str, dict[str, Any]]:
    """The same after Refresh All Metadata."""
    assert stage.plex.get("/library/sections/2/refresh", params={"force": "1"}).status_code == 200
    assert stage.plex.get("/_sim/agents", params={"settled": "1"}).status_code == 200
    return items(stage)


def test_a_converted_library_keeps_what_people_did_and_can_be_given_back(stage: Introduction) -> None:
    before = items(stage)
    watched, locked = sorted(before)[:2]
    assert stage.plex.get("/:/scrobble", params={"key": watched}).status_code == 200
    edit = {"type": "1", "id": locked, "title.value": "My own title", "title.locked": "1"}
    assert stage.plex.put("/library/sections/2/all", params=edit).status_code == 200
    before = items(stage)
    back = stage.call("register", "--library", MOVIES, "--json").facts["way_back"][0]["says"]
    assert items(stage) == before, "nothing happens at first"
    after = refreshed(stage)
    assert after.keys() == before.keys()
    assert {item["guid"].partition("://")[0] for item in after.values()} == {IDENTIFIER}
    assert after[watched].get("viewCount") == before[watched].get("viewCount") == 1
    assert after[locked]["title"] == "My own title"
    assert after[watched]["title"].startswith("Scene ")
    assert "4 items" not in stage.call("show").out
    request = back.partition(" request: PUT ")[2].partition(". ")[0].rstrip(".")
    assert stage.plex.put(request).status_code == 200
    assert refreshed(stage)[locked]["title"] == "My own title"
