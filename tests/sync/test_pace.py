"""The pace of a recovery: its ramp and brake, its tokens, and a clock that jumps."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.sync.gates.admission import ALL, Admission
from plexsync.sync.gates.pace import BRAKE, FASTEST, RAMP, SLOWEST, TRICKLE, Bucket, Ends, Pace, looked_at
from plexsync.sync.gates.state import GateState

CLOSED = GateState.CLOSED
DAY = 86_400.0


@dataclass(slots=True)
class Drain:
    """An endless queue worked off at the pace, by a clock that may jump; `lived` is the time that really passed."""

    now: float = 1_000_000.0
    lived: float = 0.0
    pace: Pace | None = None
    admission: Admission = field(default_factory=Admission)
    jobs: list[float] = field(default_factory=list)  #: when each one went, by the time that really passed
    looked: float = -1.0
    rates: list[float] = field(default_factory=list)

    def begin(self) -> None:
        self.pace = Pace(began=self.now)
        self.admission.begin_pace()

    def work(self, seconds: float, *, error: bool = False, every: float = 0.01) -> None:
        """Take what is given, `every` so many seconds."""
        for _ in range(round(seconds / every)):
            self.now += every
            self.lived += every
            self.look()
            if self.pace is None:
                return
            self.rates.append(self.pace.rate(self.now))
            if self.admission.admits(CLOSED, self.pace, self.now):
                self.admission.enter(1, self.pace, self.now)
                self.jobs.append(self.lived)
                self.admission.leave(self.pace, self.now, error=error)

    def look(self) -> None:
        """Once a second."""
        if self.pace is not None and self.lived >= self.looked + 1.0:
            self.looked = self.lived
            self.pace = looked_at(self.pace, self.admission.ends(self.now), self.now)

    def restart(self) -> None:
        """What is not stored is lost."""
        assert self.pace is not None
        self.pace = Pace(began=self.pace.began, braked_at=self.pace.braked_at)
        self.admission = Admission()

    def within(self, since: float, until: float) -> int:
        return sum(since <= at < until for at in self.jobs)


def draining() -> Drain:
    drain = Drain()
    drain.begin()
    return drain


def test_it_rises_evenly_from_five_to_twenty_jobs_a_second_and_is_over_after_five_minutes() -> None:
    drain = draining()
    began = drain.now
    drain.work(RAMP + 2)
    assert drain.pace is None
    assert drain.now - began == pytest.approx(RAMP, abs=1.1)
    for at in (0.0, 60.0, 150.0, 240.0, 280.0):
        wanted = SLOWEST + (FASTEST - SLOWEST) * (at + 10) / RAMP
        assert drain.within(at, at + 20) / 20 == pytest.approx(wanted, rel=0.15)


def test_half_open_one_job_goes_at_a_time() -> None:
    admission = Admission()
    assert admission.admits(GateState.HALF_OPEN, None, 0.0) == 1
    admission.enter(2, None, 0.0)
    for under_way in (2, 1, 0):
        assert admission.admits(GateState.HALF_OPEN, None, 0.0) == (0 if under_way else 1)
        admission.leave(None, 0.0, error=None)


def test_none_goes_while_a_gate_holds_and_one_by_one_while_its_peer_recovers() -> None:
    admission, pace = Admission(), Pace(began=0.0)
    assert [admission.admits(state, pace, 0.0) for state in (GateState.OPEN, GateState.HELD, CLOSED)] == [0, 0, 1]


def test_who_waits_is_told_for_how_long() -> None:
    admission, pace = Admission(), Pace(began=0.0)
    assert admission.admits_in(CLOSED, pace, 0.0) == 0.0
    admission.enter(1, pace, 0.0)
    assert admission.admits_in(CLOSED, pace, 0.0) == pytest.approx(1 / SLOWEST)
    assert admission.admits_in(CLOSED, pace, 0.1) == pytest.approx(0.1, abs=0.001)
    assert admission.admits_in(CLOSED, pace, 0.2) == 0.0
    assert admission.admits_in(CLOSED, None, 0.0) == 0.0
    for state in (GateState.OPEN, GateState.HELD, GateState.HALF_OPEN):
        assert admission.admits_in(state, pace, 0.2) is None, "not by time alone"


def test_what_arithmetic_lacks_of_a_token_keeps_no_job_waiting() -> None:
    almost, half = Bucket(tokens=1.0 - 1e-7, at=0.0), Bucket(tokens=0.5, at=0.0)
    assert (almost.full, almost.full_in(2.0)) == (True, 0.0)
    assert (half.full, half.full_in(2.0)) == (False, 0.25)


def test_a_quiet_hour_saves_nothing_up() -> None:
    drain = draining()
    drain.admission.admits(CLOSED, drain.pace, drain.now)
    drain.now += 100
    gone = 0
    for _ in range(5):
        if drain.admission.admits(CLOSED, drain.pace, drain.now):
            drain.admission.enter(1, drain.pace, drain.now)
            gone += 1
    assert gone == 1


def test_in_normal_running_all_go_and_nothing_is_counted() -> None:
    admission = Admission()
    for _ in range(100):
        assert admission.admits(CLOSED, None, 5.0) == ALL
        admission.enter(50, None, 5.0)
        admission.leave(None, 5.0, error=True)
    assert admission.ends(5.0) == Ends()


def test_many_errors_slow_it_to_a_trickle_for_a_minute_and_the_ramp_begins_anew() -> None:
    drain = draining()
    drain.work(100)
    before = drain.lived
    while drain.lived < before + 60 and drain.pace is not None and drain.pace.braked_at is None:
        drain.work(1.0, error=True)
    braked = drain.lived
    assert before + 5 < braked < before + 25
    drain.work(BRAKE - 2)
    assert drain.pace is not None
    assert drain.pace.rate(drain.now) == TRICKLE
    assert drain.within(braked, drain.lived) <= BRAKE - 2 + 1
    drain.work(3.0)
    assert drain.pace is not None
    assert drain.pace.rate(drain.now) == pytest.approx(SLOWEST, abs=0.2)
    drain.work(RAMP + 2)
    assert drain.pace is None


def test_the_brake_stays_on_while_a_tenth_of_the_jobs_still_fails() -> None:
    pace: Pace | None = Pace(began=0.0, braked_at=100.0, looked_at=159.0)
    assert pace is not None
    still = looked_at(pace, Ends(jobs=600, errors=60), 160.5)
    assert still is not None
    assert still.braked_at == 160.5
    well = looked_at(pace, Ends(jobs=600, errors=59), 160.5)
    assert well == Pace(began=160.5, looked_at=160.5)
    assert looked_at(pace, Ends(), 160.5) == well, "nothing failed where nothing ended"


@pytest.mark.parametrize(("jobs", "errors", "brakes"), [(9, 9, False), (10, 3, False), (10, 4, True), (600, 181, True)])
def test_it_brakes_above_thirty_percent_of_at_least_ten_jobs(jobs: int, errors: int, *, brakes: bool) -> None:
    pace = looked_at(Pace(began=0.0, looked_at=1.0), Ends(jobs=jobs, errors=errors), 2.0)
    assert pace is not None
    assert (pace.braked_at is not None) is brakes


def test_errors_of_more_than_a_minute_ago_do_not_count() -> None:
    admission, pace = Admission(), Pace(began=0.0)
    for second in range(20):
        admission.leave(pace, float(second), error=True)
    assert admission.ends(19.0) == Ends(jobs=20, errors=20)
    assert admission.ends(70.0) == Ends(jobs=9, errors=9)


@pytest.mark.parametrize(("passed", "began"), [(0.0, 0.0), (120.0, 0.0), (120.5, 120.5), (-0.5, -0.5)])
def test_two_minutes_without_a_look_may_have_passed_and_no_more(passed: float, began: float) -> None:
    assert looked_at(Pace(began=0.0, looked_at=0.0), Ends(), passed) == Pace(began=began, looked_at=passed)


@pytest.mark.parametrize("jump", [-10 * DAY, -1.0, 3600.0, 10 * DAY])
def test_a_jump_of_the_clock_neither_ends_nor_restarts_nor_stalls_it(jump: float) -> None:
    drain = draining()
    drain.work(150)
    before, jumped_at = len(drain.jobs), drain.lived
    drain.now += jump
    drain.work(10)
    assert drain.pace is not None
    assert drain.pace.rate(drain.now) == pytest.approx(13, abs=1)
    assert 100 <= len(drain.jobs) - before <= 140
    assert drain.within(jumped_at, jumped_at + 0.2) <= 4
    drain.work(RAMP)
    assert drain.lived == pytest.approx(RAMP, abs=5)
    assert drain.pace is None


def test_a_restart_goes_on_where_the_ramp_was() -> None:
    drain = draining()
    drain.work(200)
    drain.restart()
    drain.now += 10
    drain.work(1)
    assert drain.pace is not None
    assert drain.pace.rate(drain.now) == pytest.approx(SLOWEST + 15 * 211 / RAMP, abs=0.2)
    drain.work(100)
    assert drain.pace is None


def test_a_restart_while_the_brake_is_on_keeps_it_on() -> None:
    drain = draining()
    drain.work(20, error=True)
    drain.restart()
    drain.work(5)
    assert drain.pace is not None
    assert drain.pace.rate(drain.now) == TRICKLE


def test_a_clock_set_back_before_a_restart_does_not_keep_it_on_for_long() -> None:
    drain = draining()
    drain.work(20, error=True)
    drain.restart()
    drain.now -= DAY
    drain.work(BRAKE + 2)
    assert drain.pace is not None
    assert drain.pace.braked_at is None
    drain.work(RAMP + 2)
    assert drain.pace is None


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["work", "work", "work", "idle", "jump", "restart"]),
        st.floats(0.5, 20),
        st.booleans(),
        st.floats(-10 * DAY, 10 * DAY),
    ),
    max_size=12,
)


@given(ACTS)
def test_whatever_happens_no_window_holds_more_than_its_rate_and_one(
    acts: list[tuple[str, float, bool, float]],
) -> None:
    drain = draining()
    for act, seconds, errors, jump in acts:
        if drain.pace is None:
            break
        if act == "jump":
            drain.now += jump
        elif act == "restart":
            drain.restart()
            # A process takes its time to start.
            drain.now += 1.0
            drain.lived += 1.0
        elif act == "idle":
            drain.now += seconds
            drain.lived += seconds
        else:
            drain.work(seconds, error=errors, every=0.037)
    assert all(TRICKLE <= rate <= FASTEST for rate in drain.rates)
    for number, since in enumerate(drain.jobs):
        for more in (1, 2, 5, 20, 60):
            window = drain.jobs[number : number + more + 1]
            if len(window) == more + 1:
                assert more <= FASTEST * (window[-1] - since) + 1 + 1e-6


@given(ACTS)
def test_whatever_happened_it_is_over_in_time_once_jobs_end_well(acts: list[tuple[str, float, bool, float]]) -> None:
    drain = draining()
    for act, seconds, errors, jump in acts:
        if drain.pace is None:
            return
        if act == "jump":
            drain.now += jump
        elif act == "restart":
            drain.restart()
        else:
            drain.work(seconds, error=errors, every=0.25)
    drain.work(3 * BRAKE + RAMP + 10, every=0.25)
    assert drain.pace is None
