"""Five kinds of gaps, each made by hand: found, counted, closed or only reported, and gone afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from plexsync.model.errors import SyncError
from plexsync.model.gaps import Scope
from plexsync.sync.gaps.plexsearch import ROTATION
from plexsync.sync.gaps.reconcile import RECONCILE
from sync.gaphands import Hands, found, in_step, searched
from world import quiet, until, world


async def make_each(hands: Hands) -> None:
    """One gap of each kind."""
    await hands.stash_file("/data/only/in stash.mp4")
    await hands.in_plex(2, summary="")
    await hands.silent(3, title="Newer in Stash")
    await hands.in_plex(4, studio="Another")
    await hands.plex_file("/plex/media/only/in plex.mp4")


async def test_each_kind_of_gap_is_found_closed_and_gone_in_the_next_run(tmp_path: Path) -> None:
    async with in_step(tmp_path) as hands:
        before = {scene: await hands.place.item(scene) for scene in (2, 4)}
        await make_each(hands)
        run = await hands.search()
        assert found(run) == {"missing": 1, "empty": 1, "stale": 1, "drifted": 1, "unknown": 1}
        assert {(one["kind"], one["scene"]) for one in run["examples"]} == {
            ("missing", 7),
            ("empty", 2),
            ("stale", 3),
            ("drifted", 4),
            ("unknown", None),
        }
        await hands.plex_file("/plex/media/only/in stash.mp4")
        await hands.stash_file("/data/only/in plex.mp4")
        await hands.work_off()
        assert (await hands.place.item(3))["title"] == "Newer in Stash"
        assert (await hands.place.item(2))["summary"] == before[2]["summary"]
        assert (await hands.place.item(4))["studio"] == before[4]["studio"]
        closed = await hands.run(run["id"])
        assert closed["stage"] == "done"
        assert closed["found"].pop("unknown") == {"left": 1}
        assert list(closed["found"].values()) == [{"closed": 1}] * 4
        again = await hands.search(report_only=True)
        assert found(again) == {}


async def test_a_run_that_only_reports_writes_nothing_and_finds_the_same_again(tmp_path: Path) -> None:
    async with in_step(tmp_path) as hands:
        await make_each(hands)
        await hands.place.forget_requests()
        first, second = await hands.search(report_only=True), await hands.search(report_only=True)
        assert found(first) == found(second) == dict.fromkeys(("missing", "empty", "stale", "drifted", "unknown"), 1)
        assert (await hands.place.plex_counts())["writes"] == 0
        assert second["stage"] == "done"
        assert all(outcomes in ({}, {"left": 1}) for outcomes in second["found"].values())
        async with hands.graph() as graph:
            assert await graph.service.queue(10) == []


async def test_a_run_over_servers_in_step_asks_only_for_listings(tmp_path: Path) -> None:
    async with in_step(tmp_path) as hands:
        await hands.search()
        await hands.place.forget_requests()
        run = await hands.search()
        assert found(run) == {}
        assert (await hands.place.plex_counts())["writes"] == 0
        # One page of each side; at first sight and on its day an item is read whole besides.
        assert run["pages"] == 2
        assert run["read"] == 0
        await hands.work_off()
        assert (await hands.place.plex_counts())["writes"] == 0


async def test_only_what_is_empty_is_found_where_that_is_asked_for(tmp_path: Path) -> None:
    async with in_step(tmp_path) as hands:
        await make_each(hands)
        assert found(await hands.search(Scope.EMPTY, report_only=True)) == {"empty": 1}


async def test_a_run_that_was_cut_off_goes_on_where_it_stood(tmp_path: Path) -> None:
    async with in_step(tmp_path, scenes=3) as hands:
        await hands.silent(1, title="Newer in Stash")
        await hands.plex_file("/plex/media/only/in plex.mp4")
        await hands.place.faults(hands.place.stash, {"path": "/graphql", "fault": "status500"})
        async with hands.graph() as graph:
            number = (await graph.service.reconciling.ask(Scope.ALL))["run"]
            with pytest.raises(SyncError):
                await graph.service.timetable.entries[RECONCILE].run()
            facts = await graph.service.reconciling.run(number)
            assert (facts["stage"], found(facts)) == ("searching", {"unknown": 1})
        await hands.place.faults(hands.place.stash)
        await hands.place.forget_requests()
        async with hands.graph() as graph:
            await graph.service.timetable.entries[RECONCILE].run()
            facts = await graph.service.reconciling.run(number)
            assert (facts["stage"], found(facts)) == ("closing", {"stale": 1, "unknown": 1})
            assert (facts["items"], facts["scenes"], facts["pages"]) == (4, 3, 2)


async def test_a_run_that_was_cut_off_long_ago_begins_anew(tmp_path: Path) -> None:
    async with in_step(tmp_path, scenes=2) as hands:
        await hands.in_plex(2, studio="Another")
        await hands.place.faults(hands.place.stash, {"path": "/graphql", "fault": "status500"})
        async with hands.graph() as graph:
            number = (await graph.service.reconciling.ask(Scope.ALL, report_only=True))["run"]
            with pytest.raises(SyncError):
                await graph.service.timetable.entries[RECONCILE].run()
        await hands.place.faults(hands.place.stash)
        item = await hands.place.item(2)
        await hands.in_plex(2, studio=(await hands.place.item(1))["studio"])
        await hands.in_plex(2, studio=item["studio"])
        hands.place.clock.jump(7 * 3600.0)
        async with hands.graph() as graph:
            await graph.service.timetable.entries[RECONCILE].run()
            facts = await graph.service.reconciling.run(number)
            assert (facts["stage"], facts["pages"], facts["items"]) == ("done", 2, 2)


async def test_two_who_ask_at_once_get_one_run(tmp_path: Path) -> None:
    async with in_step(tmp_path, scenes=2) as hands, hands.place.running() as service:
        first, second = await asyncio.gather(*(service.reconciling.ask(Scope.ALL) for _ in range(2)))
        assert first["run"] == second["run"]
        assert sorted([first["joined"], second["joined"]]) == [False, True]
        await service.reconciling.searched(first["run"])
        await quiet(service)
        assert [run["id"] for run in await service.reconciling.runs(10)] == [first["run"]]


async def test_a_schedule_makes_runs_by_itself_and_one_at_the_start(tmp_path: Path) -> None:
    async with in_step(tmp_path, scenes=2) as hands, hands.place.running(reconcile="hourly") as service:

        async def runs() -> list[str]:
            """why there were runs, the first one first"""
            return [run["cause"] for run in reversed(await service.reconciling.runs(10)) if run["ended_at"]]

        await until(runs)
        await quiet(service)
        assert await runs() == ["start"]
        hands.place.clock.leap(3600.0)
        await until(lambda: _longer(runs, 1))
        assert await runs() == ["start", "schedule"]


async def _longer(rows: Callable[[], Awaitable[list[str]]], than: int) -> bool:
    return len(await rows()) > than


async def test_a_picture_or_a_list_that_was_changed_in_plex_is_found_by_its_time(tmp_path: Path) -> None:
    async with in_step(tmp_path, scenes=3) as hands:
        await hands.search()
        await hands.in_plex(1, genres=["Somebody's"])
        await hands.in_plex(2, labels=["Theirs"])
        run = await hands.search(report_only=True)
        # A label of somebody else is no gap; what was read whole for it is not read again.
        assert [(gap["scene"], gap["fields"]) for gap in run["examples"]] == [(1, ["genres"])]
        assert run["read"] == 2
        again = await hands.search(report_only=True)
        assert (again["read"], found(again)) == (1, {"drifted": 1})


async def test_each_item_is_read_whole_in_its_turn(tmp_path: Path) -> None:
    async with in_step(tmp_path, scenes=4) as hands, hands.graph() as graph:
        await searched(graph)
        read = 0
        for _ in range(ROTATION):
            hands.place.clock.jump(24 * 3600.0)
            read += (await searched(graph))["read"]
        assert read == 4


async def test_what_is_old_is_found_only_where_everything_is_looked_at(tmp_path: Path) -> None:
    async with in_step(tmp_path, scenes=3) as hands:
        await hands.silent(1, title="Newer in Stash")
        await hands.in_plex(2, studio="Another")
        both = {"stale": 1, "drifted": 1}
        async with hands.graph() as graph:
            for days, scopes in ((0, ("24h", "7d", "all")), (3, ("7d", "all")), (5, ("all",))):
                hands.place.clock.jump(days * 24 * 3600.0)
                for scope in Scope:
                    run = await searched(graph, scope, report_only=True)
                    assert found(run) == (both if scope in scopes else {}), (days, scope)


async def test_what_waits_for_a_persons_go_is_decided_and_not_written(tmp_path: Path) -> None:
    async with in_step(tmp_path, scenes=3, PLEXSYNC_PREVIEW_FIRST_CONTACT="true") as hands:
        run = await hands.search()
        assert run["stage"] == "done"
        assert sum(outcomes.get("decided", 0) for outcomes in run["found"].values()) == 3
        assert (await hands.place.plex_counts())["writes"] == 0


async def test_a_library_that_fails_does_not_keep_the_rest_from_being_searched(tmp_path: Path) -> None:
    async with in_step(tmp_path, scenes=3) as hands:
        await hands.silent(1, title="Newer in Stash")
        await hands.in_plex(2, studio="Another")
        broken = {"path": "/library/sections/1/all", "method": "GET", "fault": "status500"}
        async with hands.graph() as graph:
            await hands.place.faults(hands.place.plex, broken)
            number = (await graph.service.reconciling.ask(Scope.ALL, report_only=True))["run"]
            with pytest.raises(SyncError):
                await graph.service.timetable.entries[RECONCILE].run()
            assert found(await graph.service.reconciling.run(number)) == {"stale": 1}
            await hands.place.faults(hands.place.plex)
            await graph.service.timetable.entries[RECONCILE].run()
            done = await graph.service.reconciling.run(number)
            assert (done["stage"], found(done)) == ("done", {"stale": 1, "drifted": 1})
            assert (done["scenes"], done["items"]) == (3, 3)


async def test_what_a_run_wrote_can_be_undone_by_its_name(tmp_path: Path) -> None:
    async with in_step(tmp_path, scenes=2) as hands:
        await hands.in_plex(2, studio="Another")
        run = await hands.search()
        await hands.work_off()
        assert (await hands.place.item(2))["studio"] != "Another"
        async with hands.place.running() as service:
            await service.undoing.undo_run(f"reconcile-{run['id']}")
            await quiet(service)
        assert (await hands.place.item(2))["studio"] == "Another"


async def test_pinned_fields_and_edits_that_are_kept_are_no_gaps(tmp_path: Path) -> None:
    async with in_step(tmp_path, scenes=2, PLEXSYNC_KEEP_EDITS="summary") as hands:
        await hands.in_plex(1, summary="Mine", userRating=3.0)
        await hands.search()
        await hands.work_off()
        assert (await hands.place.item(1))["summary"] == "Mine"
        assert found(await hands.search(report_only=True)) == {}


async def test_an_item_that_plex_fails_on_does_not_hide_its_neighbours(tmp_path: Path) -> None:
    async with in_step(tmp_path, scenes=3) as hands:
        for scene in (1, 2, 3):
            await hands.in_plex(scene, studio="Another")
        key = (await hands.place.item(2))["ratingKey"]
        poison = {"path": f"/library/metadata/.*{key}.*", "method": "GET", "fault": "status500"}
        await hands.place.faults(hands.place.plex, poison)
        run = await hands.search(report_only=True)
        assert {gap["scene"] for gap in run["examples"]} == {1, 3}


async def test_what_cannot_be_searched_for_hours_is_told_and_holds_nothing_up(tmp_path: Path) -> None:
    async with in_step(tmp_path, scenes=3) as hands:
        await hands.silent(1, title="Newer in Stash")
        broken = {"path": "/library/sections/1/all", "method": "GET", "fault": "status500"}
        async with hands.graph() as graph:
            await hands.place.faults(hands.place.plex, broken)
            number = (await graph.service.reconciling.ask(Scope.ALL, report_only=True))["run"]
            with pytest.raises(SyncError):
                await graph.service.timetable.entries[RECONCILE].run()
            hands.place.clock.jump(7 * 3600.0)
            await graph.service.timetable.entries[RECONCILE].run()
            done = await graph.service.reconciling.run(number)
            assert (done["stage"], done["scenes"], found(done)) == ("done", 3, {"stale": 1})
            assert "not all could be searched" in done["trouble"]


async def test_what_plex_held_already_and_lost_is_found_though_it_was_never_written(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=2) as place:
        hands = Hands(place)
        await hands.silent(1, title="The same in both")
        await hands.in_plex(1, title="The same in both")
        await hands.work_off()
        await hands.in_plex(1, title="Another")
        run = await hands.search()
        assert [(gap["kind"], gap["scene"], gap["fields"]) for gap in run["examples"]] == [("drifted", 1, ["title"])]
        await hands.work_off()
        assert (await hands.place.item(1))["title"] == "The same in both"
