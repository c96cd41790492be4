"""The queue's rules one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from plexsync.model.work import Decision, Failure, Job, Lane, Outcome, Peer, Put, PutKind, Verdict
from plexsync.store import decisions, index, jobs
from plexsync.store.database import Connection, Database

LANES = list(Lane)
FAILURE = Failure(
    error="PlexTemporaryError", message="said 500", at=5.0, peer=Peer.PLEX, status=500, place="PUT /library"
)


def changed(scene: int, lane: Lane = Lane.CHANGE, reason: str = "hook", server: str = "plex") -> Put:
    return Put(server=server, scene=scene, lane=lane, reason=reason)


def gap(scene: int, digest: str | None = "d1") -> Put:
    return Put(server="plex", scene=scene, lane=Lane.BULK, reason="gap", kind=PutKind.GAP, digest=digest)


@pytest.fixture
def conn(database: Database) -> Iterator[Connection]:
    with database.transaction() as opened:
        yield opened


def claim(conn: Connection, now: float, limit: int = 10, token: str = "t", server: str = "plex") -> list[Job]:
    return jobs.claim(conn, server=server, lanes=LANES, limit=limit, now=now, token=token)


def end(conn: Connection, now: float, verdict: Verdict, **outcome: Any) -> Job:
    """Claim the one due job and end it so."""
    [job] = claim(conn, now)
    assert jobs.finish(conn, job, Outcome(verdict=verdict, failure=FAILURE, **outcome), now)
    return job


def test_lanes_are_served_in_order_and_the_longest_due_first_within_one(conn: Connection) -> None:
    jobs.put(conn, [changed(1, Lane.BULK)], 1.0)
    jobs.put(conn, [changed(3), changed(2)], 3.0)
    jobs.put(conn, [changed(4)], 2.0)
    jobs.put(conn, [changed(5, Lane.USER)], 9.0)
    assert [job.scene for job in claim(conn, 10.0)] == [5, 4, 2, 3, 1]


def test_a_claim_takes_no_more_than_it_may_over_all_lanes(conn: Connection) -> None:
    jobs.put(conn, [changed(1, Lane.BULK), changed(2), changed(3, Lane.USER), changed(4), changed(5)], 1.0)
    assert [job.scene for job in claim(conn, 1.0, limit=3)] == [3, 2, 4]


def test_a_claimed_job_tells_what_happened_to_it(conn: Connection) -> None:
    jobs.put(conn, [changed(1, Lane.BULK, "walk")], 1.0)
    end(conn, 2.0, Verdict.RETRY, due_at=3.0, counts=True)
    end(conn, 3.0, Verdict.RETRY_LONG, due_at=4.0, counts=True)
    [job] = claim(conn, 4.0, token="mine")
    assert job == Job(
        server="plex",
        scene=1,
        lane=Lane.BULK,
        reasons=("walk",),
        generation=job.generation,
        token="mine",
        attempts=1,
        long_attempts=1,
        first_failed_at=2.0,
        queued_at=1.0,
    )


def test_a_job_keeps_its_place_in_line_when_its_scene_changes_again(conn: Connection) -> None:
    jobs.put(conn, [changed(1)], 1.0)
    jobs.put(conn, [changed(2)], 2.0)
    jobs.put(conn, [changed(1)], 3.0)
    assert [job.scene for job in claim(conn, 10.0)] == [1, 2]


@pytest.mark.parametrize(("first", "second"), [(Lane.BULK, Lane.USER), (Lane.USER, Lane.BULK)])
def test_a_scene_that_changes_again_starts_anew_in_the_higher_lane(conn: Connection, first: Lane, second: Lane) -> None:
    jobs.put(conn, [changed(1, first, "one")], 1.0)
    end(conn, 1.0, Verdict.RETRY, due_at=2.0, counts=True)
    end(conn, 2.0, Verdict.RETRY_LONG, due_at=300.0, counts=True)
    jobs.put(conn, [changed(1, second, "two")], 3.0)
    [row] = jobs.listing(conn)
    assert (row.lane, row.reasons, row.due_at, row.queued_at) == (Lane.USER, ("one", "two"), 3.0, 1.0)
    assert (row.attempts, row.long_attempts, row.first_failed_at) == (0, 0, None)


def test_a_scene_that_changes_again_moves_no_other_job(conn: Connection) -> None:
    jobs.put(conn, [changed(1), changed(2), changed(1, server="other")], 1.0)
    before = {(row.server, row.scene): row for row in jobs.listing(conn)}
    jobs.put(conn, [changed(1, Lane.USER, "again")], 2.0)
    after = {(row.server, row.scene): row for row in jobs.listing(conn)}
    assert {key for key in before if before[key] != after[key]} == {("plex", 1)}


def test_reasons_are_distinct_newest_last_and_ten_at_most(conn: Connection) -> None:
    jobs.put(conn, [changed(1, reason=f"r{number}") for number in range(12)], 1.0)
    jobs.put(conn, [changed(1, reason="r5")], 1.0)
    [job] = claim(conn, 1.0)
    assert job.reasons == ("r2", "r3", "r4", "r6", "r7", "r8", "r9", "r10", "r11", "r5")


def test_a_gap_leaves_the_back_off_of_a_waiting_job_alone(conn: Connection) -> None:
    jobs.put(conn, [changed(1)], 1.0)
    end(conn, 1.0, Verdict.RETRY, due_at=60.0, counts=True)
    assert jobs.put(conn, [gap(1)], 2.0) == 0
    assert claim(conn, 59.0) == []
    [job] = claim(conn, 60.0)
    assert (job.attempts, job.first_failed_at, job.reasons) == (1, 1.0, ("hook",))


def test_a_gap_and_a_change_of_one_scene_in_one_call_count_as_a_change(conn: Connection) -> None:
    jobs.put(conn, [changed(1)], 1.0)
    end(conn, 1.0, Verdict.RETRY, due_at=60.0, counts=True)
    assert jobs.put(conn, [changed(1), gap(1)], 2.0) == 1
    [job] = claim(conn, 2.0)
    assert job.attempts == 0


def test_a_dead_letter_keeps_what_is_needed_to_understand_it(conn: Connection) -> None:
    jobs.put(conn, [changed(1)], 1.0)
    end(conn, 2.0, Verdict.RETRY, due_at=3.0, counts=True)
    end(conn, 4.0, Verdict.DEAD, context={"title": "Harbour", "digest": "d1"})
    letter = jobs.dead_one(conn, "plex", 1)
    assert letter is not None
    assert letter.failure == FAILURE
    assert (letter.error, letter.attempts, letter.digest) == ("PlexTemporaryError", 2, "d1")
    assert (letter.first_failed_at, letter.died_at) == (2.0, 4.0)
    assert letter.context["title"] == "Harbour"
    assert jobs.depth(conn, "plex") == {"user": 0, "change": 0, "bulk": 0, "working": 0, "dead": 1}


def test_a_dead_letter_counts_both_back_offs(conn: Connection) -> None:
    jobs.put(conn, [changed(1)], 1.0)
    for verdict in (Verdict.RETRY, Verdict.RETRY, Verdict.RETRY_LONG):
        end(conn, 2.0, verdict, due_at=2.0, counts=True)
    end(conn, 2.0, Verdict.DEAD)
    letter = jobs.dead_one(conn, "plex", 1)
    assert letter is not None
    assert letter.attempts == 4


def test_a_job_that_dies_at_once_without_a_failure_leaves_a_letter_all_the_same(conn: Connection) -> None:
    jobs.put(conn, [changed(1, reason="first"), changed(1, reason="second")], 1.0)
    [job] = claim(conn, 1.0)
    assert jobs.finish(conn, job, Outcome(verdict=Verdict.DEAD, context={"path": "/a"}), 7.0)
    assert jobs.dead_list(conn) == [
        jobs.DeadLetter(
            server="plex",
            scene=1,
            error="",
            failure=None,
            context={"path": "/a"},
            reasons=("first", "second"),
            attempts=1,
            digest=None,
            first_failed_at=7.0,
            died_at=7.0,
        )
    ]


def test_only_a_change_revives_a_dead_letter(conn: Connection) -> None:
    jobs.put(conn, [changed(1)], 1.0)
    end(conn, 1.0, Verdict.DEAD)
    assert jobs.put(conn, [gap(1)], 2.0) == 0
    assert jobs.put(conn, [changed(1)], 2.0) == 1
    assert jobs.dead_one(conn, "plex", 1) is None
    assert [job.scene for job in claim(conn, 2.0)] == [1]


@pytest.mark.parametrize(("digest", "asked"), [("d1", 0), (None, 0), ("d2", 1)])
def test_a_gap_asks_again_only_what_was_decided_for_another_digest(
    conn: Connection, digest: str | None, asked: int
) -> None:
    decision = Decision(kind="ambiguous", reason="two items", digest="d1", index_version=3, facts={"n": [1, 2]})
    jobs.put(conn, [changed(1)], 1.0)
    end(conn, 1.0, Verdict.DECISION, decision=decision)
    assert decisions.listing(conn) == [decisions.Decided(server="plex", scene=1, decision=decision, at=1.0)]
    assert jobs.put(conn, [gap(1, digest)], 2.0) == asked
    assert len(claim(conn, 2.0)) == asked
    assert len(decisions.listing(conn)) == 1 - asked


def test_what_is_dead_or_decided_on_one_server_is_asked_on_another(conn: Connection) -> None:
    decision = Decision(kind="ambiguous", reason="two items", digest="d1", index_version=3)
    jobs.put(conn, [changed(1)], 1.0)
    end(conn, 1.0, Verdict.DEAD)
    jobs.put(conn, [changed(2)], 1.0)
    end(conn, 1.0, Verdict.DECISION, decision=decision)
    elsewhere = [replace(gap(scene), server="other") for scene in (1, 2)]
    assert jobs.put(conn, elsewhere, 2.0) == 2
    assert jobs.put(conn, [gap(1), gap(2)], 2.0) == 0
    assert jobs.put(conn, [gap(3)], 2.0) == 1, "nobody decided anything about that one"
    assert jobs.dead_one(conn, "plex", 1) is not None
    assert decisions.decided(conn, "plex", [2]) == {2: decision}


def test_a_decision_that_is_recorded_elsewhere_only_ends_the_job(conn: Connection) -> None:
    jobs.put(conn, [changed(1)], 1.0)
    end(conn, 1.0, Verdict.DECISION)
    assert (jobs.listing(conn), decisions.listing(conn)) == ([], [])


def test_waiting_for_a_peer_counts_no_attempt(conn: Connection) -> None:
    jobs.put(conn, [changed(1)], 1.0)
    for verdict in (Verdict.WAIT, Verdict.HOLD):
        end(conn, 1.0, verdict, counts=True)
    [row] = jobs.listing(conn)
    assert (row.attempts, row.long_attempts, row.due_at, row.failure) == (0, 0, 1.0, FAILURE)


def test_failures_counted_before_the_gate_opened_are_given_back(conn: Connection) -> None:
    jobs.put(conn, [changed(1)], 1.0)
    for at in (1.0, 2.0, 3.0):
        end(conn, at, Verdict.RETRY, counts=True)
    assert jobs.give_back(conn, "plex", since=2.0) == 1
    [row] = jobs.listing(conn)
    assert (row.attempts, row.first_failed_at) == (1, 1.0)
    assert jobs.give_back(conn, "plex", since=0.0) == 1
    [row] = jobs.listing(conn)
    assert (row.attempts, row.first_failed_at) == (0, None)


def test_given_back_are_the_short_attempts_of_that_server_alone(conn: Connection) -> None:
    jobs.put(conn, [changed(1), changed(1, server="other")], 1.0)
    end(conn, 1.0, Verdict.RETRY_LONG, due_at=1.0, counts=True)
    assert jobs.give_back(conn, "plex", since=0.0) == 0
    end(conn, 2.0, Verdict.RETRY, counts=True)
    [elsewhere] = claim(conn, 2.0, server="other")
    assert jobs.finish(conn, elsewhere, Outcome(verdict=Verdict.RETRY, counts=True), 2.0)
    assert jobs.give_back(conn, "plex", since=3.0) == 0, "failed before the gate was in trouble"
    assert jobs.give_back(conn, "plex", since=0.0) == 1
    assert [(row.server, row.attempts, row.long_attempts, row.first_failed_at) for row in jobs.listing(conn)] == [
        ("other", 1, 0, 2.0),
        ("plex", 0, 1, 1.0),
    ]


def test_a_due_time_further_ahead_than_any_back_off_is_due_now(conn: Connection) -> None:
    jobs.put(conn, [changed(1), changed(2)], 10_000.0)
    jobs.put(conn, [changed(3)], 9_000.0)
    assert [job.scene for job in claim(conn, 9_000.0)] == [3, 1, 2]
    jobs.put(conn, [changed(4)], 10_000.0)
    assert claim(conn, 9_300.0) == [], "700 s ahead may be a back-off"
    assert [job.scene for job in claim(conn, 9_299.5)] == [4]


def test_a_missing_item_is_looked_for_at_once_when_the_index_moved_meanwhile(conn: Connection) -> None:
    jobs.put(conn, [changed(1)], 1.0)
    looked_at = index.version(conn, "plex")
    index.advance(conn, "plex")
    context = {"index_version": looked_at}
    end(conn, 1.0, Verdict.RETRY_LONG, due_at=300.0, counts=True, context=context)
    [job] = claim(conn, 1.0)
    assert job.long_attempts == 0
    outcome = Outcome(verdict=Verdict.RETRY_LONG, due_at=300.0, counts=True, context={"index_version": looked_at + 1})
    assert jobs.finish(conn, job, outcome, 1.0)
    assert claim(conn, 299.0) == []
    assert [job.long_attempts for job in claim(conn, 300.0)] == [1]


def test_only_a_missing_item_is_woken_by_the_index(conn: Connection) -> None:
    jobs.put(conn, [changed(1)], 1.0)
    index.advance(conn, "plex")
    end(conn, 1.0, Verdict.RETRY, due_at=300.0, counts=True, context={"index_version": -1})
    assert claim(conn, 299.0) == []
    [job] = claim(conn, 300.0)
    assert job.attempts == 1


def test_the_earliest_due_time_is_told_by_lane(conn: Connection) -> None:
    assert jobs.next_due(conn, "plex", LANES) is None
    jobs.put(conn, [changed(1, Lane.BULK)], 1.0)
    jobs.put(conn, [changed(3)], 9.0)
    jobs.put(conn, [changed(2)], 2.0)
    assert jobs.next_due(conn, "plex", LANES) == 1.0
    assert jobs.next_due(conn, "plex", [Lane.USER, Lane.CHANGE]) == 2.0
    assert jobs.next_due(conn, "other", LANES) is None
    claim(conn, 1.0, limit=1)
    assert jobs.next_due(conn, "plex", LANES) == 2.0, "what is worked on does not wait"


def test_on_request_everything_that_waits_is_due(conn: Connection) -> None:
    jobs.put(conn, [changed(1)], 1.0)
    end(conn, 1.0, Verdict.RETRY, due_at=80.0, counts=True)
    jobs.put(conn, [changed(2), changed(3), changed(1, server="other")], 2.0)
    claim(conn, 2.0, limit=1)
    assert jobs.make_due(conn, "plex", 2.0) == 1
    assert jobs.make_due(conn, "other", 1.0) == 1
    assert [(row.server, row.scene, row.due_at) for row in jobs.listing(conn) if not row.working] == [
        ("other", 1, 1.0),
        ("plex", 1, 2.0),
        ("plex", 3, 2.0),
    ]


def test_a_job_that_is_worked_on_is_not_made_due_even_by_a_clock_that_was_set_back(conn: Connection) -> None:
    jobs.put(conn, [changed(1)], 10_000.0)
    assert len(claim(conn, 9_000.0)) == 1
    assert jobs.make_due(conn, "plex", 9_000.0) == 0


def test_a_job_that_is_worked_on_does_not_wait_and_one_of_another_server_is_not_ours(conn: Connection) -> None:
    jobs.put(conn, [changed(1)], 1.0)
    assert jobs.waits(conn, "plex")
    assert not jobs.waits(conn, "other")
    claim(conn, 1.0)
    assert not jobs.waits(conn, "plex")


def test_clearing_leaves_the_work_under_way_alone(conn: Connection) -> None:
    jobs.put(conn, [changed(1), changed(2), changed(3, Lane.BULK), changed(4, server="other")], 1.0)
    claim(conn, 1.0, limit=1)
    assert jobs.clear(conn, "plex", Lane.BULK) == 1
    assert jobs.clear(conn, "plex") == 1
    assert [row.scene for row in jobs.listing(conn)] == [4, 1]


def test_listings_go_on_after_the_last_key(conn: Connection) -> None:
    jobs.put(conn, [changed(scene) for scene in range(5)], 1.0)
    first = jobs.listing(conn, limit=3)
    rest = jobs.listing(conn, limit=3, after=(first[-1].server, first[-1].scene))
    assert [row.scene for row in first + rest] == [0, 1, 2, 3, 4]
    for job in claim(conn, 1.0):
        jobs.finish(conn, job, Outcome(verdict=Verdict.DEAD), float(job.scene))
    dead = jobs.dead_list(conn, limit=2, after=("plex", 1), died_before=4.0)
    assert [letter.scene for letter in dead] == [2, 3]
    assert jobs.dead_drop(conn, "plex", [0, 1, 99]) == 2
    assert jobs.dead_purge(conn, 4.0) == 2
    assert [letter.scene for letter in jobs.dead_list(conn)] == [4]


def test_five_thousand_puts_take_few_statements(database: Database, conn: Connection) -> None:
    statements: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(conn, "before_cursor_execute", note)
    puts = [changed(scene) for scene in range(5_000)]
    assert jobs.put(conn, puts, 1.0) == 5_000
    assert jobs.put(conn, puts, 2.0) == 5_000
    assert jobs.put(conn, [gap(scene) for scene in range(10_000)], 3.0) == 5_000
    assert len(statements) < 80


def test_generations_go_on_after_the_queue_was_empty(conn: Connection) -> None:
    jobs.put(conn, [changed(1)], 1.0)
    first = end(conn, 1.0, Verdict.DONE)
    jobs.put(conn, [changed(1), changed(2), changed(1, server="other")], 1.0)
    taken = claim(conn, 1.0) + claim(conn, 1.0, server="other")
    assert sorted(job.generation - first.generation for job in taken) == [1, 2, 3]


def test_claims_are_voided_by_their_tokens_or_all_of_a_server(conn: Connection) -> None:
    jobs.put(conn, [changed(1), changed(2), changed(3), changed(4, server="other")], 5.0)
    first, second = (claim(conn, 5.0, limit=1, token=token)[0] for token in ("first", "second"))
    claim(conn, 5.0, server="other", token="first")
    assert jobs.void_claims(conn, "plex", []) == 0
    assert jobs.void_claims(conn, "plex", ["first", "unknown"]) == 1
    assert not jobs.finish(conn, first, Outcome(verdict=Verdict.DONE), 6.0)
    assert [job.scene for job in claim(conn, 0.0, token="third")] == [1], "due by any clock"
    assert jobs.finish(conn, second, Outcome(verdict=Verdict.DONE), 6.0)
    assert jobs.void_claims(conn, "plex") == 1
    assert [(row.scene, row.working, row.due_at) for row in jobs.listing(conn)] == [
        (4, True, 5.0),
        (1, False, 0.0),
        (3, False, 5.0),
    ]


@pytest.mark.parametrize("verdict", Verdict)
def test_a_stalled_worker_ends_without_effect_after_its_job_was_taken_over(conn: Connection, verdict: Verdict) -> None:
    jobs.put(conn, [changed(1)], 1.0)
    [stalled] = claim(conn, 1.0, token="first")
    assert jobs.void_claims(conn, "plex") == 1
    [taken] = claim(conn, 1.0, token="second")
    assert taken.generation == stalled.generation
    assert not jobs.finish(conn, stalled, Outcome(verdict=verdict), 2.0)
    assert jobs.listing(conn)[0].working
    assert jobs.finish(conn, taken, Outcome(verdict=Verdict.DONE), 2.0)
    assert not jobs.finish(conn, taken, Outcome(verdict=verdict), 2.0)
    assert jobs.dead_list(conn) == []


@pytest.mark.parametrize("verdict", Verdict)
def test_an_event_that_comes_while_its_scene_is_worked_on_is_due_when_that_ends(
    conn: Connection, verdict: Verdict
) -> None:
    jobs.put(conn, [changed(1)], 1.0)
    end(conn, 1.0, Verdict.RETRY, due_at=1.0, counts=True)
    [job] = claim(conn, 1.0)
    jobs.put(conn, [changed(1, Lane.USER, "second edit")], 2.0)
    assert claim(conn, 2.0) == [], "one key is never held twice"
    assert jobs.finish(conn, job, Outcome(verdict=verdict, due_at=500.0, counts=True, failure=FAILURE), 3.0)
    [again] = claim(conn, 3.0)
    assert (again.lane, again.attempts, again.reasons) == (Lane.USER, 0, ("hook", "second edit"))
    assert jobs.listing(conn)[0].failure == FAILURE


def test_an_odd_title_or_path_never_stops_a_dead_letter(conn: Connection) -> None:
    jobs.put(conn, [changed(1)], 1.0)
    end(conn, 1.0, Verdict.DEAD, context={"title": "a\x00b\ud800c"})
    letter = jobs.dead_one(conn, "plex", 1)
    assert letter is not None
    assert letter.context["title"] == "a\x00b\ud800c"


def test_an_empty_put_is_no_work(conn: Connection) -> None:
    assert jobs.put(conn, [], 1.0) == 0
    assert conn.execute(sa.text("SELECT count(*) FROM jobs")).scalar_one() == 0
