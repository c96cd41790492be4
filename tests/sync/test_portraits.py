"""Pictures of people: one for each name of a server, written once, and only where it shows nowhere else."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from plexsync.model.work import Event
from plexsync.sim.library import cover
from plexsync.sync.service import Service
from world import LIBRARY, FastClock, World, quiet, world

HOOK = "Scene.Update.Post"
BASE = "http://plexsync.lan:9797"
STAR = "Star"


def picture(number: int) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(cover(number)).decode()}"


async def performer(place: World, name: str, number: int | None = None, **more: Any) -> str:
    """A new performer, with that picture."""
    values = {"name": name} | more | ({} if number is None else {"image": picture(number)})
    document = "mutation($input: PerformerCreateInput!) { performerCreate(input: $input) { id } }"
    return str((await place.graphql(document, input=values))["performerCreate"]["id"])


async def changed(place: World, number: str, **values: Any) -> None:
    document = "mutation($input: PerformerUpdateInput!) { performerUpdate(input: $input) { id } }"
    await place.graphql(document, input={"id": number} | values)


@asynccontextmanager
async def stage(folder: Path, *, scenes: int = 2) -> AsyncIterator[World]:
    """A world whose PlexSync has a name that Plex knows."""
    async with world(folder, scenes=scenes) as place:
        place.clock = FastClock(60)
        place.settings |= {"PLEXSYNC_URL_FROM_PLEX": BASE}
        yield place


async def faces(place: World, scenes: int = 2) -> list[dict[str, str]]:
    """What Plex shows of the people of each scene, without those it shows nothing of."""
    items = [await place.item(scene) for scene in range(1, scenes + 1)]
    return [{name: address for name, address in item["thumbs"].items() if address} for item in items]


async def walked(service: Service) -> None:
    await service.sync_all()
    await quiet(service)


async def told(service: Service, *scenes: int) -> None:
    await service.take([Event(type=HOOK, id=scene) for scene in scenes])
    await quiet(service)


async def test_a_picture_goes_along_with_the_first_put_and_is_written_once_for_all_items(tmp_path: Path) -> None:
    async with stage(tmp_path, scenes=3) as place:
        star = await performer(place, STAR, 1)
        plain = await performer(place, "Plain")
        for scene in (1, 2, 3):
            await place.edit(scene, performer_ids=[star, plain])
        async with place.running() as service:
            await quiet(service)
            shown = await faces(place, 3)
            assert shown == [{STAR: shown[0][STAR]}] * 3
            assert shown[0][STAR].startswith(f"{BASE}/art/performer/{star}/")
            assert (await place.item(1))["actors"] == [STAR, "Plain"]
            assert (await place.plex_counts())["writes"] == 3
            log = (await place.http.get(f"{place.plex.url}/_sim/requests")).json()["requests"]
            assert sum("tag.thumb" in str(one["query"]) for one in log) == 1
            await place.forget_requests()
            await walked(service)
            await told(service, 1, 2, 3)
            assert (await place.plex_counts())["writes"] == 0


async def test_a_picture_changed_in_stash_costs_one_write_in_all(tmp_path: Path) -> None:
    async with stage(tmp_path, scenes=3) as place:
        star = await performer(place, STAR, 1)
        for scene in (1, 2, 3):
            await place.edit(scene, performer_ids=[star], title=f"Scene {scene}")
        async with place.running() as service:
            await quiet(service)
            before = await faces(place, 3)
            await place.forget_requests()
            await changed(place, star, image=picture(2))
            place.clock.leap(3600)
            await walked(service)
            after = await faces(place, 3)
            assert after == [{STAR: after[0][STAR]}] * 3 != before
            assert (await place.plex_counts())["writes"] == 1
            assert (await place.item(1))["roles"] == {STAR: ""}
            await walked(service)
            await told(service, 1, 2, 3)
            assert (await place.plex_counts())["writes"] == 1


async def test_a_performer_touched_without_a_new_picture_costs_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path) as place:
        star = await performer(place, STAR, 1)
        await place.edit(1, performer_ids=[star])
        async with place.running() as service:
            await quiet(service)
            await place.forget_requests()
            await changed(place, star, details="touched")
            await walked(service)
            assert (await place.plex_counts())["writes"] == 0


async def test_of_two_with_one_name_the_lowest_id_with_a_picture_wins_for_good(tmp_path: Path) -> None:
    async with stage(tmp_path, scenes=3) as place:
        bare = await performer(place, STAR)
        first = await performer(place, STAR, 1, disambiguation="first")
        second = await performer(place, STAR, 2, disambiguation="second")
        for scene, who in enumerate((second, first, bare), 1):
            await place.edit(scene, performer_ids=[who])
        async with place.running() as service:
            await quiet(service)
            await told(service, 1)
            shown = await faces(place, 3)
            assert shown == [{STAR: shown[0][STAR]}] * 3
            assert f"/performer/{first}/" in shown[0][STAR]
            await place.forget_requests()
            await walked(service)
            await told(service, 2, 1, 3)
            assert (await place.plex_counts())["writes"] == 0


@pytest.mark.parametrize("mode", ["safe", "always", "never"])
async def test_people_whom_another_library_lists_are_left_alone_unless_told_otherwise(
    tmp_path: Path, mode: str
) -> None:
    async with stage(tmp_path, scenes=1) as place:
        await place.http.post(
            f"{place.plex.url}/_sim/sections",
            json={"title": "Films", "path": "/plex/films", "agent": "tv.plex.agents.movie", "items": 1},
        )
        found = await place.graphql("{ findScene(id: 1) { performers { id name } } }")
        known, *_ = found["findScene"]["performers"]
        await changed(place, known["id"], image=picture(1))
        star = await performer(place, STAR, 2)
        await place.edit(1, performer_ids=[known["id"], star])
        async with place.running(people_pictures=mode) as service:
            await quiet(service)
            await walked(service)
            wanted = {"safe": {STAR}, "always": {STAR, known["name"]}, "never": set()}
            assert set((await faces(place, 1))[0]) == wanted[mode]
            log = (await place.http.get(f"{place.plex.url}/_sim/requests")).json()["requests"]
            asked = [one["path"] for one in log if "/actor" in one["path"]]
            assert len(asked) == (1 if mode == "safe" else 0)


async def test_pictures_wait_while_another_library_does_not_tell_whom_it_lists(tmp_path: Path) -> None:
    async with stage(tmp_path, scenes=1) as place:
        await place.http.post(
            f"{place.plex.url}/_sim/sections",
            json={"title": "Films", "path": "/plex/films", "agent": "tv.plex.agents.movie", "items": 1},
        )
        star = await performer(place, STAR, 2)
        await place.edit(1, performer_ids=[star], title="Told all the same")
        await place.faults(place.plex, {"path": "/library/sections/2/actor", "fault": "status500"})
        async with place.running() as service:
            await quiet(service)
            assert (await place.item(1))["title"] == "Told all the same"
            assert await faces(place, 1) == [{}]
            await place.faults(place.plex)
            place.clock.leap(700)
            await walked(service)
            assert set((await faces(place, 1))[0]) == {STAR}


async def test_a_picture_taken_away_in_stash_gives_plex_its_own_back(tmp_path: Path) -> None:
    async with stage(tmp_path) as place:
        star = await performer(place, STAR, 1)
        await place.edit(1, performer_ids=[star])
        async with place.running() as service:
            await quiet(service)
            assert set((await faces(place))[0]) == {STAR}
            await changed(place, star, image=None)
            await walked(service)
            assert (await faces(place))[0] == {}
            await place.forget_requests()
            await walked(service)
            assert (await place.plex_counts())["writes"] == 0


@pytest.mark.parametrize("fault", ["cut", "status500"])
async def test_a_picture_whose_write_failed_arrives_with_the_next_attempt(tmp_path: Path, fault: str) -> None:
    async with stage(tmp_path) as place:
        star = await performer(place, STAR, 1)
        for scene in (1, 2):
            await place.edit(scene, performer_ids=[star])
        await place.faults(place.plex, {"path": "/library/sections/1/all", "method": "PUT", "fault": fault, "times": 2})
        async with place.running() as service:
            await quiet(service)
            shown = await faces(place)
            assert shown == [{STAR: shown[0][STAR]}] * 2
            await place.forget_requests()
            await walked(service)
            await told(service, 1, 2)
            assert (await place.plex_counts())["writes"] == 0


async def test_who_leaves_a_library_gives_its_people_their_pictures_back(tmp_path: Path) -> None:
    async with stage(tmp_path) as place:
        star = await performer(place, STAR, 1)
        for scene in (1, 2):
            await place.edit(scene, performer_ids=[star])
        async with place.running() as service:
            await quiet(service)
            assert set((await faces(place))[0]) == {STAR}
            await service.uninstall(LIBRARY)
            await quiet(service)
            assert await faces(place) == [{}, {}]


async def test_without_an_address_for_plex_nobody_gets_a_picture_until_there_is_one(tmp_path: Path) -> None:
    async with stage(tmp_path, scenes=1) as place:
        star = await performer(place, STAR, 1)
        await place.edit(1, performer_ids=[star])
        settings = dict(place.settings)
        place.settings.clear()
        async with place.running() as service:
            await quiet(service)
            assert await faces(place, 1) == [{}]
            (hint,) = (await service.status())["hints"]
            assert "url_from_plex" in hint
        for base in (BASE, "http://other.lan:9797"):
            place.settings.update(settings | {"PLEXSYNC_URL_FROM_PLEX": base})
            async with place.running() as service:
                await walked(service)
                assert (await faces(place, 1))[0][STAR].startswith(f"{base}/art/")
                assert (await service.status())["hints"] == []


async def test_a_library_in_preview_gets_no_pictures_of_people_either(tmp_path: Path) -> None:
    async with stage(tmp_path, scenes=1) as place:
        star = await performer(place, STAR, 1)
        await place.edit(1, performer_ids=[star])
        # What was touched lately counts as changed since, and would be written.
        place.clock.leap(7200)
        async with place.running(preview_first_contact="true") as service:
            await quiet(service)
            await walked(service)
            assert await faces(place, 1) == [{}]
            assert (await place.plex_counts())["writes"] == 0


async def test_a_role_rule_and_the_picture_come_in_one_put(tmp_path: Path) -> None:
    async with stage(tmp_path, scenes=1) as place:
        star = await performer(place, STAR, 1)
        await place.edit(1, performer_ids=[star])
        async with place.running(rules=json.dumps({"role": "as {name}"})) as service:
            await quiet(service)
            assert (await place.item(1))["roles"] == {STAR: f"as {STAR}"}
            assert set((await faces(place, 1))[0]) == {STAR}
            assert (await place.plex_counts())["writes"] == 1
