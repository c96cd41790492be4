"""A Plex scans with PlexSync as its provider, in front of a real Stash that is stopped and started."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import httpx2
import pytest

from live.figures import show
from live.films import with_filling
from live.house import PLEX_ROOT, House
from live.keeper import Keeper
from live.server import Scene, Stash
from pictures import data_url, picture
from plexsync.demo.waiting import until
from provider.filmlist import Film, film_list
from provider.plexlibraries import PATIENCE, Libraries, missing, wrong

#: How many files are scanned, where not `PLEXSYNC_LIVE_FILES`.
FILES = 2_000
#: The library of all other files of Stash.
REST = "The rest"
TAGS = ("scan one", "scan two", "scan three")


def laid_out(folder: Path, films: list[Film], sample: bytes) -> None:
    """Those files lie on the disk that Stash is to know; twins have the same content."""
    for film in films:
        if film.known:
            number = film.number if film.twin is None else film.twin
            path = folder / film.place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(with_filling(sample, hashlib.sha256(f"{folder} {number}".encode()).hexdigest()))


def scenes_of(stash: Stash, folder: Path, films: list[Film]) -> dict[int, Scene]:
    """The scene of each film that Stash knows, by the film's number."""
    by_path = {file["path"]: scene for scene in stash.scenes() for file in scene["files"]}
    found = {film.number: by_path.get(str(folder / film.place)) for film in films}
    return {number: scene for number, scene in found.items() if scene is not None}


def furnish(stash: Stash, scenes: list[Scene]) -> None:
    """Each says something that a provider tells, and something that only a sync writes."""
    tags = [stash.named("tag", name) for name in TAGS]
    studio = stash.named("studio", "Scan house")
    for scene in scenes:
        number = int(scene["id"])
        stash.edit(
            scene["id"],
            title=f"Scanned {number}",
            details=f"All of {number}.",
            date=f"20{number % 20:02}-01-02",
            rating100=number % 100 + 1,
            studio_id=studio,
            tag_ids=tags,
            cover_image=data_url(picture(f"Scanned {number}", size=(160, 90))),
        )


def appeared(stash: Stash, folder: Path, films: list[Film]) -> dict[int, Scene]:
    """Stash scans until it has every one: a single scan may pass some by."""

    def all_there() -> dict[int, Scene]:
        stash.scan(str(folder), covers=False, patience=PATIENCE)
        found = scenes_of(stash, folder, films)
        return found if all(film.number in found for film in films if film.known) else {}

    return until(all_there, PATIENCE, "Stash has every file")


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_thousands_of_files_are_right_and_complete_though_stash_is_stopped_and_started(
    house: House, keeper: Keeper, stash: Stash, folder: Path
) -> None:
    films = film_list(int(os.environ.get("PLEXSYNC_LIVE_FILES", FILES)))
    sample = Path(stash.scenes()[0]["files"][0]["path"]).read_bytes()
    with httpx2.Client(
        base_url=house.plex.url,
        headers={"X-Plex-Token": house.plex.facts["token"], "Accept": "application/json"},
        timeout=120,
        trust_env=False,
    ) as plex:
        libraries = Libraries(plex, house.plex_path(str(folder)))
        libraries.make()
        plex.post("/_sim/sections", json={"title": REST, "path": PLEX_ROOT}).raise_for_status()
        house.add_to_plex(stash.scenes())
        house.settings(libraries=[*libraries.titles, REST])
        with house.daemon() as daemon:
            provider = f"provider/{house.identity['provider_path']}"
            libraries.give(str(daemon.client.base_url.join(provider)))
            laid_out(folder, films, sample)
            furnish(stash, list({one["id"]: one for one in appeared(stash, folder, films).values()}.values()))
            found = scenes_of(stash, folder, films)
            truth = {number: int(scene["id"]) for number, scene in found.items()}
            libraries.appear(films)
            told = scanned(libraries, films, truth, keeper)
            until(daemon.quiet, PATIENCE, "the daemon is at rest")
            house.until_equal({scene["id"] for scene in found.values()}, "each is complete", seconds=PATIENCE)
            noted = house.gap_paths()
    assert len(noted) == len(set(noted)) == len(films) - len(truth)
    show(f"{len(films)} files, {len(truth)} known to Stash: {told}; {len(noted)} gaps; asked {dict(libraries.asked)}")


def scanned(libraries: Libraries, films: list[Film], truth: dict[int, int], keeper: Keeper) -> str:
    """Plex scans while Stash is stopped and started, and refreshes until it has all; nothing is ever wrong."""
    began = time.monotonic()
    libraries.scan()
    outages = libraries.followed(keeper.stop, keeper.start, every=len(films) // 5, refused=20)
    took = time.monotonic() - began
    assert outages > 0
    assert wrong(libraries, films, truth) == []
    first = len(missing(libraries, films, truth))

    def whole() -> bool:
        left = missing(libraries, films, truth)
        libraries.refresh(left)
        libraries.settled()
        assert wrong(libraries, films, truth) == []
        return not left

    until(whole, PATIENCE, "every file that Stash knows is matched and told")
    libraries.refresh([film for film in films if film.number not in truth])
    libraries.settled()
    return f"scanned in {took:.0f} s, Stash stopped and started {outages} times, {first} matched later, 0 wrong"
