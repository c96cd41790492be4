"""The simulated server asks PlexSync's own provider, which asks a simulated Stash."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha1
from pathlib import Path
from typing import Any

import httpx2
import pytest

from plexsync.sim.plex import PlexOptions, create_app
from plexsync.sim.serving import serving
from provider.desk import IDENTIFIER, Desk, desk
from sim.plex.asking import switch
from sim.plex.provider import assign, refresh, scan, settled

HEADERS = {"X-Plex-Token": "sim-plex-token", "Accept": "application/json"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A provider whose Stash nobody changes."""
    with desk(tmp_path_factory.mktemp("shared"), scenes=5) as ours:
        ours.index()
        yield ours


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path, scenes=5) as ours:
        ours.index()
        yield ours


@contextmanager
def asking(ours: Desk) -> Iterator[httpx2.Client]:
    """A server whose library is empty and has this provider."""
    with (
        serving(create_app(PlexOptions(items=0))) as server,
        httpx2.Client(base_url=server.url, headers=HEADERS, timeout=30, verify=False) as plex,
    ):
        plex.post("/media/providers/metadata", params={"uri": str(ours.client.base_url)}).raise_for_status()
        group = {"title": "Stash", "primaryIdentifier": IDENTIFIER}
        made = plex.post("/media/providers/metadata/group", params=group).json()["MediaContainer"]
        assign(plex, IDENTIFIER, made["MetadataAgentProviderGroup"][0]["id"], section=1)
        switch(plex, refuse_private_images=False, first_genre_only=False)
        yield plex


def appear(plex: httpx2.Client, scenes: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The files of scenes appear where this server has them; the scenes by those paths."""
    by_path = {scene["paths"][0].replace("/data", "/plex/media", 1): scene for scene in scenes}
    for path in by_path:
        plex.post("/_sim/files", json={"path": path}).raise_for_status()
    return by_path


@pytest.mark.parametrize("form", ["relative", "slash", "folder", "absolute", "backslashes"])
def test_every_file_that_stash_knows_is_matched_right(shared: Desk, form: str) -> None:
    with asking(shared) as plex:
        switch(plex, provider_filename=form)
        scenes = appear(plex, shared.scenes())
        plex.post("/_sim/files", json={"path": "/plex/media/Nobody/knows.mp4"})
        scan(plex, 1)
        items = plex.get("/_sim/items").json()
        assert items.pop("/plex/media/Nobody/knows.mp4")["guid"].startswith("local://")
        assert {path: item["guid"] for path, item in items.items()} == {
            path: f"{IDENTIFIER}://movie/{scene['id']}" for path, scene in scenes.items()
        }
        assert {path: item["title"] for path, item in items.items()} == {
            path: scene["title"] for path, scene in scenes.items()
        }
        for item in items.values():
            assert item["posterSha1"] == sha1(shared.client.get(item["posterUrl"]).content).hexdigest()
        assert settled(plex)["failures"] == []


def test_an_edit_in_stash_comes_with_a_refresh(own: Desk) -> None:
    with asking(own) as plex:
        scenes = appear(plex, own.scenes()[:2])
        scan(plex, 1)
        path, scene = next(iter(scenes.items()))
        before = plex.get("/_sim/items").json()[path]
        own.edit(scene["id"], title="Edited", details="", tags=["Only"])
        own.later()
        refresh(plex, before)
        after = plex.get("/_sim/items").json()[path]
        assert (after["title"], after["summary"], after["genres"]) == ("Edited", None, ["Only"])


def test_a_stash_that_is_away_costs_nothing_but_time(own: Desk) -> None:
    with asking(own) as plex:
        scenes = appear(plex, own.scenes())
        own.fault({"fault": "status500"})
        scan(plex, 1)
        assert all(item["guid"].startswith("local://") for item in plex.get("/_sim/items").json().values())
        assert {one["status"] for one in settled(plex)["failures"]} == {503}
        own.fault()
        own.later()
        scan(plex, 1, force="1")
        items = plex.get("/_sim/items").json()
        assert {path: item["guid"] for path, item in items.items()} == {
            path: f"{IDENTIFIER}://movie/{scene['id']}" for path, scene in scenes.items()
        }


def test_a_person_finds_a_scene_by_its_title_and_chooses_it(shared: Desk) -> None:
    with asking(shared) as plex:
        scene = shared.scenes()[0]
        plex.post("/_sim/files", json={"path": "/plex/media/Nobody/knows.mp4"})
        scan(plex, 1)
        item = plex.get("/_sim/items").json()["/plex/media/Nobody/knows.mp4"]
        asked = {"manual": "1", "title": scene["title"]}
        found = plex.get(f"/library/metadata/{item['ratingKey']}/matches", params=asked).json()["MediaContainer"]
        chosen = next(one for one in found["SearchResult"] if one["guid"].endswith(f"/{scene['id']}"))
        wanted = {"guid": chosen["guid"], "name": chosen["name"]}
        plex.put(f"/library/metadata/{item['ratingKey']}/match", params=wanted).raise_for_status()
        settled(plex)
        after = plex.get("/_sim/items").json()["/plex/media/Nobody/knows.mp4"]
        assert (after["guid"], after["title"]) == (chosen["guid"], scene["title"])
