"""What a person pinned stays as it is, whatever the provider tells and however its item came to be asked about."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from plexsync.model.fields import Field
from plexsync.model.work import Decision, Lane, Outcome, Put, Verdict
from plexsync.store import brakes, decisions, jobs
from plexsync.sync.brakes.brake import HELD, Drastic, Limits
from plexsync.sync.brakes.judging import BULK
from plexsync.sync.causes import GAP
from provider.desk import IDENTIFIER
from provider.stage import Stage, stage
from world import quiet, until


async def pinned(it: Stage, scene: int, *fields: Field) -> None:
    """They are pinned, and all that follows is done."""
    await it.service.undoing.pin(scene, fields)
    await quiet(it.service)


async def matched_by_hand(it: Stage, scene: int, *, to: int) -> None:
    """A person has Plex take the item of a scene for another one."""
    key = (await it.item(scene))["ratingKey"]
    await it.ask("GET", f"/library/metadata/{key}/matches", params={"manual": "1", "title": f"stash:{to}"})
    chosen = {"guid": f"{IDENTIFIER}://movie/{to}", "name": "Chosen", "year": ""}
    await it.ask("PUT", f"/library/metadata/{key}/match", params=chosen)
    await it.at_rest()


async def test_a_pin_holds_where_the_item_is_matched_to_another_scene(tmp_path: Path) -> None:
    async with stage(tmp_path, scenes=2, scan=False) as it:
        for scene in (1, 2):
            await it.silently(scene, studio="Same", details="Same")
        await it.scan()
        await matched_by_hand(it, 1, to=2)
        await pinned(it, 1, Field.STUDIO)
        await it.service.undoing.undo_scene(1)
        await quiet(it.service)
        await it.silently(2, studio="Another", details="Another")
        await it.refresh(1)
        item = await it.item(1)
        assert (item["studio"], item["summary"]) == ("Same", "Same")


async def test_a_pin_holds_where_the_item_was_not_matched_yet(tmp_path: Path) -> None:
    async with stage(tmp_path, scan=False) as it:
        await it.silently(1, details="Pinned")
        await it.shut()
        await it.scan()
        await it.edit_in_plex(1, summary="As it is", lock=False, locks={"summary": False})
        await pinned(it, 1, Field.SUMMARY)
        await it.open()
        await it.refresh()
        await it.at_rest()
        item = await it.item(1)
        assert (item["guid"], item["summary"]) == (f"{IDENTIFIER}://movie/1", "As it is")


async def test_what_was_pinned_before_holds_where_a_library_is_given_to_the_provider(tmp_path: Path) -> None:
    async with stage(tmp_path, scenes=2, scan=False) as it:
        ours = await agent_of(it)
        await it.ask("PUT", "/library/sections/1", params={"agent": "com.plexapp.agents.none"})
        for scene in (1, 2):
            await it.silently(scene, details="Told", studio="House")
        await it.scan()
        await it.edit_in_plex(1, summary="As it is", locks={"summary": False}, lock=False)
        await pinned(it, 1, Field.SUMMARY)
        await it.service.undoing.undo_scene(2)
        await quiet(it.service)
        undone = await it.item(2)
        assert undone["studio"] is None
        await it.ask("PUT", "/library/sections/1", params=ours)
        await it.service.intake.wish("libraries of plex")
        await quiet(it.service)
        await it.refresh()
        await it.at_rest()
        items = [await it.item(scene) for scene in (1, 2)]
        assert [item["guid"] for item in items] == [f"{IDENTIFIER}://movie/{scene}" for scene in (1, 2)]
        assert items[0]["summary"] == "As it is"
        assert [items[1][name] for name in ("title", "summary", "studio", "genres")] == [
            undone[name] for name in ("title", "summary", "studio", "genres")
        ]


async def agent_of(it: Stage) -> dict[str, str]:
    """What gives the library to the provider."""
    told = (await it.ask("GET", "/media/providers/metadata/group"))["MediaContainer"]["MetadataAgentProviderGroup"]
    (group,) = [one["id"] for one in told if one["primaryIdentifier"] == IDENTIFIER]
    return {"agent": IDENTIFIER, "metadataAgentProviderGroupId": str(group)}


@pytest.mark.parametrize(
    ("switch", "field", "name"),
    [("sync_title", Field.TITLE, "title"), ("sync_summary", Field.SUMMARY, "summary")],
)
async def test_a_pin_holds_for_a_field_that_is_switched_off_too(
    tmp_path: Path, switch: str, field: Field, name: str
) -> None:
    settings: dict[str, Any] = {switch: "false"}
    async with stage(tmp_path, scan=False, **settings) as it:
        await it.silently(1, title="First", details="First")
        await it.scan()
        await it.edit_in_plex(1, **{name: "As it is"}, lock=False)
        await pinned(it, 1, field)
        await it.silently(1, title="Second", details="Second")
        await it.refresh()
        assert (await it.item(1))[name] == "As it is"


async def test_with_the_master_switch_off_a_pin_writes_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path, sync_enabled="false") as it:
        await it.place.forget_requests()
        await pinned(it, 1)
        assert await it.writes() == (0, 0)


async def test_a_pin_that_comes_while_its_scene_is_written_holds(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.silently(1, details="Pinned", studio="New")
        await it.refresh()
        await it.edit_in_plex(1, studio="Old", lock=False)
        await it.place.faults(it.place.plex, {"path": "/library/", "method": "PUT", "fault": "hang"})
        syncing = asyncio.create_task(it.synced(1, studio="Newer"))

        async def hangs() -> bool:
            """the write is under way"""
            return bool((await it.place.http.get(f"{it.place.plex.url}/_sim/faults")).json()[0]["struck"])

        await until(hangs)
        await it.service.undoing.pin(1, [Field.SUMMARY])
        await it.place.faults(it.place.plex)
        await syncing
        await it.silently(1, details="Told at the refresh")
        await it.refresh()
        item = await it.item(1)
        assert (item["studio"], item["summary"]) == ("Newer", "Pinned")


async def test_a_pin_holds_though_something_else_was_decided_about_its_scene(tmp_path: Path) -> None:
    async with stage(tmp_path, scan=False) as it:
        await it.silently(1, details="Pinned")
        await it.scan()
        decision = Decision(kind="refused", reason="Plex will not take: tagline", digest="d", index_version=0)
        with it.graph.database.transaction() as connection:
            jobs.put(connection, [Put(server="plex", scene=1, lane=Lane.USER, reason="gap")], 1.0)
            (job,) = jobs.claim(connection, server="plex", lanes=[Lane.USER], limit=1, now=2.0, token="t")
            jobs.finish(connection, job, Outcome(verdict=Verdict.DECISION, decision=decision), 2.0)
        await pinned(it, 1, Field.SUMMARY)
        await it.silently(1, details="Told at the refresh")
        await it.refresh()
        assert (await it.item(1))["summary"] == "Pinned"


async def test_a_pin_holds_while_a_person_is_asked_about_its_scene_of_which_nothing_else_is_written(
    tmp_path: Path,
) -> None:
    async with stage(tmp_path, scan=False) as it:
        await it.silently(1, title="Ours", details="Pinned")
        await it.scan()
        await it.edit_in_plex(1, title="By hand")
        facts = {"what": [Drastic.RESTORE.value], "reasons": ["gap"], "title": "Ours"}
        decision = Decision(kind=HELD, reason="asked", digest="d", index_version=0, facts=facts)
        asked = {"linked": 1, "since": 0.0, "counts": {}, "scenes": 1}
        with it.graph.database.transaction() as connection:
            decisions.decide(connection, "plex", 1, decision, 1.0)
            brakes.ask(connection, BULK, "plex", asked, 1.0)
        await pinned(it, 1, Field.SUMMARY)
        await it.silently(1, title="Ours", details="Told at the refresh")
        await it.refresh()
        item = await it.item(1)
        assert (item["title"], item["summary"]) == ("By hand", "Pinned")
        (question,) = await it.service.questions.listing()
        assert (question["state"], question["scenes"]) == ("open", 1)


async def test_a_pin_holds_for_a_scene_of_which_a_change_was_turned_down(tmp_path: Path) -> None:
    async with stage(tmp_path, scan=False) as it:
        await it.silently(1, title="Ours", details="Pinned")
        await it.scan()
        await it.edit_in_plex(1, title="By hand")
        it.service.servers[0].brake.limits = Limits(taken=0, taken_share=0.0)
        gap = Put(server="plex", scene=1, lane=Lane.BULK, reason=GAP)
        await it.service.database.run(lambda c: jobs.put(c, [gap], it.place.clock.now()))
        it.service.servers[0].worker.wake()
        await quiet(it.service)
        (question,) = await it.service.questions.listing()
        assert await it.service.questions.reject(question["id"]) == 1
        await pinned(it, 1, Field.SUMMARY)
        item = await it.item(1)
        assert (item["title"], "summary" in item["locks"]) == ("By hand", True)
        why = (await it.service.why(1))["servers"][0]["decision"]
        assert why["kind"] == "rejected"


async def test_a_pin_holds_in_a_library_in_preview_where_nothing_else_is_written(tmp_path: Path) -> None:
    async with stage(tmp_path, scan=False, preview_first_contact="true") as it:
        await it.silently(1, details="Pinned", tags=["One", "Two"])
        await it.scan(previewed=True)
        before = await it.item(1)
        await pinned(it, 1, Field.SUMMARY)
        await it.silently(1, details="Told at the refresh", tags=["One", "Three"])
        await it.refresh()
        item = await it.item(1)
        assert (item["summary"], item["genres"], item["userRating"]) == ("Pinned", ["One"], before["userRating"])
        assert item["locks"] == ["summary"]
