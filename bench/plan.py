"""What one scene costs in pure thought: what Plex should hold, what differs, and which item is meant."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from plexsync.model.fields import Field
from plexsync.model.item import IndexedItem, Item, Part, Person
from plexsync.model.match import Surroundings, match_file
from plexsync.model.pathrules import RuleText, path_rules
from plexsync.model.plan import Written, make_plan
from plexsync.model.rules import Rules, desired
from plexsync.model.scene import Named, Scene, SceneFile

RUNS = 300
TAGS = 60
ALL_TAGS = 5_000
RULES = Rules()
PATH = "/media/a/clip.mp4"
FILE = SceneFile(path="/data/a/clip.mp4", size=1, duration=60.0)
Row = dict[str, object]


def scene_of(tags: int) -> Scene:
    """A scene as people keep them, with so many of the 5,000 tags."""
    step = ALL_TAGS // tags
    return Scene(
        id=1,
        title="A title of some words",
        details="A sentence of the summary, with its line.\n" * 20,
        date="2024-05-06",
        rating=73,
        studio=Named(id=1, name="Studio"),
        performers=tuple(Named(id=n, name=f"Performer {n}") for n in range(4)),
        tags=tuple(Named(id=n * step, name=f"Tag number {n * step}") for n in range(tags)),
        files=(FILE,),
    )


def item_of(scene: Scene) -> Item:
    """An item that is in step but for its last tag."""
    return Item(
        rating_key=1,
        section=1,
        title=scene.title,
        summary=scene.details.strip(),
        studio="Studio",
        date=scene.date,
        year=2024,
        rating=7.3,
        genres=tuple(tag.name for tag in scene.tags[:-1]),
        actors=tuple(Person(name=one.name, role="") for one in scene.performers),
    )


def median(operation: Callable[[], object], runs: int) -> float:
    """Milliseconds of one operation."""
    seconds: list[float] = []
    for _ in range(runs):
        began = time.perf_counter()
        operation()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds) * 1000


def plan_of(scene: Scene) -> Callable[[], object]:
    """Everything from a scene and an item to the plan."""
    item = item_of(scene)
    wanted = desired(scene, RULES)
    ledger: dict[Field, Written] = {
        name: Written(before=None, intended=value, confirmed=value, is_confirmed=True)
        for name, value in wanted.items()
        if name is not Field.GENRES
    }

    def make() -> object:
        now = desired(scene, RULES)
        return make_plan(scene=1, item=item, path=PATH, wanted=now, rules=RULES, ledger=ledger)

    return make


def around(places: Sequence[str], mapped: str | None) -> Surroundings:
    """What is known of items that hold a file of that name in these folders."""
    items = [
        IndexedItem(rating_key=key, section=1, title="", parts=(Part(path=f"{place}/clip.mp4", size=1),))
        for key, place in enumerate(places)
    ]
    return Surroundings(mapped=mapped, at_path=items[:1] if mapped else (), same_name=items)


def rows(runs: int = RUNS) -> list[Row]:
    """Medians in milliseconds."""
    scene, large = scene_of(TAGS), scene_of(ALL_TAGS)
    by_folder = path_rules([RuleText(plex="/media", stash="/data")])
    by_pattern = path_rules([RuleText(plex_pattern=r"/mnt/(disk\d+)/video/", stash_pattern=r"/data/\1/")])
    exact = around(["/media/a"], PATH)
    by_name = around([f"/media/{letter}" for letter in "abcdefgh"], None)
    return [
        row(f"plan, scene of {TAGS} tags out of {ALL_TAGS:,}", median(plan_of(scene), runs), "< 1"),
        row(f"plan, scene of {ALL_TAGS:,} tags", median(plan_of(large), max(5, runs // 20)), ""),
        row(
            "digest of a scene, of its content", median(lambda: (RULES.digest(scene, ""), scene.content_hash), runs), ""
        ),
        row("a path through a folder rule", median(lambda: by_folder.to_plex(FILE.path), runs), ""),
        row("a path through a pattern", median(lambda: by_pattern.to_plex("/data/disk7/a/clip.mp4"), runs), ""),
        row("the item at the mapped path", median(lambda: match_file(FILE, exact), runs), ""),
        row("the item by its name, of 8", median(lambda: match_file(replace(FILE), by_name), runs), ""),
    ]


def row(name: str, value: float, reach: str) -> Row:
    """One line of the table."""
    return {"name": name, "value": round(value, 4), "unit": "ms", "reach": reach}


if __name__ == "__main__":
    for line in rows():
        print(f"{line['name']:44} {line['value']:>9} {line['unit']:4} {line['reach']}")
