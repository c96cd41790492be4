"""With the plugin in Stash: what has a hook arrives at once, however far away the next look is."""

from __future__ import annotations

from pathlib import Path

from plexsync.pluginfiles import install
from sync.test_silent_changes import MERGE_TAGS
from sync.unheard import Silence, silence
from world import until


async def updated(world: Silence, kind: str, name: str, to: str) -> None:
    number = await world.named(kind, name)
    document = f"mutation($input: {kind.title()}UpdateInput!) {{ {kind}Update(input: $input) {{ id }} }}"
    await world.place.graphql(document, input={"id": str(number), "name": to})


async def test_each_thing_that_scenes_name_has_its_hook(tmp_path: Path) -> None:
    spool = install(tmp_path / "plugins")
    rules = '{"collections": ["groups"]}'
    seldom = silence(
        tmp_path,
        scenes=5,
        plugins=(tmp_path / "plugins",),
        stash_poll="600",
        spool_folders=str(spool),
        rules=rules,
    )
    async with seldom as world:
        await updated(world, "performer", "performer 1", "Ann")
        await updated(world, "tag", "tag 2", "Renamed")
        await updated(world, "studio", "studio 3", "House")
        await updated(world, "group", "group 4", "Saga")
        tags = [await world.named("tag", f"tag {number}") for number in (5, 1)]
        await world.place.graphql(MERGE_TAGS, input={"source": [str(tags[0])], "destination": str(tags[1])})

        async def arrived() -> bool:
            items = [await world.place.item(number) for number in range(1, 6)]
            told = [items[0]["actors"], items[1]["genres"], items[2]["studio"], items[3]["collections"]]
            return [*told, items[4]["genres"]] == [["Ann"], ["Renamed"], "House", ["Saga"], ["tag 1"]]

        await until(arrived)
