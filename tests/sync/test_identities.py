"""A Stash or a Plex that turns out to be another one: nothing is written until a person says which it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from plexsync.model.errors import Incompatible
from plexsync.sim.plex import PlexOptions
from plexsync.sim.plex import create_app as plex_app
from plexsync.sim.serving import serving
from plexsync.stash.client import StashClient
from plexsync.store import preferences
from plexsync.store.database import Connection
from plexsync.sync.gates.identities import StashIdentity
from plexsync.sync.service import Service
from sync.test_lost_updates import edited
from world import World, quiet, until, world


async def asked(service: Service, kind: str) -> dict[str, Any]:
    """The question of that kind, once it is asked."""
    found: list[dict[str, Any]] = []

    async def waits() -> bool:
        """there is such a question"""
        found[:] = [one for one in await service.questions.listing() if one["state"] == "open" and one["kind"] == kind]
        return bool(found)

    await until(waits)
    return found[0]


def other_files(connection: Connection) -> None:
    """The scenes that are known had other files, as if Stash had been made anew."""
    known = preferences.get(connection, "stash files")
    assert known
    preferences.put(connection, "stash files", {number: [f"other{number}"] for number in known})


async def test_a_stash_whose_numbers_mean_other_files_holds_everything_until_it_is_said_to_be_the_same(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, scenes=4) as place:
        async with place.running() as service:
            await quiet(service)
            await service.database.run(other_files)
        await place.forget_requests()
        async with place.running() as service:
            question = await asked(service, "other Stash")
            assert "release --new" in question["says"]
            await edited(place, service, 1, title="Not written yet")

            async def held() -> bool:
                """Stash is held, and status says so"""
                troubles = (await service.status())["troubles"]
                return any("by the same numbers" in trouble for trouble in troubles) and any(
                    trouble.startswith("Stash is held") for trouble in troubles
                )

            await until(held)
            assert (await place.plex_counts())["writes"] == 0
            await service.questions.release(question["id"])

            async def written() -> bool:
                """the edit arrives"""
                return bool((await place.item(1))["title"] == "Not written yet")

            await until(written)


async def test_a_stash_that_was_made_anew_is_met_anew_and_its_scenes_find_their_items(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=4) as place:
        async with place.running() as service:
            await quiet(service)
            await service.database.run(other_files)
        async with place.running() as service:
            question = await asked(service, "other Stash")
            assert (await service.status())["stash"]["scenes"] == 4
            await service.questions.release(question["id"], new=True)
            assert (await service.status())["stash"]["scenes"] == 0
            await service.sync_all()
            await quiet(service)
            assert (await service.status())["stash"]["scenes"] == 4
            for scene in range(1, 5):
                assert [item["in_step"] for item in (await service.why(scene))["servers"][0]["items"]] == [True]


async def test_one_replaced_file_makes_no_other_stash(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=4) as place:
        async with place.running() as service:
            await quiet(service)

            def two_others(connection: Connection) -> None:
                known: dict[str, list[str]] = preferences.get(connection, "stash files") or {}
                changed = {number: [f"other{number}"] for number in list(known)[:2]}
                preferences.put(connection, "stash files", known | changed)

            await service.database.run(two_others)
        async with place.running() as service:
            await quiet(service)
            assert await service.questions.listing() == []


async def test_a_stash_that_was_made_anew_is_told_from_the_known_one_while_it_still_scans(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=2) as place, place.running() as service:
        await quiet(service)
        stash = StashClient(place.stash.url)
        identity = StashIdentity(stash=stash, database=service.database, clock=place.clock)
        six = {str(number): [f"other{number}"] for number in range(1, 7)}
        await service.database.run(lambda c: preferences.put(c, "stash files", six))
        try:
            # Two scenes prove nothing, and are not taken for the known ones either.
            await identity.compare()
            for name in ("three", "four"):
                file = {"path": f"/data/{name}.mp4"}
                (await place.http.post(f"{place.stash.url}/_sim/files", json=file)).raise_for_status()
            # A walk that began before these came does not end by taking it for the known one.
            with pytest.raises(Incompatible):
                await identity.learn()
            assert await service.database.run(lambda c: preferences.get(c, "stash files")) == six
            with pytest.raises(Incompatible):
                await identity.compare()
        finally:
            await stash.close()


async def test_another_plex_is_written_once_it_is_said_to_take_the_place_of_the_known_one(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=2) as place:
        async with place.running() as service:
            await quiet(service)
        with serving(plex_app(PlexOptions(items=2, machine_identifier="another-machine"))) as other:
            moved = World(folder=place.folder, stash=place.stash, plex=other, http=place.http, clock=place.clock)
            async with moved.running() as service:
                await said_to_be_the_same(moved, service)


async def said_to_be_the_same(place: World, service: Service) -> None:
    question = await asked(service, "other Plex")
    assert "another-machine" in question["says"]
    await edited(place, service, 1, title="Waits for an answer")
    assert (await place.plex_counts())["writes"] == 0
    await service.questions.release(question["id"])

    async def written() -> bool:
        """the edit arrives"""
        return bool((await place.item(1))["title"] == "Waits for an answer")

    await until(written)
    assert [one["state"] for one in await service.questions.listing()] == ["released"]
