"""Items, scenes and links are found by path and by name, and go when they should."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from plexsync.model.item import IndexedItem, Part
from plexsync.model.paths import name_key, path_key
from plexsync.model.scene import Scene, SceneFile
from plexsync.model.work import Lane, Outcome, Put, Verdict
from plexsync.store import in_step, index, jobs, links, queue, seen
from plexsync.store.database import Connection, Database
from plexsync.store.links import Link


@pytest.fixture
def conn(database: Database) -> Iterator[Connection]:
    with database.transaction() as opened:
        yield opened


def item(rating_key: int, *paths: str, section: int = 1) -> IndexedItem:
    parts = tuple(Part(path=path, size=2**40, duration=61.5) for path in paths)
    return IndexedItem(rating_key=rating_key, section=section, title=f"Item {rating_key}", parts=parts, updated_at=5)


def scene(number: int, *paths: str, title: str = "") -> Scene:
    return Scene(id=number, title=title, files=tuple(SceneFile(path=path) for path in paths), updated_at="then")


def test_items_come_back_as_they_were_put(conn: Connection) -> None:
    entries = [item(1, "/m/a.mp4", "/m/b.mp4"), item(2)]
    assert index.upsert(conn, "plex", entries, 1) == ["/m/a.mp4", "/m/b.mp4"]
    assert index.of_keys(conn, "plex", [1, 2, 3]) == {1: entries[0], 2: entries[1]}
    assert index.at_paths(conn, "plex", [path_key("/m/b.mp4"), "/none"]) == {path_key("/m/b.mp4"): [entries[0]]}
    assert index.at_paths(conn, "other", [path_key("/m/b.mp4")]) == {}


def test_only_paths_that_the_item_did_not_have_are_new(conn: Connection) -> None:
    index.upsert(conn, "plex", [item(1, "/m/a.mp4")], 1)
    assert index.upsert(conn, "plex", [item(1, "/m/a.mp4")], 2) == []
    assert index.upsert(conn, "plex", [item(1, "/m/b.mp4", "/m/a.mp4")], 3) == ["/m/b.mp4"]
    assert index.upsert(conn, "plex", [item(9, "/m/a.mp4")], 3) == ["/m/a.mp4"], "a new item at a known path"
    assert [part.path for part in index.of_keys(conn, "plex", [1])[1].parts] == ["/m/b.mp4", "/m/a.mp4"]


def test_a_path_that_several_items_hold_names_them_all(conn: Connection) -> None:
    index.upsert(conn, "plex", [item(2, "/x/Same.mp4", section=2), item(1, "/y/same.mp4")], 1)
    found = index.named(conn, "plex", [name_key("SAME.mp4")])
    assert [entry.rating_key for entry in found["same.mp4"]] == [1, 2]


def test_a_rebuild_names_what_it_did_not_see_and_spares_what_was_touched_meanwhile(conn: Connection) -> None:
    index.upsert(conn, "plex", [item(1, "/1"), item(2, "/2"), item(3, "/3"), item(4, "/4", section=2)], 1)
    index.upsert(conn, "plex", [item(1, "/1")], 2)
    unseen = index.unseen(conn, "plex", 1, 2)
    assert sorted(unseen) == [2, 3]
    index.upsert(conn, "plex", [item(2, "/2")], 3)
    assert index.remove(conn, "plex", unseen, run=2) == [3]
    assert index.count(conn, "plex") == {1: 2, 2: 1}
    assert index.at_paths(conn, "plex", ["/3"]) == {}


def test_the_version_grows_by_one_for_each_server(conn: Connection) -> None:
    assert index.version(conn, "plex") == 0
    assert [index.advance(conn, "plex") for _ in range(3)] == [1, 2, 3]
    assert index.advance(conn, "other") == 1
    assert index.version(conn, "plex") == 3


def test_seen_scenes_are_known_by_hash_and_found_by_path_and_name(conn: Connection) -> None:
    one = scene(1, "/data/a.mp4", "/data/b.mp4", title="Harbour")
    seen.note(conn, [one, scene(2, "/data/sub/A.mp4"), scene(3)], 4.0)
    found = seen.known(conn, [1, 3, 99])
    assert set(found) == {1, 3}
    assert (found[1].content_hash, found[1].updated_at, found[1].title) == (one.content_hash, "then", "Harbour")
    assert seen.scenes_at(conn, [path_key("/data/b.mp4"), "/none"]) == {"/data/b.mp4": [1]}
    assert seen.scenes_named(conn, ["a.mp4"]) == {"a.mp4": [(1, "/data/a.mp4"), (2, "/data/sub/A.mp4")]}
    assert seen.paths(conn, [1, 3]) == {1: ["/data/a.mp4", "/data/b.mp4"]}


def test_a_scene_seen_again_has_the_files_it_has_now(conn: Connection) -> None:
    seen.note(conn, [scene(1, "/old.mp4", "/b.mp4")], 1.0)
    seen.note(conn, [scene(1, "/b.mp4", "/new.mp4")], 2.0)
    assert seen.paths(conn, [1]) == {1: ["/b.mp4", "/new.mp4"]}
    seen.note(conn, [scene(1)], 3.0)
    assert seen.paths(conn, [1]) == {}
    assert seen.known(conn, [1])[1].seen_at == 3.0


def test_forgotten_scenes_leave_no_path_behind(conn: Connection) -> None:
    seen.note(conn, [scene(number, f"/{number}.mp4") for number in range(1, 2_502)], 1.0)
    assert seen.count(conn) == 2_501
    assert seen.ids_after(conn, 2, 3) == [3, 4, 5]
    assert seen.forget(conn, range(2, 2_502)) == 2_500
    assert seen.ids_between(conn, 1, 9_999) == [1]
    assert seen.scenes_at(conn, ["/2.mp4"]) == {}


def test_text_that_no_database_can_hold_is_replaced_instead_of_stopping_the_intake(conn: Connection) -> None:
    seen.note(conn, [scene(1, "/a\ud800.mp4", title="x\x00y")], 1.0)
    assert seen.known(conn, [1])[1].title == "x\ufffdy"
    assert seen.scenes_at(conn, ["/a\ud800.mp4"]) == {"/a\ufffd.mp4": [1]}


def link(number: int, rating_key: int, path: str = "/data/a.mp4") -> Link:
    return Link(
        server="plex",
        scene=number,
        stash_path=path,
        rating_key=rating_key,
        section=1,
        plex_path="/m/a.mp4",
        confidence="high",
        reason="mapped path",
    )


def test_links_are_replaced_as_a_whole_and_found_from_both_sides(conn: Connection) -> None:
    links.replace(conn, "plex", 1, [link(1, 10), link(1, 11)])
    links.replace(conn, "plex", 2, [link(2, 10)])
    assert links.of_items(conn, "plex", [10]) == {10: [link(1, 10), link(2, 10)]}
    low = replace(link(1, 11), confidence="low")
    links.replace(conn, "plex", 1, [low])
    assert links.of_scenes(conn, "plex", [1, 2, 3]) == {1: [low], 2: [link(2, 10)]}
    assert links.count(conn, "plex") == {1: 2}
    assert links.drop(conn, "plex", 1, 99) == 0
    assert links.drop(conn, "plex", 1) == 1
    assert links.of_scenes(conn, "plex", [1]) == {}


def test_in_step_holds_the_last_digest_of_each_item(conn: Connection) -> None:
    in_step.confirm(conn, "plex", 1, 10, "d1", 1.0)
    in_step.confirm(conn, "plex", 1, 10, "d2", 2.0)
    in_step.confirm(conn, "plex", 1, 11, "d1", 2.0)
    in_step.confirm(conn, "other", 1, 10, "d9", 2.0)
    assert in_step.digests(conn, "plex", [1, 2]) == {1: {10: "d2", 11: "d1"}}
    assert in_step.drop(conn, "plex", 1, 10) == 1
    assert in_step.drop(conn, "plex", 1) == 1
    assert in_step.digests(conn, "plex", [1]) == {}


def test_items_of_a_section_are_counted_and_named(conn: Connection) -> None:
    index.upsert(conn, "plex", [item(1), item(2), item(3, section=2)], 4)
    index.upsert(conn, "plex", [item(2)], 5)
    index.upsert(conn, "other", [item(9)], 5)
    assert (index.count_in(conn, "plex", 1), index.count_in(conn, "plex", 3)) == (2, 0)
    assert sorted(index.in_section(conn, "plex", 1)) == [1, 2]
    assert len(index.in_section(conn, "plex", 1, limit=1)) == 1
    assert index.touched(conn, "plex", 1, 5) == 2
    assert index.touched(conn, "plex", 2, 5) is None
    assert index.other_than(conn, "plex", [1, 2]) == 3
    assert index.other_than(conn, "plex", [1, 2, 3]) is None
    assert index.other_than(conn, "other", []) == 9


def test_it_is_known_whether_any_scene_waits_for_its_item(conn: Connection) -> None:
    assert not queue.awaits_items(conn, "plex")
    jobs.put(conn, [Put(server="plex", scene=1, lane=Lane.CHANGE, reason="hook")], 1.0)
    (job,) = jobs.claim(conn, server="plex", lanes=[Lane.CHANGE], limit=1, now=1.0, token="t")
    assert not queue.awaits_items(conn, "plex")
    jobs.finish(conn, job, Outcome(verdict=Verdict.RETRY_LONG, due_at=30.0, counts=True), 1.0)
    assert queue.awaits_items(conn, "plex")
    assert not queue.awaits_items(conn, "other")
