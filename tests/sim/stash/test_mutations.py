"""Writing through GraphQL: what is stored, and which times move."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx2
import pytest

from sim.stash.remote import Remote, data_url, png

NOON = datetime(2026, 3, 1, 12, 0, 0, 987_654, tzinfo=timezone(timedelta(hours=2)))


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock in a zone two hours east."""
    return Clock()


@pytest.fixture
def timed(start: Callable[..., Remote], clock: Clock) -> Remote:
    """A server with that clock."""
    return start(clock=clock)


def scene(stash: Remote, number: int) -> Any:
    """A scene with what the tests look at."""
    query = """query ($id: ID) {findScene(id: $id) {id title details date rating100 organized urls updated_at
      files {id path} studio {id name} performers {id name} tags {id name} groups {group {id} scene_index}
      stash_ids {endpoint stash_id}}}"""
    return stash.ask(query, id=str(number))["findScene"]


def test_an_absent_key_keeps_null_clears_and_a_list_replaces(stash: Remote) -> None:
    before = scene(stash, 1)
    stash.update(id="1", details=None, tag_ids=["1"], rating100=80)
    after = scene(stash, 1)
    assert after["title"] == before["title"]
    assert after["details"] == ""
    assert after["rating100"] == 80
    assert [tag["id"] for tag in after["tags"]] == ["1"]


def test_times_have_seconds_and_the_local_offset(timed: Remote) -> None:
    assert timed.update(id="1", title="New")["updated_at"] == "2026-03-01T12:00:00+02:00"


def test_an_update_that_changes_nothing_moves_the_time(timed: Remote, clock: Clock) -> None:
    first = timed.update(id="1")["updated_at"]
    clock.now += timedelta(seconds=5)
    assert timed.update(id="1")["updated_at"] > first


def test_two_changes_within_a_second_have_one_time(timed: Remote, clock: Clock) -> None:
    first = timed.update(id="1", title="A")["updated_at"]
    clock.now += timedelta(milliseconds=10)
    assert timed.update(id="1", title="B")["updated_at"] == first


def test_a_missing_scene_is_an_error_with_status_200(stash: Remote) -> None:
    message = stash.refused('mutation {sceneUpdate(input: {id: 999, title: "x"}) {id}}')
    assert message == "scene with id 999 not found"


def test_a_failed_update_of_several_scenes_changes_none(stash: Remote) -> None:
    assert stash.refused('mutation {scenesUpdate(input: [{id: 1, title: "changed"}, {id: 2, tag_ids: [9999]}]) {id}}')
    assert scene(stash, 1)["title"] == "Sintel"


@pytest.mark.parametrize(
    ("mode", "expected"), [("SET", {"5", "1"}), ("ADD", {"1", "2", "3", "4", "5"}), ("REMOVE", {"2", "3", "4"})]
)
def test_bulk_lists_are_set_added_to_or_taken_from(stash: Remote, mode: str, expected: set[str]) -> None:
    stash.ask(
        """mutation ($m: BulkUpdateIdMode!) {bulkSceneUpdate(
             input: {ids: [1], rating100: 33, tag_ids: {ids: [5, 1], mode: $m}}) {id}}""",
        m=mode,
    )
    after = scene(stash, 1)
    assert {tag["id"] for tag in after["tags"]} == expected
    assert after["rating100"] == 33
    assert after["title"] == "Sintel"


def test_a_scene_without_files_needs_a_title(stash: Remote) -> None:
    assert "title" in stash.refused("mutation {sceneCreate(input: {}) {id}}")
    made = stash.ask('mutation {sceneCreate(input: {title: "Bare", date: "2020"}) {id}}')["sceneCreate"]
    assert scene(stash, int(made["id"]))["date"] == "2020"


@pytest.mark.parametrize("date", ["yesterday", "2020-1-1", "01.01.2020"])
def test_a_date_that_is_none_is_refused(stash: Remote, date: str) -> None:
    assert "failed to parse date" in stash.refused(
        "mutation ($d: String) {sceneUpdate(input: {id: 1, date: $d}) {id}}", d=date
    )


def test_ids_of_destroyed_scenes_are_never_used_again(stash: Remote) -> None:
    stash.ask("mutation {scenesDestroy(input: {ids: [39, 40]})}")
    assert stash.ask("{findScene(id: 40) {id}}")["findScene"] is None
    made = stash.ask('mutation {sceneCreate(input: {title: "Bare"}) {id}}')
    assert made["sceneCreate"]["id"] == "41"


