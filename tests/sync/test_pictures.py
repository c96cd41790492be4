"""Posters and backgrounds: whose they are, and that each is sent once."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from plexsync.art import shaped
from plexsync.model.pictures import Recipe, Shape
from plexsync.model.work import Event
from plexsync.sim.library import cover
from plexsync.sync.service import Service
from world import FastClock, World, quiet, until, world

HOOK = "Scene.Update.Post"
TOKEN = {"X-Plex-Token": "sim-plex-token", "Accept": "application/json"}
POSTER = Recipe(shape=Shape.POSTER)


def picture(content: bytes, kind: str = "jpeg") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def drawn(kind: str, colour: tuple[int, int, int], size: tuple[int, int] = (64, 36)) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, colour).save(written, kind)
    return written.getvalue()


def sha1(content: bytes, recipe: Recipe | None = None) -> str:
    return hashlib.sha1(shaped(content, recipe or Recipe()), usedforsecurity=False).hexdigest()


@asynccontextmanager
async def play(folder: Path, *, scenes: int = 1, **settings: str) -> AsyncIterator[tuple[World, Service]]:
    async with world(folder, scenes=scenes) as place:
        place.clock = FastClock(60)
        place.settings |= {f"PLEXSYNC_{name.upper()}": value for name, value in settings.items()}
        async with place.running() as service:
            await quiet(service)
            yield place, service


async def edited(place: World, service: Service, scene: int, **values: Any) -> None:
    await place.edit(scene, **values)
    await told(service, scene)


async def told(service: Service, scene: int) -> None:
    await service.take([Event(type=HOOK, id=scene)])
    await quiet(service)


async def listed(place: World, key: str, name: str = "posters") -> list[str]:
    """What Plex lists, the one that is shown first."""
    answer = await place.http.get(f"{place.plex.url}/library/metadata/{key}/{name}", headers=TOKEN)
    rows = answer.json()["MediaContainer"]["Metadata"]
    return [row["ratingKey"] for row in sorted(rows, key=lambda row: not row.get("selected"))]


async def choose(place: World, key: str, chosen: bytes | str) -> str:
    """A person uploads a poster of their own in Plex, or chooses one that is listed; its key."""
    url = f"{place.plex.url}/library/metadata/{key}"
    if isinstance(chosen, bytes):
        answer = await place.http.post(f"{url}/posters", content=chosen, headers=TOKEN)
    else:
        answer = await place.http.put(f"{url}/poster", params={"url": chosen}, headers=TOKEN)
    assert answer.status_code == 200, answer.text
    return (await listed(place, key))[0]


async def test_covers_of_every_kind_arrive_once_and_a_second_run_sends_nothing(tmp_path: Path) -> None:
    covers = {
        1: ("jpeg", drawn("JPEG", (200, 0, 0))),
        2: ("png", drawn("PNG", (0, 200, 0))),
        3: ("webp", drawn("WEBP", (0, 0, 200))),
        4: ("gif", drawn("GIF", (200, 200, 0))),
    }
    async with world(tmp_path, scenes=5) as place:
        place.clock = FastClock(60)
        for scene, (kind, content) in covers.items():
            await place.edit(scene, cover_image=picture(content, kind))
        await place.http.post(f"{place.stash.url}/_sim/silent", json={"id": 5, "cover_image": None})
        async with place.running() as service:
            await quiet(service)
            for scene, (_, content) in covers.items():
                assert (await place.item(scene))["posterSha1"] == sha1(content)
            assert (await place.item(5))["posterSha1"] is None
            counts = await place.plex_counts()
            assert (counts["uploads"], counts["repeats"]) == (4, 0)
            await place.forget_requests()
            for scene in range(1, 6):
                await told(service, scene)
            counts = await place.plex_counts()
            assert (counts["writes"], counts["uploads"]) == (0, 0)
            log = (await place.http.get(f"{place.plex.url}/_sim/requests")).json()["requests"]
            assert [one for one in log if "/posters" in one["path"]] == []


async def test_each_library_gets_the_shape_of_its_rules_and_the_cover_whole_as_background(tmp_path: Path) -> None:
    rules = json.dumps({"picture_shape": "poster"})
    async with play(tmp_path, rules=rules, sync_background="true") as (place, service):
        item = await place.item(1)
        assert item["posterSha1"] == sha1(cover(1), POSTER)
        assert item["artSha1"] == sha1(cover(1))
        assert {"thumb", "art"} <= set(item["locks"])
        asked = (await place.http.get(f"{place.stash.url}/_sim/requests")).json()["requests"]
        assert len([one for one in asked if one["path"].startswith("/scene/1/screenshot")]) == 1
        await place.forget_requests()
        await edited(place, service, 1, cover_image=picture(cover(50)))
        item = await place.item(1)
        assert (item["posterSha1"], item["artSha1"]) == (sha1(cover(50), POSTER), sha1(cover(50)))
        counts = await place.plex_counts()
        assert (counts["uploads"], counts["repeats"]) == (2, 0)


async def test_a_changed_shape_is_written_by_the_next_walk(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=1) as place:
        place.clock = FastClock(60)
        async with place.running() as service:
            await quiet(service)
        async with place.running(rules=json.dumps({"picture_shape": "poster"})) as service:
            await service.sync_all()
            await quiet(service)
            await until(lambda: shows(place, sha1(cover(1), POSTER)))


async def shows(place: World, wanted: str) -> bool:
    return bool((await place.item(1))["posterSha1"] == wanted)


async def test_a_poster_that_a_person_chose_is_kept_and_pinned_where_edits_are_to_be_kept(tmp_path: Path) -> None:
    async with play(tmp_path, keep_edits="poster") as (place, service):
        key = (await place.item(1))["ratingKey"]
        theirs = await choose(place, key, drawn("PNG", (9, 9, 9)))
        await told(service, 1)
        await edited(place, service, 1, cover_image=picture(cover(60)), title="All else goes on")
        assert (await listed(place, key))[0] == theirs
        assert (await place.item(1))["title"] == "All else goes on"


@pytest.mark.parametrize("owner", ["stash", "fill"])
async def test_a_poster_that_a_person_chose_is_restored_or_respected_by_owner(tmp_path: Path, owner: str) -> None:
    """`stash` shows ours again; `fill` leaves theirs, also when the cover changes in Stash."""
    async with play(tmp_path, owner_poster=owner) as (place, service):
        key = (await place.item(1))["ratingKey"]
        ours = f"upload://posters/{sha1(cover(1))}"
        assert (await listed(place, key))[0] == ours
        theirs = await choose(place, key, drawn("PNG", (9, 9, 9)))
        await told(service, 1)
        assert (await listed(place, key))[0] == (ours if owner == "stash" else theirs)
        await edited(place, service, 1, cover_image=picture(cover(60)))
        wanted = f"upload://posters/{sha1(cover(60))}" if owner == "stash" else theirs
        assert (await listed(place, key))[0] == wanted
        counts = await place.plex_counts()
        assert counts["uploads"] == (3 if owner == "stash" else 2)
        await place.forget_requests()
        await told(service, 1)
        counts = await place.plex_counts()
        assert (counts["writes"], counts["uploads"]) == (0, 0)


@pytest.mark.parametrize("first", ["upload", "frame"])
async def test_fill_writes_over_a_frame_of_the_video_and_over_nothing_that_was_chosen(
    tmp_path: Path, first: str
) -> None:
    async with world(tmp_path, scenes=1) as place:
        place.clock = FastClock(60)
        key = (await place.item(1))["ratingKey"]
        before = (await listed(place, key))[0]
        assert before.startswith("media://")
        if first == "upload":
            before = await choose(place, key, drawn("PNG", (7, 7, 7)))
        async with place.running(owner_poster="fill") as service:
            await quiet(service)
            shown = (await listed(place, key))[0]
            assert shown == (before if first == "upload" else f"upload://posters/{sha1(cover(1))}")


async def test_an_older_picture_of_ours_that_a_person_chose_is_replaced_without_another_upload(tmp_path: Path) -> None:
    async with play(tmp_path) as (place, service):
        key = (await place.item(1))["ratingKey"]
        first = (await listed(place, key))[0]
        await edited(place, service, 1, cover_image=picture(cover(61)))
        second = (await listed(place, key))[0]
        assert await choose(place, key, first) == first
        await place.forget_requests()
        await told(service, 1)
        assert (await listed(place, key))[0] == second
        assert (await place.plex_counts())["uploads"] == 0


async def test_a_plan_tells_how_much_plex_will_grow(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=1) as place:
        place.clock = FastClock(60)
        async with place.running(preview_first_contact="true") as service:
            await quiet(service)
            (planned,) = [one async for one in service.plan([1])]
            assert planned.growth == len(shaped(cover(1), Recipe()))
            assert (await place.plex_counts())["uploads"] == 0
            await service.sync_library("Open movies", go=True)
            await quiet(service)
            (planned,) = [one async for one in service.plan([1])]
            assert (planned.growth, planned.plans[0].changes) == (0, ())
