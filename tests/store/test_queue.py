"""What people see of the queue, and what its readers are told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from plexsync.model.work import Failure, Job, Lane, Outcome, Put, Verdict
from plexsync.store import jobs, queue
from plexsync.store.database import Connection, Database
from plexsync.store.dead import DeadLetter, bury
from plexsync.store.queue import QueueRow

FAILURE = Failure(error="PlexTemporaryError", message="said 500", at=3.0, status=500)


@pytest.fixture
def conn(database: Database) -> Iterator[Connection]:
    with database.transaction() as opened:
        yield opened


def put(conn: Connection, *scenes: int, server: str = "plex", lane: Lane = Lane.CHANGE, at: float = 1.0) -> None:
    jobs.put(conn, [Put(server=server, scene=scene, lane=lane, reason="hook") for scene in scenes], at)


def claim(conn: Connection, now: float, *, server: str = "plex", limit: int = 10) -> list[Job]:
    return jobs.claim(conn, server=server, lanes=list(Lane), limit=limit, now=now, token="t")


def end(conn: Connection, now: float, outcome: Outcome) -> None:
    [job] = claim(conn, now)
    assert jobs.finish(conn, job, outcome, now)


def test_a_job_is_shown_with_all_that_happened_to_it(conn: Connection) -> None:
    put(conn, 7, lane=Lane.USER)
    fresh = QueueRow(
        server="plex",
        scene=7,
        lane=Lane.USER,
        reasons=("hook",),
        working=False,
        due_at=1.0,
        attempts=0,
        long_attempts=0,
        first_failed_at=None,
        failure=None,
        queued_at=1.0,
    )
    assert queue.one(conn, "plex", 7) == fresh
    end(conn, 3.0, Outcome(verdict=Verdict.RETRY, due_at=4.0, counts=True, failure=FAILURE))
    end(conn, 4.0, Outcome(verdict=Verdict.RETRY, due_at=5.0, counts=True, failure=FAILURE))
    end(conn, 5.0, Outcome(verdict=Verdict.RETRY_LONG, due_at=6.0, counts=True, failure=FAILURE))
    end(conn, 6.0, Outcome(verdict=Verdict.WAIT, due_at=9.0, parked_in=2))
    shown = queue.one(conn, "plex", 7)
    assert shown == QueueRow(
        server="plex",
        scene=7,
        lane=Lane.USER,
        reasons=("hook",),
        working=False,
        due_at=9.0,
        attempts=2,
        long_attempts=1,
        first_failed_at=3.0,
        failure=FAILURE,
        queued_at=1.0,
        parked_in=2,
    )
    assert queue.listing(conn) == [shown]


def test_a_scene_without_a_job_on_that_server_shows_none(conn: Connection) -> None:
    put(conn, 7)
    assert queue.one(conn, "plex", 8) is None
    assert queue.one(conn, "other", 7) is None


def test_jobs_are_listed_by_server_and_scene_a_hundred_at_a_time(conn: Connection) -> None:
    put(conn, 2, 1, server="b", at=1.0)
    put(conn, *range(200, 99, -1), server="a", at=2.0)
    first = queue.listing(conn)
    assert [(row.server, row.scene) for row in first] == [("a", scene) for scene in range(100, 200)]
    assert [(row.server, row.scene) for row in queue.listing(conn, after=("a", 199))] == [
        ("a", 200),
        ("b", 1),
        ("b", 2),
    ]
    assert [row.scene for row in queue.listing(conn, server="b", limit=1)] == [1]


def test_the_depth_counts_each_lane_and_what_of_it_is_worked_on_and_the_dead(conn: Connection) -> None:
    put(conn, 1, lane=Lane.USER)
    put(conn, 2, 3, 4, lane=Lane.BULK)
    assert len(claim(conn, 1.0, limit=2)) == 2
    put(conn, 5, 6)
    put(conn, 1, 2, 3, server="other")
    for server, scene in (("plex", 9), ("other", 9), ("other", 8)):
        bury(conn, letter(server, scene))
    assert queue.depth(conn, "plex") == {"user": 1, "change": 2, "bulk": 3, "working": 2, "dead": 1}
    assert queue.depth(conn, "empty") == {"user": 0, "change": 0, "bulk": 0, "working": 0, "dead": 0}


def letter(server: str, scene: int) -> DeadLetter:
    return DeadLetter(
        server=server,
        scene=scene,
        error="PlexPermanentError",
        failure=None,
        context={},
        reasons=("hook",),
        attempts=1,
        digest=None,
        first_failed_at=1.0,
        died_at=1.0,
    )


def test_who_holds_what_is_told_of_one_server(conn: Connection) -> None:
    put(conn, 3, at=1.0)
    put(conn, 2, 1, at=2.0)
    put(conn, 4, server="other")
    claim(conn, 2.0, limit=2)
    claim(conn, 2.0, server="other")
    assert queue.working(conn, "plex") == [1, 3]
    assert queue.working(conn, "other") == [4]


def test_of_any_number_of_scenes_those_queued_are_found(conn: Connection) -> None:
    put(conn, 5, 1_500, 5_000)
    put(conn, 6, server="other")
    assert queue.among(conn, "plex", range(2_000)) == {5, 1_500}
    assert queue.among(conn, "plex", []) == set()


def test_the_servers_that_jobs_wait_for_are_told_once_each_by_name(conn: Connection) -> None:
    put(conn, 1, server="b")
    put(conn, 1, 2, 3, server="a")
    assert queue.servers(conn) == ["a", "b"]
