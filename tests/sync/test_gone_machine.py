"""Whatever happens to scenes and items, in whatever order: what is a person's stays, what is gone leaves nothing of
ours, and an item of a living scene holds what that scene says."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plexsync.model.work import Event
from plexsync.sync.service import Service
from sync.test_undo import look
from world import FastClock, World, quiet, world

SCENES = 3
RULES = {"tags": [{"like": "ours*", "to": ["label", "genre"]}]}
ORIGINAL = {"summary": "At first", "labels": ["Keep"], "studio": "Theirs"}
WHICH = st.integers(0, SCENES - 1)
WORDS = st.sampled_from(["Dawn", "Dusk", "夜"])
#: What Stash is given begins with "Ours", so that it is known again wherever it is left behind.
STASH = st.fixed_dictionaries(
    {},
    optional={
        "title": WORDS.map("Ours {}".format),
        "details": st.one_of(st.just(""), WORDS.map("Ours {}".format)),
        "studio": st.just("Ours & Co"),
        "tags": st.lists(st.sampled_from(["ours 1", "ours 2"]), max_size=2, unique=True),
    },
)
BY_HAND: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"title": WORDS}),
    st.fixed_dictionaries({"summary": WORDS}),
    st.fixed_dictionaries({"labels": st.lists(st.sampled_from(["Mine", "Keep"]), max_size=2, unique=True)}),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("stash"), WHICH, STASH),
        st.tuples(st.just("hand"), WHICH, BY_HAND),
        st.tuples(st.just("destroy"), WHICH, st.booleans()),
        st.tuples(st.just("again"), WHICH, st.booleans()),
        st.tuples(st.just("merge"), WHICH, WHICH),
        st.tuples(st.sampled_from(["walk", "crash", "away", "back"]), st.just(0), st.none()),
    ),
    min_size=3,
    max_size=8,
)
Step = tuple[str, int, Any]
MERGE = "mutation($source: [ID!]!, $to: ID!) { sceneMerge(input: {source: $source, destination: $to}) { id } }"


@dataclass(slots=True)
class Story:
    """The films by place; `owner` is the scene that has each, `hands` what people gave its item since the start."""

    place: World
    paths: list[str]
    original: dict[str, Any]
    owner: dict[str, int | None]
    hands: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)

    async def step(self, service: Service, step: Step) -> bool:
        """One thing happens; whether the daemon dies of it."""
        kind, number, what = step
        path, owner = self.paths[number], self.owner[self.paths[number]]
        match kind:
            case "stash" if owner is not None:
                await self.place.http.post(f"{self.place.stash.url}/_sim/silent", json={"id": owner, **what})
                await service.take([Event(type="Scene.Update.Post", id=owner)])
            case "hand":
                self.hands.setdefault(path, []).append(what)
                key = self.original[path]["ratingKey"]
                await self.place.http.put(f"{self.place.plex.url}/_sim/items/{key}", json=what)
            case "destroy" if owner is not None:
                await self.place.graphql("mutation($id: ID!) { sceneDestroy(input: {id: $id}) }", id=str(owner))
                self.owner |= {each: None for each, scene in self.owner.items() if scene == owner}
                if what:
                    await service.take([Event(type="Scene.Destroy.Post", id=owner)])
            case "again" if owner is None:
                await self._again(service, path, told=what)
            case "merge" if (into := self.owner[self.paths[what]]) not in (None, owner) and owner is not None:
                await self.place.graphql(MERGE, source=[str(owner)], to=str(into))
                self.owner |= {each: into for each, scene in self.owner.items() if scene == owner}
            case "walk":
                await service.sync_all()
            case "away":
                await self.place.faults(self.place.plex, {"fault": "maintenance503", "path": "/library"})
                return False
            case "back":
                await self.place.faults(self.place.plex)
        return kind == "crash"

    async def _again(self, service: Service, path: str, *, told: bool) -> None:
        told_path = {"path": path.replace("/plex/media", "/data", 1), "title": "Ours anew"}
        made = (await self.place.http.post(f"{self.place.stash.url}/_sim/files", json=told_path)).json()
        self.owner[path] = int(made["id"])
        if told:
            await service.take([Event(type="Scene.Create.Post", id=int(made["id"]))])

    async def check(self, service: Service, gone: str) -> None:
        """After all was found and done."""
        items = await self.place.items()
        living = sorted({scene for scene in self.owner.values() if scene is not None})
        planned = [one async for one in service.plan(living)] if living else []
        assert [plan.changes for one in planned for plan in one.plans if plan.changes] == []
        for path, owner in self.owner.items():
            labels = {label for label in items[path]["labels"] if not label.lower().startswith("ours")}
            assert labels == set(self._last(path, "labels")), "labels of people are theirs alone"
            if owner is None:
                self._check_gone(path, items[path], gone)
            else:
                scene = await self.place.graphql("query($id: ID) { findScene(id: $id) { title } }", id=str(owner))
                assert items[path]["title"] == (scene["findScene"]["title"] or items[path]["title"])

    def _check_gone(self, path: str, item: dict[str, Any], gone: str) -> None:
        if gone == "restore" and path not in self.hands:
            assert look(item) == look(self.original[path])
        for name in ("title", "summary", "studio", "genres", "labels"):
            assert "ours" not in json.dumps(item[name]).lower(), f"{name} of {path} still holds something of ours"
        for name in ("title", "summary"):
            theirs = [hand[name] for hand in self.hands.get(path, ()) if name in hand]
            emptied = [None] if gone == "clear" and name == "summary" else []
            assert item[name] in [self.original[path][name], *theirs, *emptied]

    def _last(self, path: str, name: str) -> Any:
        given = [hand[name] for hand in self.hands.get(path, ()) if name in hand]
        return given[-1] if given else self.original[path][name]


async def began(place: World) -> Story:
    for item in (await place.items()).values():
        await place.http.put(f"{place.plex.url}/_sim/items/{item['ratingKey']}", json=ORIGINAL | {"lock": False})
    original = await place.items()
    keys = {item["ratingKey"]: path for path, item in original.items()}
    owner: dict[str, int | None] = {}
    for scene in range(1, SCENES + 1):
        owner[keys[(await place.item(scene))["ratingKey"]]] = scene
        values = {"title": f"Ours {scene}", "details": "Ours", "studio": "Ours & Co", "tags": ["ours 1"]}
        await place.http.post(f"{place.stash.url}/_sim/silent", json={"id": scene, **values})
    return Story(place, list(owner), original, owner)


async def story(folder: Path, gone: str, steps: Sequence[Step]) -> None:
    async with world(folder, scenes=SCENES) as place:
        place.clock = FastClock(60.0)
        it, rules, rest = await began(place), json.dumps(RULES | {"gone": gone}), list(steps)
        while rest:
            async with place.running(dies=True, rules=rules) as service:
                if len(rest) == len(steps):
                    await quiet(service)
                while rest and not await it.step(service, rest.pop(0)):
                    pass
        await place.faults(place.plex)
        async with place.running(rules=rules) as service:
            await service.sync_all()
            await quiet(service)
            await service.sync_scenes(sorted({scene for scene in it.owner.values() if scene is not None}))
            await quiet(service)
            await it.check(service, gone)


def tell(gone: str, steps: Sequence[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(story(Path(folder), gone, steps))


@pytest.mark.timeout(1800)
@settings(max_examples=3, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(["restore", "clear"]), STEPS)
def test_nothing_of_a_persons_is_harmed_and_living_scenes_keep_their_items(gone: str, steps: list[Step]) -> None:
    tell(gone, steps)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(["restore", "clear"]), STEPS)
def test_nothing_of_a_persons_is_harmed_however_long_it_is_tried(gone: str, steps: list[Step]) -> None:
    tell(gone, steps)