def test_one_missing_scene_keeps_the_others_from_being_destroyed(stash: Remote) -> None:
    assert stash.refused("mutation {scenesDestroy(input: {ids: [1, 999]})}")
    assert scene(stash, 1)


def test_a_merge_moves_files_and_removes_the_sources(timed: Remote) -> None:
    timed.ask('mutation {sceneMerge(input: {source: [2, 3], destination: 1, values: {id: 1, title: "All"}}) {id}}')
    after = scene(timed, 1)
    assert [file["id"] for file in after["files"]] == ["1", "2", "3"]
    assert after["title"] == "All"
    assert after["updated_at"] == "2026-03-01T12:00:00+02:00"
    assert scene(timed, 2) is None


def test_the_primary_file_can_be_chosen(stash: Remote) -> None:
    stash.ask("mutation {sceneMerge(input: {source: [2], destination: 1}) {id}}")
    stash.update(id="1", primary_file_id="2")
    assert [file["id"] for file in scene(stash, 1)["files"]] == ["2", "1"]


def test_a_renamed_performer_moves_its_own_time_only(timed: Remote) -> None:
    before = scene(timed, 1)
    told = timed.ask('mutation {performerUpdate(input: {id: 1, name: "Renamed"}) {name updated_at}}')
    assert told["performerUpdate"] == {"name": "Renamed", "updated_at": "2026-03-01T12:00:00+02:00"}
    after = scene(timed, 1)
    assert after["performers"][0]["name"] == "Renamed"
    assert after["updated_at"] == before["updated_at"]


def test_merged_tags_leave_all_times_alone(timed: Remote) -> None:
    before = scene(timed, 1)
    tag = timed.ask("{findTag(id: 2) {updated_at}}")["findTag"]
    told = timed.ask("mutation {tagsMerge(input: {source: [1, 3], destination: 2}) {updated_at}}")
    after = scene(timed, 1)
    assert {tag["id"] for tag in after["tags"]} == {"2", "4"}
    assert after["updated_at"] == before["updated_at"]
    assert told["tagsMerge"] == tag
    assert timed.ask("{findTag(id: 1) {id}}")["findTag"] is None


def test_merged_performers_are_replaced_and_the_target_moves(timed: Remote) -> None:
    told = timed.ask("mutation {performerMerge(input: {source: [1], destination: 2}) {updated_at}}")
    assert told["performerMerge"]["updated_at"] == "2026-03-01T12:00:00+02:00"
    assert [each["id"] for each in scene(timed, 1)["performers"]] == ["2", "3"]


def test_a_destroyed_performer_tag_and_studio_leave_their_scenes(stash: Remote) -> None:
    stash.ask("mutation {performerDestroy(input: {id: 1}) tagsDestroy(ids: [1, 2]) studioDestroy(input: {id: 1})}")
    after = scene(stash, 1)
    assert [each["id"] for each in after["performers"]] == ["2", "3"]
    assert {each["id"] for each in after["tags"]} == {"3", "4"}
    assert after["studio"] is None


def test_objects_are_made_with_what_was_given_and_names_are_unique(stash: Remote) -> None:
    made = stash.ask("""mutation {
      performerCreate(input: {name: "New Voice", alias_list: ["NV"], birthdate: "1990-01-01", tag_ids: [1]}) {
        id alias_list birthdate tags {name} favorite}
      parent: studioCreate(input: {name: "Parent House"}) {id}
      tagCreate(input: {name: "parrots", parent_ids: [1]}) {parents {name}}
      groupCreate(input: {name: "Trilogy", studio_id: 1}) {id studio {name}}
    }""")
    assert made["performerCreate"]["tags"] == [{"name": "animation"}]
    assert made["tagCreate"]["parents"] == [{"name": "animation"}]
    assert made["groupCreate"]["studio"]["name"] == "Blender Foundation"
    child = stash.ask(
        "mutation ($p: ID) {studioUpdate(input: {id: 1, parent_id: $p}) {parent_studio {name}}}",
        p=made["parent"]["id"],
    )
    assert child["studioUpdate"]["parent_studio"]["name"] == "Parent House"
    assert "already exists" in stash.refused('mutation {tagCreate(input: {name: "Parrots"}) {id}}')


