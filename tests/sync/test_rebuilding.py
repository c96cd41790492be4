"""The index is made anew by a button in Stash, and the answer says how many items there are."""

from __future__ import annotations

from pathlib import Path

from sync.test_tasks import pages

LISTED = "/library/sections/1/all"


async def test_the_button_lists_plex_anew_and_is_answered_once_that_is_done(tmp_path: Path) -> None:
    async with pages(tmp_path) as it:
        await it.place.forget_requests()
        (line,) = await it.task("Refresh Plex index")
        assert line.startswith("info: Refresh Plex index: Plex (plex), Open movies: 4 items, listed as a whole ")
        log = (await it.place.http.get(f"{it.place.plex.url}/_sim/requests")).json()["requests"]
        assert LISTED in [row["path"] for row in log]
        facts = await it.service.rebuilding.facts()
        (row,) = facts["libraries"]
        assert (row["items"], row["listed_so_far"], facts["asked"]) == (4, None, [])


async def test_nothing_is_written_for_it(tmp_path: Path) -> None:
    async with pages(tmp_path) as it:
        await it.place.forget_requests()
        await it.task("Refresh Plex index")
        assert (await it.place.plex_counts())["writes"] == 0
