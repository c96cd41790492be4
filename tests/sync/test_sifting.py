"""A walk that remembers what it found in step does the very same as one that judges every scene anew."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from newstore import new_store
from plexsync.model.rules import RuleBook, Rules
from plexsync.model.work import Decision
from plexsync.stash.client import StashClient
from plexsync.store import decisions, in_step, jobs, links, preferences, seen, walks
from plexsync.store.database import Connection, Database
from plexsync.store.links import Link
from plexsync.sync.story.ties import link_texts
from plexsync.sync.walks.settled import Settled
from plexsync.sync.walks.sifting import Sifted, WalkPage
from plexsync.sync.walks.walk import FULL, Walker
from rawserver import raw_server, reply
from sync.hands import SetClock

SERVERS = ("one", "two")
SCENES = (1, 2, 3)
TIMES = ("1970-01-02T00:00:00Z", "1970-01-12T13:40:00Z", "1970-01-12T13:46:40Z")
RULES = RuleBook()
NAMED = RuleBook(libraries={"Films": Rules(collection_pictures=True)})
Act = tuple[str, int, int]


@dataclass
class Told:
    """What Stash tells of each scene."""

    scenes: dict[int, dict[str, Any]] = field(default_factory=lambda: {number: scene(number) for number in SCENES})

    def answer(self, _asked: object) -> bytes:
        data = {"findScenes": {"scenes": [self.scenes[number] for number in sorted(self.scenes)]}}
        return reply(200, json.dumps({"data": data}), {"Content-Type": "application/json"})


def scene(number: int) -> dict[str, Any]:
    named = {"id": "7", "name": "Tag", "parents": []}
    return {
        **dict.fromkeys(("code", "details", "director", "date", "rating100", "studio")),
        **{name: [] for name in ("urls", "stash_ids", "performers", "groups")},
        "id": str(number),
        "title": f"Scene {number}",
        "organized": False,
        "updated_at": TIMES[0],
        "tags": [named],
        "files": [{"path": f"/data/{number}.mp4", "size": 1, "duration": 2.0, "fingerprints": []}],
        "paths": {"screenshot": f"http://stash/scene/{number}/screenshot?t=1"},
    }


@dataclass
class Side:
    """One store, and who walks over it."""

    database: Database
    walker: Walker

    async def walk(self, *, remembers: bool) -> list[Any]:
        if not remembers:
            self.walker.settled = Settled()
            self.walker.__post_init__()
        await self.walker.full()
        return await self.database.run(holds)


def holds(connection: Connection) -> list[Any]:
    queued = [(row.server, row.scene, row.lane, row.reasons) for row in jobs.listing(connection)]
    decided = [decisions.decided(connection, server, SCENES) for server in SERVERS]
    return [queued, decided, seen.known(connection, SCENES), walks.load(connection, FULL)]


def link(server: str, number: int) -> Link:
    path = f"/plex/{number}.mp4"
    return Link(
        server=server,
        scene=number,
        stash_path=f"/data/{number}.mp4",
        rating_key=100 + number,
        section=1,
        plex_path=path,
        confidence="high",
        reason="path",
    )


def edit(told: Told, which: int, number: int) -> None:
    """Somebody changes a scene in Stash: a title, its time, a tag's name, a file, what is above a tag, or all of it."""
    row = told.scenes.get(number)
    if row is None:
        told.scenes[number] = scene(number)
        return
    match which % 7:
        case 0:
            row["title"] += "!"
        case 1:
            row["updated_at"] = TIMES[(TIMES.index(row["updated_at"]) + 1) % len(TIMES)]
        case 2:
            row["tags"] = [{**row["tags"][0], "name": row["tags"][0]["name"] + "s"}]
        case 3:
            row["files"] = [*row["files"], {**row["files"][0], "path": f"/data/more/{len(row['files'])}.mp4"}]
        case 4:
            row["paths"] = {"screenshot": None}
        case 5:
            told.scenes[number] = scene(number)
        case 6:
            del told.scenes[number]


async def keep(side: Side, which: int, number: int) -> None:
    """Our store learns something of a scene, or forgets it."""
    page = await side.walker.page(0) if which // 2 % 8 < 2 else WalkPage(ids=())
    await side.database.run(lambda c: kept(c, which, number, side.walker, page))


