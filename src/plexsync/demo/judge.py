"""The judge: what Plex should hold for a scene, worked out here anew, and where it holds something else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from plexsync.demo.stage import PLEX_ROOT, STASH_ROOT

FIELDS = ("title", "summary", "date", "year", "studio", "rating", "genres", "actors", "poster")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field of one scene in which Plex is not what Stash says."""

    scene: int
    field: str
    wanted: Any
    found: Any


def wanted(scene: dict[str, Any]) -> dict[str, Any]:
    """What Plex should hold, in the words of the simulated Plex; lists as sets without case."""
    date = scene["date"] or ""
    return {
        "title": scene["title"],
        "summary": scene["details"] or None,
        "date": date if len(date) == len("2000-01-01") else None,
        "year": int(date[:4]) if date else None,
        "studio": scene["studio"],
        "rating": scene["rating100"] / 10 if scene["rating100"] else None,
        "genres": _set(scene["tags"]),
        "actors": _set(scene["performers"]),
        "poster": scene["cover"]["sha1"] if scene["cover"] else None,
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
        "genres": _set(item["genres"]),
        "actors": _set(item["actors"]),
        "poster": item["posterSha1"],
    }


def plex_path(path: str) -> str:
    """Where Plex sees a file of Stash."""
    return PLEX_ROOT + path.removeprefix(STASH_ROOT)


def differences(scenes: list[dict[str, Any]], items: dict[str, dict[str, Any]]) -> list[Difference]:
    """Every field of every scene in which the two do not agree."""
    found: list[Difference] = []
    for scene in scenes:
        for path in scene["paths"]:
            item = items.get(plex_path(path))
            if item is None:
                found.append(Difference(scene=scene["id"], field="item", wanted=plex_path(path), found=None))
                continue
            have, want = held(item), wanted(scene)
            found += [
                Difference(scene=scene["id"], field=name, wanted=want[name], found=have[name])
                for name in FIELDS
                if not _same(want[name], have[name])
            ]
    return found


def _same(want: Any, have: Any) -> bool:
    if isinstance(want, float) and isinstance(have, int | float):
        return abs(want - have) < 0.05
    return bool(want == have)


def _set(names: list[str]) -> list[str]:
    return sorted(name.casefold() for name in names)
