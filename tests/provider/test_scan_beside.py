"""A scan leaves Stash room: work goes on beside it, and no number of files asks for more at once."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2

from provider.desk import MATCHES, desk_at
from provider.filmlist import film_list
from provider.shelf import ROOT, shelf
from provider.stage import stage
from world import until

#: As many as a scan of a large library may have under way, and more.
AT_ONCE = 40


def test_however_many_files_are_asked_about_at_once_stash_has_one_question(tmp_path: Path) -> None:
    with shelf(tmp_path / "stash") as stash, desk_at(stash.url, tmp_path, rules=f"/plex/media => {ROOT}") as desk:
        films = film_list(AT_ONCE)
        truth = stash.take(films)
        stash.faults({"path": "/graphql|/scene", "fault": "delay", "seconds": 0.01})
        stash.most_at_once = 0
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = list(pool.map(lambda film: desk.keys(filename=film.place), films))
            keys = [key for keys in found for key in keys]
            list(pool.map(lambda key: desk.item(int(key)), keys))
        assert found == [[str(truth[film.number])] if film.number in truth else [] for film in films]
        assert stash.most_at_once == 1


async def test_a_sync_goes_on_while_a_question_of_the_scan_is_not_answered(tmp_path: Path) -> None:
    async with stage(tmp_path, scenes=2) as it, httpx2.AsyncClient(timeout=60, verify=False) as plex:
        await it.place.faults(it.place.stash, {"path": "/graphql", "fault": "hang", "times": 1})
        asked = {"type": 1, "filename": "Nobody/knows.mp4"}
        asking = asyncio.create_task(plex.post(f"{it.root}{MATCHES}", json=asked))

        async def hangs() -> bool:
            """Stash has the question"""
            told = await it.place.http.get(f"{it.place.stash.url}/_sim/faults")
            return bool(told.json()[0]["struck"])

        await until(hangs)
        assert (await it.synced(1, title="Beside a scan"))["title"] == "Beside a scan"
        assert not asking.done()
        await it.place.faults(it.place.stash)
        assert (await asking).status_code == 200
