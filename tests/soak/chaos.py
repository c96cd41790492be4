"""Everything that may go wrong between Stash and Plex, drawn by lot: edits, faults, outages and kills."""

from __future__ import annotations

import base64
import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2

from plexsync.sim.library import cover
from process.household import Household

#: Faults that any proxy, network or server may show, on any path.
ANYWHERE = ("status500", "maintenance503", "refuse", "cut", "hang", "slow", "delay", "html")
#: Faults of an answer that ought to be JSON.
OF_JSON = ("half_json", "wrong_types")
WORDS = (
    "Plain",
    "Ümläute & <tags>",
    "日本語の題名",
    "e\u0301 composed",
    "🎬 👩‍👩‍👧",
    "'quotes' \"all\" 100%",
    "+1 #2?",
)
BULK = "mutation($input: BulkSceneUpdateInput!) { bulkSceneUpdate(input: $input) { id } }"
ALL_IDS = """{
  findTags(filter: {per_page: -1}) { tags { id } }
  findStudios(filter: {per_page: -1}) { studios { id } }
  findPerformers(filter: {per_page: -1}) { performers { id } }
}"""


@dataclass(slots=True, kw_only=True)
class Chaos:
    """Does harm to a household and keeps count. `stash_dies` lets Stash be killed too, and hooks get lost with it."""

    home: Household
    chance: random.Random
    scenes: int
    stash_dies: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)  #: of Plex, over all its lives
    _tags: list[str] = field(default_factory=list)
    _studios: list[str] = field(default_factory=list)
    _performers: list[str] = field(default_factory=list)
    _plex_returns: float | None = None
    _stash_returns: float | None = None

    def rage(self, seconds: float) -> None:
        """Go on so long, then heal everything: all programs live and no fault is in force."""
        self._learn_names()
        end = time.monotonic() + seconds
        doings = self._doings()
        while time.monotonic() < end:
            self._bring_back(time.monotonic())
            doing = self.chance.choices([what for what, _ in doings], [weight for _, weight in doings])[0]
            doing()
            self.home.daemon.lives(self.chance.uniform(0.0, 0.3))
        self.heal()

    def heal(self) -> None:
        """All programs live and no fault is in force."""
        self._bring_back(float("inf"))
        self.home.faults("plex")
        self.home.faults("stash")

    def count_writes(self) -> None:
        """Add what Plex counted in this life; to be called before it ends."""
        found = self.home.plex_requests()
        for name in ("reads", "writes", "uploads", "repeats"):
            self.writes[name] += found[name]

    def _doings(self) -> list[tuple[Callable[[], None], int]]:
        doings = [
            (self._edit, 60),
            (self._edit_many, 6),
            (self._plex_weather, 8),
            (self._stash_weather, 4),
            (self._plex_outage, 2),
            (self._kill_daemon, 3),
        ]
        return [*doings, (self._kill_stash, 2)] if self.stash_dies else doings

    def _learn_names(self) -> None:
        found = self.home.graphql(ALL_IDS)
        self._tags = [each["id"] for each in found["findTags"]["tags"]]
        self._studios = [each["id"] for each in found["findStudios"]["studios"]]
        self._performers = [each["id"] for each in found["findPerformers"]["performers"]]

    def _edit(self) -> None:
        scene = self.chance.randint(1, self.scenes)
        values = self._values(self.chance.randint(1, 3))
        with self._tried("edits"):
            self.home.edit(scene, **values)

    def _edit_many(self) -> None:
        ids = [str(scene) for scene in self.chance.sample(range(1, self.scenes + 1), 5)]
        value: dict[str, Any] = self.chance.choice(
            [{"rating100": self.chance.randint(1, 100)}, {"details": self._text()}]
        )
        with self._tried("bulk edits"):
            self.home.graphql(BULK, input={"ids": ids, **value})

    def _values(self, how_many: int) -> dict[str, Any]:
        """Nothing that Plex finds by itself is emptied: title, date and cover would stay as Plex has them."""
        makers: dict[str, Callable[[], Any]] = {
            "title": lambda: f"{self.chance.choice(WORDS)} {self.chance.randint(0, 9999)}",
            "details": self._text,
            "date": lambda: (
                f"{self.chance.randint(1950, 2030)}-{self.chance.randint(10, 12)}-{self.chance.randint(10, 28)}"
            ),
            "rating100": lambda: self.chance.choice([None, self.chance.randint(1, 100)]),
            "studio_id": lambda: self.chance.choice([None, *self._studios]),
            "tag_ids": lambda: self._some(self._tags, 6),
            "performer_ids": lambda: self._some(self._performers, 5),
            "cover_image": lambda: _data_url(cover(self.chance.randint(1, 5000))),
        }
        return {name: makers[name]() for name in self.chance.sample(sorted(makers), how_many)}

    def _text(self) -> str:
        return self.chance.choice(["", "Two\nlines", *WORDS])

    def _some(self, ids: list[str], most: int) -> list[str]:
        return self.chance.sample(ids, self.chance.randint(0, min(most, len(ids))))

    @contextlib.contextmanager
    def _tried(self, what: str) -> Iterator[None]:
        """What Stash may refuse while it is away or faulty; what it then holds is what counts."""
        try:
            yield
        except (httpx2.HTTPError, ValueError, AssertionError):
            self.counts[f"{what} refused"] += 1
        else:
            self.counts[what] += 1

    def _plex_weather(self) -> None:
        if self._plex_returns is None:
            self.home.faults("plex", *self._rules("/"))
            self.counts["changes of weather"] += 1

    def _stash_weather(self) -> None:
        if self._stash_returns is None:
            self.home.faults("stash", *self._rules("/graphql"))
            self.counts["changes of weather"] += 1

    def _rules(self, json_path: str) -> list[dict[str, Any]]:
        """Fair weather in half of the cases."""
        rules = []
        for _ in range(self.chance.choice([0, 0, 1, 2])):
            fault = self.chance.choice(ANYWHERE + OF_JSON)
            rules.append(
                {
                    "path": json_path if fault in OF_JSON else "/",
                    "fault": fault,
                    "probability": self.chance.uniform(0.02, 0.4),
                    "seconds": self.chance.uniform(0.1, 4.0),
                }
            )
        return rules

    def _plex_outage(self) -> None:
        if self._plex_returns is not None:
            return
        self.count_writes()
        if self.chance.random() < 0.5:
            self.home.plex.kill()
        else:
            self.home.plex.terminate()
        self.counts["outages of Plex"] += 1
        self._plex_returns = time.monotonic() + self.chance.uniform(0.5, 15.0)

    def _kill_stash(self) -> None:
        if self._stash_returns is None:
            self.home.stash.kill()
            self.counts["kills of Stash"] += 1
            self._stash_returns = time.monotonic() + self.chance.uniform(0.2, 5.0)

    def _kill_daemon(self) -> None:
        self.home.daemon.kill()
        self.counts["kills of the daemon"] += 1
        self.home.daemon.start()
        if self.chance.random() < 0.7:
            self.home.daemon_is_ready()

    def _bring_back(self, now: float) -> None:
        if self._plex_returns is not None and now >= self._plex_returns:
            self._plex_returns = None
            self.home.start_plex()
        if self._stash_returns is not None and now >= self._stash_returns:
            self._stash_returns = None
            self.home.start_stash()


def _data_url(picture: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(picture).decode()
