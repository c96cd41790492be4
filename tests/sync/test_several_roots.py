"""Several folders of Plex that are one of Stash, the other way round, and rules that fit nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sync.test_several_files import holds
from sync.test_story import Play
from world import FastClock, quiet, until, world

POOLS = {
    "one folder of Stash": "/plex/media => /data; /plex/more => /data",
    "one folder of Plex": "/plex/media => /data; /plex/media => /second",
}


@asynccontextmanager
async def rules(folder: Path, text: str) -> AsyncIterator[Play]:
    """Two scenes, and a second library of Plex under a root of its own."""
    async with world(folder, scenes=2) as place:
        place.clock = FastClock(60.0)
        told = {"title": "More", "path": "/plex/more", "items": 0}
        (await place.http.post(f"{place.plex.url}/_sim/sections", json=told)).raise_for_status()
        place.settings |= {"PLEXSYNC_PATH_RULES": text, "PLEXSYNC_LIBRARIES": "Open movies, More"}
        async with place.running() as service:
            yield Play(place, service)


async def test_a_file_is_found_under_whichever_root_plex_has_it(tmp_path: Path) -> None:
    async with rules(tmp_path, POOLS["one folder of Stash"]) as it:
        await quiet(it.service)
        scene = await it.stash_file("/data/pooled.mp4")
        await it.silent(scene, title="From the second root")
        await it.told(scene)
        await it.plex_file("/plex/more/pooled.mp4", scan=True)
        await holds(it.place, "/plex/more/pooled.mp4", title="From the second root")
        await it.edited(1, title="From the first")
        await it.holds(1, title="From the first")


async def test_a_new_item_wakes_the_scene_in_whichever_folder_stash_has_it(tmp_path: Path) -> None:
    async with rules(tmp_path, POOLS["one folder of Plex"]) as it:
        await quiet(it.service)
        scene = await it.stash_file("/second/pooled.mp4")
        await it.silent(scene, title="From the second disk")
        await it.told(scene)
        await it.plex_file("/plex/media/pooled.mp4", scan=True)
        await holds(it.place, "/plex/media/pooled.mp4", title="From the second disk")


async def test_a_rule_that_fits_nothing_is_named_in_the_status_with_a_file(tmp_path: Path) -> None:
    async with rules(tmp_path, "/plex/media => /wrong") as it:

        async def named() -> str:
            """the status names the rule"""
            it.place.clock.leap(600)
            troubles = (await it.service.status())["troubles"]
            return next((line for line in troubles if "path rule" in line), "")

        line: str = await until(named, every=0.2)
        assert "leads 2 files of Plex (plex) to Stash, for example /plex/media/" in line
        assert "Stash has none of them" in line
