"""What changes in Stash without a hook is right in Plex by the next look, the next look at names, or the next walk."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from plexsync.sim.library import cover
from sync.test_story import picture, sha1
from sync.unheard import NAMES, Silence, silence
from world import quiet

RULES = json.dumps({"collections": ["groups", "parent_studios"]})
MERGE_SCENES = "mutation($input: SceneMergeInput!) { sceneMerge(input: $input) { id } }"
MERGE_TAGS = "mutation($input: TagsMergeInput!) { tagsMerge(input: $input) { id } }"
MERGE_PEOPLE = "mutation($input: PerformerMergeInput!) { performerMerge(input: $input) { id } }"
MOVE = "mutation($input: MoveFilesInput!) { moveFiles(input: $input) }"
ASSIGN = "mutation($input: AssignSceneFileInput!) { sceneAssignFile(input: $input) }"

Change = Callable[[Silence], Awaitable[Any]]
#: What is done, of which scene it is seen, and what its item holds then.
Row = tuple[Change, int, dict[str, Any]]


async def files_of(world: Silence, number: int) -> list[dict[str, Any]]:
    document = "query($id: ID) { findScene(id: $id) { files { id path basename } } }"
    return list((await world.place.graphql(document, id=str(number)))["findScene"]["files"])


async def moved_within_stash(world: Silence, number: int) -> None:
    """Plex sees the file at its new place, too, as an item that it knows nothing of."""
    (file,) = await files_of(world, number)
    before = file["path"].replace("/data", "/plex/media", 1)
    facts = {"path": before, "scan": True}
    await world.place.http.request("DELETE", f"{world.place.plex.url}/_sim/files", json=facts)
    moved = {"path": "/plex/media/moved/it.mp4", "scan": True}
    await world.place.http.post(f"{world.place.plex.url}/_sim/files", json=moved)
    wish = {"ids": [file["id"]], "destination_folder": "/data/moved", "destination_basename": "it.mp4"}
    await world.place.graphql(MOVE, input=wish)


async def merged(world: Silence, document: str, kind: str, source: str, target: str) -> None:
    ids = [await world.named(kind, name) for name in (source, target)]
    await world.place.graphql(document, input={"source": [str(ids[0])], "destination": str(ids[1])})


async def destroyed(world: Silence, kind: str, name: str) -> None:
    number = await world.named(kind, name)
    document = f"mutation($input: {kind.title()}DestroyInput!) {{ {kind}Destroy(input: $input) }}"
    await world.place.graphql(document, input={"id": str(number)})


BY_POLL: dict[str, Row] = {
    "a scene merged into another": (
        lambda world: world.place.graphql(
            MERGE_SCENES, input={"source": ["2"], "destination": "1", "values": {"id": "1", "title": "Both"}}
        ),
        1,
        {"title": "Both"},
    ),
    "tags set by auto-tag": (lambda world: world.scene(3, tags=["Found"]), 3, {"genres": ["Found"]}),
    "performers set by auto-tag": (lambda world: world.scene(4, performers=["Ann"]), 4, {"actors": ["Ann"]}),
    "a cover generated": (
        lambda world: world.scene(5, cover_image=picture(cover(140))),
        5,
        {"posterSha1": sha1(cover(140))},
    ),
    "a performer renamed": (
        lambda world: world.named("performer", "performer 6", rename="Bo"),
        6,
        {"actors": ["Bo"]},
    ),
    "a tag renamed": (lambda world: world.named("tag", "tag 7", rename="Renamed"), 7, {"genres": ["Renamed"]}),
    "a studio renamed": (lambda world: world.named("studio", "studio 8", rename="House"), 8, {"studio": "House"}),
    "a group renamed": (lambda world: world.named("group", "group 9", rename="Saga"), 9, {"collections": ["Saga"]}),
    "a studio given a parent": (
        lambda world: world.named("studio", "studio 10", parent="Above"),
        10,
        {"collections": ["Above", "group 10"]},
    ),
    "a file moved within Stash": (lambda world: moved_within_stash(world, 11), 11, {"title": "moved"}),
    "a file added to a scene": (lambda world: world.file(path="more/second.mp4", scene=12), 12, {}),
}

BY_NAMES: dict[str, Row] = {
    "tags merged": (lambda world: merged(world, MERGE_TAGS, "tag", "tag 1", "tag 2"), 1, {"genres": ["tag 2"]}),
    "performers merged": (
        lambda world: merged(world, MERGE_PEOPLE, "performer", "performer 3", "performer 4"),
        3,
        {"actors": ["performer 4"]},
    ),
    "a tag removed": (lambda world: destroyed(world, "tag", "tag 5"), 5, {"genres": []}),
    "a performer removed": (lambda world: destroyed(world, "performer", "performer 6"), 6, {"actors": []}),
    "a studio removed": (lambda world: destroyed(world, "studio", "studio 7"), 7, {"studio": None}),
    "a group removed": (lambda world: destroyed(world, "group", "group 8"), 8, {"collections": []}),
}


async def wrong(world: Silence, rows: dict[str, Row]) -> dict[str, Any]:
    """Of each row what its item holds instead."""
    found: dict[str, Any] = {}
    for name, (_, scene, wanted) in rows.items():
        item = await world.place.item(scene)
        held = {field: sorted(item[field]) if isinstance(item[field], list) else item[field] for field in wanted}
        if held != wanted:
            found[name] = (held, await world.service.why(scene))
    return found


async def test_all_that_moves_a_time_arrives_by_the_next_look(tmp_path: Path) -> None:
    async with silence(tmp_path, scenes=12, rules=RULES) as world:
        await world.scene(11, title="moved")
        await world.pass_time()
        for change, _, _ in BY_POLL.values():
            await change(world)
        await world.pass_time()
        assert await wrong(world, BY_POLL) == {}
        second = (await world.place.items())["/plex/media/more/second.mp4"]
        assert second["genres"] == ["tag 12"]
        merged_away = (await files_of(world, 1))[1]["path"].replace("/data", "/plex/media", 1)
        assert (await world.place.items())[merged_away]["title"] == "Both"


async def test_what_was_merged_or_removed_of_what_scenes_name_arrives_by_the_next_look_at_names(tmp_path: Path) -> None:
    async with silence(tmp_path, scenes=8, rules=RULES) as world:
        for change, _, _ in BY_NAMES.values():
            await change(world)
        await world.pass_time(NAMES)
        assert await wrong(world, BY_NAMES) == {}


async def test_what_no_time_shows_arrives_by_the_next_walk(tmp_path: Path) -> None:
    async with silence(tmp_path, scenes=4) as world:
        await world.file(path="more/second.mp4", scene=1)
        await world.pass_time()
        second = (await files_of(world, 1))[1]
        await world.place.graphql(ASSIGN, input={"scene_id": "2", "file_id": second["id"]})
        await world.scene(3, title="Imported", updated_at="2020-01-01T00:00:00Z")
        await world.pass_time(NAMES)
        assert (await world.place.item(3))["title"] != "Imported"
        await world.service.sync_all()
        await quiet(world.service)
        assert (await world.place.item(3))["title"] == "Imported"
        handed = (await world.place.items())["/plex/media/more/second.mp4"]
        assert handed["genres"] == ["tag 2"]


async def test_other_pictures_of_what_scenes_name_arrive_by_the_next_look(tmp_path: Path) -> None:
    rules = json.dumps({"collections": ["groups"], "collection_pictures": True})
    async with silence(tmp_path, scenes=2, rules=rules, url_from_plex="http://plexsync.lan:9797") as world:
        shown: list[tuple[str, str]] = []
        for number in (140, 141):
            await world.named("performer", "performer 1", image=picture(cover(number)))
            await world.named("group", "group 2", front_image=picture(cover(number)))
            await world.pass_time()
            face = (await world.place.item(1))["thumbs"]["performer 1"]
            collections = (await world.place.http.get(f"{world.place.plex.url}/_sim/collections")).json()
            shown.append((face, collections["group 2"]["posterSha1"]))
        faces, posters = zip(*shown, strict=True)
        assert all(faces)
        assert faces[0] != faces[1]
        assert posters == (sha1(cover(140)), sha1(cover(141)))
