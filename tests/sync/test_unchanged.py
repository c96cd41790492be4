"""A second run over an unchanged library of all sorts writes nothing, sends no picture and reads none."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from plexsync.sync.service import Service
from world import FastClock, World, until, world

#: Real seconds until as many scenes are in step, on the slowest machine.
PATIENCE = 1800.0
PICTURE = re.compile(r"/(scene|performer|tag|studio|group)/[0-9]+/(screenshot|image|frontimage)")
GALLERY = re.compile(r"/library/(metadata|collections)/[0-9]+/(posters?|arts?|file|thumb)")
RULES = {
    "tags": [
        {"under": "Moods", "to": ["label", "genre"]},
        {"under": "Series", "to": "collection"},
    ],
    "collections": ["groups", "parent_studios"],
    "labels": ["code"],
    "title": "{studio|suffix: - }{title}",
    "sort_title": "{group|suffix: }{title|without_article}",
    "tagline": "{performers|take:2|join: & }",
    "content_rating": "PG",
    "role": "{aliases|first}",
    "collection_pictures": True,
}
SETTINGS: dict[str, Any] = {
    "url_from_plex": "http://plexsync.lan:9797",
    "sync_background": "true",
    "people_pictures": "always",
}
KINDS = ("JPEG", "PNG", "WEBP", "GIF", "none", "large")


def drawn(kind: str, number: int) -> str:
    """A picture of that kind, each another one."""
    size = (1800, 1000) if kind == "large" else (64, 36)
    written = io.BytesIO()
    ground = (number % 250, number // 250 * 7 % 250, 90)
    Image.new("RGB", size, ground).save(written, "PNG" if kind == "large" else kind)
    return f"data:image/x;base64,{base64.b64encode(written.getvalue()).decode()}"


async def posted(place: World, route: str, **content: Any) -> None:
    answer = await place.http.post(f"{place.stash.url}/_sim/{route}", json=content)
    assert answer.status_code == 200, answer.text


async def furnished(place: World, scenes: int) -> None:
    """Covers of every kind and none, people with and without pictures, groups, nested tags and studios."""
    for name, above in (("calm", "Moods"), ("deep calm", "calm"), ("Waves", "Series"), ("Waves 2", "Waves")):
        await posted(place, "named", kind="tag", name=name, parents=[above])
    await posted(place, "named", kind="studio", name="Blender Foundation", parent="Blender")
    for number in range(1, 5):
        await posted(place, "named", kind="performer", name=f"Star {number}", image=drawn("PNG", number))
    await posted(place, "named", kind="group", name="Group 1", front_image=drawn("JPEG", 90))
    await posted(place, "named", kind="tag", name="Waves 2", image=drawn("JPEG", 91))
    for scene in range(1, scenes + 1):
        kind = KINDS[scene % len(KINDS)]
        await posted(
            place,
            "silent",
            id=scene,
            cover_image=None if kind == "none" else drawn(kind, scene),
            performers=[f"Star {scene % 5}", f"Plain {scene % 7}"],
            tags=[("calm", "deep calm", "Waves", "Waves 2", "loud")[scene % 5], f"tag {scene % 40}"],
            groups=[{"name": f"Group {scene % 3}", "scene_index": scene}],
        )


async def pictures_read(place: World) -> list[str]:
    """The pictures that Stash sent, and those that Plex was asked for; "it is still that one" is none."""
    at_stash = (await place.http.get(f"{place.stash.url}/_sim/requests")).json()["requests"]
    at_plex = (await place.http.get(f"{place.plex.url}/_sim/requests")).json()["requests"]
    sent = [one["path"] for one in at_stash if PICTURE.search(one["path"]) and one["status"] != 304]
    return sent + [one["path"] for one in at_plex if GALLERY.search(one["path"])]


async def rest(service: Service) -> None:
    await until(service.quiet, patience=PATIENCE, every=0.05)


async def nothing_was_done(place: World) -> None:
    """Since it was counted anew."""
    counts = await place.plex_counts()
    assert (counts["writes"], counts["uploads"]) == (0, 0)
    assert await pictures_read(place) == []
    await place.forget_requests()


async def story(folder: Path, scenes: int) -> None:
    async with world(folder, scenes=scenes) as place:
        place.clock = FastClock(60)
        await furnished(place, scenes)
        settings: dict[str, Any] = {"rules": json.dumps(RULES), **SETTINGS}
        async with place.running(**settings) as service:
            await rest(service)
            items = await place.items()
            covers = sum(KINDS[scene % len(KINDS)] != "none" for scene in range(1, scenes + 1))
            assert sum(item["posterSha1"] is not None for item in items.values()) == covers
            assert {name for item in items.values() for name, face in item["thumbs"].items() if face} == {
                f"Star {number}" for number in range(1, 5)
            }
            # What a picture was checked for in the second in which it changed is checked once more.
            place.clock.leap(3600)
            await service.sync_all()
            await rest(service)
            before = await place.items()
            await place.forget_requests()
            await service.sync_all()
            await rest(service)
            await nothing_was_done(place)
        async with place.running(**settings) as service:
            await rest(service)
            await nothing_was_done(place)
            await service.sync_scenes(range(1, scenes + 1))
            await rest(service)
            await nothing_was_done(place)
        assert await place.items() == before


@pytest.mark.timeout(1800)
async def test_a_second_run_over_sixty_scenes_of_all_sorts_does_nothing(tmp_path: Path) -> None:
    await story(tmp_path, 60)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_a_second_run_over_a_thousand_scenes_of_all_sorts_does_nothing(tmp_path: Path) -> None:
    await story(tmp_path, 1000)
