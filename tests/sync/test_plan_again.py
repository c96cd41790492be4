"""Whatever scenes, items, rules and servers come together: after a sync there is nothing left to do."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oracle.rows import RULES as EACH_FIELD
from oracle.rows import drawn
from plexsync.config.settings import OWNER
from plexsync.model.fields import Field, Owner
from plexsync.sync.service import Service
from sync.test_story import picture
from world import FastClock, World, until, world

PATIENCE = 600.0
#: Scenes of one example, each with an item.
SCENES = 8
TEXTS = st.one_of(
    st.sampled_from(
        ["", "Dawn", "dawn", " River  & Sea ", "Ärger, Öl; 100%+", "夜 #1", "a\u0308\u200b\r\n<b>x</b> **y**"]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30),
    st.sampled_from(["Wörter ", "x"]).map(lambda word: word * 300),
)
#: Stash takes no name twice that differs in case alone.
NAMES = st.one_of(
    st.sampled_from(["One", "two, three", "Fo\u0308ur & more", "five; six", "rated 1", "label: Seven", "x" * 300]),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
    .map(lambda name: name.strip().casefold())
    .filter(bool),
)
LISTS = st.lists(NAMES, max_size=4, unique_by=str.casefold)
STASH: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "title": TEXTS,
        "details": TEXTS,
        "code": TEXTS,
        "urls": st.lists(TEXTS.filter(bool), max_size=2),
        "director": TEXTS,
        "date": st.sampled_from([None, "2001", "2001-02", "2001-02-03", "1999-12-31"]),
        "rating100": st.one_of(st.none(), st.integers(0, 100)),
        "tags": LISTS,
        "performers": LISTS,
        "groups": LISTS,
        "studio": NAMES,
        "cover_image": st.sampled_from(
            [None, *(picture(drawn(kind, red)) for kind in ("JPEG", "PNG", "GIF") for red in (40, 120))]
        ),
    },
)
#: What Plex was told by a person; a list in Plex holds each name once, in one spelling.
PLEX_NAMES = st.lists(st.sampled_from(["One", "Theirs", "Fr. Seven", "Fo\u0308ur & more"]), max_size=3, unique=True)
PLEX_TEXTS = st.sampled_from(["", "Dawn", "DAWN", "By hand"])
PLEX: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"lock": st.booleans()},
    optional={
        **dict.fromkeys(("title", "titleSort", "summary", "tagline", "studio", "contentRating"), PLEX_TEXTS),
        **dict.fromkeys(("genres", "labels", "collections", "actors", "directors"), PLEX_NAMES),
        "originallyAvailableAt": st.sampled_from(["", "2001-02-03", "1980-01-01"]),
        "year": st.sampled_from(["", 2001, 1980]),
        "userRating": st.sampled_from([None, 7.0, 7.3, 10.0]),
    },
)
RULES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.just(EACH_FIELD),
    st.fixed_dictionaries(
        {},
        optional={
            "title": st.sampled_from(["{studio|suffix: - }{title}", "{title|upper|cut:20}"]),
            "sort_title": st.sampled_from(["{title|without_article}", "{title}"]),
            "tagline": st.just("{performers|take:2|join: & }"),
            "summary": st.just("{details}\n\nTags: {tags}\n{url}"),
            "other_tags": st.sampled_from(["genre", "label", "collection", ["genre", "label"], "nothing"]),
            "labels": st.just(["code", "stash_ids", "urls"]),
            "collections": st.just(["groups", "studio", "performers"]),
            "content_rating": st.sampled_from(["X", "PG-13"]),
            "half_stars": st.booleans(),
            "split_directors": st.booleans(),
            "performer_order": st.sampled_from(["stash", "name"]),
            "role": st.sampled_from(["", "{name}", "{aliases|first}"]),
            "picture_shape": st.sampled_from(["original", "poster"]),
        },
    ),
)
SETTINGS: st.SearchStrategy[dict[str, str]] = st.builds(
    lambda owners, background, clear, stem: {
        **{OWNER[name]: owner.value for name, owner in owners.items()},
        "sync_background": background,
        "clear_foreign": ", ".join(clear),
        "title_when_empty": stem,
    },
    st.dictionaries(st.sampled_from(list(Field)), st.sampled_from(list(Owner))),
    st.sampled_from(["true", "false"]),
    st.lists(st.sampled_from(list(Field)), max_size=4, unique=True),
    st.sampled_from(["keep", "stem"]),
)
SWITCHES = st.fixed_dictionaries(
    {
        "tag_mode": st.sampled_from(["additive", "replace"]),
        "multi_removal": st.sampled_from(["all", "first"]),
        "tags_move": st.booleans(),
        "labels_capitalized": st.booleans(),
        "poster_upload_locks": st.booleans(),
        "date_drives_year": st.booleans(),
        "url_limit": st.sampled_from([None, 8192]),
    }
)
PAIRS = st.lists(st.tuples(STASH, PLEX), min_size=SCENES, max_size=SCENES)
Pairs = Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]


async def furnished(place: World, pairs: Pairs, *, plex: bool) -> None:
    """The scenes, and `plex`: the items too."""
    for scene, (given_by_stash, told_in_plex) in enumerate(pairs, 1):
        content = {"id": scene, **given_by_stash}
        answer = await place.http.post(f"{place.stash.url}/_sim/silent", json=content)
        assert answer.status_code == 200, answer.text
        if plex:
            key = (await place.item(scene))["ratingKey"]
            answer = await place.http.put(f"{place.plex.url}/_sim/items/{key}", json=dict(told_in_plex))
            assert answer.status_code == 200, answer.text


async def nothing_is_left(place: World, service: Service) -> None:
    """Plans made anew are empty, and so is a sync of all."""
    await until(service.quiet, patience=PATIENCE)
    scenes = list(range(1, SCENES + 1))
    planned = [one async for one in service.plan(scenes)]
    left = [change for one in planned for plan in one.plans for change in plan.changes]
    assert not left
    assert [one.plans != () for one in planned] == [True] * SCENES, [one.reason for one in planned]
    await place.forget_requests()
    await service.sync_scenes(scenes)
    await until(service.quiet, patience=PATIENCE)
    counts = await place.plex_counts()
    assert (counts["writes"], counts["uploads"]) == (0, 0)


async def story(
    folder: Path,
    switches: Mapping[str, Any],
    rules: Mapping[str, Any],
    asked: Mapping[str, Any],
    times: tuple[Pairs, Pairs],
) -> None:
    """Twice: first over what people had in Plex, then after all scenes are others."""
    async with world(folder, scenes=SCENES) as place:
        place.clock = FastClock(60)
        await place.switches(**switches)
        await furnished(place, times[0], plex=True)
        async with place.running(rules=json.dumps(rules), **asked) as service:
            await nothing_is_left(place, service)
            await furnished(place, times[1], plex=False)
            await service.sync_scenes(range(1, SCENES + 1))
            await nothing_is_left(place, service)


def tell(*facts: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(story(Path(folder), *facts))


@pytest.mark.timeout(1800)
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(SWITCHES, RULES, SETTINGS, st.tuples(PAIRS, PAIRS))
def test_after_a_sync_of_anything_there_is_nothing_left_to_do(
    switches: dict[str, Any], rules: dict[str, Any], asked: dict[str, str], times: tuple[Pairs, Pairs]
) -> None:
    tell(switches, rules, asked, times)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(SWITCHES, RULES, SETTINGS, st.tuples(PAIRS, PAIRS))
def test_after_a_sync_of_anything_there_is_nothing_left_to_do_ever(
    switches: dict[str, Any], rules: dict[str, Any], asked: dict[str, str], times: tuple[Pairs, Pairs]
) -> None:
    tell(switches, rules, asked, times)
