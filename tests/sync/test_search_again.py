"""A search that remembers what it found in step finds all that moved since, on either side and in our own store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from plexsync.store import in_step as in_step_rows
from plexsync.store import links
from plexsync.store.database import Connection
from sync.gaphands import found, in_step, searched


async def test_each_kind_of_gap_is_found_by_who_has_just_found_all_in_step(tmp_path: Path) -> None:
    async with in_step(tmp_path) as hands, hands.graph() as graph:
        for _ in range(3):
            assert found(await searched(graph)) == {}
        await hands.stash_file("/data/only/in stash.mp4")
        await hands.in_plex(2, summary="")
        await hands.silent(3, title="Newer in Stash")
        await hands.in_plex(4, studio="Another")
        await hands.plex_file("/plex/media/only/in plex.mp4")
        await graph.service.servers[0].refresh()
        run = await searched(graph, report_only=True)
        assert found(run) == {"missing": 1, "empty": 1, "stale": 1, "drifted": 1, "unknown": 1}
        again = await searched(graph, report_only=True)
        assert found(again) == found(run)
        assert (run["scenes"], run["items"]) == (again["scenes"], again["items"]) == (7, 7)


@pytest.mark.parametrize("what", ["confirmation", "link"])
async def test_a_scene_that_our_own_store_lost_something_of_is_judged_anew(tmp_path: Path, what: str) -> None:
    async with in_step(tmp_path) as hands, hands.graph() as graph:
        (name,) = (server.name for server in graph.service.servers)
        for _ in range(2):
            assert found(await searched(graph)) == {}

        def lose(connection: Connection) -> None:
            if what == "confirmation":
                in_step_rows.drop(connection, name, 5)
                return
            (tie,) = links.of_scenes(connection, name, [5])[5]
            links.replace(connection, name, 5, [replace(tie, plex_path="/plex/media/elsewhere.mp4")])

        await graph.database.run(lose)
        await searched(graph)
        assert [row["scene"] for row in await graph.service.queue(10)] == [5]


async def test_a_hand_that_is_back_where_it_was_is_found_in_step_again(tmp_path: Path) -> None:
    async with in_step(tmp_path) as hands, hands.graph() as graph:
        await searched(graph)
        title = (await hands.place.item(3))["title"]
        await hands.silent(3, title="Newer in Stash")
        assert found(await searched(graph, report_only=True)) == {"stale": 1}
        await hands.silent(3, title=title)
        assert found(await searched(graph, report_only=True)) == {}
