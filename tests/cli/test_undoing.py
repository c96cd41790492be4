"""Undo, pins, runs and conflicts from the command line, with a daemon and without."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from starlette.responses import JSONResponse

from cli.program import LIBRARY, House
from plexsync.demo.waiting import until
from plexsync.model.provider import IDENTIFIER
from sim.plex.provider import Films, films_served, root

pytestmark = pytest.mark.process


def by_path(house: House) -> dict[str, dict[str, Any]]:
    """What a person can see of each item, in no order of lists."""
    found: dict[str, dict[str, Any]] = httpx2.get(f"{house.plex}/_sim/items").json()
    hidden = {"updatedAt", "uploads", "artUploads", "thumbs"}
    return {
        path: {
            name: sorted(value) if isinstance(value, list) else value
            for name, value in item.items()
            if name not in hidden
        }
        for path, item in found.items()
    }


def synced(house: House) -> None:
    done = house.call("sync", "--library", LIBRARY, "--go")
    assert done.code == 0, done.err


def edited(house: House, scene: int, **values: Any) -> None:
    """A person edits a scene in Stash."""
    document = "mutation($input: SceneUpdateInput!) { sceneUpdate(input: $input) { id } }"
    body = {"query": document, "variables": {"input": {"id": str(scene), **values}}}
    assert "errors" not in httpx2.post(f"{house.stash}/graphql", json=body).json()


def test_without_a_daemon_what_was_written_is_undone_pinned_and_listed(house: House) -> None:
    original = by_path(house)
    synced(house)
    assert by_path(house) != original
    (run,) = house.call("runs", "--json").facts
    assert run["items"] == 6
    told = house.call("undo", "--library", LIBRARY)
    assert "put back, as run undo-" in told.out
    assert by_path(house) == original
    edited(house, 1, details="Another")
    pinned = house.call("pin", "1", "rating", "labels")
    assert "left as they are: " in pinned.out
    assert "labels" in pinned.out
    house.call("sync", "1")
    assert by_path(house) == original
    again = house.call("unpin", "1", "summary")
    assert "written again: summary" in again.out, again.err
    assert "Another" in {item["summary"] for item in by_path(house).values()}
    assert house.call("conflicts").out.startswith("Nothing that PlexSync wrote was changed")


def test_with_a_daemon_a_run_is_undone_and_a_library_left_as_it_was(house: House) -> None:
    original = by_path(house)
    synced(house)
    with house.daemon():
        until(lambda: house.call("status", "--json").facts["servers"][0]["libraries"], 60, "libraries are known")
        before = by_path(house)
        edited(house, 2, title="By one run")
        assert house.call("sync", "2", "--wait").code == 0
        run = house.call("runs", "--json", "--limit", "1").facts[0]["run"]
        undone = house.call("undo", "--run", run, "--wait").out
        assert "of 1 item put back, as run undo-" in undone
        assert by_path(house) == before
        left = house.call("uninstall", "--restore", "--library", LIBRARY)
        assert "`libraries`" in left.out, left.err
        assert by_path(house) == original
        assert "put back as it was before PlexSync" in house.call("status").out


def test_a_library_that_asks_the_provider_is_told_to_get_its_former_agent_again(house: House) -> None:
    films = Films(answers={"*": JSONResponse(root(IDENTIFIER))})
    owner = {"X-Plex-Token": "sim-plex-token"}
    with films_served(films), httpx2.Client(base_url=house.plex, headers=owner, verify=False) as plex:
        agents = "/media/providers/metadata"
        plex.post(agents, params={"uri": films.url}).raise_for_status()
        made = {"title": "By hand", "primaryIdentifier": IDENTIFIER}
        plex.post(f"{agents}/group", params=made).raise_for_status()
        chosen = {"agent": IDENTIFIER, "metadataAgentProviderGroupId": "5"}
        plex.put("/library/sections/1", params=chosen).raise_for_status()
    synced(house)
    left = house.call("uninstall", "--restore")
    assert left.code == 0, left.err
    assert "Plex still asks PlexSync about it, and takes what Stash says at each refresh" in left.out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("undo", "99"), 1, "Nothing that PlexSync wrote for scene 99"),
        (("undo", "--run", "sync-7"), 1, "No run is called 'sync-7'"),
        (("undo", "--run", "undo-7"), 1, "is an undo itself"),
        (("undo", "--library", "Cartoons"), 1, "no synced library is called 'Cartoons'"),
        (("undo",), 2, "name one of SCENE, --run ID or --library NAME"),
        (("undo", "1", "--library", "x"), 2, "name one of SCENE, --run ID or --library NAME"),
        (("pin", "99"), 1, "Scene 99 is linked to no item of Plex"),
        (("pin", "1", "colour"), 2, "is no field"),
        (("unpin", "99"), 1, "Scene 99 is linked to no item of Plex"),
        (("uninstall",), 2, "say --restore"),
    ],
)
def test_a_wish_that_cannot_be_granted_says_why_and_what_there_is(
    house: House, words: tuple[str, ...], code: int, said: str
) -> None:
    house.call("status")
    assert house.call("plan", "1").code == 0
    done = house.call(*words)
    assert done.code == code, done.err
    assert said in " ".join(done.err.replace("│", " ").split())
