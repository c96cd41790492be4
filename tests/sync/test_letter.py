"""A dead letter says what a person needs to know, and no more than fits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from plexsync.model.fields import Field, Value
from plexsync.model.plan import Because, Change, Plan
from plexsync.model.rules import RuleBook
from plexsync.model.scene import Scene, SceneFile
from plexsync.model.work import Job, Lane
from plexsync.sim.library import cover
from plexsync.sync.story.scene import Attempt
from plexsync.sync.work.letter import LONGEST_TEXT, MOST_CHANGES, MOST_ENTRIES, context_of
from sync.test_story import picture, play
from world import until

JOB = Job(server="plex", scene=1, lane=Lane.CHANGE, reasons=("hook", "walk"), generation=1, token="t", attempts=5)


def attempt(*changes: tuple[Field, Value, Value]) -> Attempt:
    found = tuple(Change(field=f, before=b, after=a, because=Because.CHANGED) for f, b, a in changes)
    return Attempt(job=JOB, plans=(Plan(scene=1, rating_key=7, section=2, path="/a.mp4", changes=found),))


async def test_a_scene_that_was_given_up_leaves_its_plan_its_reasons_and_its_times(tmp_path: Path) -> None:
    async with play(tmp_path) as it:
        key = (await it.place.item(1))["ratingKey"]
        was = (await it.place.item(1))["title"]
        await it.place.faults(
            it.place.plex, {"path": f"/library/metadata/{key}/posters", "method": "POST", "fault": "status500"}
        )
        await it.edited(1, title="Poison", cover_image=picture(cover(77)))

        async def dead() -> Any:
            return await it.service.dead(10)

        [letter] = await until(dead)
        context = letter["context"]
        assert context["title"] == "Poison"
        assert context["path"].startswith("/data/")
        assert "hook" in context["reasons"][0]
        title = next(change for change in context["plan"] if change["field"] == "title")
        assert title == {
            "item": int(key),
            "library": 1,
            "field": "title",
            "before": was,
            "after": "Poison",
            "because": "changed in Stash",
        }
        assert {change["field"] for change in context["plan"]} >= {"title", "poster"}
        assert letter["attempts"] == 6
        assert letter["first_failed_at"] < letter["failure"]["at"] <= letter["died_at"]
        assert json.loads(json.dumps(letter)) == letter


def test_before_any_read_there_are_only_the_reasons() -> None:
    assert context_of(Attempt(job=JOB), RuleBook()) == {"reasons": ["hook", "walk"], "index_version": 0}


def test_a_scene_without_a_file_has_no_path() -> None:
    told = context_of(Attempt(job=JOB, scene=Scene(id=1, title="T")), RuleBook())
    assert (told["title"], told["path"]) == ("T", None)


def test_long_texts_long_lists_and_many_changes_are_cut() -> None:
    names = tuple(f"tag {number}" for number in range(500))
    told = context_of(
        attempt(
            (Field.SUMMARY, None, "x" * 100_000),
            (Field.GENRES, (), (*names, "y" * 100_000)),
            *[(Field.TITLE, "a", "b")] * 100,
        ),
        RuleBook(),
    )
    assert len(told["plan"]) == MOST_CHANGES
    assert told["more_changes"] == 102 - MOST_CHANGES
    assert len(told["plan"][0]["after"]) == LONGEST_TEXT
    assert told["plan"][0]["after"].endswith("…")
    assert told["plan"][1]["after"][MOST_ENTRIES:] == ["and 451 more"]
    huge = attempt(*[(Field.GENRES, ("z" * 9_999,) * 999, ("z" * 9_999,) * 999)] * 999)
    assert len(json.dumps(context_of(huge, RuleBook()))) < 600_000


def test_the_primary_file_s_path_is_told() -> None:
    scene = Scene(id=1, title="T", files=(SceneFile(path="/data/a.mp4"), SceneFile(path="/data/b.mp4")))
    assert context_of(Attempt(job=JOB, scene=scene), RuleBook())["path"] == "/data/a.mp4"
