"""Facts for scenes that a scan found: every field that can reach Plex, in every script."""

from __future__ import annotations

import io
from pathlib import PurePosixPath

from PIL import Image, UnidentifiedImageError

from live.server import Scene, Stash
from pictures import cover

TITLES = ("Étude № {0}", "夜の歌 {0}", "Ночной свет {0}", "Rock & Roll + {0}% = “{0}”", "Plain {0}", "Zażółć 🎬 {0}")
DATES = ("2001-02-03", "1999-12-31", "2020-02-29", "2012")
TAGS = ("night", "Café", "slow, long", "4K", "夜")
#: Pixels, beyond which a picture is made smaller.
LARGEST = 1500
PEOPLE = ("Ana Lima", "Bo Ek", "Ёлка Орлова", "D'Arcy O’Neil")


def furnish(stash: Stash) -> None:
    """Give every scene a title, a text, a date, a rating, a studio, tags and people. Doing it twice changes nothing."""
    tags = {name: stash.named("tag", name) for name in TAGS}
    people = {name: stash.named("performer", name) for name in PEOPLE}
    scenes = stash.scenes()
    studios = {name: stash.named("studio", name) for name in dict.fromkeys(map(_folder, scenes))}
    for number, scene in enumerate(scenes):
        stash.edit(
            scene["id"],
            title=TITLES[number % len(TITLES)].format(number),
            details=f"First line of {number}.\n\nSecond, with “quotes” & <brackets>.",
            date=DATES[number % len(DATES)],
            rating100=(number * 7) % 100 + 1,
            studio_id=studios[_folder(scene)],
            tag_ids=[tags[TAGS[number % len(TAGS)]], tags[TAGS[(number + 2) % len(TAGS)]]],
            performer_ids=[people[PEOPLE[number % len(PEOPLE)]]],
        )
        if not _goes_as_it_is(stash.cover(scene["id"]).content):
            stash.edit(scene["id"], cover_image=cover(f"furnished {number}")[0])


def _goes_as_it_is(content: bytes) -> bool:
    """Whether a cover becomes a poster byte for byte; another test may have left one that does not."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            picture.load()
            return picture.format == "JPEG" and max(picture.size) <= LARGEST
    except (UnidentifiedImageError, OSError):
        return False


def _folder(scene: Scene) -> str:
    return PurePosixPath(scene["files"][0]["path"]).parent.parent.name
