"""Finding the items of a scene in a real store, among few and among many: no request, and no more time."""

from __future__ import annotations

import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plexsync.model.item import IndexedItem, Part, Section
from plexsync.model.pathrules import PathRules, RuleText, path_rules
from plexsync.model.scene import Scene, SceneFile
from plexsync.plex.client import PlexClient
from plexsync.store import index, seen
from plexsync.store.database import Database
from plexsync.sync.clock import SystemClock
from plexsync.sync.index.libraries import Libraries
from plexsync.sync.story.finder import Finder

SIZES = (100, 10_000, 100_000)
RUNS = 400
PAGE = 1_000
SERVER = "plex"
RULE = path_rules([RuleText(plex="/media", stash="/data")])
Row = dict[str, object]


@contextmanager
def filled(size: int) -> Iterator[Database]:
    """A store that knows so many scenes and an item for each."""
    place = Path(tempfile.mkdtemp(prefix="plexsync-bench-"))
    database = Database.open(f"sqlite:///{place / 'plexsync.db'}")
    try:
        for start in range(0, size, PAGE):
            numbers = range(start, min(size, start + PAGE))
            with database.transaction() as connection:
                index.upsert(connection, SERVER, [item(number) for number in numbers], 1)
                seen.note(connection, [scene(number) for number in numbers], 1.0)
        yield database
    finally:
        database.close()
        shutil.rmtree(place)


def below(number: int) -> str:
    """Where a file lies under either root."""
    return f"folder {number // 50}/clip {number}.mp4"


def item(number: int) -> IndexedItem:
    """One item of Plex."""
    part = Part(path=f"/media/{below(number)}", size=number + 1, duration=60.0)
    return IndexedItem(rating_key=number + 1, section=1, title=f"clip {number}", parts=(part,))


def scene(number: int) -> Scene:
    """The scene of that item."""
    return Scene(id=number + 1, files=(SceneFile(path=f"/data/{below(number)}", size=number + 1, duration=60.0),))


def finder(database: Database, paths: PathRules) -> Finder:
    """A finder with one library; nothing is asked of its Plex."""
    plex = PlexClient("http://127.0.0.1:9", "no-token", client_identifier="bench")
    section = Section(key=1, title="Clips", type="movie", agent="", locations=("/media",))
    libraries = Libraries(
        server=SERVER,
        plex=plex,
        database=database,
        paths=paths,
        clock=SystemClock(),
        chosen=("Clips",),
        sections=(section,),
    )
    return Finder(server=SERVER, libraries=libraries, paths=paths)


def milliseconds(size: int, runs: int) -> tuple[float, float]:
    """The median of a find through a path rule, and of one by the end of the path."""
    with filled(size) as database:
        chance = random.Random(7)
        numbers = [chance.randrange(size) for _ in range(runs)]
        by_rule, by_name = finder(database, RULE), finder(database, PathRules())
        return median(database, by_rule, numbers), median(database, by_name, numbers)


def median(database: Database, with_: Finder, numbers: list[int]) -> float:
    """Milliseconds of one find."""
    seconds: list[float] = []
    with database.transaction() as connection:
        for number in numbers:
            wanted = scene(number)
            began = time.perf_counter()
            found = with_.find(connection, wanted)
            seconds.append(time.perf_counter() - began)
            assert [tie.rating_key for tie in found.links] == [number + 1]
    return statistics.median(seconds) * 1000


def rows(sizes: tuple[int, ...] = SIZES, runs: int = RUNS) -> list[Row]:
    """Milliseconds at each size, and how much more that is than at the smallest."""
    measured = {size: milliseconds(size, runs) for size in sizes}
    first = measured[sizes[0]]
    found: list[Row] = []
    for name, place in (("by a path rule", 0), ("by the path's end", 1)):
        for size, values in measured.items():
            found.append(row(f"{name}, {size:,} items", values[place], "ms", ""))
            if size != sizes[0]:
                ratio = values[place] / first[place]
                found.append(row(f"{name}, {size:,} items: ratio to {sizes[0]}", ratio, "x", "flat: < 1.5"))
    return found


def row(name: str, value: float, unit: str, reach: str) -> Row:
    """One line of the table."""
    return {"name": f"finding: {name}", "value": round(value, 3), "unit": unit, "reach": reach}


if __name__ == "__main__":
    for line in rows():
        print(f"{line['name']:56} {line['value']:>9} {line['unit']:4} {line['reach']}")
