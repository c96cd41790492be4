"""Collections show the picture of what they are named by, where the rules ask for it."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from plexsync.model.work import Event
from plexsync.sim.library import cover
from plexsync.sync.service import Service
from world import FastClock, World, quiet, world

TOKEN = {"X-Plex-Token": "sim-plex-token", "Accept": "application/json"}
RULES = {"collections": ["studio", "groups"], "collection_pictures": True}


def picture(number: int) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(cover(number)).decode()}"


async def studio(place: World, name: str, number: int | None) -> str:
    values = {"name": name} | ({} if number is None else {"image": picture(number)})
    document = "mutation($input: StudioCreateInput!) { studioCreate(input: $input) { id } }"
    return str((await place.graphql(document, input=values))["studioCreate"]["id"])


async def changed(place: World, number: str, **values: Any) -> None:
    document = "mutation($input: StudioUpdateInput!) { studioUpdate(input: $input) { id } }"
    await place.graphql(document, input={"id": number} | values)


@asynccontextmanager
async def stage(folder: Path, **rules: Any) -> AsyncIterator[World]:
    async with world(folder, scenes=2) as place:
        place.clock = FastClock(60)
        place.settings |= {"PLEXSYNC_RULES": json.dumps(RULES | rules)}
        yield place


async def posters(place: World, title: str) -> list[str]:
    """What Plex lists for a collection, the one that is shown first."""
    found = (await place.http.get(f"{place.plex.url}/_sim/collections")).json()
    key = found[title]["ratingKey"]
    answer = await place.http.get(f"{place.plex.url}/library/metadata/{key}/posters", headers=TOKEN)
    rows = answer.json()["MediaContainer"]["Metadata"]
    return [row["ratingKey"] for row in sorted(rows, key=lambda row: not row.get("selected"))]


async def told(service: Service, *scenes: int) -> None:
    await service.take([Event(type="Scene.Update.Post", id=scene) for scene in scenes])
    await quiet(service)


async def test_a_collection_gets_the_picture_once_for_all_its_items_and_again_when_it_changes(tmp_path: Path) -> None:
    async with stage(tmp_path) as place:
        harbour, plain = await studio(place, "Harbour", 5), await studio(place, "Plain", None)
        await place.edit(1, studio_id=harbour)
        await place.edit(2, studio_id=harbour)
        async with place.running() as service:
            await quiet(service)
            first = await posters(place, "Harbour")
            assert first[0].startswith("upload://")
            assert len(first) == 2
            await place.forget_requests()
            await told(service, 1, 2)
            counts = await place.plex_counts()
            assert (counts["writes"], counts["uploads"]) == (0, 0)
            await changed(place, harbour, image=picture(6))
            await told(service, 1, 2)
            second = await posters(place, "Harbour")
            assert (len(second), second[0] in first) == (3, False)
            assert (await place.plex_counts())["uploads"] == 1
            await place.edit(2, studio_id=plain)
            await told(service, 2)
            assert not (await posters(place, "Plain"))[0].startswith("upload://")


async def test_a_poster_that_a_person_gave_a_collection_stays(tmp_path: Path) -> None:
    async with stage(tmp_path, collection_pictures=False) as place:
        harbour = await studio(place, "Harbour", 5)
        await place.edit(1, studio_id=harbour)
        async with place.running() as service:
            await quiet(service)
            assert not (await posters(place, "Harbour"))[0].startswith("upload://")
        found = (await place.http.get(f"{place.plex.url}/_sim/collections")).json()
        url = f"{place.plex.url}/library/metadata/{found['Harbour']['ratingKey']}/posters"
        await place.http.post(url, content=cover(70), headers=TOKEN)
        theirs = (await posters(place, "Harbour"))[0]
        place.settings["PLEXSYNC_RULES"] = json.dumps(RULES)
        async with place.running() as service:
            await told(service, 1)
            assert (await posters(place, "Harbour"))[0] == theirs
