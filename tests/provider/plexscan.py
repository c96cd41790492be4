"""A Plex that scans: it asks for a match, for the metadata and for the pictures of eight files at once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx2

from provider.filmlist import Film, form_of

IDENTIFIER = "tv.plex.agents.custom.plexsync"
MATCHES = "/library/metadata/matches"
#: Requests that Plex has under way at once.
PARALLEL = 8


@dataclass(slots=True)
class Item:
    """What Plex has of a file: no guid as long as nothing was matched."""

    guid: str = ""
    told: dict[str, Any] = field(default_factory=dict)
    pictures: int = 0
    refused: int = 0  #: how often it heard that Stash is away


@dataclass(slots=True)
class PlexScan:
    """`after` is called behind each answer to a match, with its status, by one thread at a time."""

    client: httpx2.Client
    root: str
    after: Callable[[int], None] = lambda _status: None
    items: dict[int, Item] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    scans: int = 0
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def scan(self, films: Sequence[Film]) -> None:
        """One scan, or a refresh of what is there: what is matched is asked for by its guid, the rest anew."""
        with ThreadPoolExecutor(PARALLEL) as pool:
            for _ in pool.map(self._refresh, films):
                pass
        self.scans += 1

    def open(self, films: Sequence[Film]) -> list[Film]:
        """Those that are not whole: unmatched, or matched and never told."""
        return [film for film in films if not self.items[film.number].told]

    def _refresh(self, film: Film) -> None:
        item = self.items.setdefault(film.number, Item())
        if not item.guid:
            self._match(film, item)
        if item.guid:
            self._read(item)

    def _match(self, film: Film, item: Item) -> None:
        asked = {"type": 1, "title": film.title, "filename": form_of(film, self.root)}
        answer = self._timed("match", lambda: self.client.post(MATCHES, json=asked))
        if answer.status_code == 200:
            found = answer.json()["MediaContainer"]["Metadata"]
            assert len(found) <= 1, found
            item.guid = found[0]["guid"] if found else ""
        item.refused += answer.status_code == 503
        with self._turn:
            self.after(answer.status_code)

    def _read(self, item: Item) -> None:
        key = item.guid.rpartition("/")[2]
        answer = self._timed("metadata", lambda: self.client.get(f"/library/metadata/{key}?updating=1"))
        if answer.status_code != 200:
            item.refused += answer.status_code == 503
            return
        (item.told,) = answer.json()["MediaContainer"]["Metadata"]
        for address in {str(item.told[name]) for name in ("thumb", "art") if name in item.told}:
            picture = self._timed("picture", partial(self.client.get, address))
            item.pictures += picture.status_code == 200

    def _timed(self, name: str, ask: Callable[[], httpx2.Response]) -> httpx2.Response:
        began = time.monotonic()
        answer = ask()
        with self._turn:
            self.statuses[f"{name} {answer.status_code}"] += 1
            self.slowest = max(self.slowest, time.monotonic() - began)
        assert answer.status_code in {200, 503, 404}, answer.text
        assert name != "match" or answer.status_code != 404, answer.text
        return answer


def wrong(scan: PlexScan, films: Sequence[Film], truth: Mapping[int, int]) -> list[str]:
    """Every file that Plex holds for another scene than the one that has it, as a sentence."""
    found = []
    for film in films:
        item, scene = scan.items[film.number], truth.get(film.number)
        own = f"{IDENTIFIER}://movie/{scene}"
        if item.guid and item.guid != own:
            found.append(f"{film.place}: {item.guid}, and Stash has it as {scene}")
        if item.told and item.told["guid"] != own:
            found.append(f"{film.place}: told {item.told['guid']} {item.told['title']!r}, not {scene}")
    return found


def missed(scan: PlexScan, films: Sequence[Film], truth: Mapping[int, int]) -> list[str]:
    """The files that Stash knows and Plex has no match for."""
    return [film.place for film in films if film.number in truth and not scan.items[film.number].guid]
