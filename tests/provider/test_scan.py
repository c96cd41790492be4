"""Plex scans while Stash comes and goes: every file is its own scene, or nobody's until it is known whose."""

from __future__ import annotations

import threading
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from plexsync.model.paths import parts_of
from provider.desk import Desk, desk_at
from provider.filmlist import LIBRARIES, Film, film_list
from provider.plexscan import PlexScan, missed, wrong
from provider.shelf import ROOT, Shelf, shelf

PLEX_ROOT = "/plex/media"
WINDOWS_ROOT = "D:\\Media"
FEW = 40


@dataclass(slots=True)
class Outages:
    """Stash is stopped after `every` answers, and started once `refused` questions were told to come back."""

    shelf: Shelf
    desk: Desk
    every: int
    refused: int = 6
    count: int = 0
    outages: int = 0
    _left: int = 0

    def after(self, status: int) -> None:
        """Behind each answer to a match; who asks meanwhile waits."""
        self.count += 1
        if not self._left and self.count % self.every == 0:
            self.shelf.stop()
            self.outages += 1
            self._left = self.refused
        elif self._left and status == 503:
            self._left -= 1
            if not self._left:
                self.back()

    def back(self) -> None:
        """Stash is there again, and asked again."""
        if self.shelf.serving is None:
            self.shelf.start()
            self._left = 0
        self.desk.later()


@dataclass(slots=True)
class Scanned:
    """A library of files, whose scenes are known, between a Stash and a scan of Plex."""

    shelf: Shelf
    desk: Desk
    films: list[Film]
    truth: dict[int, int]
    plex: PlexScan

    def until_whole(self, outages: Outages | None = None, most: int = 12) -> None:
        """Scan and refresh until Plex has all that Stash knows; nothing is ever wrong."""
        self.plex.scan(self.films)
        while self._right() and (left := self.plex.open(self.known)):
            assert self.plex.scans < most, f"after {most} scans there is still nothing for {left[0].place}"
            if outages is not None:
                outages.back()
            self.plex.scan(left)
        assert missed(self.plex, self.films, self.truth) == []

    @property
    def known(self) -> list[Film]:
        """The files that Stash has."""
        return [film for film in self.films if film.number in self.truth]

    def _right(self) -> bool:
        assert wrong(self.plex, self.films, self.truth) == []
        return True

    def gaps_are_those_unknown(self, root: str) -> None:
        """Each file that Stash lacks is noted once, by its path as far as Plex told it."""
        unknown = Counter(name for film in self.films if film.number not in self.truth for name in [_whole(film, root)])
        noted = Counter(self._meant(path, root, unknown) for path in self.desk.unknown(limit=10_000))
        assert noted == unknown

    @staticmethod
    def _meant(path: str, root: str, unknown: Counter[str]) -> str:
        """The file of a gap; of a name by its place in some library all that it can be are looked through."""
        places = [path, *(f"{root}/{library}/{path}" for library in LIBRARIES)]
        return next((place for place in places if place in unknown), path)


def _whole(film: Film, root: str) -> str:
    return unicodedata.normalize("NFC", "/".join([root, *parts_of(film.place)]))


@contextmanager
def scanned(folder: Path, count: int, *, root: str = PLEX_ROOT, warm: bool = False) -> Iterator[Scanned]:
    """So many files in three libraries of one Plex; `warm` when a walk has noted all of them."""
    with shelf(folder / "stash") as stash, desk_at(stash.url, folder, rules=f"{root} => {ROOT}") as desk:
        desk.libraries(*[[_library(root, name)] for name in LIBRARIES])
        films = film_list(count)
        truth = stash.take(films)
        if warm:
            desk.walked()
        yield Scanned(stash, desk, films, truth, PlexScan(desk.client, root))


def _library(root: str, name: str) -> str:
    return f"{root}\\{name}".replace("/", "\\") if "\\" in root else f"{root}/{name}"


@pytest.mark.parametrize("warm", [False, True])
def test_a_scan_while_stash_is_stopped_and_started_takes_each_file_for_its_own_scene(
    tmp_path: Path, warm: bool
) -> None:
    with scanned(tmp_path, FEW, warm=warm) as place:
        outages = Outages(place.shelf, place.desk, every=20)
        place.plex.after = outages.after
        place.until_whole(outages)
        assert outages.outages >= 2
        assert place.plex.statuses["match 503"] >= outages.refused
        # What was refused while it was away is asked for in the end.
        outages.every = 10_000
        outages.back()
        place.plex.scan(place.plex.open(place.films))
        place.gaps_are_those_unknown(PLEX_ROOT)


def test_a_plex_on_windows_takes_each_file_for_its_own_scene(tmp_path: Path) -> None:
    with scanned(tmp_path, FEW, root=WINDOWS_ROOT) as place:
        place.until_whole()


def test_a_stash_that_says_that_its_database_is_locked_is_asked_again(tmp_path: Path) -> None:
    with scanned(tmp_path, FEW) as place:
        place.shelf.locked_every = 3
        place.until_whole()
        assert place.plex.statuses["match 503"] > 0
        place.shelf.locked_every = 0
        place.plex.scan(place.plex.open(place.films))
        place.gaps_are_those_unknown(PLEX_ROOT)


def test_a_scan_beside_a_scan_of_stash_has_each_file_as_soon_as_stash_has_it(tmp_path: Path) -> None:
    with scanned(tmp_path, 0) as place:
        place.films = film_list(FEW)
        beside = threading.Thread(target=lambda: place.truth.update(place.shelf.take(place.films)))
        beside.start()
        place.plex.scan(place.films)
        beside.join()
        place.until_whole()


@pytest.mark.parametrize("noticed", [True, False])
def test_a_stash_that_comes_back_with_other_ids_is_believed_in_nothing(tmp_path: Path, noticed: bool) -> None:
    with scanned(tmp_path, FEW, warm=True) as place:
        place.until_whole()
        place.shelf.stop()
        place.desk.later()
        if noticed:
            assert place.desk.client.get("/library/metadata/1").status_code == 503
        place.shelf.start(tmp_path / "other")
        others = place.shelf.take([film for film in film_list(FEW) if film.twin is None][::-1])
        assert others != place.truth
        place.desk.later()
        again = PlexScan(place.desk.client, PLEX_ROOT, items=place.plex.items)
        for item in again.items.values():
            item.told = {}
        again.scan(place.films)
        assert set(again.statuses) == {"metadata 503", "match 503"}
        anew = PlexScan(place.desk.client, PLEX_ROOT)
        anew.scan(place.films)
        assert set(anew.statuses) == {"match 503"}
        _comes_back(place, anew)


def _comes_back(place: Scanned, plex: PlexScan) -> None:
    """The right Stash is believed again, with nobody's help."""
    place.shelf.stop()
    place.shelf.start()
    place.desk.later()
    plex.scan(place.films)
    assert wrong(plex, place.films, place.truth) == missed(plex, place.films, place.truth) == []


def test_what_is_asked_of_stash_is_a_question_a_file_and_one_more_where_disks_may_spell_it_oddly(
    tmp_path: Path,
) -> None:
    with scanned(tmp_path, FEW) as place:
        before = place.shelf.questions()
        place.plex.scan(place.films)
        odd = [film for film in place.films if not film.place.isascii()]
        assert place.shelf.questions() - before <= len(place.films) + len(odd)
        plain = [film for film in place.known if film.place.isascii()]
        before = place.shelf.questions()
        place.plex.items.clear()
        place.plex.scan(plain)
        assert place.shelf.questions() - before <= len(plain)
