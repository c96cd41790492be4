"""What one scene costs in pure thought: what Plex should hold, what differs, and which item is meant."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from plexsync.model.fields import Field, Value
from plexsync.model.item import IndexedItem, Item, Part
from plexsync.model.match import Surroundings, match_file
from plexsync.model.pathrules import RuleText, path_rules
from plexsync.model.plan import Written, make_plan
from plexsync.model.rules import (
    PERFORMER_FIELDS,
    SCENE_FIELDS,
    TAG_FIELDS,
    ContentRatingRule,
    ContentRatings,
    Names,
    PeopleRules,
    Place,
    Rules,
    Source,
    StudioForm,
    TagRule,
    TagRules,
    desired,
    parse,
)
from plexsync.model.scene import Group, Named, Performer, Scene, SceneFile, Studio, Tag

RUNS = 300
TAGS = 60
ALL_TAGS = 5_000
RULES = Rules()
#: So many rules of tags by name, by parent and by pattern.
TAG_RULES = 60
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
        studio=Studio(id=1, name="Studio", parents=(Named(id=2, name="Above"), Named(id=3, name="Top"))),
        performers=tuple(Performer(id=n, name=f"Performer {n}", aliases=("One", "Two")) for n in range(4)),
        tags=tuple(tag_of(n * step) for n in range(tags)),
        groups=(Group(id=1, name="A group", index=2),),
        files=(FILE,),
    )


def tag_of(number: int) -> Tag:
    """A tag with two above it."""
    above = (Named(id=10_000 + number % 50, name=f"Group {number % 50}"), Named(id=20_000, name="All"))
    return Tag(id=number, name=f"Tag number {number}", ancestors=above)


def many_rules() -> Rules:
    """Rules of every kind, some dozens of them, over 5,000 tags."""
    places = (frozenset({Place.LABEL}), frozenset({Place.COLLECTION}), frozenset[Place]())
    rules = [_tag_rule(number, places[number % 3]) for number in range(TAG_RULES)]
    return Rules(
        tags=TagRules(rules=tuple(rules), ignored=Names(("Draft*", "* import", *(f"Name {n}" for n in range(100))))),
        people=PeopleRules(role=parse("{aliases|first|prefix:as }", PERFORMER_FIELDS)),
        studio=StudioForm.PATH,
        content_ratings=ContentRatings(
            rules=tuple(ContentRatingRule(under=(f"Group {n * 7}",), rating=f"R{n}") for n in range(5)), otherwise="X"
        ),
        templates={
            Field.TITLE: parse("{studio|suffix: - }{title} ({year})", SCENE_FIELDS),
            Field.SORT_TITLE: parse("{title|without_article}", SCENE_FIELDS),
            Field.TAGLINE: parse("{performers|take:3|join: & }", SCENE_FIELDS),
            Field.SUMMARY: parse("{details}\n\n{tags|take:5|prefix:Tags: }\n{code}", SCENE_FIELDS),
        },
        collections=(Source.GROUPS, Source.STUDIO, Source.PARENT_STUDIOS),
    )


def _tag_rule(number: int, to: frozenset[Place]) -> TagRule:
    """By name, by parent and by pattern in turn; one of five under another name."""
    renamed = parse("{name|replace:number=>no.}", TAG_FIELDS) if number % 5 == 0 else None
    if number % 3 == 0:
        return TagRule(name=(f"Tag number {number * 83}",), to=to, name_there=renamed)
    if number % 3 == 1:
        return TagRule(under=(f"Group {number % 50}",), to=to, name_there=renamed)
    return TagRule(like=(f"*number {number}?7*",), to=to, name_there=renamed)


def item_of(wanted: Mapping[Field, Value]) -> Item:
    """An item that is in step but for the first of its genres."""
    held = {name.value: value for name, value in wanted.items() if value is not None}
    genres = wanted[Field.GENRES]
    held["genres"] = genres[1:] if isinstance(genres, tuple) else ()
    return Item(rating_key=1, section=1, **held)  # type: ignore[arg-type]  # the fields of a scene are those of an item


def median(operation: Callable[[], object], runs: int) -> float:
    """Milliseconds of one operation."""
    seconds: list[float] = []
    for _ in range(runs):
        began = time.perf_counter()
        operation()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds) * 1000


def plan_of(scene: Scene, rules: Rules = RULES) -> Callable[[], object]:
    """Everything from a scene and an item to the plan."""
    wanted = desired(scene, rules).values
    item = item_of(wanted)
    ledger: dict[Field, Written] = {
        name: Written(before=None, intended=value, confirmed=value, is_confirmed=True)
        for name, value in wanted.items()
        if name is not Field.GENRES
    }

    def make() -> object:
        now = desired(scene, rules).values
        return make_plan(scene=1, item=item, path=PATH, wanted=now, rules=rules, ledger=ledger)

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
    scene, large, rules = scene_of(TAGS), scene_of(ALL_TAGS), many_rules()
    by_folder = path_rules([RuleText(plex="/media", stash="/data")])
    by_pattern = path_rules([RuleText(plex_pattern=r"/mnt/(disk\d+)/video/", stash_pattern=r"/data/\1/")])
    exact = around(["/media/a"], PATH)
    by_name = around([f"/media/{letter}" for letter in "abcdefgh"], None)
    return [
        row(f"plan, scene of {TAGS} tags out of {ALL_TAGS:,}", median(plan_of(scene), runs), "< 1"),
        row(
            f"plan with {TAG_RULES} rules of tags and more, the same scene", median(plan_of(scene, rules), runs), "< 1"
        ),
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
