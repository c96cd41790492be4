"""One dead library beside living ones: its own gate, and when the whole server's opens instead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.model.errors import (
    PlexPermanentError,
    PlexServerDown,
    PlexTemporaryError,
    StashTemporaryError,
    SyncError,
)
from plexsync.sync.gates.facts import facts_of, gate_of
from plexsync.sync.gates.gate import (
    CheckFailed,
    CheckPassed,
    Gate,
    GateEvent,
    GateState,
    JobDone,
    JobFailed,
    LastMinute,
    PersonNeeded,
    ProbeFailed,
    SectionFailed,
    SectionIdle,
    SectionsSynced,
    TimePassed,
)
from plexsync.sync.gates.pace import RAMP, Ends
from plexsync.sync.gates.sections import of_one_section
from sync.playedgate import Played

BOTH = frozenset({1, 2})


def failed(section: int, scene: int, synced: frozenset[int] = BOTH) -> SectionFailed:
    return SectionFailed(section, scene, "500", synced)


def done(*sections: int) -> JobDone:
    return JobDone(frozenset(sections))


def held() -> Played:
    played = Played()
    played.tell(*[failed(2, 1 + number % 2) for number in range(5)])
    assert played.state(2) is GateState.OPEN
    return played


def test_five_failures_of_two_scenes_in_one_library_hold_that_library_only() -> None:
    played = Played()
    played.tell(failed(2, 1), failed(2, 1), failed(2, 1), failed(2, 1))
    assert not played.gate.section(2).held
    played.tell(failed(2, 2))
    assert (played.gate.state, played.state(1), played.state(2)) == (
        GateState.CLOSED,
        GateState.CLOSED,
        GateState.OPEN,
    )
    assert (played.gate.section(2).reason, played.gate.section(2).since) == ("500", played.now)
    assert played.gate.failures == 0


def test_one_scene_alone_never_holds_its_library() -> None:
    played = Played()
    played.tell(*[failed(2, 7)] * 50)
    assert not played.gate.section(2).held


def test_two_scenes_of_a_streak_are_enough_to_remember() -> None:
    played = Played()
    played.tell(failed(2, 1), failed(2, 1), failed(2, 2), failed(2, 3))
    assert played.gate.section(2).scenes == (1, 2)


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        (PlexTemporaryError("", status=499), False),
        (PlexTemporaryError("", status=500), True),
        (PlexTemporaryError("", status=599), True),
        (PlexTemporaryError("", status=600), False),
        (PlexTemporaryError("unreadable"), False),
        (PlexServerDown("", status=503), False),
        (PlexPermanentError("", status=500), False),
        (StashTemporaryError("", status=500), False),
    ],
)
def test_only_a_failure_inside_plex_may_be_that_of_one_library(error: SyncError, *, is_one: bool) -> None:
    assert of_one_section(error) is is_one


def test_a_success_in_the_library_starts_its_count_anew_and_one_elsewhere_does_not() -> None:
    played = Played()
    four = [failed(2, scene) for scene in (1, 2, 3, 4)]
    played.tell(*four, done(1))
    assert played.gate.section(2).failures == 4
    played.tell(done(2))
    assert played.gate.sections == ()
    played.tell(*four)
    assert not played.gate.section(2).held


def test_the_only_synced_library_counts_on_the_server() -> None:
    played = Played()
    played.tell(failed(2, 0, frozenset({2})))
    assert (played.gate.failures, played.gate.sections) == (1, ())
    played.tell(*[failed(2, scene, frozenset({2})) for scene in range(1, 5)])
    assert (played.gate.state, played.gate.sections) == (GateState.OPEN, ())


def test_while_the_server_is_held_no_library_is_counted() -> None:
    played = Played()
    played.tell(*[JobFailed(scene, "refused") for scene in range(5)], *[failed(2, scene) for scene in range(5)])
    assert (played.gate.state, played.gate.sections) == (GateState.OPEN, ())


def test_the_server_is_held_instead_of_its_last_library() -> None:
    played = held()
    first = played.now + 1
    played.tell(*[failed(1, scene) for scene in (1, 2, 3, 4, 5)])
    assert (played.gate.state, played.gate.sections) == (GateState.OPEN, ())
    assert (played.gate.first_failure_at, played.gate.reason) == (first, "500")


def test_a_held_library_gets_a_job_to_try_after_a_minute_and_again_a_minute_after_it_failed() -> None:
    played = held()
    for second in (0.0, 0.5, 58.5):
        played.tell(TimePassed(), after=second)
        assert played.state(2) is GateState.OPEN
    played.tell(TimePassed())
    section = played.gate.section(2)
    assert (section.state, section.held, section.parks) == (GateState.HALF_OPEN, True, True)
    assert section.since == played.now
    played.tell(failed(2, 3))
    assert (played.state(2), played.gate.section(2).since) == (GateState.OPEN, played.now)
    played.tell(TimePassed(), after=60.0)
    assert played.state(2) is GateState.HALF_OPEN
    played.tell(ProbeFailed(2, "timed out"))
    section = played.gate.section(2)
    assert (section.state, section.reason, section.since) == (GateState.OPEN, "timed out", played.now)


def test_what_was_to_try_a_library_counts_nothing_once_it_is_not_tried_any_more() -> None:
    for played in (Played(), held()):
        before = played.gate
        assert played.tell(ProbeFailed(2, "timed out")) is before


def test_it_is_known_when_time_alone_moves_a_library_or_a_recovery() -> None:
    assert Gate().moves_in(0.0) is None
    played = held()
    left = [played.gate.moves_in(played.now + later) for later in (0.0, 10.0, 59.9, 100.0)]
    assert left == [60.0, 50.0, pytest.approx(0.1), 0.0]
    played.tell(TimePassed(), after=60.0)
    assert played.gate.moves_in(played.now) is None
    played.tell(done(2))
    assert played.gate.moves_in(played.now) == 1.0, "its pace is looked at each second"


def test_the_recovery_of_a_server_is_looked_at_each_second() -> None:
    played = held()
    played.tell(*[JobFailed(scene, "refused") for scene in range(5)], CheckPassed(jobs_wait=True), done(1))
    assert played.gate.pace is not None
    assert played.gate.moves_in(played.now) == 1.0
    since = played.gate.section(2).since
    assert played.gate.moves_in(since + 59.5) == 0.5, "a held library may be sooner"


def test_a_clock_that_jumped_back_does_not_keep_a_library_held() -> None:
    played = held()
    played.tell(TimePassed(), after=-86_400.0)
    assert played.state(2) is GateState.HALF_OPEN


def test_a_library_that_works_again_recovers_at_its_own_pace() -> None:
    played = held()
    played.tell(done(2))
    assert played.state(2) is GateState.OPEN, "that job began before the library was held"
    played.tell(TimePassed(), after=60.0)
    played.tell(done(2))
    section = played.gate.section(2)
    assert (section.held, section.parks, section.since) == (False, True, played.now)
    assert section.pace is not None
    assert played.gate.pace is None
    for _ in range(int(RAMP) + 1):
        played.tell(LastMinute(Ends()))
    assert played.gate.sections == ()


def test_many_errors_while_a_library_recovers_brake_that_library_alone() -> None:
    played = held()
    played.tell(TimePassed(), after=60.0)
    played.tell(done(2), LastMinute(Ends(jobs=100), {2: Ends(jobs=10, errors=5)}))
    pace = played.gate.section(2).pace
    assert pace is not None
    assert pace.rate(played.now) == 1.0
    assert played.gate.pace is None


def test_a_library_that_fails_again_while_it_recovers_is_held_again() -> None:
    played = held()
    played.tell(TimePassed(), after=60.0)
    played.tell(done(2), *[failed(2, scene) for scene in range(5)])
    assert played.gate.section(2).held
    assert played.gate.section(2).pace is None


def test_a_success_while_a_library_recovers_starts_its_count_anew_at_the_same_pace() -> None:
    played = held()
    played.tell(TimePassed(), after=60.0)
    pace = played.tell(done(2)).section(2).pace
    four = [failed(2, scene) for scene in range(4)]
    played.tell(*four)
    assert played.gate.section(2).failures == 4
    played.tell(done(2))
    section = played.gate.section(2)
    assert (section.failures, section.scenes, section.reason, section.pace) == (0, (), "", pace)
    assert played.tell(*four).section(2).pace == pace
    assert not played.gate.section(2).held


def test_a_held_library_without_jobs_is_let_go() -> None:
    played = held()
    played.tell(SectionIdle(2))
    assert played.gate.section(2).held
    played.tell(TimePassed(), after=60.0)
    played.tell(SectionIdle(2))
    assert played.gate.sections == ()


def test_a_library_that_is_no_longer_synced_is_forgotten() -> None:
    played = held()
    before = played.gate
    assert played.tell(SectionsSynced(BOTH)) is before
    played.tell(SectionsSynced(frozenset({1})))
    assert played.gate.sections == ()


def test_a_held_library_that_is_left_alone_on_its_server_is_the_server() -> None:
    played = held()
    played.tell(SectionsSynced(frozenset({2})))
    assert (played.gate.state, played.gate.sections, played.gate.since) == (GateState.OPEN, (), played.now)


def test_an_outage_of_the_whole_server_leaves_a_held_library_held() -> None:
    played = held()
    played.tell(*[JobFailed(scene, "refused") for scene in range(5)])
    assert played.gate.state is GateState.OPEN
    recovered = played.tell(CheckPassed(jobs_wait=True), done(1))
    assert recovered.state is GateState.CLOSED
    assert recovered.section(2).held


def test_while_half_open_a_library_in_trouble_is_told_from_the_server() -> None:
    """Else its jobs would keep all others out as long as they come first."""
    played = Played()
    played.tell(*[JobFailed(scene, "500") for scene in range(5)])
    for scene in range(5):
        assert played.gate.state is GateState.OPEN
        played.tell(CheckPassed(jobs_wait=True), SectionFailed(2, scene, "only there", BOTH))
        assert played.gate.reason == "only there"
    assert played.gate.section(2).held
    played.tell(CheckPassed(jobs_wait=True), done(1))
    assert played.gate.state is GateState.CLOSED


@given(st.lists(st.sampled_from([failed(2, 1), failed(2, 2), TimePassed(), done(2)]), max_size=40))
def test_nothing_in_one_library_touches_another_or_the_server(events: list[GateEvent]) -> None:
    played = Played()
    played.tell(failed(1, 9), failed(1, 8))
    before = played.gate.section(1)
    played.tell(*events, after=20.0)
    assert played.gate.section(1) == before
    assert (played.gate.state, played.gate.pace, played.gate.check_every) == (GateState.CLOSED, None, None)


# --- what the peer asks for


@pytest.mark.parametrize(("asked", "waits"), [(30.0, 30.0), (600.0, 600.0), (86_400.0, 600.0)])
def test_a_peer_that_asks_to_be_left_alone_is_obeyed_for_up_to_ten_minutes(asked: float, waits: float) -> None:
    played = Played()
    played.tell(JobFailed(1, "429", asked))
    assert played.gate.left_alone_for(played.now) == waits
    assert played.gate.left_alone_for(played.now + waits - 0.5) == 0.5
    assert played.gate.left_alone_for(played.now + waits) == 0


def test_a_health_check_may_be_asked_to_wait_too() -> None:
    played = Played()
    assert played.tell(CheckFailed("503", 30.0)).left_alone_for(played.now) == 30.0


def test_a_peer_that_does_its_work_again_is_not_left_alone_any_more() -> None:
    """Not even where the clock was set back to before what it had asked for."""
    played = Played()
    played.tell(*[JobFailed(scene, "503", 300.0) for scene in range(5)])
    played.tell(CheckPassed(jobs_wait=True), after=301.0)
    assert played.gate.state is GateState.HALF_OPEN
    assert played.tell(JobDone(), after=-200.0).state is GateState.CLOSED
    assert played.gate.left_alone_for(played.now) == 0


def test_the_longest_of_two_waits_counts() -> None:
    played = Played()
    played.tell(JobFailed(1, "429", 100.0), CheckFailed("503", 10.0))
    assert played.gate.left_alone_for(played.now) == 99.0


def test_no_half_open_try_before_the_peer_wants_one() -> None:
    played = Played()
    played.tell(*[JobFailed(scene, "503", 300.0) for scene in range(5)])
    early = played.tell(CheckPassed(jobs_wait=True), TimePassed(), after=100.0)
    assert early.state is GateState.OPEN
    late = played.tell(CheckPassed(jobs_wait=True), after=101.0)
    assert late.state is GateState.HALF_OPEN


def test_a_clock_set_back_does_not_stretch_what_the_peer_asked_for() -> None:
    played = Played()
    played.tell(JobFailed(1, "429", 300.0))
    assert played.gate.left_alone_for(played.now - 86_400.0) == 0


# --- what is stored


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"state": "ajar"},
        facts_of(Gate()) | {"since": "long ago"},
        facts_of(Gate()) | {"since": float("nan")},
        facts_of(Gate()) | {"pace": {"began": None}},
        facts_of(Gate()) | {"sections": [{"section": 1}]},
        facts_of(Gate()) | {"sections": 7},
        facts_of(Gate()) | {"pace": 7},
    ],
)
def test_facts_that_cannot_be_read_are_refused(facts: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        gate_of(facts)


def test_what_an_earlier_version_stored_is_read() -> None:
    facts = facts_of(Gate(state=GateState.OPEN, since=5.0, reason="refused"))
    older = {name: fact for name, fact in facts.items() if name not in {"not_before", "pace", "sections"}}
    assert gate_of(older) == Gate(state=GateState.OPEN, since=5.0, reason="refused")


def test_a_person_needed_for_the_server_is_told_from_a_held_library() -> None:
    played = held()
    played.tell(PersonNeeded("sign in"))
    assert played.gate.state is GateState.HELD
    assert played.gate.section(2).held
