"""A write whose answer never came: it is read before anything is decided, and what Plex holds then is ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from plexsync.model.fields import Field
from plexsync.model.plan import Written
from plexsync.store import ledger
from sync.test_story import Play, play
from world import until

MINUTE = 60.0


async def written(it: Play, scene: int, field: Field) -> Written:
    """The ledger of one field."""
    path = await it.path_of(scene)
    now = it.place.clock.now()
    rows = await it.service.database.run(lambda c: ledger.rows(c, "plex", [path], now))
    return rows[path][field]


async def cut_off(it: Play, fault: str = "cut") -> None:
    """The next write's answer never comes: it is carried out (cut) or not (refuse)."""
    await it.place.faults(it.place.plex, {"path": "/library/sections/", "method": "PUT", "fault": fault, "times": 1})


async def struck(it: Play) -> None:
    async def was() -> bool:
        rules = (await it.place.http.get(f"{it.place.plex.url}/_sim/faults")).json()
        return bool(rules[0]["struck"])

    await until(was)


async def requests(it: Play) -> list[dict[str, Any]]:
    log = (await it.place.http.get(f"{it.place.plex.url}/_sim/requests")).json()["requests"]
    return [row for row in log if row["method"] == "PUT" or row["path"].startswith("/library/metadata/")]


async def test_after_a_cut_the_item_is_read_and_what_it_holds_is_confirmed_without_a_second_write(
    tmp_path: Path,
) -> None:
    async with play(tmp_path) as it:
        await it.place.forget_requests()
        await cut_off(it)
        await it.edited(1, title="Cut off", details="But there")
        await struck(it)
        await it.at_rest()
        asked = [row["method"] for row in await requests(it)]
        assert asked == ["GET", "PUT", "GET"]
        for field, value in ((Field.TITLE, "Cut off"), (Field.SUMMARY, "But there")):
            assert await written(it, 1, field) == Written(
                before=(await written(it, 1, field)).before, intended=value, confirmed=value, is_confirmed=True
            )


async def test_an_edit_in_plex_long_after_a_cut_is_told_from_it(tmp_path: Path) -> None:
    """The cut write was found to have arrived, so what differs later was changed in Plex."""
    async with play(tmp_path) as it:
        await cut_off(it)
        await it.edited(1, title="Cut off")
        await struck(it)
        await it.at_rest()
        it.place.clock.leap(20 * MINUTE)
        await it.in_plex((await it.place.item(1))["ratingKey"], title="By hand")
        await it.told(1)
        await it.holds(1, title="Cut off")
        await it.at_rest()
        why = await it.service.why(1)
        newest = max((row for row in why["history"] if row["field"] == "title"), key=lambda row: row["at"])
        assert newest["why"] == "changed in Plex"


@pytest.mark.parametrize("fault", ["refuse", "status500", "cut"])
async def test_a_change_so_small_that_plex_might_have_made_it_arrives_though_its_first_write_did_not(
    tmp_path: Path, fault: str
) -> None:
    async with play(tmp_path) as it:
        await it.edited(1, rating100=86, title="A title")
        await it.holds(1, userRating=8.6, title="A title")
        await it.at_rest()
        await cut_off(it, fault)
        await it.edited(1, rating100=85, title="A Title")
        await struck(it)
        await it.holds(1, userRating=8.5, title="A Title")
        await it.at_rest()


@pytest.mark.parametrize(("later", "theirs"), [(0.0, False), (20 * MINUTE, True)])
async def test_a_rating_that_differs_soon_after_an_unknown_outcome_is_ours_and_later_the_users(
    tmp_path: Path, later: float, theirs: bool
) -> None:
    async with play(tmp_path) as it:
        await it.edited(1, rating100=None)
        await it.holds(1, userRating=None)
        await it.at_rest()
        key = (await it.place.item(1))["ratingKey"]
        await it.place.edit(1, rating100=80)
        # Never carried out, which nobody can know; and Stash fails until someone else rated it.
        await cut_off(it, "refuse")
        await it.place.faults(it.place.stash, {"path": "/graphql", "fault": "maintenance503", "after": 1})
        await it.told(1)
        await struck(it)
        await it.in_plex(key, userRating=3)
        it.place.clock.leap(later)
        await it.place.faults(it.place.stash)
        await it.at_rest()
        await it.holds(1, userRating=3 if theirs else 8)
