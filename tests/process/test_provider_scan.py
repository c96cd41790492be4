"""A Plex scans with PlexSync as its provider, in programs of their own, while Stash is stopped and started."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from pictures import data_url, picture
from process.household import TOKEN, Household, household
from process.judging import PLEX_ROOT
from process.programs import until
from provider.filmlist import Film, film_list
from provider.plexlibraries import PATIENCE, Libraries, missing, wrong
from provider.shelf import taken

pytestmark = pytest.mark.process


@dataclass(slots=True)
class Place:
    """The programs, the files and which scene each is."""

    home: Household
    libraries: Libraries
    films: list[Film]
    truth: dict[int, int]

    def stop(self) -> None:
        """Stash ends."""
        self.home.stash.terminate()

    def start(self) -> None:
        """It is there again, with all it had."""
        self.home.start_stash()

    def until_whole(self, *, every: int, refused: int) -> int:
        """Scan and refresh until all that Stash knows is told; nothing is ever wrong. How often Stash was stopped."""
        self.libraries.appear(self.films)
        # Else a few files are over before anybody can stop anything.
        self.home.faults("stash", {"path": "/graphql", "fault": "delay", "seconds": 0.05})
        self.libraries.scan()
        outages = self.libraries.followed(self.stop, self.start, every=every, refused=refused)
        assert wrong(self.libraries, self.films, self.truth) == []

        def whole() -> bool:
            left = missing(self.libraries, self.films, self.truth)
            self.libraries.refresh(left)
            self.libraries.settled()
            assert wrong(self.libraries, self.films, self.truth) == []
            return not left

        until(whole, "every file that Stash knows is matched and told", patience=PATIENCE)
        # Of some files that Stash lacks nothing was heard yet but that it is away.
        self.libraries.refresh([film for film in self.films if film.number not in self.truth])
        self.libraries.settled()
        return outages


@contextmanager
def at_home(folder: Path, count: int) -> Iterator[Place]:
    """So many files in a Plex whose libraries ask the daemon."""
    with (
        household(folder, scenes=0, kept=True) as home,
        httpx2.Client(
            base_url=home.plex_url, headers={"X-Plex-Token": TOKEN, "Accept": "application/json"}, timeout=60
        ) as plex,
    ):
        libraries, films = Libraries(plex, PLEX_ROOT), film_list(count)
        libraries.make()
        home.configure(libraries=libraries.titles)
        home.start_daemon()
        libraries.give(home.provider_url)
        truth = taken(home.client, home.stash_url, films)
        for scene in sorted(set(truth.values())):
            home.silently(scene, **facts(scene))
        yield Place(home, libraries, films, truth)


def facts(scene: int) -> dict[str, object]:
    """What Stash has to tell of a scene."""
    return {
        "details": f"All of {scene}.",
        "rating100": scene % 100 + 1,
        "studio": f"Studio {scene % 3}",
        "performers": [f"Person {scene % 7}", f"Person {scene % 5}"],
        "tags": [f"tag {scene % 4}", f"tag {scene % 9 + 4}", "all"],
        "cover_image": data_url(picture(f"Cover {scene}", size=(160, 90))),
    }


def scanned(folder: Path, count: int, *, every: int, refused: int) -> None:
    """Everything that is promised of a scan, with so many files."""
    with at_home(folder, count) as place:
        assert place.until_whole(every=every, refused=refused) >= 1
        place.home.quiet(PATIENCE)
        # What a provider cannot tell a sync has written: ratings, every genre, the bytes of the poster.
        until(lambda: not place.home.differences(), "a sync has completed each item", patience=PATIENCE)
        unknown = {film.place for film in place.films if film.number not in place.truth}
        noted = [str(row[0]) for row in place.home.rows("select path from gaps where kind = 'unknown'")]
        assert len(noted) == len(set(noted)) == len(unknown)


def test_a_scan_while_stash_is_stopped_and_started_ends_with_every_item_right_and_complete(tmp_path: Path) -> None:
    scanned(tmp_path, 40, every=15, refused=3)


@pytest.mark.soak
def test_two_thousand_files_scanned_while_stash_is_stopped_and_started_are_right_and_complete(tmp_path: Path) -> None:
    scanned(tmp_path, 2_000, every=400, refused=20)
