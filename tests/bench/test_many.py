"""A few scenes told as many: each lap has ids, keys and files of its own, alike on both sides."""

from __future__ import annotations

from bench.many import item_of, laps, moved, scene_of

SCENE = {
    "id": "2",
    "title": "One",
    "files": [{"path": "/data/a/one.mp4", "size": 1}],
    "paths": {"screenshot": "http://host/scene/2/screenshot?t=1"},
}
ITEM = {"ratingKey": "102", "Media": [{"Part": [{"file": "/plex/media/a/one.mp4", "size": 1}]}]}


def test_the_first_lap_is_what_the_simulator_tells() -> None:
    assert scene_of(SCENE, 0, 2) == SCENE
    assert item_of(ITEM, 0, 2) == ITEM


def test_a_later_lap_lies_in_a_folder_of_its_own_on_both_sides() -> None:
    scene, item = scene_of(SCENE, 3, 11), item_of(ITEM, 3, 11)
    assert (scene["id"], item["ratingKey"]) == ("11", "3000102")
    assert scene["files"][0]["path"] == "/data/lap 3/a/one.mp4"
    assert item["Media"][0]["Part"][0]["file"] == "/plex/media/lap 3/a/one.mp4"
    assert scene["paths"]["screenshot"] == "http://host/scene/11/screenshot?t=1"
    assert SCENE["id"] == "2"


def test_rows_follow_one_another_lap_by_lap() -> None:
    models = [{"id": "1"}, {"id": "2"}]
    assert [row["id"] for row in laps(models, range(1, 5), scene_of)] == ["2", "3", "4", "5"]
    assert moved("/data/a", 0, "/data") == "/data/a"
