"""Bulk work that would take away or rename much is held as one question; everything else goes on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from plexsync.model.gaps import Scope
from plexsync.model.work import Lane, Put
from plexsync.store import jobs
from plexsync.sync.brakes.brake import Limits
from plexsync.sync.brakes.questions import NoQuestionError
from plexsync.sync.causes import PICTURE
from plexsync.sync.service import Service
from sync.gaphands import Hands
from sync.test_clearing import walked
from sync.test_lost_updates import at_rest, silently
from world import World, quiet, until, world

FEW = 5
#: Limits that few scenes exceed.
TIGHT = Limits(taken=2, taken_share=0.0, retitled=2, retitled_share=0.0)


async def emptied(place: World, scenes: Iterable[int]) -> None:
    """Somebody empties the summaries by a job of Stash: no hook tells of it."""
    for scene in scenes:
        await silently(place, scene, details="")


async def summaries(place: World) -> list[int]:
    """The scenes of which Plex holds a summary."""
    items = await place.items()
    by_path = {path: item for path, item in items.items() if item["summary"]}
    scenes = await scenes_of(place)
    return sorted(one["id"] for one in scenes if one["paths"][0].replace("/data", "/plex/media", 1) in by_path)


async def scenes_of(place: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await place.http.get(f"{place.stash.url}/_sim/scenes?covers=0")).json()
    return found


async def brake_of(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = (await service.status())["servers"][0]["brake"]
    return found


async def test_a_walk_that_would_clear_too_much_waits_for_one_answer(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=FEW) as (place, service):
        service.servers[0].brake.limits = TIGHT
        whole = await summaries(place)
        assert len(whole) > 3
        await emptied(place, range(1, FEW + 1))
        await place.forget_requests()
        await walked(service)
        assert await summaries(place) == whole
        assert (await place.plex_counts())["writes"] == 0

        question = (await brake_of(service))["question"]
        assert question["scenes"] == len(whole)
        assert question["counts"] == {"clear": len(whole), "restore": 0, "unlink": 0, "retitle": 0, "put_back": 0}
        assert f"{len(whole)} scenes held on Plex (plex): {len(whole)} cleared, of {FEW} linked" in question["says"]
        assert len(question["examples"]) == len(whole)
        example = question["examples"][0]
        assert example["what"] == ["clear"]
        assert example["fields"] == ["summary"]
        assert example["changes"][0]["now"]
        assert example["changes"][0]["will_be"] is None
        assert any("plexsync brake release" in trouble for trouble in (await service.status())["troubles"])

        # Other work goes on: a person's edit of a held scene is written whole, a retitle by a walk as well.
        await service.sync_scenes([whole[0]])
        await silently(place, whole[1], title="Renamed meanwhile", details="Has words again")
        await quiet(service)
        await walked(service)
        assert await summaries(place) == whole[1:]
        assert (await place.item(whole[1]))["title"] == "Renamed meanwhile"
        assert (await brake_of(service))["question"]["scenes"] == len(whole) - 2

        # The same again asks nothing new, and survives a restart.
        await walked(service)
        assert len(await service.questions.listing()) == 1

        released = await service.questions.release(question["id"])
        await quiet(service)
        assert released == len(whole) - 2
        assert await summaries(place) == [whole[1]]
        assert (await brake_of(service))["question"] is None
        with pytest.raises(NoQuestionError, match="was answered already"):
            await service.questions.release(question["id"])


async def test_what_is_looked_at_again_while_it_is_held_counts_once(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=FEW) as (place, service):
        service.servers[0].brake.limits = TIGHT
        whole = await summaries(place)
        await emptied(place, range(1, FEW + 1))
        await walked(service)
        again = [Put(server="plex", scene=scene, lane=Lane.BULK, reason=PICTURE) for scene in whole]
        await service.database.run(lambda c: jobs.put(c, again, place.clock.now()))
        service.servers[0].worker.wake()
        await quiet(service)
        question = (await brake_of(service))["question"]
        assert (question["scenes"], question["counts"]["clear"]) == (len(whole), len(whole))

        # A few of them, after a walk that found nothing else, are no small matter of their own.
        await walked(service)
        few = [replace(one, lane=Lane.CHANGE) for one in again[:2]]
        await service.database.run(lambda c: jobs.put(c, few, place.clock.now()))
        service.servers[0].worker.wake()
        await quiet(service)
        assert await summaries(place) == whole
        assert (await brake_of(service))["question"]["scenes"] == len(whole)

        # Nor does what is not held any more.
        await service.sync_scenes([whole[0]])

        async def told_anew() -> bool:
            question = (await brake_of(service))["question"]
            return bool(question["scenes"] == question["counts"]["clear"] == len(whole) - 1)

        await until(told_anew)


async def test_few_changes_of_a_walk_wait_for_nobody(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=4) as (place, service):
        await emptied(place, range(1, 5))
        await walked(service)
        assert await summaries(place) == []
        assert await service.questions.listing() == []


async def test_what_was_turned_down_is_not_asked_again_until_it_changes(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=FEW) as (place, service):
        service.servers[0].brake.limits = TIGHT
        whole = await summaries(place)
        before = {scene["id"]: scene["details"] for scene in await scenes_of(place)}
        await emptied(place, range(1, FEW + 1))
        await walked(service)
        question = (await brake_of(service))["question"]
        assert await service.questions.reject(question["id"]) == len(whole)
        # Touched without a change: the walk looks at them once more, and knows the answer.
        for scene in whole[:3]:
            await silently(place, scene, organized=True)
        await walked(service)
        assert await summaries(place) == whole
        standing = await brake_of(service)
        assert standing["question"] is None
        assert standing["rejected"] == len(whole)
        why = (await service.why(whole[0]))["servers"][0]["decision"]
        assert why["kind"] == "rejected"
        assert "you turned this change down" in why["reason"]

        # Stash holds again what Plex kept: nothing differs, nothing is left to say.
        for scene in whole:
            await silently(place, scene, details=before[scene])
        await walked(service)
        assert (await brake_of(service))["rejected"] == 0
        assert await summaries(place) == whole


async def test_scenes_that_vanish_from_stash_are_held_as_one_question(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=FEW) as (place, service):
        service.servers[0].brake.limits = TIGHT
        await place.http.request("DELETE", f"{place.stash.url}/_sim/files", json={"path": "/data/"})
        assert await scenes_of(place) == []
        await walked(service)
        question = (await brake_of(service))["question"]
        assert question["counts"]["unlink"] == FEW
        assert question["examples"][0]["instead"] == "Stash has no such scene"
        assert (await service.status())["stash"]["scenes"] == FEW
        await walked(service)
        assert len(await service.questions.listing()) == 1
        assert await service.questions.reject(question["id"]) == FEW
        await walked(service)
        assert (await brake_of(service))["question"] is None
        assert (await service.status())["stash"]["scenes"] == FEW


async def test_what_was_edited_in_plex_is_not_set_back_in_bulk_without_a_question(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=FEW) as (place, service):
        service.servers[0].brake.limits = TIGHT
        for scene in range(1, FEW + 1):
            key = (await place.item(scene))["ratingKey"]
            await place.http.put(f"{place.plex.url}/_sim/items/{key}", json={"summary": "Written in Plex"})
            await silently(place, scene, organized=True)
        await walked(service)
        question = (await brake_of(service))["question"]
        assert question["counts"]["restore"] == FEW
        assert {(await place.item(scene))["summary"] for scene in range(1, FEW + 1)} == {"Written in Plex"}
        # One of them is a person's wish.
        await service.sync_scenes([2])
        await quiet(service)
        assert (await place.item(2))["summary"] != "Written in Plex"
        assert (await brake_of(service))["question"]["scenes"] == FEW - 1


async def test_a_changed_rule_that_renames_much_is_asked_about_and_withdrawn_with_the_rule(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=FEW) as place:
        async with place.running() as service:
            await quiet(service)
            titles = await titles_of(place)
        await renamed_and_back(place, titles)


async def renamed_and_back(place: World, titles: dict[str, str]) -> None:
    with_template(place, "NEW {title}")
    async with place.running() as service:
        service.servers[0].brake.limits = TIGHT
        await quiet(service)
        question = (await brake_of(service))["question"]
        assert question["counts"]["retitle"] == FEW
        assert await titles_of(place) == titles
    with_template(place, "")
    async with place.running() as service:
        await walked(service)

        async def withdrawn() -> bool:
            """the question is withdrawn"""
            return (await brake_of(service))["question"] is None

        await until(withdrawn)
        assert [one["state"] for one in await service.questions.listing()] == ["withdrawn"]
        assert await titles_of(place) == titles


async def titles_of(place: World) -> dict[str, str]:
    return {path: item["title"] for path, item in (await place.items()).items()}


def with_template(place: World, template: str) -> None:
    """The rule for titles in the settings file, for the next start."""
    text = f'[rules]\ntitle = "{template}"\n' if template else ""
    (place.folder / "data").mkdir(exist_ok=True)
    (place.folder / "data" / "plexsync.toml").write_text(text)


async def test_an_unknown_number_is_told_which_ones_wait(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=1) as (_, service):
        with pytest.raises(NoQuestionError, match="question 7 was never asked; waiting for an answer: none"):
            await service.questions.reject(7)


async def test_a_walk_that_sees_no_change_in_stash_drops_no_question_about_edits_in_plex(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=FEW) as (place, service):
        service.servers[0].brake.limits = TIGHT
        hands = Hands(place)
        for scene in range(1, FEW + 1):
            await hands.in_plex(scene, studio="Another")
        await service.reconciling.ask(Scope.ALL)
        await quiet(service)
        question = (await brake_of(service))["question"]
        assert question["counts"]["restore"] == FEW

        await walked(service)
        assert (await brake_of(service))["question"]["scenes"] == FEW
        assert await service.questions.reject(question["id"]) == FEW
        await walked(service)
        await service.reconciling.ask(Scope.ALL)
        await quiet(service)
        standing = await brake_of(service)
        assert (standing["question"], standing["rejected"]) == (None, FEW)
        assert {item["studio"] for item in (await place.items()).values()} == {"Another"}
