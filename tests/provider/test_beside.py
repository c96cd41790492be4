"""Push beside the provider: what Plex took is completed, counts as ours, and is never fought about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from plexsync.model.fields import Field
from plexsync.model.work import Decision, Lane, Outcome, Put, Verdict
from plexsync.store import jobs
from plexsync.sync.brakes.brake import HELD
from plexsync.sync.matched import Matches
from provider.desk import IDENTIFIER, desk
from provider.stage import Stage, stage
from sync.hands import SetClock
from world import quiet

#: What moves with every write, refresh or look.
_MOVES = ("updatedAt",)


def look(item: dict[str, Any]) -> dict[str, Any]:
    """All that a person sees of an item."""
    return {name: value for name, value in item.items() if name not in _MOVES}


async def scene_of(it: Stage, scene: int) -> dict[str, Any]:
    """The scene as Stash has it."""
    told = (await it.place.http.get(f"{it.place.stash.url}/_sim/scenes")).json()
    found: dict[str, Any] = next(one for one in told if one["id"] == scene)
    return found


async def test_a_match_is_completed_and_nothing_is_written_twice(tmp_path: Path) -> None:
    async with stage(tmp_path, scenes=2, scan=False, rules='{"labels": ["studio"]}') as it:
        for scene in (1, 2):
            await it.silently(scene, rating100=70, tags=["Red", "Green", "Blue"])
        await it.place.forget_requests()
        await it.scan()
        for scene in (1, 2):
            item, wanted = await it.item(scene), await scene_of(it, scene)
            assert item["guid"] == f"{IDENTIFIER}://movie/{scene}"
            assert (item["userRating"], item["audienceRating"]) == (7.0, 7.0)
            assert set(item["genres"]) == set(wanted["tags"])
            assert item["labels"] == [wanted["studio"]]
            assert item["posterSha1"] == wanted["cover"]["sha1"]
            assert (item["title"], item["summary"]) == (wanted["title"], wanted["details"])
            # What Plex had from the provider is left as it is, unlocked.
            assert set(item["locks"]) == {"genre", "label", "thumb"}
        assert await it.writes() == (2, 2)
        await it.place.forget_requests()
        await it.service.sync_all()
        await it.service.sync_scenes([1, 2])
        await quiet(it.service)
        assert await it.writes() == (0, 0)


async def test_an_edit_needs_no_refresh_and_a_refresh_changes_nothing_then(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.ask("DELETE", "/_sim/agents")
        edited = await it.synced(1, title="Edited", details="By push", studio="New", tags=["One", "Two"], rating100=20)
        assert (edited["title"], edited["summary"], edited["studio"]) == ("Edited", "By push", "New")
        assert (edited["genres"], edited["userRating"]) == (["One", "Two"], 2.0)
        assert (await it.ask("GET", "/_sim/agents"))["asked"] == []
        await it.place.forget_requests()
        await it.refresh()
        await it.at_rest()
        after, writes = await it.item(1), await it.writes()
        # The audience's rating is the provider's alone: a sync never writes it, and it leaves a user's alone.
        assert after["audienceRating"] == 2.0
        assert look(after) | {"audienceRating": None} == look(edited) | {"audienceRating": None}
        assert writes == (0, 0)


async def test_what_stash_clears_goes_though_the_provider_gave_it(tmp_path: Path) -> None:
    async with stage(tmp_path, scan=False, rules='{"collections": ["studio"]}') as it:
        await it.silently(1, details="Given", tags=["Only"], director="Somebody", studio="House", date="2012-03-04")
        await it.scan()
        await it.edit_in_plex(1, collections=["House", "My own"], lock=False)
        given = await it.item(1)
        assert (given["summary"], given["genres"], given["collections"]) == ("Given", ["Only"], ["House", "My own"])
        assert not {"summary", "genre", "director", "studio", "collection"} & set(given["locks"])
        cleared = await it.synced(1, details="", tags=[], director="", studio_id=None, date="")
        assert [cleared[name] for name in ("summary", "genres", "directors", "studio")] == [None, [], [], None]
        assert cleared["originallyAvailableAt"] is None
        assert cleared["collections"] == ["My own"]
        await it.refresh()
        await it.at_rest()
        assert (await it.item(1))["collections"] == ["My own"]


async def test_a_list_of_which_plex_took_one_entry_can_be_cleared_as_a_whole(tmp_path: Path) -> None:
    async with stage(tmp_path, scan=False) as it:
        await it.silently(1, tags=["First", "Second"])
        await it.scan()
        assert (await it.ledger(1))[Field.GENRES].given == ("First",)
        assert (await it.item(1))["genres"] == ["First", "Second"]
        assert (await it.synced(1, tags=[]))["genres"] == []


async def test_what_is_only_filled_follows_stash_where_the_provider_gave_it(tmp_path: Path) -> None:
    async with stage(tmp_path, scan=False, owner_summary="fill", owner_genres="fill") as it:
        await it.silently(1, details="Given", tags=["First", "Second"])
        await it.scan()
        assert (await it.item(1))["genres"] == ["First", "Second"]
        edited = await it.synced(1, details="Edited", tags=["Third"])
        assert (edited["summary"], edited["genres"]) == ("Edited", ["Third"])


async def test_an_undo_leaves_what_the_provider_gave_and_no_refresh_takes_it(tmp_path: Path) -> None:
    async with stage(tmp_path, scan=False, rules='{"collections": ["studio"]}') as it:
        await it.silently(1, details="Given", tags=["First", "Second"], studio="House", rating100=None)
        await it.scan()
        await it.synced(1, studio="Moved", details="Edited")
        assert (await it.item(1))["collections"] == ["Moved"]
        await it.service.undoing.undo_scene(1)
        await quiet(it.service)
        undone = await it.item(1)
        assert (undone["summary"], undone["genres"], undone["studio"]) == ("Given", ["First"], "House")
        assert undone["collections"] == ["House"]
        await it.silently(1, details="Told at the refresh", tags=["Third"])
        await it.refresh()
        await it.at_rest()
        assert look(await it.item(1)) == look(undone)


async def test_a_pin_holds_against_the_provider_too(tmp_path: Path) -> None:
    async with stage(tmp_path, scan=False) as it:
        await it.silently(1, details="Pinned", studio="House")
        await it.scan()
        assert "summary" not in (await it.item(1))["locks"]
        await it.place.forget_requests()
        await it.service.undoing.pin(1, [Field.SUMMARY, Field.TAGLINE])
        await quiet(it.service)
        held = await it.item(1)
        assert {"summary", "tagline"} <= set(held["locks"])
        assert (held["summary"], (await it.writes())[0]) == ("Pinned", 1)
        await it.silently(1, details="Told at the refresh", studio="Another")
        await it.refresh()
        await it.service.sync_scenes([1])
        await quiet(it.service)
        item = await it.item(1)
        assert (item["summary"], item["studio"]) == ("Pinned", "Another")


async def test_what_is_switched_off_comes_from_neither(tmp_path: Path) -> None:
    async with stage(tmp_path, scan=False, sync_studio="false", sync_tags="false") as it:
        await it.silently(1, studio="House", tags=["One"], details="Told")
        await it.scan()
        item = await it.item(1)
        assert (item["studio"], item["genres"], item["summary"]) == (None, [], "Told")
        assert Field.STUDIO not in await it.ledger(1)


async def test_with_the_master_switch_off_plex_has_what_the_provider_told_and_nothing_else(tmp_path: Path) -> None:
    async with stage(tmp_path, scan=False, sync_enabled="false") as it:
        await it.silently(1, details="Told", tags=["One", "Two"], rating100=80)
        await it.place.forget_requests()
        await it.scan()
        item = await it.item(1)
        assert (item["summary"], item["genres"], item["userRating"], item["locks"]) == ("Told", ["One"], None, [])
        assert await it.writes() == (0, 0)
        assert await it.ledger(1) == {}


async def test_an_excluded_scene_is_neither_matched_nor_written(tmp_path: Path) -> None:
    async with stage(tmp_path, scan=False, rules='{"not_tags": ["Hidden"]}') as it:
        await it.silently(1, tags=["Hidden"], details="Nobody is told")
        await it.place.forget_requests()
        await it.scan(excluded=True)
        item = await it.item(1)
        assert not item["guid"].startswith(IDENTIFIER)
        assert (item["summary"], item["genres"]) == (None, [])
        assert await it.writes() == (0, 0)


async def test_while_nobody_answers_a_refresh_plex_keeps_all_and_nothing_is_written(tmp_path: Path) -> None:
    async with stage(tmp_path, scan=False) as it:
        await it.silently(1, details="Given", tags=["One", "Two"])
        await it.scan()
        before = await it.item(1)
        await it.place.forget_requests()
        await it.shut()
        await it.refresh()
        assert (await it.ask("GET", "/_sim/agents"))["failures"]
        await it.service.sync_scenes([1])
        await quiet(it.service)
        assert look(await it.item(1)) == look(before)
        assert await it.writes() == (0, 0)


async def test_a_library_in_preview_only_learns_what_plex_has_from_the_provider(tmp_path: Path) -> None:
    async with stage(tmp_path, scenes=2, scan=False, preview_first_contact="true") as it:
        late = it.paths.pop(2)
        await it.silently(1, details="Given", tags=["One", "Two"])
        await it.place.forget_requests()
        await it.scan(previewed=True, busy=True)
        # A person has Plex match it anew.
        key = (await it.item(1))["ratingKey"]
        guid = {"guid": f"{IDENTIFIER}://movie/1", "name": "Given", "year": ""}
        await it.ask("GET", f"/library/metadata/{key}/matches", params={"manual": "1", "title": "stash:1"})
        await it.ask("PUT", f"/library/metadata/{key}/match", params=guid)
        await it.at_rest(previewed=True, busy=True)
        assert await it.writes() == (0, 0)
        assert (await it.ledger(1))[Field.SUMMARY].given == "Given"
        # A file that comes to Plex from now on is no backlog, though its scene was seen long ago.
        it.paths[2] = late
        await it.silently(2, tags=["Three", "Four"])
        await it.ask("POST", "/_sim/files", json={"path": late, "scan": True})
        await it.at_rest(previewed=True)
        assert set((await it.item(2))["genres"]) == {"Three", "Four"}
        assert (await it.item(1))["genres"] == ["One"]
        # What was given before somebody said go is cleared all the same.
        await it.silently(1, details="", tags=[])
        await it.service.sync_library("Open movies", go=True)
        await quiet(it.service)
        item = await it.item(1)
        assert (item["summary"], item["genres"]) == (None, [])


async def test_matches_go_first_while_they_are_few_and_take_no_answer_from_a_person(tmp_path: Path) -> None:
    with desk(tmp_path) as it:
        decision = Decision(kind=HELD, reason="", digest="d", index_version=0, facts={"what": ["clear"]})
        database = it.graph.database
        with database.transaction() as connection:
            jobs.put(connection, [Put(server="plex", scene=1, lane=Lane.BULK, reason="gap")], 1.0)
            (job,) = jobs.claim(connection, server="plex", lanes=[Lane.BULK], limit=1, now=2.0, token="t")
            jobs.finish(connection, job, Outcome(verdict=Verdict.DECISION, decision=decision), 2.0)
        clock = SetClock()
        matches = Matches(database=database, clock=clock, servers=["plex"], wake=lambda: None)
        await matches.note(range(1, 41))
        await matches.note(range(41, 81))
        clock.at += 61
        await matches.note([100])
        with database.transaction() as connection:
            lanes = {row.scene: row.lane for row in jobs.listing(connection, limit=1000)}
        assert 1 not in lanes
        assert {scene for scene, lane in lanes.items() if lane is Lane.CHANGE} == {*range(2, 51), 100}
        assert {scene for scene, lane in lanes.items() if lane is Lane.BULK} == set(range(51, 81))


async def test_a_list_in_which_others_have_a_part_is_left_where_it_is_only_filled(tmp_path: Path) -> None:
    async with stage(tmp_path, scan=False, owner_genres="fill") as it:
        await it.silently(1, tags=["First", "Second"])
        await it.ask("POST", "/_sim/files", json={"path": it.paths[1], "scan": True})
        await it.ask("GET", "/_sim/agents?settled=1")
        # Another provider behind ours adds one.
        await it.edit_in_plex(1, genres=["First", "Theirs"], lock=False)
        it.begin()
        await it.at_rest()
        for _ in range(2):
            await it.service.sync_scenes([1])
            await quiet(it.service)
            assert (await it.item(1))["genres"] == ["First", "Theirs"]
