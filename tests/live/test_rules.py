"""Rules as a user writes them, over what a real Stash holds."""

from __future__ import annotations

from typing import Any

import pytest

from live.house import LIBRARY, RUN, House
from live.server import Scene, Stash
from pictures import data_url, picture

OTHER = "https://b.example/2"
BOX = "https://box.example/graphql"
IDENT = "11111111-2222-3333-4444-555555555555"
DETAILS = """  A <b>bold</b> &amp; <i>long</i> night.<br>Second line with [a link](https://a.example/x) and **stars**.

- first
- second  """
PLAIN = "A bold & long night.\nSecond line with a link and stars.\n\n- first\n- second"
RULES = f"""
[rules]
studio = "path"
collections = ["groups", "studio", "parent_studios"]
labels = ["stash_ids", "code", "urls"]
collection_pictures = true
ignore_tags = "import:*"
sort_title = "{{group|suffix: }}{{group_number|digits:3|suffix: }}{{title|without_article}}"
tagline = "{{performers|take:2|join: & }}"
content_rating = "X"

[[rules.content_ratings]]
under = "Audience {RUN}"
rating = "G"

[[rules.tags]]
name = ["4k {RUN}"]
to = "label"

[[rules.tags]]
under = "Series {RUN}"
to = "collection"

[[rules.tags]]
like = "mood: *"
to = ["genre", "label"]
as = "{{name|after:mood: }}"

[rules.library."{LIBRARY}"]
title = "{{studio|suffix: - }}{{title}}"
"""


@pytest.fixture
def scene(stash: Stash) -> Scene:
    """A scene with something for every rule."""
    found = stash.scenes()[5]
    front = data_url(picture(f"front {RUN}"))
    top = stash.make("studio", name=f"Top {RUN}", image=data_url(picture(f"logo {RUN}")))
    middle = stash.make("studio", name=f"Middle {RUN}", parent_id=top)
    studio = stash.make("studio", name=f"Own {RUN}", parent_id=middle)
    group = stash.make("group", name=f"Cycle {RUN}", front_image=front)
    other = stash.make("group", name=f"Another {RUN}")
    stash.edit(
        found["id"],
        title=f"  The Night {RUN} ",
        code=f" C-{RUN}",
        details=DETAILS,
        director="Ann Lee, Bo Berg Jr., Jr.",
        date="2012-05",
        rating100=67,
        urls=[f"https://films.example/{RUN}", OTHER],
        stash_ids=[{"endpoint": BOX, "stash_id": IDENT}],
        studio_id=studio,
        tag_ids=tags(stash),
        groups=[{"group_id": group, "scene_index": 7}, {"group_id": other}],
    )
    return found


def tags(stash: Stash) -> list[str]:
    """A tag for each rule: two below others, at two heights; one that nothing fits; one to be left out."""
    series = stash.make("tag", name=f"Series {RUN}")
    season = stash.make("tag", name=f"Season one {RUN}", parent_ids=[series])
    part = stash.make("tag", name=f"Part {RUN}", parent_ids=[season])
    children = stash.make("tag", name=f"Children {RUN}", parent_ids=[stash.make("tag", name=f"Audience {RUN}")])
    names = (f"4K {RUN}", f"mood: calm {RUN}", f"import:{RUN}", f"Éclair {RUN}", f"éclair {RUN}")
    return [part, season, children, *(stash.make("tag", name=name) for name in names)]


def short(item: dict[str, Any]) -> dict[str, Any]:
    """What the rules decide."""
    lists = ("genres", "labels", "collections")
    plain = ("title", "titleSort", "summary", "tagline", "studio", "contentRating", "userRating", "year", "directors")
    return {name: item[name] for name in plain} | {name: sorted(map(str.casefold, item[name])) for name in lists}


def test_every_rule_of_a_users_file_shows_in_plex_and_a_second_walk_writes_nothing(
    house: House, stash: Stash, scene: Scene
) -> None:
    house.settings(rules=RULES)
    with house.daemon() as daemon:
        found = short(house.item(scene))
        assert found == {
            "summary": PLAIN,
            "title": f"Own {RUN} - The Night {RUN}",
            "titleSort": f"Cycle {RUN} 007 Night {RUN}",
            "tagline": stash.scene(scene["id"])["performers"][0]["name"],
            "studio": f"Top {RUN} / Middle {RUN} / Own {RUN}",
            "contentRating": "G",
            "userRating": 6.7,
            "year": 2012,
            "directors": ["Ann Lee", "Bo Berg Jr., Jr."],
            "genres": sorted([f"children {RUN}", f"calm {RUN}", f"éclair {RUN}"]),
            "labels": sorted([f"4k {RUN}", f"calm {RUN}", f"c-{RUN}", f"https://films.example/{RUN}", OTHER, IDENT]),
            "collections": sorted(
                f"{name} {RUN}" for name in ("part", "season one", "cycle", "another", "own", "middle", "top")
            ),
        }
        before = house.write_counts()
        daemon.sync(all=True)
        house.until_walked(daemon, 2)
        assert house.write_counts() == before
