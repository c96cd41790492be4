"""Covers of a real Stash as posters in Plex."""

from __future__ import annotations

import base64
from pathlib import Path

from live.films import film, scene_at
from live.house import RUN, House
from live.server import Scene, Stash
from pictures import alike, data_url, form, picture, sha1_of
from plexsync.demo.waiting import until

KINDS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF")
LARGEST = 1500
PATIENCE = 30.0
#: Edits until two of them fall into one second.
TRIES = 40


def covered(stash: Stash, scene: Scene, content: bytes, kind: str = "JPEG") -> None:
    """A user gives a scene a cover, and Stash serves just that."""
    stash.edit(scene["id"], cover_image=data_url(content, kind))
    assert stash.cover(scene["id"]).content == content


def test_covers_of_every_format_become_posters_that_show_the_same_and_are_sent_once(house: House, stash: Stash) -> None:
    scenes = stash.scenes()[: len(KINDS) + 1]
    sources = [picture(f"{kind} {RUN}", kind) for kind in KINDS]
    sources.append(picture(f"large {RUN}", "PNG", (3000, 2000)))
    for scene, content, kind in zip(scenes, sources, [*KINDS, "PNG"], strict=True):
        covered(stash, scene, content, kind)
    house.settings()
    with house.daemon() as daemon:
        posters = [house.poster(scene) for scene in scenes]
        assert [alike(*both) for both in zip(posters, sources, strict=True)] == [True] * len(scenes)
        assert [form(poster) for poster in posters[:-1]] == [("JPEG", (640, 360))] * len(KINDS)
        assert form(posters[-1]) == ("JPEG", (LARGEST, 1000))
        # A small JPEG is sent as it is.
        assert posters[0] == sources[0]
        assert [house.item(scene)["uploads"] for scene in scenes] == [1] * len(scenes)
        before = house.write_counts()
        daemon.sync(all=True)
        house.until_walked(daemon, 2)
        assert house.write_counts() == before


def test_a_scene_without_a_cover_leaves_plex_its_own_poster_until_stash_makes_one(
    house: House, stash: Stash, folder: Path
) -> None:
    file = folder / "No cover.mp4"
    film(stash, file)
    stash.scan(str(folder), covers=False)
    scene = scene_at(stash, file)
    drawn = stash.cover(scene["id"])
    assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/svg+xml")
    house.add_to_plex([scene])
    stash.edit(scene["id"], title=f"Without cover {RUN}")
    before = house.poster(scene)
    house.settings()
    with house.daemon() as daemon:
        item = house.item(scene)
        assert (item["title"], item["uploads"]) == (f"Without cover {RUN}", 0)
        assert house.poster(scene) == before
        stash.new_cover(scene["id"], 1.0)
        made = stash.cover(scene["id"])
        assert made.headers["content-type"] == "image/jpeg"
        daemon.sync(scenes=[int(scene["id"])])
        house.until_equal([scene["id"]], "the cover that Stash made is in Plex")
        assert house.poster(scene) == made.content


def test_a_cover_replaced_in_the_second_in_which_it_was_synced_arrives_with_the_next_walk(
    house: House, stash: Stash
) -> None:
    scene = stash.scenes()[1]
    first, second = picture(f"first of a second {RUN}"), picture(f"second of a second {RUN}")
    house.settings()
    with house.daemon() as daemon:
        for _ in range(TRIES):
            covered(stash, scene, first)
            told = stash.scene(scene["id"])["updated_at"]
            daemon.sync(scenes=[int(scene["id"])])
            until(lambda: house.item(scene)["posterSha1"] == sha1_of(first), PATIENCE, "the first cover", every=0.005)
            covered(stash, scene, second)
            if stash.scene(scene["id"])["updated_at"] == told:
                break
        else:
            raise AssertionError("no two edits fell into one second")
        daemon.sync(all=True)
        house.until_walked(daemon, 2)
        assert house.item(scene)["posterSha1"] == sha1_of(second)


def test_a_cover_that_is_no_picture_leaves_the_poster_and_keeps_nothing_else_from_plex(
    house: House, stash: Stash
) -> None:
    """A scraper whose picture was a page that says "not found" leaves such covers behind."""
    odd = {
        "a web page": b"<!doctype html><html><h1>404 Not Found</h1></html>",
        "a text": b"this is no picture",
        "half a JPEG": picture(f"half {RUN}")[:2000],
    }
    scenes = stash.scenes()[: len(odd)]
    before = [house.poster(scene) for scene in scenes]
    for scene, (name, content) in zip(scenes, odd.items(), strict=True):
        document = f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"
        stash.edit(scene["id"], title=f"Cover is {name} {RUN}", cover_image=document)
    house.settings()
    with house.daemon() as daemon:
        assert [house.item(scene)["title"] for scene in scenes] == [f"Cover is {name} {RUN}" for name in odd]
        assert [house.poster(scene) for scene in scenes] == before
        status = daemon.status()
        assert status["troubles"] == []
        assert status["servers"][0]["queue"]["dead"] == 0
    for scene in scenes:
        covered(stash, scene, picture(f"mended {scene['id']} {RUN}"))
