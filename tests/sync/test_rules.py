"""Rules at work: what they ask for arrives in Plex, and goes again when the rule goes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from plexsync.model.work import Event
from plexsync.sync.plans.documents import plan_document
from plexsync.sync.service import Service
from plexsync.sync.walks.walk import FULL_WALK
from world import FastClock, World, quiet, until, world

RULES = {
    "title": "{studio|suffix: - }{title}",
    "sort_title": "{title|before:tel|upper}",
    "tagline": "{code|prefix:No. }",
    "summary": "{details}\n{url}",
    "studio": "path",
    "tags": [
        {"name": "dragon", "to": "label", "as": "Dragons"},
        {"under": "Genres", "to": ["collection", "genre"]},
        {"like": "sho*", "to": "nothing"},
    ],
    "collections": ["groups", "parent_studios"],
    "labels": ["stash_ids"],
    "content_rating": "PG",
    "content_ratings": [{"name": "fantasy", "rating": "PG-13"}],
    "half_stars": True,
    "performer_order": "name",
    "role": "{aliases|first}",
}
RULED: dict[str, Any] = {
    "title": "Blender Foundation - Sintel",
    "titleSort": "SIN",
    "tagline": "No. PS-00001",
    "studio": "Blender / Blender Foundation",
    "contentRating": "PG-13",
    "userRating": 3.0,
    "genres": {"animation", "fantasy"},
    "labels": {"Mine", "Dragons", "ab-12"},
    "collections": {"Ours", "fantasy", "Dragon films", "Blender"},
}
PLAIN: dict[str, Any] = {
    "title": "Sintel",
    "titleSort": None,
    "tagline": None,
    "studio": "Blender Foundation",
    "contentRating": None,
    "userRating": 2.7,
    "genres": {"animation", "short", "fantasy", "dragon"},
    "labels": {"Mine"},
    "collections": {"Ours"},
}


def told(item: dict[str, Any], names: dict[str, Any]) -> dict[str, Any]:
    return {name: set(item[name]) if isinstance(item[name], list) else item[name] for name in names}


@asynccontextmanager
async def at_work(place: World, rules: dict[str, Any] | None) -> AsyncIterator[Service]:
    """PlexSync with these rules, after its first walk."""
    place.clock = FastClock(60.0)
    async with place.running(rules=json.dumps(rules or {})) as service:
        await quiet(service)
        yield service


async def furnished(place: World) -> None:
    """The first scene gets parents, a group and a StashID; in Plex a user put a label and a collection of their own."""
    ids = await place.graphql(
        """query { findTags(filter: {per_page: -1}) { tags { id name } }
                   findStudios(filter: {per_page: -1}) { studios { id name } }
                   findPerformers(filter: {per_page: -1}) { performers { id name } } }"""
    )
    tags = {one["name"]: one["id"] for one in ids["findTags"]["tags"]}
    studio = next(one["id"] for one in ids["findStudios"]["studios"] if one["name"] == "Blender Foundation")
    hero = next(one["id"] for one in ids["findPerformers"]["performers"] if one["name"] == "Scales")
    made = await place.graphql(
        """mutation { tagCreate(input: {name: "Genres"}) { id } studioCreate(input: {name: "Blender"}) { id }
                      groupCreate(input: {name: "Dragon films"}) { id } }"""
    )
    await place.graphql(
        """mutation($tag: TagUpdateInput!, $studio: StudioUpdateInput!, $hero: PerformerUpdateInput!) {
             tagUpdate(input: $tag) { id }
             studioUpdate(input: $studio) { id }
             performerUpdate(input: $hero) { id } }""",
        tag={"id": tags["fantasy"], "parent_ids": [made["tagCreate"]["id"]]},
        studio={"id": studio, "parent_id": made["studioCreate"]["id"]},
        hero={"id": hero, "alias_list": ["Scaly", "S"]},
    )
    group = {"group_id": made["groupCreate"]["id"], "scene_index": 1}
    await place.edit(1, groups=[group], stash_ids=[{"endpoint": "https://box.example/graphql", "stash_id": "ab-12"}])
    key = (await place.item(1))["ratingKey"]
    mine = {"labels": ["Mine"], "collections": ["Ours"], "userRating": None}
    await place.http.put(f"{place.plex.url}/_sim/items/{key}", json=mine)


async def test_what_each_rule_gives_arrives_once_and_goes_again_with_the_rule(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=1) as place:
        await furnished(place)
        async with at_work(place, RULES) as service:
            item = await place.item(1)
            assert told(item, RULED) == RULED, await service.why(1)
            assert item["summary"].endswith("cared for.\nhttps://films.example/1")
            assert item["actors"] == ["Scales", "Sintel", "The Shaman"]
            assert item["roles"]["Scales"] == "Scaly"
        await place.forget_requests()
        async with at_work(place, RULES):
            counts = await place.plex_counts()
            assert (counts["writes"], counts["uploads"]) == (0, 0)
        async with at_work(place, None) as service:
            item = await place.item(1)
            assert told(item, PLAIN) == PLAIN, await service.why(1)
            assert item["summary"].endswith("cared for.")


async def test_one_changed_tag_rule_is_written_only_to_the_scenes_with_that_tag(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=3) as place:
        async with at_work(place, {"tags": [{"name": "dragon", "to": "label"}]}):
            pass
        await place.forget_requests()
        async with at_work(place, {"tags": [{"name": "dragon", "to": "collection"}]}):
            assert (await place.plex_counts())["writes"] == 1
            assert (await place.item(1))["collections"] == ["dragon"]


async def test_a_plan_names_the_rule_of_each_value_and_why_a_scene_takes_no_part(tmp_path: Path) -> None:
    rules = {"tagline": "{code}", "not_tags": "forest", "tags": [{"name": "dragon", "to": "label"}]}
    text = json.dumps(rules)
    async with world(tmp_path, scenes=2) as place, place.running(rules=text, preview="true") as service:
        await quiet(service)
        first, second = [plan_document(planned) async for planned in service.plan([1, 2])]
        given = {change["field"]: change["rule"] for change in first["items"][0]["changes"]}
        assert given["tagline"] == "rules.tagline"
        assert given["labels"] == 'rules.tags[0] (name "dragon")'
        assert given["studio"] == ""
        assert (second["kind"], second["items"]) == ("excluded", [])
        assert 'it has the tag "forest" (not_tags: "forest")' in second["reason"]


async def decision(service: Service, scene: int) -> dict[str, Any] | None:
    found: dict[str, Any] | None = (await service.why(scene))["servers"][0]["decision"]
    return found


async def test_an_excluded_scene_is_left_alone_with_its_reason_until_it_takes_part(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=2) as place:
        before = await place.item(1)
        async with at_work(place, {"only_organized": True}) as service:
            found = await decision(service, 1)
            assert found is not None
            assert found["kind"] == "excluded"
            assert found["reason"] == "Open movies: it is not organized in Stash (only_organized)"
            assert await decision(service, 2) is None
            assert await place.item(1) == before
            await place.edit(1, organized=True)
            await service.take([Event(type="Scene.Update.Post", id=1)])
            await until(lambda: _has(place, 1, studio="Blender Foundation"))
            await quiet(service)
            assert await decision(service, 1) is None


async def _has(place: World, scene: int, **values: Any) -> bool:
    item = await place.item(scene)
    return all(item[name] == value for name, value in values.items())


async def test_an_item_written_before_its_scene_was_excluded_stays_until_a_changed_rule_lets_it_in(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, scenes=1) as place:
        async with at_work(place, None):
            pass
        await place.edit(1, title="Another")
        reasons = {"min_rating": "at least 90 is asked for (min_rating)", "only_paths": 'lies in "/elsewhere"'}
        for rules in ({"min_rating": 90}, {"only_paths": "/elsewhere"}):
            async with at_work(place, rules) as service:
                found = await decision(service, 1)
                assert found is not None
                assert reasons[next(iter(rules))] in found["reason"]
                assert (await place.item(1))["title"] == "Sintel"
        async with at_work(place, None) as service:
            assert await decision(service, 1) is None
            assert (await place.item(1))["title"] == "Another"


async def titles(place: World, section: int) -> set[str]:
    """The titles of a library's items, as Plex's own answer tells them."""
    headers = {"X-Plex-Token": "sim-plex-token", "Accept": "application/json"}
    answer = await place.http.get(f"{place.plex.url}/library/sections/{section}/all?type=1", headers=headers)
    return {item["title"] for item in answer.json()["MediaContainer"]["Metadata"]}


async def test_each_library_gets_what_its_own_rules_ask_for(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=2) as place:
        section = {"title": "For all", "path": "/plex/media", "items": 2}
        answer = await place.http.post(f"{place.plex.url}/_sim/sections", json=section)
        assert answer.status_code == 200, answer.text
        place.settings["PLEXSYNC_LIBRARIES"] = "Open movies,For all"
        films = {"title": "{title|upper}", "only_tags": "dragon"}
        rules = {"library": {"For all": films, "Nowhere": {}}}
        key = int(answer.json()["key"])
        async with at_work(place, rules) as service:
            assert await titles(place, 1) == {"Sintel", "Big Buck Bunny"}
            assert await titles(place, key) == {"SINTEL", "Big Buck Bunny"}
            assert any("a library 'Nowhere' that no Plex has" in line for line in service.troubles())
            await service.timetable.entries[FULL_WALK].run()
            await quiet(service)
            counted = await place.plex_counts()
        await place.forget_requests()
        async with at_work(place, rules):
            assert (await place.plex_counts())["writes"] == 0
        assert counted["repeats"] == 0
