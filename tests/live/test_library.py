"""Files that come, scenes that go and covers that are made, in a real Stash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from live.films import film, scene_at
from live.house import RUN, House
from live.server import Stash
from pictures import cover
from plexsync.demo.servers import Daemon


@pytest.fixture
def daemon(house: House) -> Iterator[Daemon]:
    """The plugin in Stash, and a daemon that listens in its folder."""
    house.install(start=False)
    house.settings(house.spool)
    with house.daemon() as daemon:
        yield daemon


def test_a_scanned_file_reaches_plex_with_its_cover_whichever_of_both_finds_it_first(
    house: House, stash: Stash, daemon: Daemon, folder: Path
) -> None:
    stash_first, plex_first = folder / "Stash first (2021).mp4", folder / "Plex %first_ é.mp4"
    film(stash, stash_first)
    stash.scan(str(folder))
    house.until_noted(daemon, 1)
    first = scene_at(stash, stash_first)
    stash.edit(first["id"], title=f"Stash first {RUN}", details="Found by Stash before Plex")
    house.add_to_plex([stash.scene(first["id"])])
    house.until_equal([first["id"]], "the file that Plex found late is in step")
    film(stash, plex_first)
    size = plex_first.stat().st_size
    house.add_to_plex([{"id": "", "files": [{"path": str(plex_first), "size": size, "duration": 5.0}]}])
    stash.scan(str(folder))
    second = scene_at(stash, plex_first)
    stash.edit(second["id"], title=f"Plex first {RUN}", details="Found by Plex before Stash")
    house.until_equal([second["id"]], "the file that Stash found late is in step")
    assert stash.cover_sha1(second["id"]) is not None


def test_the_cover_of_a_scan_arrives_though_no_hook_tells_of_it(
    house: House, stash: Stash, daemon: Daemon, folder: Path
) -> None:
    file = folder / "Covered.mp4"
    film(stash, file)
    house.add_to_plex([{"id": "", "files": [{"path": str(file), "size": file.stat().st_size, "duration": 5.0}]}])
    stash.scan(str(folder))
    house.until_equal([scene_at(stash, file)["id"]], "the scanned scene with its cover is in Plex")


def test_a_destroyed_scene_leaves_plex_alone_and_nothing_in_the_queue(
    house: House, stash: Stash, daemon: Daemon, folder: Path
) -> None:
    file = folder / "Short life.mp4"
    film(stash, file)
    stash.scan(str(folder))
    scene = scene_at(stash, file)
    house.add_to_plex([scene])
    stash.edit(scene["id"], title=f"Short life {RUN}")
    house.until_equal([scene["id"]], "the scene is in Plex")
    before, taken = house.item(scene), daemon.status()["accepted_events"]
    stash.destroy(scene["id"])
    house.until_noted(daemon, taken + 1)
    house.until_quiet(daemon)
    assert house.item(scene) == before
    assert daemon.status()["servers"][0]["queue"]["dead"] == 0
    answer = daemon.client.get(f"/api/v1/scenes/{scene['id']}/why").json()
    assert answer["servers"][0]["decision"]["kind"] == "gone"


def test_a_generated_cover_arrives_with_the_next_look_at_what_changed(
    house: House, stash: Stash, daemon: Daemon
) -> None:
    scene = stash.scenes()[2]
    stash.edit(scene["id"], cover_image=cover(f"to be replaced {RUN}")[0])
    house.until_equal([scene["id"]], "the first cover is in Plex")
    before = house.item(scene)["posterSha1"]
    stash.new_cover(scene["id"], 1.5)
    stash.task("Sync recent")
    house.until_equal([scene["id"]], "the generated cover is in Plex")
    assert house.item(scene)["posterSha1"] != before
