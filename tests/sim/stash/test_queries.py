"""Reading through GraphQL."""

import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from sim.stash.remote import Remote

FIND = """query ($filter: FindFilterType, $scenes: SceneFilterType, $ids: [ID!]) {
  findScenes(filter: $filter, scene_filter: $scenes, ids: $ids) {count scenes {id title updated_at files {path}}}
}"""
WHOLE = """query ($last: Int!) {
  findScenes(filter: {per_page: 500, sort: "id", direction: ASC},
             scene_filter: {id: {modifier: GREATER_THAN, value: $last}}) {
    count scenes {
      id title code details director date rating100 organized urls created_at updated_at
      files {id path basename size duration width height fingerprints {type value}}
      studio {id name parent_studio {id name}} tags {id name} performers {id name disambiguation image_path}
      groups {scene_index group {id name}} stash_ids {endpoint stash_id} paths {screenshot}
    }
  }
}"""


def found(stash: Remote, scenes: dict[str, Any] | None = None, **find: Any) -> list[int]:
    """The ids that a search gives."""
    answer = stash.ask(FIND, scenes=scenes, filter={"per_page": -1} | find)["findScenes"]
    return [int(scene["id"]) for scene in answer["scenes"]]


def test_version_status_and_configuration_are_told(stash: Remote) -> None:
    told = stash.ask("""{version {version} systemStatus {status appSchema}
      configuration {general {apiKey pythonPath stashes {path}} plugins} plugins {id} jobQueue {id}}""")
    assert told["version"]["version"].startswith("v0.30")
    assert told["systemStatus"]["status"] == "OK"
    assert told["configuration"]["general"]["stashes"] == [{"path": "/data"}]
    assert told["configuration"]["plugins"] == {}
    assert told["jobQueue"] is None


def test_a_scene_comes_with_its_file_and_everything_it_refers_to(stash: Remote) -> None:
    scene = stash.ask(WHOLE, last=0)["findScenes"]["scenes"][0]
    assert scene["title"] == "Sintel"
    assert scene["files"][0]["path"] == "/data/Blender Foundation/Sintel (2010)/Sintel.mp4"
    assert scene["files"][0]["fingerprints"][0]["type"] == "oshash"
    assert [tag["name"] for tag in scene["tags"]] == ["animation", "dragon", "fantasy", "short"]
    assert scene["studio"]["name"] == "Blender Foundation"
    assert scene["paths"]["screenshot"].startswith(f"{stash.url}/scene/1/screenshot?t=")
    assert scene["performers"][0]["image_path"].endswith("&default=true")


def test_a_missing_scene_is_null(stash: Remote) -> None:
    assert stash.ask("{findScene(id: 999) {id}}") == {"findScene": None}


def test_one_missing_id_fails_the_whole_query(stash: Remote) -> None:
    assert "not found" in stash.refused(FIND, ids=["1", "999"])


def test_a_repeated_id_fails_the_whole_query(stash: Remote) -> None:
    assert stash.refused(FIND, ids=["1", "1"])


def test_ids_keep_their_order(stash: Remote) -> None:
    scenes = stash.ask(FIND, ids=["3", "1"])["findScenes"]["scenes"]
    assert [scene["id"] for scene in scenes] == ["3", "1"]


def test_an_empty_list_of_ids_is_ignored(stash: Remote) -> None:
    answer = stash.ask(FIND, ids=[])["findScenes"]
    assert answer["count"] == 40
    assert len(answer["scenes"]) == 25


def test_no_rows_are_given_for_a_page_of_nothing(stash: Remote) -> None:
    assert stash.ask(FIND, filter={"per_page": 0})["findScenes"] == {"count": 40, "scenes": []}


