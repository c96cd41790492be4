"""Libraries of a simulated Plex that ask PlexSync's provider, and how they stand."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2

from provider.filmlist import LIBRARIES, Film

IDENTIFIER = "tv.plex.agents.custom.plexsync"
#: Seconds of a long scan on a busy machine.
PATIENCE = 1800.0
_LOOK_EVERY = 0.1


@dataclass(slots=True)
class Libraries:
    """`plex` shows the owner's token; the libraries lie below `root`."""

    plex: httpx2.Client
    root: str
    keys: list[str] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)  #: by method and status, in all scans that are over

    @property
    def titles(self) -> list[str]:
        """What they are called."""
        return list(LIBRARIES)

    def make(self) -> None:
        """They are there, empty, and nothing else is."""
        for section in self._ask("GET", "/library/sections")["MediaContainer"].get("Directory", []):
            self._ask("DELETE", f"/_sim/sections/{section['key']}")
        for name in LIBRARIES:
            made = self._ask("POST", "/_sim/sections", json={"title": name, "path": f"{self.root}/{name}"})
            self.keys.append(made["key"])

    def give(self, provider: str) -> None:
        """The owner registers the provider at this address, and gives it to each of them."""
        self._ask("POST", "/media/providers/metadata", params={"uri": provider})
        wanted = {"title": "Stash", "primaryIdentifier": IDENTIFIER}
        made = self._ask("POST", "/media/providers/metadata/group", params=wanted)["MediaContainer"]
        group = str(made["MetadataAgentProviderGroup"][0]["id"])
        for key in self.keys:
            agent = {"agent": IDENTIFIER, "metadataAgentProviderGroupId": group}
            self._ask("PUT", f"/library/sections/{key}", params=agent)

    def appear(self, films: Sequence[Film]) -> None:
        """The files are on the disk, and nobody scans."""
        for film in films:
            self._ask("POST", "/_sim/files", json={"path": self.path(film), "duration": 1000})

    def path(self, film: Film) -> str:
        """Where Plex has the file."""
        return f"{self.root}/{film.place}"

    def scan(self) -> None:
        """All of them are scanned; it goes on behind the answer."""
        for key in self.keys:
            self._ask("POST", f"/library/sections/{key}/refresh")

    def refresh(self, films: Sequence[Film]) -> None:
        """These items are refreshed: the unmatched ones are matched, the others told anew."""
        items = self.items()
        for film in films:
            self._ask("PUT", f"/library/metadata/{items[self.path(film)]['ratingKey']}/refresh")

    def followed(self, stop: Callable[[], None], start: Callable[[], None], *, every: int, refused: int) -> int:
        """See it to the end, while something stops after so many matches and starts after so many refusals; how often.

        What stops stays so as long as too few are refused, and starts at the latest when nothing is asked any more.
        """
        outages, due, stopped_at = 0, every, None
        while (told := self._ask("GET", "/_sim/agents"))["waiting"] or told["running"]:
            so_far = _counted(told)
            if stopped_at is None and so_far["POST 200"] >= due:
                stop()
                outages, due, stopped_at = outages + 1, due + every, _refused(so_far)
            elif stopped_at is not None and _refused(so_far) >= stopped_at + refused:
                start()
                stopped_at = None
            time.sleep(_LOOK_EVERY)
        if stopped_at is not None:
            start()
        self.settled()
        return outages

    def settled(self) -> None:
        """Nothing is left to be asked."""
        self.asked += _counted(self._ask("GET", "/_sim/agents?settled=1", timeout=PATIENCE))
        self._ask("DELETE", "/_sim/agents")

    def items(self) -> dict[str, dict[str, Any]]:
        """What is held, by path."""
        found: dict[str, dict[str, Any]] = self._ask("GET", "/_sim/items")
        return found

    def _ask(self, method: str, path: str, **content: Any) -> Any:
        answer = self.plex.request(method, path, **content)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        return answer.json() if answer.content else None


def _counted(told: Mapping[str, Any]) -> Counter[str]:
    return Counter(f"{one['method']} {one['status']}" for one in told["asked"])


def _refused(counted: Counter[str]) -> int:
    return counted["POST 503"] + counted["GET 503"]


def wrong(libraries: Libraries, films: Sequence[Film], truth: Mapping[int, int]) -> list[str]:
    """Every file that is held for another scene than the one that has it, as a sentence."""
    items = libraries.items()
    held = {film.number: items[libraries.path(film)]["guid"] for film in films}
    return [
        f"{film.place}: {held[film.number]}, and Stash has it as {truth.get(film.number)}"
        for film in films
        if held[film.number] != own_guid(truth.get(film.number)) and not held[film.number].startswith("local://")
    ]


def missing(libraries: Libraries, films: Sequence[Film], truth: Mapping[int, int]) -> list[Film]:
    """The files that Stash knows, and that are not matched, or were matched and never told."""
    items = libraries.items()
    found = [film for film in films if film.number in truth]
    return [film for film in found if not _is_whole(items[libraries.path(film)], truth[film.number])]


def _is_whole(item: Mapping[str, Any], scene: int) -> bool:
    return bool(item["guid"] == own_guid(scene) and item["title"] and item["summary"])


def own_guid(scene: int | None) -> str:
    """The guid by which Plex has a scene."""
    return f"{IDENTIFIER}://movie/{scene}"
