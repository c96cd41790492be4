"""Files that look alike: each item gets what is its own, or nothing at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from world import FastClock, World, until, world

PATIENCE = 600.0
NAME = "same.mp4"
#: Folder to size: two files of one name.
FOLDERS = {"first/takes": 5_000_000, "second/takes": 6_000_000}


async def posted(place: World, server: str, route: str, content: dict[str, Any]) -> dict[str, Any]:
    answer = await place.http.post(f"{server}/_sim/{route}", json=content)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def titles(place: World) -> dict[str, str]:
    return {path: item["title"] for path, item in (await place.items()).items()}


@pytest.mark.parametrize("rule", ["/plex/media => /data", ""], ids=["mapped by a rule", "by the end of the path"])
async def test_two_files_of_one_name_in_two_folders_each_get_their_own(tmp_path: Path, rule: str) -> None:
    async with world(tmp_path, scenes=1) as place:
        place.clock = FastClock(60)
        for folder, size in FOLDERS.items():
            there = {"path": f"/plex/media/{folder}/{NAME}", "size": size, "duration": 60_000, "scan": True}
            await posted(place, place.plex.url, "files", there)
            here = {"path": f"/data/{folder}/{NAME}", "size": size, "duration": 60.0, "title": f"Of {folder}"}
            await posted(place, place.stash.url, "files", here)
        async with place.running(path_rules=rule) as service:
            await until(service.quiet, patience=PATIENCE)
        found = await titles(place)
        assert {folder: found[f"/plex/media/{folder}/{NAME}"] for folder in FOLDERS} == {
            folder: f"Of {folder}" for folder in FOLDERS
        }


async def test_where_only_one_of_two_folders_is_in_plex_the_other_scene_writes_nothing(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=1) as place:
        place.clock = FastClock(60)
        there, absent = FOLDERS
        await posted(place, place.plex.url, "files", {"path": f"/plex/media/{there}/{NAME}", "scan": True})
        for folder in (absent, there):
            await posted(place, place.stash.url, "files", {"path": f"/data/{folder}/{NAME}", "title": f"Of {folder}"})
        async with place.running(skip_not_found="true") as service:
            await until(service.quiet, patience=PATIENCE)
        assert (await titles(place))[f"/plex/media/{there}/{NAME}"] == f"Of {there}"
        log = (await place.http.get(f"{place.plex.url}/_sim/requests")).json()["requests"]
        assert not [one for one in log if one["kind"] == "write" and f"Of {absent}" in str(one["query"])]


async def test_of_fifty_lookalike_libraries_that_no_rule_tells_apart_none_is_written(tmp_path: Path) -> None:
    """All of them are synced: every scene has 51 items that might be it."""
    async with world(tmp_path, scenes=2) as place:
        place.clock = FastClock(60)
        names = ["Open movies"]
        for number in range(50):
            names.append(f"Lookalike {number}")
            told = {"title": names[-1], "path": f"/copies/{number}/media", "items": 2}
            await posted(place, place.plex.url, "sections", told)
        before = await place.items()
        assert len(before) == 102
        async with place.running(path_rules="", libraries=", ".join(names)) as service:
            await until(service.quiet, patience=PATIENCE)
            for scene in (1, 2):
                decision = (await service.why(scene))["servers"][0]["decision"]
                assert decision["kind"] == "ambiguous"
                assert "51 items of Plex" in decision["reason"]
        assert await place.items() == before
        assert (await place.plex_counts())["writes"] == 0
