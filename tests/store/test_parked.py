"""Jobs of held libraries, kept aside: they come back by themselves, and delay nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, replace

import pytest
import sqlalchemy as sa

from plexsync.model.work import Job, Lane, Outcome, Put, Verdict
from plexsync.store import jobs, links
from plexsync.store.database import Connection, Database
from plexsync.store.parked import PARKED_FOR
from plexsync.store.schema import links as links_table
from store.test_dialect import plans, ticks

LANES = list(Lane)
ALIVE, DEAD = 1, 2


@pytest.fixture
def conn(database: Database) -> Iterator[Connection]:
    with database.transaction() as opened:
        yield opened


def put(conn: Connection, *scenes: int, lane: Lane = Lane.CHANGE, at: float = 1.0) -> None:
    jobs.put(conn, [Put(server="plex", scene=scene, lane=lane, reason="hook") for scene in scenes], at)


def links_of(scene: int, *sections: int) -> list[links.Link]:
    return [
        links.Link(
            server="plex",
            scene=scene,
            stash_path=f"/data/{scene}.mp4",
            rating_key=10 * scene + section,
            section=section,
            plex_path=f"/plex/{section}/{scene}.mp4",
            confidence="high",
            reason="the mapped path",
        )
        for section in sections
    ]


def linked(conn: Connection, scene: int, *sections: int) -> None:
    links.replace(conn, "plex", scene, links_of(scene, *sections))


def claim(conn: Connection, now: float, *, parking: frozenset[int] = frozenset({DEAD}), limit: int = 10) -> list[Job]:
    return jobs.claim(conn, server="plex", lanes=LANES, limit=limit, now=now, token="t", parking=parking)


def parked_job(conn: Connection, scene: int, at: float = 1.0, lane: Lane = Lane.CHANGE) -> None:
    linked(conn, scene, DEAD)
    put(conn, scene, at=at, lane=lane)
    assert claim(conn, at) == []


def tried(conn: Connection, *, by_lane: bool = False) -> int | None:
    job = jobs.claim_parked(conn, server="plex", section=DEAD, token="t", by_lane=by_lane)
    return None if job is None else job.scene


def test_a_claim_passes_over_the_jobs_of_a_held_library_and_keeps_them_aside(conn: Connection) -> None:
    for scene, sections in ((1, [DEAD]), (2, [ALIVE]), (3, [ALIVE, DEAD]), (4, []), (5, [DEAD])):
        linked(conn, scene, *sections)
    put(conn, 1, 2, 3, 4, 5)
    assert [job.scene for job in claim(conn, 1.0)] == [2, 3, 4]
    assert jobs.parked(conn, "plex") == {DEAD: 2}
    assert claim(conn, 1.0) == []
    assert [(row.scene, row.parked_in) for row in jobs.listing(conn) if row.parked_in] == [(1, DEAD), (5, DEAD)]


def test_a_job_that_lies_in_held_libraries_alone_is_kept_aside_in_the_first(conn: Connection) -> None:
    linked(conn, 1, DEAD, ALIVE)
    put(conn, 1)
    assert claim(conn, 1.0, parking=frozenset({ALIVE, DEAD})) == []
    assert jobs.parked(conn, "plex") == {ALIVE: 1}


def test_a_library_held_on_one_server_is_not_held_on_another(conn: Connection) -> None:
    links.replace(conn, "other", 1, [replace(link, server="other") for link in links_of(1, ALIVE)])
    jobs.put(conn, [Put(server="other", scene=1, lane=Lane.CHANGE, reason="hook")], 1.0)
    parked_job(conn, 1)
    assert (jobs.parked(conn, "plex"), jobs.parked(conn, "other")) == ({DEAD: 1}, {})
    assert jobs.claim_parked(conn, server="other", section=DEAD, token="t") is None
    taken = jobs.claim(conn, server="other", lanes=LANES, limit=1, now=1.0, token="t", parking={DEAD})
    assert [job.server for job in taken] == ["other"]


def test_beside_a_held_library_a_claim_takes_no_more_than_it_may(conn: Connection) -> None:
    put(conn, *range(1, 121))
    assert [job.scene for job in claim(conn, 1.0, limit=2)] == [1, 2]
    assert [job.scene for job in claim(conn, 1.0, limit=100)] == list(range(3, 103))


def test_a_parked_job_is_due_by_itself_before_its_time_would_mean_a_clock_set_back(conn: Connection) -> None:
    parked_job(conn, 1)
    assert PARKED_FOR < jobs.LONGEST_BACKOFF
    assert claim(conn, PARKED_FOR, parking=frozenset()) == []
    assert [job.scene for job in claim(conn, 1.0 + PARKED_FOR, parking=frozenset())] == [1]
    assert jobs.parked(conn, "plex") == {}


def test_a_clock_set_back_brings_it_back_too(conn: Connection) -> None:
    parked_job(conn, 1, at=10_000.0)
    assert [job.scene for job in claim(conn, 9_000.0, parking=frozenset())] == [1]


@pytest.mark.parametrize("way", ["put", "make_due", "unpark"])
def test_who_wants_it_at_once_gets_it(conn: Connection, way: str) -> None:
    parked_job(conn, 1)
    match way:
        case "put":
            put(conn, 1, at=2.0)
        case "make_due":
            assert jobs.make_due(conn, "plex", 2.0) == 1
        case "unpark":
            assert jobs.unpark(conn, "plex", [ALIVE], 2.0) == 1
    assert jobs.parked(conn, "plex") == {}
    assert [row.due_at for row in jobs.listing(conn)] == [2.0]
    assert [job.scene for job in claim(conn, 2.0, parking=frozenset())] == [1]


def test_what_is_parked_in_a_library_that_is_held_still_stays(conn: Connection) -> None:
    parked_job(conn, 1)
    put(conn, 2)
    assert jobs.unpark(conn, "plex", [DEAD], 2.0) == 0
    assert jobs.unpark(conn, "other", [], 2.0) == 0
    assert jobs.parked(conn, "plex") == {DEAD: 1}
    assert jobs.unpark(conn, "plex", [], 2.0) == 1
    assert {row.scene: row.due_at for row in jobs.listing(conn)} == {1: 2.0, 2: 1.0}


def test_a_library_is_tried_with_the_one_parked_first_and_not_with_the_same_again(conn: Connection) -> None:
    """A scene that fails by itself would keep its library held for ever."""
    parked_job(conn, 7, at=1.0, lane=Lane.BULK)
    parked_job(conn, 3, at=2.0)
    job = jobs.claim_parked(conn, server="plex", section=DEAD, token="t")
    assert job is not None
    assert job.scene == 7
    assert jobs.finish(conn, job, Outcome(verdict=Verdict.WAIT, due_at=3.0 + PARKED_FOR, parked_in=DEAD), 3.0)
    assert [tried(conn), tried(conn), tried(conn)] == [3, 7, None]


def test_of_those_parked_at_once_the_first_scene_is_tried_first(conn: Connection) -> None:
    for scene in (7, 3, 5):
        parked_job(conn, scene)
    assert [tried(conn), tried(conn, by_lane=True), tried(conn)] == [3, 5, 7]


def test_a_library_that_recovers_serves_its_users_first(conn: Connection) -> None:
    parked_job(conn, 1, at=1.0, lane=Lane.BULK)
    parked_job(conn, 2, at=2.0)
    parked_job(conn, 3, at=3.0, lane=Lane.USER)
    assert [tried(conn, by_lane=True) for _ in range(4)] == [3, 2, 1, None]


def test_only_attempts_of_scenes_in_the_held_library_are_given_back(conn: Connection) -> None:
    linked(conn, 1, ALIVE)
    linked(conn, 2, ALIVE, DEAD)
    put(conn, 1, 2)
    for job in claim(conn, 1.0):
        jobs.finish(conn, job, Outcome(verdict=Verdict.RETRY, due_at=9.0, counts=True), 1.0)
    links.replace(conn, "other", 1, [replace(link, server="other") for link in links_of(1, DEAD)])
    assert jobs.give_back(conn, "plex", 0.0, 3) == 0
    assert jobs.give_back(conn, "plex", 0.0, DEAD) == 1
    assert {row.scene: row.attempts for row in jobs.listing(conn)} == {1: 1, 2: 0}


def test_nothing_waits_where_all_is_parked(conn: Connection) -> None:
    assert not jobs.waits(conn, "plex")
    parked_job(conn, 1)
    assert not jobs.waits(conn, "plex")
    put(conn, 2)
    assert jobs.waits(conn, "plex")


def test_thousands_that_come_at_once_are_kept_aside_in_parts(conn: Connection) -> None:
    scenes = range(10, 1_310)
    for scene in scenes:
        linked(conn, scene, DEAD)
    put(conn, *scenes)
    linked(conn, 5_000, ALIVE)
    put(conn, 5_000, at=2.0)
    assert claim(conn, 3.0, limit=1) == []
    assert [job.scene for job in claim(conn, 3.0, limit=1)] == [5_000]
    assert jobs.parked(conn, "plex") == {DEAD: len(scenes)}


def crowd(conn: Connection, count: int) -> None:
    """So many jobs are parked."""
    scenes = range(10, 10 + count)
    rows = [link for scene in scenes for link in links_of(scene, DEAD)]
    conn.execute(sa.insert(links_table), [asdict(link) for link in rows])
    put(conn, *scenes)
    while sum(jobs.parked(conn, "plex").values()) < count:
        assert claim(conn, 2.0) == []


def test_a_claim_and_an_idle_poll_cost_the_same_at_none_and_at_five_thousand_parked(sqlite_url: str) -> None:
    def poll(conn: Connection) -> None:
        assert claim(conn, 3.0) == []
        assert jobs.next_due(conn, "plex", LANES)

    with closing(Database.open(sqlite_url)) as database, database.transaction() as conn:
        parked_job(conn, 1)
        before = ticks(conn, lambda: poll(conn))
        crowd(conn, 5_000)
        assert ticks(conn, lambda: poll(conn)) <= before + 1


def test_what_is_parked_is_found_by_its_own_index(sqlite_url: str) -> None:
    with closing(Database.open(sqlite_url)) as database, database.transaction() as conn:
        for work in (
            lambda: jobs.unpark(conn, "plex", [DEAD], 2.0),
            lambda: jobs.parked(conn, "plex"),
            lambda: tried(conn),
            lambda: tried(conn, by_lane=True),
        ):
            assert all("ix_jobs_parked" in step for step in plans(conn, work) if "jobs" in step)
