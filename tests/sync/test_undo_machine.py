"""Undo after any sequence of syncs, crashes, faults and drifts gives the original item back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oracle.rows import drawn
from plexsync.sync.service import Service
from sync.test_story import picture
from sync.test_undo import edited, look
from world import World, quiet, world

WORDS = st.sampled_from(["Dawn", "River & Sea", "Ärger, Öl", "夜"])
STASH = st.fixed_dictionaries(
    {},
    optional={
        "title": WORDS,
        "details": st.one_of(st.just(""), WORDS),
        "date": st.sampled_from(["2001-02-03", "1999-12-31"]),
        "rating100": st.sampled_from([None, 20, 55]),
        "tags": st.lists(st.one_of(WORDS, st.sampled_from(["label: Ours", "label: Also"])), max_size=3, unique=True),
        "groups": st.lists(st.sampled_from(["Our set", "Another"]), max_size=2, unique=True),
        "cover_image": st.sampled_from([None, picture(drawn("JPEG", 40)), picture(drawn("PNG", 120))]),
        "performers": st.lists(st.sampled_from(["Ann", "Bo", "Cy"]), max_size=3, unique=True),
    },
)
RULES = {"collections": ["groups"], "tags": [{"like": "label: *", "to": "label", "as": "{name|after:label: }"}]}
#: What a person does in Plex. Labels, collections and the rating are theirs for good.
BY_HAND: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"title": WORDS}),
    st.fixed_dictionaries({"summary": WORDS, "lock": st.booleans()}),
    st.fixed_dictionaries({"genres": st.lists(WORDS, max_size=2, unique=True)}),
    st.fixed_dictionaries({"labels": st.lists(st.sampled_from(["Keep", "Mine"]), max_size=2, unique=True)}),
    st.fixed_dictionaries({"collections": st.lists(st.sampled_from(["Shelf", "Attic"]), max_size=2, unique=True)}),
    st.fixed_dictionaries({"userRating": st.sampled_from([1.0, 9.0])}),
    st.fixed_dictionaries({"locks": st.dictionaries(st.sampled_from(["title", "summary"]), st.just(False))}),
)
FAULTS = st.sampled_from(
    [
        {"fault": "status500", "method": "PUT", "times": 2},
        {"fault": "cut", "method": "PUT", "times": 1},
        {"fault": "cut", "method": "POST", "times": 1},
        {"fault": "refuse", "times": 3},
    ]
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("stash"), STASH),
        st.tuples(st.just("by hand"), BY_HAND),
        st.tuples(st.just("refresh"), st.none()),
        st.tuples(st.just("fault"), FAULTS),
        st.tuples(st.just("crash"), st.none()),
    ),
    max_size=6,
)
SWITCHES = st.fixed_dictionaries(
    {
        "tag_mode": st.sampled_from(["additive", "replace"]),
        "multi_removal": st.sampled_from(["all", "first"]),
        "poster_upload_locks": st.booleans(),
        "labels_capitalized": st.booleans(),
        "tags_move": st.booleans(),
        "date_drives_year": st.booleans(),
    }
)
#: Lists of theirs, and the locks that go with them: a person who edits one locks it, before us or after.
_SHARED = {"labels": "label", "collections": "collection"}
_THEIRS = (*_SHARED, "userRating")
HEADERS = {"X-Plex-Token": "sim-plex-token"}
Step = tuple[str, Any]


async def done(house: World, service: Service, step: Step) -> bool:
    """One thing happens; whether the daemon dies of it."""
    match step:
        case ("stash", values):
            await house.http.post(f"{house.stash.url}/_sim/silent", json={"id": 1, **values})
            await service.sync_scenes([1])
        case ("by hand", values):
            await edited(house, 1, **values)
            await service.sync_scenes([1])
        case ("refresh", _):
            key = (await house.item(1))["ratingKey"]
            # A fault may strike this request instead of one of the daemon's.
            with contextlib.suppress(httpx2.HTTPError):
                await house.http.put(f"{house.plex.url}/library/metadata/{key}/refresh", headers=HEADERS)
            await service.sync_scenes([1])
        case ("fault", rule):
            await house.faults(house.plex, rule)
            return False
        case ("crash", _):
            await service.sync_scenes([1])
            return True
    await quiet(service)
    return False


def expected(original: Mapping[str, Any], steps: Sequence[Step]) -> dict[str, Any]:
    """The original, but for what a person changed of what is theirs for good."""
    found = dict(original)
    for kind, values in steps:
        if kind == "by hand":
            found |= {name: value for name, value in values.items() if name in _THEIRS}
    return found


def seen(item: Mapping[str, Any], steps: Sequence[Step]) -> dict[str, Any]:
    """All that counts of an item. Plex may write a label as it likes."""
    by_hand = {lock for kind, values in steps if kind == "by hand" for name, lock in _SHARED.items() if name in values}
    locks = [lock for lock in item["locks"] if lock not in by_hand]
    return look({**item, "labels": [*map(str.lower, item["labels"])], "locks": locks})


async def story(folder: Path, switches: dict[str, Any], steps: Sequence[Step], *, crash: bool, poster: bool) -> None:
    async with world(folder, scenes=1) as house:
        await house.switches(**switches)
        await edited(house, 1, title="By hand", summary="Own words", genres=["Old"], labels=["Keep"], userRating=3.0)
        await edited(house, 1, studio="Theirs", originallyAvailableAt="1990-01-01", year=1990, lock=False)
        if poster:
            key = (await house.item(1))["ratingKey"]
            address = f"{house.plex.url}/library/metadata/{key}/posters"
            (await house.http.post(address, content=drawn("PNG", 240), headers=HEADERS)).raise_for_status()
        original = await house.item(1)
        first = {"title": "First", "details": "First", "tags": ["x"], "date": "1980-05-06", "rating100": 77}
        await house.http.post(f"{house.stash.url}/_sim/silent", json={"id": 1, "performers": ["Ann"], **first})
        rest, rules = [("stash", {}), *steps], json.dumps(RULES)
        while rest:
            async with house.running(dies=True, rules=rules) as service:
                while rest and not await done(house, service, rest.pop(0)):
                    pass
        await house.faults(house.plex)
        async with house.running(dies=True, rules=rules) as service:
            if crash:
                await quiet(service)
                await service.undoing.undo_scene(1)
        async with house.running(rules=rules) as service:
            if not crash:
                await service.undoing.undo_scene(1)
            await quiet(service)
            await service.sync_scenes([1])
            await quiet(service)
        assert seen(await house.item(1), steps) == seen(expected(original, steps), steps)


def tell(switches: dict[str, Any], steps: Sequence[Step], crash: bool, poster: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(story(Path(folder), switches, steps, crash=crash, poster=poster))


@pytest.mark.timeout(1800)
@settings(max_examples=4, suppress_health_check=list(HealthCheck))
@given(SWITCHES, STEPS, st.booleans(), st.booleans())
def test_undo_gives_the_original_item_back(
    switches: dict[str, Any], steps: list[Step], crash: bool, poster: bool
) -> None:
    tell(switches, steps, crash, poster)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@settings(max_examples=120, suppress_health_check=list(HealthCheck))
@given(SWITCHES, STEPS, st.booleans(), st.booleans())
def test_undo_gives_the_original_item_back_every_time(
    switches: dict[str, Any], steps: list[Step], crash: bool, poster: bool
) -> None:
    tell(switches, steps, crash, poster)
