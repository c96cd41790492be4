"""What Plex should hold for each scene, worked out anew from Stash, and where it holds something else."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Any

from plexsync.art import shaped
from plexsync.model.pictures import Recipe

PLEX_ROOT = "/plex/media"
STASH_ROOT = "/data"
FIELDS = ("title", "summary", "date", "year", "studio", "rating", "genres", "actors", "poster")


def plex_path(path: str) -> str:
    """Where Plex sees a file of Stash."""
    return PLEX_ROOT + path.removeprefix(STASH_ROOT)


def poster_of(cover: bytes) -> str:
    """The sum by which Plex shows a cover of Stash."""
    return hashlib.sha1(shaped(cover, Recipe()), usedforsecurity=False).hexdigest()


def wanted(scene: dict[str, Any], poster: str | None) -> dict[str, Any]:
    """What Plex should hold; lists as sets without case."""
    date = scene["date"] or ""
    return {
        "title": _composed(scene["title"]),
        "summary": _composed(scene["details"]) or None,
        "date": date if len(date) == len("2000-01-01") else None,
        "year": int(date[:4]) if date else None,
        "studio": scene["studio"],
        "rating": None if scene["rating100"] is None else scene["rating100"] / 10,
        "genres": {name.casefold() for name in scene["tags"]},
        "actors": {name.casefold() for name in scene["performers"]},
        "poster": poster,
    }


def held(item: dict[str, Any]) -> dict[str, Any]:
    """The same fields of an item of Plex."""
    return {
        "title": item["title"],
        "summary": item["summary"] or None,
        "date": item["originallyAvailableAt"] or None,
        "year": item["year"],
        "studio": item["studio"] or None,
        "rating": item["userRating"],
        "genres": {name.casefold() for name in item["genres"]},
        "actors": {name.casefold() for name in item["actors"]},
        "poster": item["posterSha1"],
    }


def differences(scenes: list[dict[str, Any]], items: dict[str, dict[str, Any]], posters: dict[int, str]) -> list[str]:
    """One line for each field of each file of each scene that is not as it should be.

    `posters` are the sums that Plex should show, by scene; without one the picture is not looked at.
    """
    found: list[str] = []
    for scene in scenes:
        want = wanted(scene, posters.get(scene["id"]))
        for path in map(plex_path, scene["paths"]):
            if path not in items:
                found.append(f"scene {scene['id']}: Plex has no {path}")
                continue
            have = held(items[path])
            found += [
                f"scene {scene['id']} ({path}), {name}: wanted {want[name]!r}, found {have[name]!r}"
                for name in FIELDS
                if not _same(want[name], have[name]) and not (name == "poster" and want[name] is None)
            ]
    return found


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _same(want: Any, have: Any) -> bool:
    if isinstance(want, float) and isinstance(have, int | float):
        return abs(want - have) < 0.05
    return bool(want == have)
