"""Undo puts the original item back, locks and pictures included, pins it, and never races a sync."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from plexsync.model.fields import Field
from plexsync.store import ledger, undos
from plexsync.sync.service import Service
from plexsync.sync.undoing import NothingToUndoError
from world import World, quiet, until, world

#: What a user's eye cannot see, or what Plex never takes back.
_MOVES = {"updatedAt", "uploads", "artUploads", "thumbs"}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, scenes=3) as made:
        yield made


def look(item: dict[str, Any]) -> dict[str, Any]:
    """All that there is to an item, lists without their order: Plex alone decides it."""
    plain = {name: value for name, value in item.items() if name not in _MOVES}
    return {name: sorted(value) if isinstance(value, list) else value for name, value in plain.items()}


async def edited(house: World, scene: int, **values: Any) -> None:
    """A person edits an item in Plex."""
    key = (await house.item(scene))["ratingKey"]
    answer = await house.http.put(f"{house.plex.url}/_sim/items/{key}", json=values)
    assert answer.status_code == 200, answer.text


async def made_by_hand(house: World) -> dict[str, Any]:
    """The first item as its user made it: some fields locked, some not, with a rating and lists of their own."""
    await edited(house, 1, summary="By hand", labels=["Keep"], collections=["Mine"], userRating=9.0)
    await edited(house, 1, genres=["Old", "Older"], studio="Theirs", lock=False)
    return await house.item(1)


async def changed_in_stash(house: World, title: str = "Ours") -> None:
    await house.edit(1, title=title, details="From Stash", rating100=40, date="2012-03-04")


async def ours(house: World, title: str = "Ours") -> bool:
    return bool((await house.item(1))["title"] == title)


async def synced(house: World, service: Service, title: str = "Ours") -> None:
    await changed_in_stash(house, title)
    await service.sync_scenes([1])
    await quiet(service)
    assert await ours(house, title)


async def test_the_original_item_is_back_after_an_undo_and_stays(house: World) -> None:
    original = await made_by_hand(house)
    async with house.running() as service:
        await synced(house, service)
        await synced(house, service, "Ours again")
        told = await service.undoing.undo_scene(1)
        await quiet(service)
        assert look(await house.item(1)) == look(original)
        assert told["fields"] > 5
        assert told["unknown"] == []
        await changed_in_stash(house, "Another")
        await service.sync_scenes([1])
        await quiet(service)
        assert look(await house.item(1)) == look(original), "what was undone is pinned"
        (run,) = [row for row in await service.undoing.runs(20) if row["run"] == told["run"]]
        assert run["fields"] == told["fields"]


async def test_what_a_person_changed_since_is_overwritten_but_for_what_is_theirs_by_nature(house: World) -> None:
    """The title comes back; a label of theirs and the rating that they gave stay."""
    original = await made_by_hand(house)
    async with house.running() as service:
        await synced(house, service)
        await edited(house, 1, title="Drifted", labels=["Keep", "New"], userRating=3.0)
        await service.undoing.undo_scene(1)
        await quiet(service)
    expected = original | {"labels": ["Keep", "New"], "userRating": 3.0}
    assert look(await house.item(1)) == look(expected)


async def test_a_picture_that_was_shown_before_is_shown_again_and_one_chosen_since_stays(house: World) -> None:
    original = await house.item(2)
    async with house.running() as service:
        await quiet(service)
        assert (await house.item(2))["posterSha1"] is not None
        await service.undoing.undo_scene(2)
        await service.undoing.undo_scene(3)
        await quiet(service)
        assert look(await house.item(2)) == look(original)
        assert (await house.item(3))["posterSha1"] is None
        assert "thumb" not in (await house.item(3))["locks"]


#: Where an undo is cut off: before its write is handled, or after it and before it was read back.
CUTS: dict[str, dict[str, Any]] = {
    "before the write": {"method": "PUT", "path": "/library/sections/", "fault": "hang"},
    "after the write": {"method": "GET", "path": "/library/metadata/[0-9,]+$", "after": 1, "fault": "hang"},
}


@pytest.mark.parametrize("cut", list(CUTS))
async def test_an_undo_that_was_killed_is_carried_out_by_the_next_start(house: World, cut: str) -> None:
    original = await made_by_hand(house)
    async with house.running(dies=True) as service:
        await synced(house, service)
        await house.faults(house.plex, CUTS[cut])
        await service.undoing.undo_scene(1)
        await until(lambda: struck(house))
    await house.faults(house.plex)
    async with house.running() as service:
        await quiet(service)
        assert look(await house.item(1)) == look(original)
        assert await service.database.run(lambda c: undos.count(c, "plex")) == 0


async def struck(house: World) -> bool:
    """A request is under way that is never answered."""
    rules = (await house.http.get(f"{house.plex.url}/_sim/faults")).json()
    return any(rule["struck"] for rule in rules)


async def test_what_arrives_beside_an_undo_is_done_after_it_with_the_pins_in_force(house: World) -> None:
    original = await made_by_hand(house)
    async with house.running() as service:
        await synced(house, service)
        await changed_in_stash(house, "Meanwhile")
        await service.undoing.undo_scene(1)
        await service.sync_scenes([1])
        await service.undoing.undo_scene(1)
        await quiet(service)
        assert look(await house.item(1)) == look(original)


async def test_a_run_is_undone_only_where_its_value_still_stands(house: World) -> None:
    async with house.running() as service:
        original = await house.item(1)
        await synced(house, service, "From one run")
        before = await house.item(1)
        await house.edit(1, title="From another", details="From another", date="2013-01-01")
        await service.sync_scenes([1])
        await quiet(service)
        run = (await service.undoing.runs(1))[0]["run"]
        assert run.startswith("sync-")
        await edited(house, 1, summary="A person's")
        await service.undoing.undo_run(run)
        await quiet(service)
        assert look(await house.item(1)) == look(before | {"summary": "A person's"})
        await service.undoing.undo_scene(1)
        await quiet(service)
        assert look(await house.item(1)) == look(original), "what the earlier run wrote is known to be ours still"


async def test_an_unpinned_field_is_written_again_at_once_with_a_new_first_value(house: World) -> None:
    original = await made_by_hand(house)
    async with house.running() as service:
        await synced(house, service)
        await service.undoing.undo_scene(1)
        await quiet(service)
        told = await service.undoing.unpin(1, [Field.TITLE])
        assert told["items"][0]["unpinned"] == ["title"]
        await quiet(service)
        now = await house.item(1)
        assert (now["title"], now["summary"]) == ("Ours", "By hand")
        await service.undoing.undo_scene(1)
        await quiet(service)
        assert look(await house.item(1)) == look(original)


async def test_a_pin_keeps_a_field_as_it_is_whatever_stash_says(house: World) -> None:
    async with house.running() as service:
        await quiet(service)
        before = await house.item(1)
        told = await service.undoing.pin(1, [Field.TITLE])
        assert told["items"][0]["pinned"] == ["title"]
        await changed_in_stash(house)
        await service.sync_scenes([1])
        await quiet(service)
        after = await house.item(1)
        assert (after["title"], after["summary"]) == (before["title"], "From Stash")


async def test_a_field_that_is_pinned_while_a_sync_is_under_way_is_not_written_after_that(house: World) -> None:
    async with house.running() as service:
        await quiet(service)
        before = await house.item(1)
        await house.faults(house.plex, {"method": "GET", "path": "/library/metadata/", "fault": "hang"})
        await changed_in_stash(house)
        await service.sync_scenes([1])
        await until(lambda: struck(house))
        await service.undoing.pin(1, list(Field))
        await house.faults(house.plex)
        await quiet(service)
        assert look(await house.item(1)) == look(before)


async def test_a_value_that_may_be_ours_is_left_alone_and_named(house: World) -> None:
    """The record of the first value was lost: nobody knows what Plex held."""
    async with house.running() as service:
        await synced(house, service)
        path = next(iter(await service.database.run(lambda c: ledger.paths_after(c, "plex", "", 1))))[0]
        assert path
        await service.database.run(lose_the_title)
        told = await service.undoing.undo_scene(1)
        assert told["unknown"][0]["fields"] == ["title"]
        await quiet(service)
        assert (await house.item(1))["title"] == "Ours"
        assert (await house.item(1))["summary"] != "From Stash"


def lose_the_title(connection: Any) -> None:
    connection.exec_driver_sql("UPDATE ledger SET before_known = 0 WHERE field = 'title'")


async def test_an_undo_of_nothing_says_what_there_is_instead(house: World) -> None:
    async with house.running() as service:
        await quiet(service)
        for wish in (service.undoing.undo_scene(99), service.undoing.undo_run("sync-0"), service.undoing.pin(99, ())):
            with pytest.raises(NothingToUndoError) as met:
                await wish
            assert "plexsync" in str(met.value)


async def test_a_library_is_put_back_and_written_no_more_until_a_go(house: World) -> None:
    originals = {path: look(item) for path, item in (await house.items()).items()}
    async with house.running() as service:
        await quiet(service)
        (told,) = await service.uninstall(None)
        assert (told["library"], told["scenes"]) == ("Open movies", 3)
        await quiet(service)
        assert {path: look(item) for path, item in (await house.items()).items()} == originals
        await synced_nowhere(house, service, originals)
        assert any("sync --library" in line for line in service.troubles())
    async with house.running() as service:
        await synced_nowhere(house, service, originals)
        await service.sync_library("Open movies", go=True)
        await until(lambda: ours(house))


async def synced_nowhere(house: World, service: Service, originals: dict[str, Any]) -> None:
    """A change in Stash and a full walk write nothing."""
    await changed_in_stash(house)
    await service.sync_scenes([1])
    await service.sync_all()
    await quiet(service)
    assert {path: look(item) for path, item in (await house.items()).items()} == originals


async def test_a_library_is_undone_and_pinned_and_what_was_never_written_goes_on(house: World) -> None:
    originals = {path: look(item) for path, item in (await house.items()).items()}
    async with house.running() as service:
        await quiet(service)
        (told,) = await service.undo_library("open movies")
        assert told["scenes"] == 3
        await quiet(service)
        await service.sync_all()
        await quiet(service)
        assert {path: look(item) for path, item in (await house.items()).items()} == originals


async def test_an_edit_of_a_field_that_the_user_wants_kept_is_pinned_and_listed(house: World) -> None:
    async with house.running(keep_edits="title") as service:
        await synced(house, service)
        await edited(house, 1, title="A person's", summary="Also")
        await service.sync_scenes([1])
        await quiet(service)
        item = await house.item(1)
        assert (item["title"], item["summary"]) == ("A person's", "From Stash")
        listed = {row["field"]: row for row in await service.undoing.conflicts(10)}
        assert (listed["title"]["ours"], listed["title"]["plex"]) == ("Ours", "A person's")
        assert listed["title"]["done"] == "kept and pinned"
        assert (listed["summary"]["plex"], listed["summary"]["done"]) == ("Also", "restored")
        await changed_in_stash(house, "Newer")
        await service.sync_scenes([1])
        await quiet(service)
        assert (await house.item(1))["title"] == "A person's"
