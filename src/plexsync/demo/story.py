"""The story: first contact, edits that arrive at once, an outage that nobody notices, and a judge at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import cycle
from typing import Any

from plexsync.demo.edits import Editing, EditKind
from plexsync.demo.judge import FIELDS, Difference, differences
from plexsync.demo.numbers import hook_runs, speeds
from plexsync.demo.servers import Daemon, Plex, Stash, data_url
from plexsync.demo.show import Show
from plexsync.demo.stage import Stage
from plexsync.demo.waiting import NotReached, until
from plexsync.sim.library import cover

_SHOWN = 20
#: Numbers of pictures that no scene has from the start.
_OTHER_PICTURES = 100_000


@dataclass(slots=True, kw_only=True)
class Story:
    """One run. `patience` is the longest wait in seconds for anything; `facts` is what came out."""

    stage: Stage
    stash: Stash
    plex: Plex
    daemon: Daemon
    show: Show
    editing: Editing
    patience: float
    facts: dict[str, Any] = field(default_factory=dict)
    _earlier: dict[str, int] = field(default_factory=dict)
    _repeated: list[str] = field(default_factory=list)

    def play(self) -> dict[str, Any]:
        """All acts, and the verdict. NotReached becomes a verdict too."""
        began, fault = time.monotonic(), ""
        try:
            self._first_contact()
            self._go()
            self._edits()
            self._outage()
            self._again()
        except NotReached as error:
            fault = str(error)
        return self._verdict(fault, time.monotonic() - began)

    def _first_contact(self) -> None:
        self.show.act("1  First contact: nothing is written before you say so")
        count = self.stage.scenes
        self._until(lambda: self._waiting() == count, f"status says that {count} scenes wait")
        writes = self.plex.counts()["writes"]
        self.show.say(f"{count} scenes wait for a go; Plex got {writes} writes.")
        self.facts["writes_before_go"] = writes

    def _waiting(self) -> int:
        return sum(server["first_contact"]["waiting"] for server in self.daemon.status()["servers"])

    def _go(self) -> None:
        self.show.act(f"2  plexsync sync --library {self.stage.library!r} --go")
        began = time.monotonic()
        self.daemon.sync(library=self.stage.library, go=True)
        self._until(lambda: not self._differences(), "every scene is in Plex")
        self.facts["first_sync_seconds"] = round(time.monotonic() - began, 2)
        self.show.say(f"All {self.stage.scenes} scenes are in Plex after {self.facts['first_sync_seconds']} s.")

    def _edits(self) -> None:
        self.show.act("3  You edit in Stash; its hook tells the daemon, the daemon tells Plex")
        ids = [scene["id"] for scene in self.stash.scenes(covers=False)]
        with self.show.watching(lambda: self.editing.edits):
            for scene, what, values in _singles(self.stash, ids):
                self.editing.save(scene, what, **values)
                self._until(self.editing.all_arrived, f"the {what} of scene {scene} is in Plex")
            some = ids[: max(3, len(ids) // 4)]
            self.editing.save_many(some, "rating", rating100=90)
            self._until(self.editing.all_arrived, "every rating is in Plex")
            tag = self.stash.make("tag", "seen at the harbour")
            self.editing.save_many(some, "genres", tag_ids={"mode": "ADD", "ids": [tag]})
            self._until(self.editing.all_arrived, "every tag is in Plex")

    def _outage(self) -> None:
        self.show.act("4  Plex goes away, you go on editing, Plex returns")
        self._earlier, self._repeated = self.plex.counts(), self.plex.repeated()
        self.stage.plex_goes()
        self.editing.outage = True
        ids = [scene["id"] for scene in self.stash.scenes(covers=False)]
        for place, scene in enumerate(ids[-6:]):
            self.editing.save(scene, "title", title=f"Edited while Plex was away, {place + 1}")
        self.editing.save(ids[-1], "title", title="Edited twice while Plex was away")
        self.editing.save(ids[-1], "summary", details="Written down by nobody but Stash.\nA second line.")
        self._until(self._outage_noticed, "the daemon notices that Plex is away")
        self.show.say("Plex is away; the daemon holds the work back and waits.")
        self.stage.plex_returns()
        began = time.monotonic()
        with self.show.watching(lambda: self.editing.of(EditKind.OUTAGE)):
            self._until(self.editing.all_arrived, "every edit of the outage is in Plex")
        self.facts["outage"] = {
            "edits": len(self.editing.of(EditKind.OUTAGE)),
            "seconds_after_return": round(time.monotonic() - began, 2),
        }
        self.show.say(f"All there {self.facts['outage']['seconds_after_return']} s after Plex came back, by itself.")

    def _outage_noticed(self) -> bool:
        return any(server["gate"]["state"] != "closed" for server in self.daemon.status()["servers"])

    def _again(self) -> None:
        self.show.act("5  Everything once more: what is right is not written again")
        self._until(self.daemon.quiet, "the daemon has nothing left to do")
        before = self.plex.counts()
        self.daemon.sync(all=True)
        self._until(self.daemon.quiet, "the second run ends")
        after = self.plex.counts()
        again = sum(after[name] - before[name] for name in ("writes", "uploads"))
        self.facts["second_run_writes"] = again
        self.show.say(f"A second run over all scenes made {again} writes.")

    def _differences(self) -> list[Difference]:
        return differences(self.stash.scenes(), self.plex.items())

    def _until(self, reached: Callable[[], object], what: str) -> None:
        def look() -> bool:
            self.stage.must_live()
            return bool(reached())

        until(look, self.patience, what)

    def _verdict(self, fault: str, seconds: float) -> dict[str, Any]:
        answers = self.stage.plex.process.poll() is None
        wrong = self._differences() if answers else []
        now = self.plex.counts() if answers else {}
        facts: dict[str, Any] = {
            "scenes": self.stage.scenes,
            "fields_compared": self.stage.scenes * len(FIELDS),
            "differences": len(wrong),
            **speeds(self.editing.edits),
            **hook_runs(self.stash.hooks()),
            "plex": {name: self._earlier.get(name, 0) + count for name, count in now.items()},
            "repeated": (self._repeated + self.plex.repeated() if answers else [])[:_SHOWN],
            **self.facts,
            "seconds": round(seconds, 2),
            "examples": [asdict(one) for one in wrong[:_SHOWN]],
        }
        bad = (
            fault or wrong or facts["hook_failures"] or facts.get("writes_before_go") or facts.get("second_run_writes")
        )
        return {"ok": not bad, "fault": fault or None, **facts}


def _singles(stash: Stash, ids: list[int]) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Scene, field and what the user saves: one edit of each field, on different scenes where there are enough."""
    chosen = cycle(ids)
    yield next(chosen), "title", {"title": "A new title – with “quotes”, [brackets] & 🎬"}
    yield next(chosen), "summary", {"details": "First line.\nSecond line: 100 % + more; a = b?"}
    dated = next(chosen)
    yield dated, "date", {"date": "2001-02-03"}
    yield dated, "year", {"date": "1999"}
    yield next(chosen), "rating", {"rating100": 75}
    yield next(chosen), "genres", {"tag_ids": [stash.make("tag", "found again")]}
    yield next(chosen), "actors", {"performer_ids": [stash.make("performer", "Zoë Ångström")]}
    yield next(chosen), "studio", {"studio_id": stash.make("studio", "Lantern & Sons")}
    pictured = next(chosen)
    yield pictured, "poster", {"cover_image": data_url(cover(_OTHER_PICTURES + pictured))}
    yield next(chosen), "summary", {"details": ""}
    yield next(chosen), "actors", {"performer_ids": []}
