"""Plex scans the folder of a new scene, once and only where the user wants that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs

from plexsync.sync.index.scanning import scans_of
from sync.test_listening import NEW, arrives
from sync.test_story import Play
from world import FastClock, quiet, until, world

REFRESH = "/library/sections/1/refresh"


@asynccontextmanager
async def scanned(folder: Path, *, wanted: bool = True, speed: float = 30.0) -> AsyncIterator[Play]:
    async with world(folder, scenes=1) as place:
        place.clock = FastClock(speed)
        async with place.running(scan_new_files=str(wanted)) as service:
            await quiet(service)
            await place.forget_requests()
            yield Play(place, service)


async def scans(it: Play) -> list[str]:
    """The folders that Plex was asked to scan."""
    log = (await it.place.http.get(f"{it.place.plex.url}/_sim/requests")).json()["requests"]
    return [parse_qs(row["query"])["path"][0] for row in log if row["path"] == REFRESH]


async def made(it: Play, *names: str) -> None:
    """Files that Stash knows, and that lie where Plex would find them."""
    scenes = []
    for name in names:
        await it.plex_file(f"/plex/media/{name}")
        scenes.append(await it.stash_file(f"/data/{name}", title=name))
    await it.told(*scenes)


async def asked_for(it: Play, *folders: str) -> None:
    async def asked() -> bool:
        return len(await scans(it)) >= len(folders)

    await until(asked)
    assert sorted(await scans(it)) == sorted(folders)


async def rested(it: Play) -> None:
    entry = it.service.entries[scans_of("plex")]

    async def so() -> bool:
        return entry.runs > 0 and entry.every is None and not entry.pending

    await until(so)


async def test_the_folder_of_a_new_scene_is_scanned_and_the_scene_arrives(tmp_path: Path) -> None:
    async with scanned(tmp_path) as it:
        await made(it, "new/film.mp4")
        await arrives(it, NEW, "new/film.mp4")
        assert await scans(it) == ["/plex/media/new"]


async def test_files_that_come_together_are_scanned_together(tmp_path: Path) -> None:
    async with scanned(tmp_path) as it:
        await made(it, *(f"shoot/{number}.mp4" for number in range(6)), "shoot two/one.mp4")
        await asked_for(it, "/plex/media/shoot", "/plex/media/shoot two")
        await arrives(it, "/plex/media/shoot/5.mp4", "shoot/5.mp4")
        await arrives(it, "/plex/media/shoot two/one.mp4", "shoot two/one.mp4")
        await rested(it)
        assert len(await scans(it)) == 2


async def test_nothing_is_asked_for_while_a_scan_runs(tmp_path: Path) -> None:
    async with scanned(tmp_path) as it:
        await it.place.switches(scan_hold=True)
        headers = {"X-Plex-Token": "sim-plex-token"}
        await it.place.http.get(f"{it.place.plex.url}{REFRESH}?path=%2Fplex%2Fmedia%2Felsewhere", headers=headers)
        await made(it, "new/film.mp4")
        entry = it.service.entries[scans_of("plex")]

        async def looked() -> bool:
            return entry.runs >= 4

        await until(looked)
        assert await scans(it) == ["/plex/media/elsewhere"]
        await it.place.switches(scan_hold=False)
        await arrives(it, NEW, "new/film.mp4")


async def test_many_folders_are_scanned_as_one(tmp_path: Path) -> None:
    # All of them have to come within the five seconds of quiet that a scan waits for.
    async with scanned(tmp_path, speed=2.0) as it:
        await made(it, *(f"folder {number}/film.mp4" for number in range(22)))
        await asked_for(it, "/plex/media")
        await arrives(it, "/plex/media/folder 21/film.mp4", "folder 21/film.mp4")


async def test_a_folder_in_which_nothing_was_found_is_not_scanned_again_and_again(tmp_path: Path) -> None:
    async with scanned(tmp_path) as it:
        scene = await it.stash_file("/data/never/film.mp4", title="Never")
        await it.told(scene)
        await asked_for(it, "/plex/media/never")
        for number in range(3):
            await it.edited(scene, title=f"Never {number}")
            await it.failing(scene)
            await rested(it)
        assert len(await scans(it)) == 1


async def test_a_walk_and_a_file_outside_ask_for_no_scan(tmp_path: Path) -> None:
    async with scanned(tmp_path) as it:
        walked = await it.stash_file("/data/walked/film.mp4", title="Found by the walk")
        await it.service.sync_all()
        assert "lists no item" in await it.failing(walked)
        outside = await it.stash_file("/elsewhere/film.mp4", title="Outside")
        await it.told(outside)
        await it.decided(outside, "outside")
        assert await scans(it) == []


async def test_without_the_setting_plex_is_left_to_itself(tmp_path: Path) -> None:
    async with scanned(tmp_path, wanted=False) as it:
        scene = await it.stash_file("/data/new/film.mp4", title="New")
        await it.told(scene)
        assert "lists no item" in await it.failing(scene)
        assert scans_of("plex") not in it.service.entries
        assert await scans(it) == []
