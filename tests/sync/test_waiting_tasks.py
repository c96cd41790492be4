"""Where its settings say so, a long task stays in Stash's job list until it is done, and shows how far it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sync.test_lost_updates import silently
from sync.test_tasks import PLUGIN, START, Pages, pages
from world import until

WAIT = 'mutation($input: Map!) { configurePlugin(plugin_id: "PlexSyncDaemon", input: $input) }'
JOB = "query($id: ID!) { findJob(input: {id: $id}) { status progress } }"
#: So slow is the listing of Plex that more than one telling falls into it.
SLOW = {"path": "/library/sections/1/all", "method": "GET", "fault": "delay", "seconds": 0.6}


async def pressed(it: Pages, name: str) -> str:
    """The id of the job of a button."""
    return str((await it.place.graphql(START, plugin=PLUGIN, name=name))["runPluginTask"])


async def job(it: Pages, ident: str) -> dict[str, Any]:
    return dict((await it.place.graphql(JOB, id=ident))["findJob"])


async def ended(it: Pages, ident: str) -> dict[str, Any]:
    """The job once it is over."""

    async def over() -> dict[str, Any] | None:
        found = await job(it, ident)
        return found if found["status"] == "FINISHED" else None

    found: dict[str, Any] = await until(over)
    return found


async def test_a_long_task_stays_in_the_job_list_until_it_is_done(tmp_path: Path) -> None:
    async with pages(tmp_path) as it:
        await it.place.graphql(WAIT, input={"waitForTasks": True})
        for name in ("Reconcile all", "Refresh Plex index", "Suggest path rules"):
            before = len(await it.log())
            assert (await ended(it, await pressed(it, name)))["progress"] == 1

            async def answered(name: str = name, before: int = before) -> bool:
                told = [line.split(": ", 1)[1] for line in (await it.log())[before:]]
                return f"{name}: done." in told and any("handed" not in one and "done." not in one for one in told)

            await until(answered)


async def test_how_far_it_is_is_shown_while_it_runs(tmp_path: Path) -> None:
    async with pages(tmp_path) as it:
        await it.place.graphql(WAIT, input={"waitForTasks": True})
        await it.place.faults(it.place.plex, SLOW)
        ident = await pressed(it, "Refresh Plex index")

        async def shown() -> bool:
            found = await job(it, ident)
            return found["status"] == "RUNNING" and found["progress"] is not None

        await until(shown)
        await it.place.faults(it.place.plex)
        assert (await ended(it, ident))["progress"] == 1


async def test_of_a_search_the_share_is_shown_that_was_looked_at(tmp_path: Path) -> None:
    async with pages(tmp_path) as it:
        await it.place.graphql(WAIT, input={"waitForTasks": True})
        # What a page brought is kept at once where it put something.
        await silently(it.place, 1, title="Not told")
        item = (await it.place.item(2))["ratingKey"]
        await it.place.http.put(f"{it.place.plex.url}/_sim/items/{item}", json={"title": "By hand"})
        await it.place.faults(it.place.plex, SLOW)
        await it.place.faults(it.place.stash, SLOW | {"path": "/graphql", "method": "POST"})
        ident = await pressed(it, "Reconcile all")
        shown: set[float] = set()

        async def over() -> bool:
            found = await job(it, ident)
            shown.add(found["progress"] or 0.0)
            return bool(found["status"] == "FINISHED")

        await until(over)
        assert any(0 < one < 1 for one in shown), shown


async def test_a_task_that_nobody_waits_for_costs_stash_one_question_about_that(tmp_path: Path) -> None:
    async with pages(tmp_path) as it:
        await it.place.forget_requests()
        await it.task("Reconcile all")
        log = (await it.place.http.get(f"{it.place.stash.url}/_sim/requests")).json()["requests"]
        # One asks whether anybody waits, the other brings the answer.
        assert [row["label"] for row in log].count("RunOperation") == 2