def test_groups_stash_ids_and_urls_can_be_given_to_a_scene(stash: Remote) -> None:
    stash.update(
        id="1",
        groups=[{"group_id": "1", "scene_index": 4}],
        stash_ids=[{"endpoint": "https://box.example/graphql", "stash_id": "abc"}],
        urls=["https://one.example", "https://two.example"],
        studio_id=None,
    )
    after = scene(stash, 1)
    assert after["groups"] == [{"group": {"id": "1"}, "scene_index": 4}]
    assert after["stash_ids"] == [{"endpoint": "https://box.example/graphql", "stash_id": "abc"}]
    assert len(after["urls"]) == 2
    assert after["studio"] is None


def test_a_plugins_settings_are_replaced_as_a_whole(stash: Remote) -> None:
    store = 'mutation ($m: Map!) {configurePlugin(plugin_id: "mine", input: $m)}'
    stash.ask(store, m={"a": 1, "deep": {"b": [True, None, "x"]}})
    assert stash.ask(store, m={"c": "only"})["configurePlugin"] == {"c": "only"}
    told = stash.ask('{configuration {plugins} one: configuration {plugins(include: ["other"])}}')
    assert told["configuration"]["plugins"] == {"mine": {"c": "only"}}
    assert told["one"]["plugins"] == {}


def test_a_cover_is_taken_from_a_data_url_and_never_cleared_by_null(stash: Remote) -> None:
    stash.update(id="1", cover_image=data_url(png("red")))
    assert stash.get("/scene/1/screenshot").content == png("red")
    stash.update(id="1", cover_image=None)
    assert stash.get("/scene/1/screenshot").content == png("red")


def paths(stash: Remote, number: int) -> list[str]:
    return [file["path"] for file in scene(stash, number)["files"]]


def add_file(stash: Remote, **facts: Any) -> None:
    httpx2.post(f"{stash.url}/_sim/files", json=facts).raise_for_status()


def test_a_file_that_is_moved_has_a_new_time_and_its_scene_the_old_one(timed: Remote, clock: Clock) -> None:
    before, file = scene(timed, 1), scene(timed, 1)["files"][0]
    clock.now += timedelta(minutes=1)
    timed.ask(
        "mutation ($input: MoveFilesInput!) {moveFiles(input: $input)}",
        input={"ids": [file["id"]], "destination_folder": "/data/other", "destination_basename": "b.mp4"},
    )
    told = timed.ask('{findFile(path: "/data/other/b.mp4") {updated_at}}')["findFile"]
    assert told["updated_at"] == "2026-03-01T12:01:00+02:00"
    assert scene(timed, 1)["updated_at"] == before["updated_at"]


def test_a_file_may_be_handed_to_another_scene_or_deleted_but_not_the_first_one(stash: Remote) -> None:
    add_file(stash, path="/data/second.mp4", scene=1)
    first, second = scene(stash, 1)["files"]
    assign = "mutation ($input: AssignSceneFileInput!) {sceneAssignFile(input: $input)}"
    delete = "mutation ($ids: [ID!]!) {deleteFiles(ids: $ids)}"
    assert "primary" in stash.refused(delete, ids=[first["id"]])
    stash.ask(assign, input={"scene_id": "2", "file_id": second["id"]})
    assert paths(stash, 1) == [first["path"]]
    assert paths(stash, 2)[1] == "/data/second.mp4"
    assert "only file" in stash.refused(assign, input={"scene_id": "2", "file_id": first["id"]})
    stash.ask(delete, ids=[second["id"]])
    assert len(paths(stash, 2)) == 1


def test_a_folder_renamed_on_the_disk_moves_no_time_at_all(timed: Remote, clock: Clock) -> None:
    before = scene(timed, 1)
    folder = before["files"][0]["path"].rpartition("/")[0]
    clock.now += timedelta(minutes=1)
    answer = httpx2.post(f"{timed.url}/_sim/folders", json={"path": folder, "to": "/data/renamed"})
    assert answer.json()["moved"] >= 1
    assert paths(timed, 1)[0].startswith("/data/renamed/")
    assert scene(timed, 1)["updated_at"] == before["updated_at"]


def test_an_import_may_set_the_time_back(stash: Remote) -> None:
    then = "2020-01-01T00:00:00Z"
    httpx2.post(f"{stash.url}/_sim/silent", json={"id": 1, "title": "Old", "updated_at": then}).raise_for_status()
    assert (scene(stash, 1)["title"], scene(stash, 1)["updated_at"]) == ("Old", then)
