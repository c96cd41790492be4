"""Outages as the store keeps them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from plexsync.model.work import Lane, Outcome, Put, Verdict
from plexsync.store import jobs, outages
from plexsync.store.database import Connection, Database
from plexsync.store.outages import Drained, OutageKind

STASH, PLEX = "stash", "plex:main"


@pytest.fixture
def conn(database: Database) -> Iterator[Connection]:
    with database.transaction() as opened:
        yield opened


def put(conn: Connection, *scenes: int, now: float, server: str = "main") -> None:
    jobs.put(conn, [Put(server=server, scene=scene, lane=Lane.CHANGE, reason="hook") for scene in scenes], now)


def began(
    conn: Connection, at: float, *, peer: str = PLEX, kind: OutageKind = OutageKind.AWAY, why: str = "no"
) -> None:
    outages.began(conn, peer, kind, why, at - 1, at)


def test_one_outage_goes_on_until_it_ends_whatever_happens_in_it(conn: Connection) -> None:
    began(conn, 100.0, why="refused")
    began(conn, 160.0, why="time-out")
    began(conn, 170.0, kind=OutageKind.HELD, why="401")
    began(conn, 180.0, why="refused again")
    put(conn, 1, 2, now=150.0)
    put(conn, 3, now=150.0, server="other")
    over = outages.ended(conn, PLEX, ["main"], 200.0)
    assert over is not None
    assert (over.kind, over.cause) == (OutageKind.HELD, "refused")
    assert (over.first_failure_at, over.began_at, over.ended_at) == (99.0, 100.0, 200.0)
    assert (over.held, over.drained, over.first_drained_at) == (2, 0, None)
    assert outages.listing(conn) == [over]
    assert outages.ended(conn, PLEX, ["main"], 300.0) is None
    assert outages.listing(conn) == [over]


def test_a_job_that_is_worked_on_when_the_outage_ends_was_held_by_it_too(conn: Connection) -> None:
    began(conn, 10.0)
    put(conn, 1, 2, now=20.0)
    assert len(jobs.claim(conn, server="main", lanes=list(Lane), limit=1, now=21.0, token="t")) == 1
    over = outages.ended(conn, PLEX, ["main"], 30.0)
    assert over is not None
    assert over.held == 2


def test_a_clock_that_was_set_back_ends_no_outage_before_it_began(conn: Connection) -> None:
    began(conn, 1000.0)
    over = outages.ended(conn, PLEX, ["main"], 10.0)
    assert over is not None
    assert over.ended_at == 1000.0


def test_outages_are_listed_newest_first_by_peer_or_all_together(conn: Connection) -> None:
    for at, peer in ((1.0, PLEX), (2.0, STASH), (3.0, PLEX)):
        began(conn, at, peer=peer)
        outages.ended(conn, peer, ["main"], at + 0.5)
    assert [one.began_at for one in outages.listing(conn)] == [3.0, 2.0, 1.0]
    assert [one.began_at for one in outages.listing(conn, PLEX)] == [3.0, 1.0]
    assert [one.began_at for one in outages.listing(conn, limit=1)] == [3.0]


def test_windows_run_from_the_first_failure_to_the_end_if_there_is_one(conn: Connection) -> None:
    began(conn, 10.0)
    outages.ended(conn, PLEX, [], 20.0)
    began(conn, 30.0, peer=STASH)
    began(conn, 40.0, peer="plex:other")
    assert outages.windows(conn, [PLEX, STASH]) == [(9.0, 20.0), (29.0, None)]


def test_jobs_that_end_are_counted_with_the_first_and_the_latest_time(conn: Connection) -> None:
    began(conn, 10.0)
    put(conn, 1, 2, 3, now=11.0)
    over = outages.ended(conn, PLEX, ["main"], 20.0)
    assert over is not None
    outages.drain(conn, over.id, Drained(count=1, first_at=21.0, last_at=21.0))
    outages.drain(conn, over.id, Drained(count=2, first_at=25.0, last_at=29.0))
    (one,) = outages.listing(conn)
    assert (one.drained, one.first_drained_at, one.last_drained_at) == (3, 21.0, 29.0)


def test_only_outages_whose_jobs_still_wait_are_draining(conn: Connection) -> None:
    for at in (10.0, 30.0):
        began(conn, at)
        put(conn, int(at), now=at + 1)
        outages.ended(conn, PLEX, ["main"], at + 5)
    assert [one.began_at for one in outages.draining(conn, PLEX, ["main"])] == [10.0, 30.0]
    (job,) = jobs.claim(conn, server="main", lanes=list(Lane), limit=1, now=50.0, token="t")
    assert job.scene == 10
    jobs.finish(conn, job, Outcome(verdict=Verdict.DONE), 51.0)
    assert [one.began_at for one in outages.draining(conn, PLEX, ["main"])] == [30.0]
    jobs.clear(conn, "main")
    put(conn, 99, now=60.0)
    assert outages.draining(conn, PLEX, ["main"]) == []


def test_the_newest_of_each_peer_are_kept(conn: Connection) -> None:
    for at in range(1, 8):
        began(conn, float(at))
        outages.ended(conn, PLEX, [], at + 0.5)
    began(conn, 0.5, peer=STASH)
    assert outages.trim(conn, PLEX, kept=3) == 4
    assert [one.began_at for one in outages.listing(conn, PLEX)] == [7.0, 6.0, 5.0]
    assert len(outages.listing(conn, STASH)) == 1


def test_a_peer_is_watched_since_the_first_time_that_this_was_said(conn: Connection) -> None:
    assert outages.watched_since(conn, PLEX) is None
    outages.watch(conn, PLEX, 5.0)
    outages.watch(conn, PLEX, 9.0)
    assert outages.watched_since(conn, PLEX) == 5.0
