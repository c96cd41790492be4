"""Dropping work from the queue."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from plexsync.model.work import Lane, Put
from plexsync.store import clearing, dead, in_step, jobs, queue
from plexsync.store.database import Connection, Database
from plexsync.store.dead import DeadLetter


@pytest.fixture
def conn(database: Database) -> Iterator[Connection]:
    with database.transaction() as opened:
        yield opened


def put(conn: Connection, server: str, lane: Lane, *scenes: int) -> None:
    jobs.put(conn, [Put(server=server, scene=scene, lane=lane, reason="hook") for scene in scenes], 1.0)


def letter(server: str, scene: int, died_at: float = 1.0) -> DeadLetter:
    return DeadLetter(
        server=server,
        scene=scene,
        error="PlexPermanentError",
        failure=None,
        context={},
        reasons=("hook",),
        attempts=1,
        digest=None,
        first_failed_at=died_at,
        died_at=died_at,
    )


def test_what_waits_on_any_server_is_dropped_and_no_longer_in_step(conn: Connection) -> None:
    put(conn, "one", Lane.CHANGE, 1, 2)
    put(conn, "two", Lane.BULK, 1)
    for server, scene in (("one", 1), ("one", 7), ("two", 1)):
        in_step.confirm(conn, server, scene, 100 + scene, "digest", 1.0)
    assert clearing.clear(conn) == 3
    assert queue.listing(conn) == []
    assert in_step.digests(conn, "one", [1, 7]) == {7: {107: "digest"}}
    assert in_step.digests(conn, "two", [1]) == {}


def test_one_lane_is_cleared_beside_the_others(conn: Connection) -> None:
    put(conn, "one", Lane.USER, 1)
    put(conn, "one", Lane.BULK, 2)
    for scene in (1, 2):
        in_step.confirm(conn, "one", scene, scene, "digest", 1.0)
    assert clearing.clear(conn, Lane.BULK) == 1
    assert [row.scene for row in queue.listing(conn)] == [1]
    assert set(in_step.digests(conn, "one", [1, 2])) == {1}


def test_what_is_being_worked_on_goes_on(conn: Connection) -> None:
    put(conn, "one", Lane.USER, 1)
    (job,) = jobs.claim(conn, server="one", lanes=list(Lane), limit=1, now=2.0, token="t")
    in_step.confirm(conn, "one", 1, 1, "digest", 1.0)
    assert clearing.clear(conn) == 0
    assert queue.among(conn, "one", [1, 2]) == {job.scene}
    assert in_step.digests(conn, "one", [1]) == {1: {1: "digest"}}


def test_dead_letters_are_found_by_scene_on_every_server_and_all_of_them_in_pages(conn: Connection) -> None:
    for server in ("b", "a"):
        for scene in range(1, 602):
            dead.bury(conn, letter(server, scene))
    assert [(one.server, one.scene) for one in dead.dead_some(conn, [600, 5])] == [
        ("a", 5),
        ("a", 600),
        ("b", 5),
        ("b", 600),
    ]
    assert [one.scene for one in dead.dead_some(conn, [3, 9999], server="b")] == [3]
    assert len(list(dead.dead_all(conn))) == 1202
    assert len(list(dead.dead_all(conn, server="a"))) == 601


def test_old_letters_are_purged_or_every_one_and_their_scenes_are_not_in_step(conn: Connection) -> None:
    for scene in (1, 2, 3):
        dead.bury(conn, letter("a", scene, died_at=float(scene)))
        in_step.confirm(conn, "a", scene, scene, "digest", 1.0)
    assert dead.dead_purge(conn, 3.0) == 2
    assert set(in_step.digests(conn, "a", [1, 2, 3])) == {3}
    assert dead.dead_purge(conn, None) == 1
    assert in_step.digests(conn, "a", [1, 2, 3]) == {}
