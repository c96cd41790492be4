"""The gate as a state machine: when it opens, lets one try, closes and holds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from plexsync.sync.gates.gate import (
    HALF_OPEN_AFTER,
    CheckFailed,
    CheckPassed,
    Gate,
    GateEvent,
    GateState,
    JobDone,
    JobFailed,
    LastMinute,
    PersonNeeded,
    TimePassed,
    step,
)
from plexsync.sync.gates.pace import Ends, Pace
from sync.playedgate import Played

EVENTS = st.one_of(
    st.builds(JobFailed, st.integers(1, 3), st.just("500")),
    st.just(JobDone()),
    st.just(CheckFailed("down")),
    st.builds(CheckPassed, st.booleans()),
    st.just(PersonNeeded("sign in")),
    st.just(TimePassed()),
)
STEPS = st.lists(st.tuples(EVENTS, st.floats(-100, 200)), max_size=60)


def failed(scene: int) -> JobFailed:
    return JobFailed(scene, "500")


def opened() -> Played:
    played = Played()
    assert played.tell(failed(1), failed(1), failed(1), failed(1), failed(2)).state is GateState.OPEN
    return played


def held() -> Played:
    played = Played()
    played.tell(PersonNeeded("sign in"))
    return played


@given(STEPS)
def test_it_opens_exactly_at_the_fifth_failure_in_a_row_of_two_sources(steps: list[tuple[GateEvent, float]]) -> None:
    played, streak, sources = Played(), 0, set[object]()
    for event, after in steps:
        before = played.gate.state
        played.tell(event, after=after)
        if before is not GateState.CLOSED:
            streak, sources = 0, set()
            continue
        if isinstance(event, JobFailed | CheckFailed):
            streak += 1
            sources.add(event.scene if isinstance(event, JobFailed) else "check")
        elif isinstance(event, JobDone):
            streak, sources = 0, set()
        opens = streak >= 5 and len(sources) > 1
        assert (played.gate.state is GateState.OPEN) == opens


@given(STEPS)
def test_every_move_between_states_is_one_of_those_allowed(steps: list[tuple[GateEvent, float]]) -> None:
    played = Played()
    for event, after in steps:
        before = played.gate
        played.tell(event, after=after)
        if played.gate.state is before.state:
            continue
        moved = (before.state, played.gate.state)
        assert played.gate.since == played.now
        if moved[1] is GateState.HELD:
            assert isinstance(event, PersonNeeded)
        elif moved == (GateState.OPEN, GateState.HALF_OPEN):
            away = played.now - before.since
            assert isinstance(event, CheckPassed) or away >= HALF_OPEN_AFTER or away < 0
        else:
            assert moved in {
                (GateState.CLOSED, GateState.OPEN),
                (GateState.HALF_OPEN, GateState.OPEN),
                (GateState.HALF_OPEN, GateState.CLOSED),
                (GateState.HELD, GateState.HALF_OPEN),
            }


@given(STEPS)
def test_nothing_changed_means_the_same_object(steps: list[tuple[GateEvent, float]]) -> None:
    played = Played()
    for event, after in steps:
        before = played.gate
        played.tell(event, after=after)
        assert played.gate is before or played.gate != before


@given(STEPS)
def test_two_healthy_checks_with_no_job_waiting_close_any_gate(steps: list[tuple[GateEvent, float]]) -> None:
    played = Played()
    played.tell(*[event for event, _ in steps])
    assert played.tell(CheckPassed(jobs_wait=False), CheckPassed(jobs_wait=False)).state is GateState.CLOSED


@given(st.integers(5, 200))
def test_one_scene_alone_never_opens_it(times: int) -> None:
    assert Played().tell(*[failed(7)] * times).state is GateState.CLOSED


def test_a_failed_check_is_a_source_of_its_own() -> None:
    assert Played().tell(failed(7), failed(7), failed(7), failed(7), CheckFailed("down")).state is GateState.OPEN


def test_a_success_between_failures_starts_the_count_anew() -> None:
    four = [failed(1), failed(2), failed(3), failed(4)]
    assert Played().tell(*four, JobDone(), *four).state is GateState.CLOSED


def test_a_success_leaves_nothing_of_a_streak_but_when_it_began() -> None:
    played = Played()
    played.tell(failed(1), CheckFailed("down"))
    assert played.gate.unwell
    played.tell(JobDone())
    assert played.gate == Gate(first_failure_at=1001.0)


def test_the_streak_tells_when_it_began() -> None:
    played = opened()
    assert played.gate.first_failure_at == 1001.0
    assert played.gate.since == 1005.0
    assert held().gate.first_failure_at == 1001.0


def test_the_outage_began_with_its_first_failure_however_it_goes_on() -> None:
    again, asked = opened(), held()
    again.tell(CheckPassed(jobs_wait=True), failed(3), PersonNeeded("sign in"))
    assert (again.gate.state, again.gate.first_failure_at) == (GateState.HELD, 1001.0)
    asked.tell(CheckPassed(jobs_wait=True), failed(3))
    assert (asked.gate.state, asked.gate.first_failure_at) == (GateState.OPEN, 1001.0)


def test_two_sources_of_a_streak_are_enough_to_remember() -> None:
    played = Played()
    played.tell(CheckFailed("down"), CheckFailed("down"), failed(7), failed(8))
    assert played.gate.sources == ("health check", "scene 7")


def test_its_reason_is_the_latest_failure_as_long_as_it_is_not_closed() -> None:
    played = Played()
    reasons: list[str] = []
    events: list[GateEvent] = [
        JobFailed(1, "one"),
        CheckFailed("two"),
        *[JobFailed(scene, "three") for scene in range(2)],
        CheckFailed("four"),
        CheckPassed(jobs_wait=True),
        JobFailed(1, "five"),
        PersonNeeded("six"),
        PersonNeeded("seven"),
        CheckPassed(jobs_wait=True),
        JobDone(),
    ]
    for event in events:
        played.tell(event)
        reasons.append(played.gate.reason)
    assert reasons == ["one", "two", "three", "three", "four", "four", "five", "six", "seven", "seven", ""]


def test_another_reason_is_no_other_state() -> None:
    played = held()
    since = played.now
    played.tell(PersonNeeded("upgrade"))
    assert (played.gate.state, played.gate.since, played.gate.reason) == (GateState.HELD, since, "upgrade")


def test_half_open_by_time_it_has_the_reason_for_which_it_opened() -> None:
    played = opened()
    played.tell(TimePassed(), after=60.0)
    assert (played.gate.state, played.gate.reason) == (GateState.HALF_OPEN, "500")


def test_only_a_closed_gate_is_unwell() -> None:
    four = [CheckFailed("down")] * 4
    for events, state, unwell in (
        (four, GateState.CLOSED, True),
        ([*four, CheckPassed(jobs_wait=False)], GateState.CLOSED, False),
        ([*four, failed(1)], GateState.OPEN, False),
        ([*[failed(1)] * 4, CheckFailed("down")], GateState.OPEN, False),
    ):
        played = Played()
        assert played.tell(*events).state is state
        assert played.gate.unwell is unwell


def test_half_open_at_the_first_healthy_check() -> None:
    assert opened().tell(CheckPassed(jobs_wait=True)).state is GateState.HALF_OPEN


def test_half_open_after_a_minute_without_a_healthy_check() -> None:
    played = opened()
    for second in (0.0, 0.5, 58.5):
        assert played.tell(TimePassed(), after=second).state is GateState.OPEN
    assert played.tell(TimePassed(), after=1.0).state is GateState.HALF_OPEN


def test_a_clock_that_jumped_back_does_not_keep_it_open() -> None:
    assert opened().tell(TimePassed(), after=-86_400.0).state is GateState.HALF_OPEN


def test_half_open_closes_on_a_job_and_reopens_on_a_failure() -> None:
    done, again = opened(), opened()
    assert done.tell(CheckPassed(jobs_wait=True), JobDone()).state is GateState.CLOSED
    assert again.tell(CheckPassed(jobs_wait=True), failed(3)).state is GateState.OPEN


def test_half_open_by_time_alone_it_takes_two_healthy_checks_to_close() -> None:
    played, again = opened(), opened()
    assert again.tell(CheckPassed(jobs_wait=True), failed(3)).state is GateState.OPEN
    for one in (played, again):
        one.tell(TimePassed(), after=60.0)
        assert one.tell(CheckPassed(jobs_wait=False)).state is GateState.HALF_OPEN
        assert one.tell(CheckPassed(jobs_wait=False)).state is GateState.CLOSED


def test_a_gate_that_opens_while_it_recovers_recovers_no_more() -> None:
    played = opened()
    played.tell(CheckPassed(jobs_wait=True), JobDone())
    assert played.tell(*[failed(scene) for scene in range(5)]).state is GateState.OPEN
    assert played.gate.pace is None


def test_closed_again_it_recovers_and_brakes_at_too_many_errors_until_five_minutes_went_well() -> None:
    played = opened()
    played.tell(CheckPassed(jobs_wait=True), JobDone())
    closed = played.now
    assert played.gate.pace == Pace(began=closed)
    played.tell(LastMinute(Ends(jobs=10, errors=5)))
    assert played.gate.pace == Pace(began=closed, braked_at=closed + 1, looked_at=closed + 1)
    for _ in range(60):
        played.tell(LastMinute(Ends(jobs=60)))
    assert played.gate.pace == Pace(began=played.now, looked_at=played.now)
    for _ in range(299):
        played.tell(LastMinute(Ends(jobs=60)))
    assert played.gate.pace is not None
    played.tell(LastMinute(Ends(jobs=60)))
    assert played.gate.pace is None


def test_while_jobs_wait_health_alone_does_not_close_it() -> None:
    assert opened().tell(*[CheckPassed(jobs_wait=True)] * 10).state is GateState.HALF_OPEN


def test_a_job_of_before_it_opened_does_not_close_it() -> None:
    assert opened().tell(JobDone()).state is GateState.OPEN


@given(st.lists(EVENTS.filter(lambda event: not isinstance(event, CheckPassed)), max_size=20))
def test_held_is_left_only_through_a_healthy_check(events: list[GateEvent]) -> None:
    played = held()
    assert played.tell(*events, after=100.0).state is GateState.HELD
    assert played.tell(CheckPassed(jobs_wait=True)).state is GateState.HALF_OPEN


def test_checks_come_each_five_seconds_and_each_minute_where_a_person_is_needed() -> None:
    assert Gate().check_every is None
    assert opened().gate.check_every == 5.0
    assert held().gate.check_every == 60.0


def test_a_closed_gate_is_checked_on_after_a_check_that_failed_until_one_passes() -> None:
    failed = step(Gate(), CheckFailed("refused"), 1.0)
    assert (failed.state, failed.check_every) == (GateState.CLOSED, 5.0)
    assert step(failed, CheckPassed(jobs_wait=False), 2.0).check_every is None
    for second in range(2, 6):
        failed = step(failed, CheckFailed("refused"), float(second))
    assert failed.state is GateState.CLOSED, "one source alone never opens the gate"
    assert step(failed, JobFailed(3, "refused"), 7.0).state is GateState.OPEN
