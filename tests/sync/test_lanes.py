"""A single edit does not wait behind the scenes of a whole library."""

from __future__ import annotations

from pathlib import Path

import pytest

from plexsync.model.work import Event, Lane
from plexsync.store import queue
from plexsync.sync.service import Service
from world import FastClock, World, until, world

#: Real seconds for the start.
LONG = 600.0


async def in_bulk(service: Service) -> int:
    """How many jobs wait in the bulk lane."""
    rows = await service.database.run(lambda c: queue.listing(c, limit=100_000))
    return sum(row.lane is Lane.BULK for row in rows)


async def written(place: World) -> list[str]:
    """The addresses of all writes that Plex got, in their order."""
    log = (await place.http.get(f"{place.plex.url}/_sim/requests")).json()["requests"]
    return [row["path"] for row in log if row["kind"] == "write"]


async def goes_first(folder: Path, scenes: int, *, speed: float) -> None:
    """A performer of all scenes is renamed, then one of them is edited, all while the bulk lane is at work."""
    async with world(folder, scenes=scenes, clock=FastClock(speed)) as place:
        make = 'mutation { performerCreate(input: {name: "Star"}) { id } }'
        star = int((await place.graphql(make))["performerCreate"]["id"])
        named = {"ids": [str(star)], "mode": "SET"}
        bulk = {"ids": [str(number + 1) for number in range(scenes)], "performer_ids": named}
        await place.graphql(
            "mutation($input: BulkSceneUpdateInput!) { bulkSceneUpdate(input: $input) { id } }", input=bulk
        )
        # The backlog of a library in preview is not written, so that all writes are of what happens here.
        async with place.running(dies=True, preview_first_contact="true") as service:
            await until(service.quiet, patience=LONG)
            await place.forget_requests()
            rename = f'mutation {{ performerUpdate(input: {{id: {star}, name: "Star renamed"}}) {{ id }} }}'
            await place.graphql(rename)
            await service.take([Event(type="Performer.Update.Post", id=star)])

            async def at_work() -> bool:
                return bool(await written(place))

            await until(at_work)
            assert await in_bulk(service) > scenes // 2
            await place.edit(scenes, title="A single edit")
            await service.take([Event(type="Scene.Update.Post", id=scenes)])

            async def arrived() -> bool:
                return bool((await place.item(scenes))["title"] == "A single edit")

            await until(arrived)
            left, writes = await in_bulk(service), await written(place)
            assert left > scenes // 2, left
            assert len(writes) < scenes // 2, len(writes)
            assert "Star renamed" in (await place.item(scenes))["actors"]


async def test_a_single_edit_beside_the_scenes_of_a_renamed_performer_is_written_before_most_of_them(
    tmp_path: Path,
) -> None:
    await goes_first(tmp_path, 200, speed=1)


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_so_it_is_beside_5000(tmp_path: Path) -> None:
    await goes_first(tmp_path, 5000, speed=10)
