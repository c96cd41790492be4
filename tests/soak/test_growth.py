"""A year of a large library: what is kept is bounded, and the database stops growing."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa

from plexsync.model.fields import Field, Value
from plexsync.model.item import IndexedItem, Part, Person
from plexsync.model.scene import Scene, SceneFile
from plexsync.model.work import Decision, Failure, Lane, Outcome, Peer, Put, Verdict
from plexsync.store import history, in_step, index, jobs, ledger, links, outages, pictures, seen
from plexsync.store.database import Connection, Database
from plexsync.store.outages import OutageKind
from plexsync.store.schema import metadata
from plexsync.sync.housekeeping import trim

DAY = 86_400.0
BEGAN = 1_700_000_000.0
SERVER = "plex"
TEXT = "A rather ordinary summary of a film of some length. " * 6
WATCHED = ("history", "dead_letters", "outages", "jobs", "decisions", "ledger", "uploads", "preferences")


@dataclass(slots=True, kw_only=True)
class Year:
    """Days of a library; each day some scenes are edited, come, go, fail."""

    database: Database
    chance: random.Random
    scenes: int
    edits: int
    day: int = 0
    living: list[int] = field(default_factory=list)

    @property
    def now(self) -> float:
        return BEGAN + self.day * DAY

    def begin(self) -> None:
        """The first walk and the first sync of everything."""
        self.living = list(range(1, self.scenes + 1))
        for start in range(0, self.scenes, 1000):
            with self.database.transaction() as conn:
                self._come(conn, self.living[start : start + 1000])

    def pass_day(self) -> None:
        self.day += 1
        with self.database.transaction() as conn:
            newest = max(self.living)
            self._come(conn, range(newest + 1, newest + 9))
            self.living += range(newest + 1, newest + 9)
            self._go(conn, self.chance.sample(self.living, 3))
            for scene in self.chance.sample(self.living, self.edits):
                self._edit(conn, scene)
            self._fail(conn, self.chance.sample(self.living, 4))
            if self.day % 7 == 0:
                outages.began(conn, "plex:plex", OutageKind.AWAY, "Plex refuses", self.now, self.now)
                outages.ended(conn, "plex:plex", [SERVER], self.now + 600)
        with self.database.transaction() as conn:
            trim(conn, self.now, history_days=90, dead_letter_days=30)

    def _come(self, conn: Connection, numbers: Iterable[int]) -> None:
        scenes = [scene_of(number, "first") for number in numbers]
        seen.note(conn, scenes, self.now)
        index.upsert(conn, SERVER, [item_of(scene.id) for scene in scenes], 1)
        for scene in scenes:
            links.replace(conn, SERVER, scene.id, [link_of(scene.id)])
            self._write(conn, scene.id, tuple(VALUES), "first")
            key = f"upload://posters/{scene.id}"
            pictures.note_upload(conn, SERVER, scene.id, Field.POSTER, f"{scene.id:040x}", key, self.now)

    def _go(self, conn: Connection, numbers: Sequence[int]) -> None:
        seen.forget(conn, numbers)
        for number in numbers:
            self.living.remove(number)
            links.drop(conn, SERVER, number)
            in_step.drop(conn, SERVER, number)
        index.remove(conn, SERVER, numbers)

    def _edit(self, conn: Connection, number: int) -> None:
        text = f"day {self.day}"
        jobs.put(conn, [Put(server=SERVER, scene=number, lane=Lane.CHANGE, reason="hook")], self.now)
        (job,) = jobs.claim(conn, server=SERVER, lanes=list(Lane), limit=1, now=self.now, token=text)
        seen.note(conn, [scene_of(number, text)], self.now)
        self._write(conn, number, (Field.TITLE, Field.SUMMARY, Field.GENRES), text)
        if number % 10 == 0:
            sha1 = f"{number:020x}{self.day:020x}"
            key = f"upload://posters/{sha1}"
            pictures.note_upload(conn, SERVER, number, Field.POSTER, sha1, key, self.now)
        jobs.finish(conn, job, Outcome(verdict=Verdict.DONE), self.now)

    def _fail(self, conn: Connection, numbers: Sequence[int]) -> None:
        jobs.put(conn, [Put(server=SERVER, scene=n, lane=Lane.CHANGE, reason="hook") for n in numbers], self.now)
        claimed = jobs.claim(conn, server=SERVER, lanes=list(Lane), limit=9, now=self.now, token=f"fail {self.day}")
        failure = Failure(error="PlexTemporaryError", message="500", at=self.now, peer=Peer.PLEX, excerpt="x" * 200)
        decision = Decision(kind="missing", reason="not in Plex", digest="d", index_version=1, facts={"title": "t"})
        dead = Outcome(verdict=Verdict.DEAD, failure=failure, context={"title": TEXT[:80], "plan": [TEXT] * 3})
        decided = Outcome(verdict=Verdict.DECISION, decision=decision)
        for number, job in enumerate(claimed):
            jobs.finish(conn, job, dead if number % 2 else decided, self.now)

    def _write(self, conn: Connection, number: int, fields: Sequence[Field], text: str) -> None:
        path = f"/plex/media/{number}.mp4"
        intents = [(name, None if text == "first" else VALUES[name], value_of(name, text)) for name in fields]
        ledger.intend(conn, SERVER, path, number, intents, self.now)
        ledger.confirm(conn, SERVER, path, {name: (after, True) for name, _, after in intents}, self.now)
        history.record(conn, "daemon 1", SERVER, number, path, number, intents, "changed", self.now)
        in_step.confirm(conn, SERVER, number, number, f"{number}/{text}", self.now)


VALUES: dict[Field, Value] = {
    Field.TITLE: "A title of some words",
    Field.SUMMARY: TEXT,
    Field.DATE: "2001-02-03",
    Field.YEAR: 2001,
    Field.STUDIO: "A studio",
    Field.RATING: 7.5,
    Field.ACTORS: tuple(Person(name=f"Performer {n}", role="") for n in range(3)),
    Field.GENRES: tuple(f"Tag {n}" for n in range(8)),
    Field.POSTER: "0" * 40,
}


def value_of(name: Field, text: str) -> Value:
    value = VALUES[name]
    if isinstance(value, str):
        return f"{value} {text}"
    return value[1:] if isinstance(value, tuple) and text != "first" else value


def scene_of(number: int, text: str) -> Scene:
    file = SceneFile(path=f"/data/{number}.mp4", size=1_000_000, duration=600.0)
    return Scene(id=number, title=f"Scene {number} {text}", files=(file,), updated_at="2001-01-01T00:00:00Z")


def item_of(number: int) -> IndexedItem:
    part = Part(path=f"/plex/media/{number}.mp4", size=1_000_000, duration=600.0)
    return IndexedItem(rating_key=number, section=1, title=f"Item {number}", parts=(part,))


def link_of(number: int) -> links.Link:
    return links.Link(
        server=SERVER,
        scene=number,
        stash_path=f"/data/{number}.mp4",
        rating_key=number,
        section=1,
        plex_path=f"/plex/media/{number}.mp4",
        confidence="high",
        reason="path",
    )


def rows(database: Database) -> dict[str, int]:
    with database.transaction() as conn:
        return {
            name: conn.execute(sa.select(sa.func.count()).select_from(metadata.tables[name])).scalar_one()
            for name in WATCHED
        }


def check(folder: Path, *, scenes: int, edits: int, days: int) -> None:
    file = folder / "plexsync.db"
    database = Database.open(f"sqlite:///{file}")
    year = Year(database=database, chance=random.Random(1), scenes=scenes, edits=edits)
    year.begin()
    sizes = {0: megabytes(folder)}
    for _ in range(days):
        year.pass_day()
        if year.day % 60 == 0 or year.day in {100, days}:
            sizes[year.day] = megabytes(folder)
    counted = rows(database)
    database.close()
    told = ", ".join(f"day {day}: {size:.1f} MB" for day, size in sizes.items())
    sys.stdout.write(f"\n{scenes} scenes, {edits} edits a day: {told}; {counted}\n")
    kept = 93 * (3 * edits + 8 * len(VALUES))
    assert counted["history"] <= kept
    assert counted["dead_letters"] <= 33 * 2
    assert counted["jobs"] == 0
    # From the hundredth day on only new scenes and what was ever written to them add to it.
    new_scenes = 8 * (days - 100) / scenes
    assert sizes[days] <= sizes[100] * (1.05 + new_scenes)


def megabytes(folder: Path) -> float:
    """The database with everything that lies beside it."""
    return sum(path.stat().st_size for path in folder.glob("plexsync.db*")) / 1e6


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_year_of_forty_thousand_scenes_stays_within_bounds(tmp_path: Path) -> None:
    check(tmp_path, scenes=40_000, edits=150, days=365)