def test_a_walk_by_id_meets_every_scene_once(stash: Remote) -> None:
    met: list[int] = []
    while page := found(
        stash,
        {"id": {"modifier": "GREATER_THAN", "value": met[-1] if met else 0}},
        per_page=7,
        sort="id",
        direction="ASC",
    ):
        met += page
    assert met == list(range(1, 41))


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("/data/Blender Foundation/Sintel (2010)/Sintel.mp4", [1]),
        ("/DATA/blender foundation/sintel (2010)/SINTEL.mp4", [1]),
        ("/data/Blender Foundation/Sintel (2010)/S_ntel.mp4", [1]),
        ("%take 2.mp4", list(range(21, 41))),
        ("/data/Blender Foundation/Sintel (2010)", []),
    ],
)
def test_equal_paths_are_compared_with_wildcards_and_without_case(stash: Remote, value: str, ids: list[int]) -> None:
    assert found(stash, {"path": {"modifier": "EQUALS", "value": value}}) == ids


def test_included_words_are_joined_by_or_unless_they_are_quoted(stash: Remote) -> None:
    assert found(stash, {"path": {"modifier": "INCLUDES", "value": "Sintel Spring"}}) == [1, 6, 21, 26]
    assert found(stash, {"path": {"modifier": "INCLUDES", "value": '"Sintel Spring"'}}) == []


def test_times_are_compared_as_text(stash: Remote) -> None:
    at = stash.update(id="7", title="Later")["updated_at"]
    day = at[:10]
    since = {"modifier": "GREATER_THAN", "value": f"{day} 00:00:00"}
    assert found(stash, {"updated_at": since}) == [7]
    assert found(stash, {"updated_at": {"modifier": "GREATER_THAN", "value": at}}) == []
    assert found(stash, {"updated_at": {"modifier": "BETWEEN", "value": at}}) == [7]


def test_scenes_are_found_through_what_they_refer_to(stash: Remote) -> None:
    stash.ask('mutation {performerUpdate(input: {id: 1, name: "Sintel Renamed"}) {id}}')
    since = {
        "modifier": "GREATER_THAN",
        "value": stash.ask("{findScene(id: 40) {updated_at}}")["findScene"]["updated_at"],
    }
    assert found(stash, {"performers_filter": {"updated_at": since}}) == [1, 21]
    assert found(stash, {"performers": {"modifier": "INCLUDES", "value": ["1"]}}) == [1, 21]
    assert found(stash, {"tags": {"modifier": "INCLUDES", "value": ["2"]}}) == [1, 21]
    assert found(stash, {"studios": {"modifier": "INCLUDES", "value": ["2"]}}) == [18, 20, 38, 40]


def test_a_filter_for_groups_is_ignored(stash: Remote) -> None:
    assert len(found(stash, {"groups_filter": {"name": {"modifier": "EQUALS", "value": "nothing"}}})) == 40


def test_filters_can_be_joined_but_only_one_way_per_level(stash: Remote) -> None:
    one = {"id": {"modifier": "EQUALS", "value": 1}}
    two = {"id": {"modifier": "EQUALS", "value": 2}}
    assert found(stash, one | {"OR": two}) == [1, 2]
    assert found(stash, {"NOT": one | {"OR": two}}) == list(range(3, 41))
    assert "only one" in stash.refused(FIND, scenes=one | {"OR": two, "NOT": two})


def test_what_is_missing_can_be_asked_for(stash: Remote) -> None:
    made = stash.ask('mutation {sceneCreate(input: {title: "Bare"}) {id}}')["sceneCreate"]["id"]
    for name in ("cover", "details", "performers", "tags", "studio", "date"):
        assert found(stash, {"is_missing": name}) == [int(made)]


def test_scenes_are_sorted_by_path_and_time(stash: Remote) -> None:
    stash.update(id="5", title="Newest")
    assert found(stash, sort="updated_at", direction="DESC")[0] == 5
    paths = stash.ask(FIND, filter={"per_page": -1, "sort": "path"})["findScenes"]["scenes"]
    names = [scene["files"][0]["path"] for scene in paths]
    assert names == sorted(names)