def kept(connection: Connection, which: int, number: int, walker: Walker, page: WalkPage) -> None:
    server = SERVERS[which % 2]
    found = {one.id: one.read() for one in page.told}
    match which // 2 % 8:
        case 0 | 1:
            if number in found:
                tie = link(server, number)
                links.replace(connection, server, number, [tie])
                digest = walker.rules.default.digest(found[number], link_texts([tie])[tie.rating_key])
                in_step.confirm(connection, server, number, tie.rating_key, digest, 1.0)
        case 2:
            in_step.confirm(connection, server, number, 100 + number, "another", 1.0)
        case 3:
            links.drop(connection, server, number)
        case 4:
            in_step.drop(connection, server, number)
        case 5:
            decision = Decision(kind="outside", reason="of another time", digest="then", index_version=7)
            decisions.decide(connection, server, number, decision, 1.0)
        case 6:
            decisions.clear(connection, server, [number])
        case 7:
            row = {"key": 1, "title": "Films" if number % 2 else "Others"}
            preferences.put(connection, f"sections:{server}", [row])
    for one in SERVERS:
        jobs.clear(connection, one)


async def story(folder: Path, rules: RuleBook, acts: Sequence[Act]) -> None:
    told, clock = Told(), SetClock()
    async with AsyncExitStack() as ending:
        server = await ending.enter_async_context(raw_server(told.answer))
        stash = StashClient(server.url)
        ending.push_async_callback(stash.close)
        sides = [side(folder / name, stash, rules, clock, ending) for name in ("remembering", "forgetful")]
        for what, which, number in [*acts, ("walk", 0, 0), ("walk", 0, 0)]:
            clock.at += which
            if what == "walk":
                first, second = [await one.walk(remembers=one is sides[0]) for one in sides]
                assert first == second, acts
            elif what == "edit":
                edit(told, which, number)
            else:
                for one in sides:
                    await keep(one, which, number)


def side(folder: Path, stash: StashClient, rules: RuleBook, clock: SetClock, ending: AsyncExitStack) -> Side:
    folder.mkdir()
    database = Database.open(new_store(folder / "plexsync.db"))
    ending.callback(database.close)
    walker = Walker(stash=stash, database=database, clock=clock, rules=rules, servers=SERVERS, wake=lambda: None)
    return Side(database=database, walker=walker)


def all_in_step() -> list[Act]:
    """Each scene was walked, and confirmed on both servers."""
    confirmed = [("keep", which, number) for number in SCENES for which in (0, 1)]
    return [("walk", 0, 0), *confirmed, ("walk", 0, 0)]


def tell(rules: RuleBook, acts: list[Act]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(story(Path(folder), rules, [*all_in_step(), *acts]))


ACTS = st.lists(
    st.tuples(st.sampled_from(["walk", "edit", "keep"]), st.integers(0, 15), st.sampled_from(SCENES)), max_size=15
)
STORIES = (st.sampled_from([RULES, NAMED]), ACTS)


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@example(RULES, [("edit", 2, 1), ("walk", 0, 0), ("edit", 5, 1)])
@example(RULES, [("keep", 2 * 5, 2), ("walk", 0, 0), ("keep", 2 * 6, 2)])
@example(NAMED, [("keep", 2 * 7, 1), ("walk", 0, 0), ("keep", 2 * 7, 2)])
@given(*STORIES)
def test_who_remembers_and_who_forgets_come_to_the_same_after_anything(rules: RuleBook, acts: list[Act]) -> None:
    tell(rules, acts)


@pytest.mark.soak
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(*STORIES)
def test_they_come_to_the_same_after_many_things(rules: RuleBook, acts: list[Act]) -> None:
    tell(rules, acts)


async def test_scenes_at_rest_are_not_even_read(tmp_path: Path) -> None:
    told, clock = Told(), SetClock()
    async with AsyncExitStack() as ending:
        server = await ending.enter_async_context(raw_server(told.answer))
        stash = StashClient(server.url)
        ending.push_async_callback(stash.close)
        one = side(tmp_path / "store", stash, RULES, clock, ending)
        for what, which, number in all_in_step():
            if what == "keep":
                await keep(one, which, number)
            else:
                await one.walk(remembers=True)
        told.scenes[2]["title"] = "Another"
        page = await one.walker.page(0)
        sifted: Sifted = await one.database.run(lambda c: one.walker.sifter.sift(c, page))
    assert [scene.id for scene in sifted.doubtful] == [2]
    assert [unread.id for unread in sifted.resting] == [1, 3]
