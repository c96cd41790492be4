"""Files that are renamed, changed, deleted or cleaned away: found by the next look, or by the next walk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from plexsync.pluginfiles import install
from plexsync.store import seen
from sync.test_silent_changes import files_of
from sync.unheard import NAMES, Silence, silence
from world import FastClock, quiet, until

DELETE = "mutation($ids: [ID!]!) { deleteFiles(ids: $ids) }"
MORE = "/data/more/second.mp4"


async def linked(world: Silence, number: int) -> list[str]:
    """The items of a scene, by their paths in Stash's words."""
    (server,) = (await world.service.why(number))["servers"]
    return sorted(item["path"].replace("/plex/media", "/data", 1) for item in server["items"])


async def with_a_second_file(world: Silence, number: int) -> list[dict[str, Any]]:
    await world.file(path="more/second.mp4", scene=number)
    await world.pass_time()
    # What was touched just before it was read is looked at once more.
    await world.pass_time()
    files = await files_of(world, number)
    assert await linked(world, number) == sorted(file["path"] for file in files)
    return files


async def everything_walked(world: Silence) -> None:
    await world.service.sync_all()
    await quiet(world.service)


async def in_plex(world: Silence, path: str) -> dict[str, Any]:
    return (await world.place.items())[path.replace("/data", "/plex/media", 1)]


async def test_a_folder_that_is_renamed_moves_no_time_and_is_found_by_the_next_walk(tmp_path: Path) -> None:
    async with silence(tmp_path, scenes=2) as world:
        (file,) = await files_of(world, 1)
        folder, name = file["path"].rsplit("/", 1)
        plex = f"{world.place.plex.url}/_sim/files"
        gone = {"path": file["path"].replace("/data", "/plex/media", 1), "scan": True}
        await world.place.http.request("DELETE", plex, json=gone)
        await world.place.http.post(plex, json={"path": f"/plex/media/Renamed/{name}", "scan": True})
        told = await world.place.http.post(
            f"{world.place.stash.url}/_sim/folders", json={"path": folder, "to": "/data/Renamed"}
        )
        assert told.json() == {"moved": 1}
        await world.pass_time()
        await world.pass_time(NAMES)
        assert (await in_plex(world, f"/data/Renamed/{name}"))["studio"] != "studio 1"
        await everything_walked(world)
        assert (await in_plex(world, f"/data/Renamed/{name}"))["studio"] == "studio 1"


async def test_one_of_several_files_that_is_deleted_moves_no_time_and_is_found_by_the_next_walk(tmp_path: Path) -> None:
    async with silence(tmp_path, scenes=2) as world:
        first, second = await with_a_second_file(world, 1)
        await world.place.graphql(DELETE, ids=[second["id"]])
        await world.pass_time()
        await world.pass_time(NAMES)
        assert second["path"] in await linked(world, 1)
        await everything_walked(world)
        assert await linked(world, 1) == [first["path"]]


async def test_one_of_several_files_that_is_cleaned_away_is_found_by_the_next_look(tmp_path: Path) -> None:
    async with silence(tmp_path, scenes=2) as world:
        first, second = await with_a_second_file(world, 1)
        gone = await world.place.http.request(
            "DELETE", f"{world.place.stash.url}/_sim/files", json={"path": first["path"]}
        )
        assert gone.json() == {"gone": []}
        await world.pass_time()
        assert await linked(world, 1) == [second["path"]]
        assert (await in_plex(world, second["path"]))["genres"] == ["tag 1"]


async def test_a_file_that_is_changed_in_place_is_known_as_it_is_by_the_next_look(tmp_path: Path) -> None:
    async with silence(tmp_path, scenes=2) as world:
        (file,) = await files_of(world, 1)

        async def known() -> str:
            return (await world.service.database.run(lambda c: seen.known(c, [1])))[1].content_hash

        before = await known()
        answer = await world.place.http.post(
            f"{world.place.stash.url}/_sim/files", json={"path": file["path"], "size": 77_000_000}
        )
        assert answer.json() == {"id": 1}
        await world.pass_time()
        assert await known() == (await world.service.stash.scenes([1]))[1].content_hash != before
        assert (await world.place.item(1))["studio"] == "studio 1"


async def test_what_a_hook_tells_is_in_plex_within_two_seconds_of_the_daemons_clock(tmp_path: Path) -> None:
    """The clock goes at a tenth of its pace, so that a slow machine breaks nothing."""
    spool = install(tmp_path / "plugins")
    clock = FastClock(0.1)
    folders = (tmp_path / "plugins",)
    async with silence(
        tmp_path, scenes=3, clock=clock, plugins=folders, stash_poll="600", spool_folders=str(spool)
    ) as world:

        async def seconds_until(field: str, number: int, value: Any) -> float:
            began = clock.now()

            async def arrived() -> bool:
                return bool((await world.place.item(number))[field] == value)

            await until(arrived)
            return clock.now() - began

        await world.place.edit(1, title="At once")
        assert await seconds_until("title", 1, "At once") < 2
        tag = await world.named("tag", "tag 2")
        update = f'mutation {{ tagUpdate(input: {{id: {tag}, name: "Renamed"}}) {{ id }} }}'
        await world.place.graphql(update)
        assert await seconds_until("genres", 2, ["Renamed"]) < 2
        # A file that is changed in place moves no time of its scene; the scan's hook tells.
        (file,) = await files_of(world, 3)
        await world.place.http.post(
            f"{world.place.stash.url}/_sim/files", json={"path": file["path"], "size": 77_000_000}
        )
        began = clock.now()
        wanted = (await world.service.stash.scenes([3]))[3].content_hash

        async def known() -> bool:
            found = await world.service.database.run(lambda c: seen.known(c, [3]))
            return found[3].content_hash == wanted

        await until(known)
        assert clock.now() - began < 2