def test_scenes_are_found_by_hash_and_files_by_path(stash: Remote) -> None:
    file = stash.ask('{findScene(id: 2) {files {id path fingerprint(type: "oshash")}}}')["findScene"]["files"][0]
    by_hash = stash.ask("query ($h: String) {findSceneByHash(input: {oshash: $h}) {id}}", h=file["fingerprint"])
    assert by_hash["findSceneByHash"] == {"id": "2"}
    by_path = stash.ask("query ($p: String) {findFile(path: $p) {id __typename}}", p=file["path"])
    assert by_path["findFile"] == {"id": file["id"], "__typename": "VideoFile"}
    assert "not found" in stash.refused('{findFile(path: "/nowhere") {id}}')


def test_performers_tags_studios_and_groups_are_listed(stash: Remote) -> None:
    told = stash.ask("""{
      findPerformers(filter: {per_page: -1}) {count performers {id name updated_at image_path}}
      findTags(filter: {q: "anim"}) {count tags {name}}
      allStudios {name} findGroups {groups {name}} findTag(id: 999) {id}
      findPerformer(id: 1) {name favorite alias_list tags {id} custom_fields scene_count}
    }""")
    assert told["findPerformers"]["count"] == len(told["findPerformers"]["performers"])
    assert told["findTags"] == {"count": 1, "tags": [{"name": "animation"}]}
    assert told["findGroups"]["groups"] == [{"name": "Caminandes"}]
    assert told["findTag"] is None
    assert told["findPerformer"]["scene_count"] == 2


def test_what_is_not_simulated_says_so(stash: Remote) -> None:
    assert stash.refused("{stats {scene_count}}") == "not simulated: stats"
    assert "not simulated" in stash.refused(FIND, scenes={"interactive": True})
    assert "not simulated" in stash.refused("{findTag(id: 1) {scene_marker_count}}")


def test_an_unknown_field_is_a_validation_error(stash: Remote) -> None:
    answer = stash.post("{findScene(id: 1) {shoe_size}}")
    assert answer.status_code == 422
    assert "shoe_size" in answer.json()["errors"][0]["message"]


def test_a_wrong_variable_is_a_validation_error(stash: Remote) -> None:
    assert stash.post(FIND, filter={"pages": 1}).status_code == 422
    assert stash.post("{").status_code == 422


def test_introspection_shows_the_schema(stash: Remote) -> None:
    told = stash.ask('{__type(name: "Scene") {fields {name}}}')
    assert {"name": "play_history"} in told["__type"]["fields"]


def test_queries_may_be_sent_by_get_but_mutations_not(stash: Remote) -> None:
    assert stash.get("/graphql?query={version{version}}").json()["data"]["version"]
    assert stash.get("/graphql?query=mutation{reloadPlugins}").status_code == 406


@pytest.mark.parametrize("status", ["SETUP", "NEEDS_MIGRATION"])
def test_a_server_that_is_not_ready_says_so_and_answers_nothing_else(stash: Remote, status: str) -> None:
    httpx2.put(f"{stash.url}/_sim/status", json={"status": status}).raise_for_status()
    assert stash.ask("{systemStatus {status}}")["systemStatus"]["status"] == status
    assert stash.refused("{findScene(id: 1) {id}}") == "database not initialized"


def test_a_page_of_500_costs_about_the_same_of_10000_scenes_as_of_600(start: Callable[..., Remote]) -> None:
    few, many = start(scenes=600), start(scenes=10_000)

    def seconds(stash: Remote) -> float:
        begun = time.monotonic()
        assert len(stash.ask(WHOLE, last=0)["findScenes"]["scenes"]) == 500
        return time.monotonic() - begun

    assert min(seconds(many) for _ in range(2)) < 5 * max(seconds(few) for _ in range(2))
    assert many.ask(WHOLE, last=4000)["findScenes"]["count"] == 6000


def test_many_scenes_are_found_in_one_document(stash: Remote) -> None:
    fields = " ".join(f"s{number}: findScene(id: {number}) {{id title}}" for number in range(1, 51))
    told = stash.ask("{" + fields + "}")
    assert told["s40"]["id"] == "40"
    assert told["s41"] is None
