"""From an error to what the queue does: every class, with gates closed or not, at every attempt."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.model.errors import (
    Incompatible,
    NeedsSignIn,
    OwnDiskError,
    PlexNotFound,
    PlexPermanentError,
    PlexServerDown,
    PlexTemporaryError,
    StashServerDown,
    StashTemporaryError,
    SyncError,
)
from plexsync.model.work import Decision, Failure, Job, Lane, Outcome, Peer, Verdict
from plexsync.sync.gates.backoff import NOT_IN_PLEX_YET, Backoff, standard
from plexsync.sync.gates.verdicts import Circumstances, failure_of, outcome_of
from plexsync.sync.story.readback import NotTaken

NOW = 5000.0
STANDARD = standard(5)
MISSING = Decision(kind="missing", reason="never came", digest="d", index_version=3)
TEMPORARY = [PlexTemporaryError, StashTemporaryError, NotTaken, SyncError]
AWAY = [PlexServerDown, StashServerDown]
HOLDING = [NeedsSignIn, Incompatible]


def job(attempts: int = 0, long_attempts: int = 0) -> Job:
    return Job(
        server="plex",
        scene=1,
        lane=Lane.CHANGE,
        reasons=("hook",),
        generation=1,
        token="t",
        attempts=attempts,
        long_attempts=long_attempts,
    )


def outcome(
    error: SyncError, of: Job, *, closed: bool = True, healthy: bool = False, seed: int = 0, **more: Any
) -> Outcome:
    facts: dict[str, Any] = {"context": {"title": "T", "index_version": 3}, "missing": MISSING} | more
    around = Circumstances(
        now=NOW, gates_closed=closed, peer_healthy=healthy, chance=random.Random(seed), backoff=STANDARD, **facts
    )
    return outcome_of(error, of, around)


def due(of: Outcome) -> float:
    assert of.due_at is not None
    return of.due_at - NOW


@pytest.mark.parametrize("attempts", range(7))
@pytest.mark.parametrize("kind", TEMPORARY)
def test_a_failure_that_may_pass_is_tried_again_and_dead_after_the_last_try(
    kind: type[SyncError], attempts: int
) -> None:
    found = outcome(kind("500"), job(attempts))
    if attempts < 5:
        assert (found.verdict, found.counts) == (Verdict.RETRY, True)
        assert 0 <= due(found) <= min(80, 5 * 2**attempts)
    else:
        assert found.verdict is Verdict.DEAD
        assert found.context == {"title": "T", "index_version": 3}
    assert found.failure is not None
    assert found.failure.error == ("PlexTemporaryError" if kind is NotTaken else kind.__name__)


@pytest.mark.parametrize("attempts", [0, 5, 50])
@pytest.mark.parametrize("kind", TEMPORARY)
def test_while_a_gate_is_not_closed_nothing_counts_and_nothing_dies(kind: type[SyncError], attempts: int) -> None:
    found = outcome(kind("500"), job(attempts), closed=False)
    assert (found.verdict, found.counts) == (Verdict.RETRY, False)


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("kind", AWAY)
def test_an_absent_peer_costs_no_attempt(kind: type[SyncError], *, closed: bool) -> None:
    found = outcome(kind("refused"), job(50), closed=closed)
    assert (found.verdict, found.counts) == (Verdict.WAIT, False)
    assert 0 <= due(found) <= 1


@pytest.mark.parametrize("kind", AWAY)
def test_a_peer_that_is_well_for_all_others_makes_it_the_scenes_own_trouble(kind: type[SyncError]) -> None:
    assert outcome(kind("timed out"), job(), healthy=True).verdict is Verdict.RETRY
    assert outcome(kind("timed out"), job(5), healthy=True).verdict is Verdict.DEAD


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("kind", HOLDING)
def test_what_needs_a_person_is_held_without_counting(kind: type[SyncError], *, closed: bool) -> None:
    found = outcome(kind("401"), job(50), closed=closed)
    assert (found.verdict, found.counts) == (Verdict.HOLD, False)


@pytest.mark.parametrize("closed", [True, False])
def test_what_can_never_work_is_dead_at_once(*, closed: bool) -> None:
    found = outcome(PlexPermanentError("400"), job(), closed=closed)
    assert (found.verdict, found.context) == (Verdict.DEAD, {"title": "T", "index_version": 3})


@pytest.mark.parametrize("attempts", range(14))
def test_a_file_that_plex_lacks_is_waited_for_long_and_then_a_gap(attempts: int) -> None:
    found = outcome(PlexNotFound("no item"), job(long_attempts=attempts))
    if attempts < 12:
        assert (found.verdict, found.counts) == (Verdict.RETRY_LONG, True)
        assert 0 <= due(found) <= min(600, 30 * 2**attempts)
        assert found.context == {"index_version": 3}, "what wakes it, and no more"
    else:
        assert found == Outcome(verdict=Verdict.DECISION, decision=MISSING), "nothing waits, so nothing failed"


def test_what_nothing_can_be_decided_about_is_waited_for_still() -> None:
    assert outcome(PlexNotFound("no item"), job(long_attempts=12), missing=None).verdict is Verdict.RETRY_LONG


def test_what_is_kept_of_a_failure_is_all_that_the_error_tells() -> None:
    error = PlexTemporaryError("said 500", status=500, place="PUT /library", excerpt="<html>")
    assert failure_of(error, NOW) == Failure(
        error="PlexTemporaryError",
        message="said 500",
        at=NOW,
        peer=Peer.PLEX,
        status=500,
        place="PUT /library",
        excerpt="<html>",
    )


@pytest.mark.parametrize("held_in", [None, 2])
@pytest.mark.parametrize("kind", [*TEMPORARY, *AWAY, *HOLDING, PlexNotFound, PlexPermanentError, OwnDiskError])
def test_a_job_that_failed_tells_why_wherever_it_goes(kind: type[SyncError], held_in: int | None) -> None:
    error = kind("why")
    assert outcome(error, job(), held_in=held_in).failure == failure_of(error, NOW)


@pytest.mark.parametrize("attempts", [0, 50])
@pytest.mark.parametrize("kind", TEMPORARY)
def test_what_fails_in_a_held_library_is_kept_aside_there_for_ten_minutes_without_counting(
    kind: type[SyncError], attempts: int
) -> None:
    found = outcome(kind("500"), job(attempts), held_in=2)
    assert (found.verdict, found.counts, due(found), found.parked_in) == (Verdict.WAIT, False, 600.0, 2)


@pytest.mark.parametrize("kind", [*AWAY, *HOLDING, PlexNotFound, PlexPermanentError])
def test_what_is_no_trouble_of_a_library_is_not_kept_aside_there(kind: type[SyncError]) -> None:
    error = kind("of another kind")
    assert outcome(error, job(), held_in=2) == outcome(error, job())


def test_a_full_disk_of_our_own_is_tried_again_within_a_quarter_of_a_minute() -> None:
    waits = [due(outcome(OwnDiskError("no space"), job(50), seed=seed)) for seed in range(50)]
    assert 14 < max(waits) <= 15


@given(st.integers(0, 10_000), st.integers(0, 4), st.integers())
def test_what_the_server_asks_for_is_waited_up_to_ten_minutes(asked: int, attempts: int, seed: int) -> None:
    found = outcome(PlexTemporaryError("429", retry_after=asked), job(attempts), seed=seed)
    assert min(asked, 600) <= due(found) <= max(min(asked, 600), 80)


@given(st.integers(0, 10_000), st.integers(), st.sampled_from([STANDARD, NOT_IN_PLEX_YET]))
def test_full_jitter_stays_within_nothing_and_the_cap(attempts: int, seed: int, backoff: Backoff) -> None:
    wait = backoff.wait(attempts, random.Random(seed))
    assert 0 <= wait <= min(backoff.cap, backoff.base * 2.0 ** min(attempts, 1000))


def test_full_jitter_fills_its_whole_range() -> None:
    chance = random.Random(1)
    waits = [STANDARD.wait(2, chance) for _ in range(2000)]
    assert min(waits) < 0.5
    assert max(waits) > 19.5
    assert 9.5 < sum(waits) / len(waits) < 10.5


def test_twelve_waits_for_plex_are_86_minutes_at_most() -> None:
    longest = sum(min(NOT_IN_PLEX_YET.cap, NOT_IN_PLEX_YET.base * 2**n) for n in range(NOT_IN_PLEX_YET.retries))
    assert 80 * 60 < longest <= 86 * 60
