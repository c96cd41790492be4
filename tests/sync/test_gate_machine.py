"""A gate with its libraries under any order of events: what it must never do, and that it is never stuck."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from plexsync.sync.gates.admission import ALL, Admission
from plexsync.sync.gates.facts import facts_of, gate_of
from plexsync.sync.gates.gate import (
    HALF_OPEN_AFTER,
    LONGEST_RETRY_AFTER,
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
    step,
)
from plexsync.sync.gates.pace import BRAKE, RAMP, Ends

SECTIONS = frozenset({1, 2, 3})
KEYS = st.sampled_from(sorted(SECTIONS))
SCENES = st.integers(1, 4)
RETRY_AFTER = st.none() | st.floats(0, 5000)
ENDS = st.builds(lambda jobs, part: Ends(jobs=jobs, errors=round(jobs * part)), st.integers(0, 50), st.floats(0, 1))
EVENTS: st.SearchStrategy[GateEvent] = st.one_of(
    st.builds(JobFailed, SCENES, st.just("500"), RETRY_AFTER),
    st.builds(SectionFailed, KEYS, SCENES, st.just("500"), st.frozensets(KEYS, min_size=1)),
    st.builds(ProbeFailed, KEYS, st.just("500")),
    st.builds(JobDone, st.frozensets(KEYS)),
    st.builds(CheckFailed, st.just("down"), RETRY_AFTER),
    st.builds(CheckPassed, st.booleans()),
    st.just(PersonNeeded("sign in")),
    st.builds(SectionIdle, KEYS),
    st.builds(SectionsSynced, st.frozensets(KEYS)),
    st.builds(LastMinute, ENDS, st.dictionaries(KEYS, ENDS)),
    st.just(TimePassed()),
)
STEPS = st.lists(st.tuples(EVENTS, st.floats(-100, 200)), max_size=60)


def played(steps: list[tuple[GateEvent, float]]) -> tuple[Gate, float]:
    gate, now = Gate(), 1_000_000.0
    for event, after in steps:
        now += after
        gate = step(gate, event, now)
    return gate, now


@given(STEPS)
def test_what_is_stored_of_a_gate_is_read_back_the_same(steps: list[tuple[GateEvent, float]]) -> None:
    gate, _ = played(steps)
    read = gate_of(facts_of(gate))
    assert facts_of(read) == facts_of(gate)
    assert (read.state, read.since, read.not_before) == (gate.state, gate.since, gate.not_before)
    assert [(one.section, one.held, one.parks) for one in read.sections] == [
        (one.section, one.held, one.parks) for one in gate.sections
    ]


@given(STEPS)
def test_from_any_state_time_healthy_checks_and_good_jobs_lead_to_closed(steps: list[tuple[GateEvent, float]]) -> None:
    gate, now = played(steps)
    for _ in range(4):
        now += LONGEST_RETRY_AFTER
        gate = step(gate, TimePassed(), now)
        gate = step(gate, CheckPassed(jobs_wait=True), now)
        gate = step(gate, JobDone(frozenset(one.section for one in gate.sections)), now)
    assert gate.state is GateState.CLOSED
    assert not any(one.held for one in gate.sections)
    for _ in range(int(RAMP + 4 * BRAKE)):
        now += 1.0
        gate = step(gate, LastMinute(Ends()), now)
    assert gate.pace is None
    assert not any(one.parks for one in gate.sections)
    assert gate.moves_in(now) is None
    assert gate.check_every is None


@given(STEPS, st.integers(1, 5))
def test_a_success_in_a_half_open_gate_closes_it_and_nothing_less_does(
    steps: list[tuple[GateEvent, float]], scene: int
) -> None:
    gate, now = played(steps)
    if gate.state is GateState.HALF_OPEN:
        assert step(gate, JobDone(), now).state is GateState.CLOSED
        assert step(gate, JobFailed(scene, "500"), now).state is GateState.OPEN


class GateMachine(RuleBasedStateMachine):
    """Jobs of three libraries pass a gate, as the worker lets them, on a server where libraries fail and recover."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate()
        # So late that no row of jumps leads before the epoch.
        self.now = 1_700_000_000.0
        self.whole = Admission()
        self.of_sections = {key: Admission() for key in SECTIONS}
        self.dead: set[int] = set()
        self.away = False
        self.begun: list[tuple[int, int, bool]] = []  #: library, scene and whether it was parked, of each job under way

    def feed(self, event: GateEvent) -> None:
        before = self.gate
        self.gate = step(self.gate, event, self.now)
        for section in self.gate.sections:
            if section.held and not before.section(section.section).held:
                assert self.gate.state is GateState.CLOSED or before.state is GateState.HALF_OPEN
        if before.pace is None and self.gate.pace is not None:
            assert before.state is GateState.HALF_OPEN
            self.whole.begin_pace()

    @rule(key=KEYS, dies=st.booleans(), scenes=st.lists(SCENES, max_size=8))
    def a_library_dies_or_recovers_under_its_jobs(self, key: int, dies: bool, scenes: list[int]) -> None:
        (self.dead.add if dies else self.dead.discard)(key)
        self.jobs_come_and_go([(key, scene) for scene in scenes])

    @rule(away=st.booleans(), jobs=st.lists(st.tuples(KEYS, SCENES), max_size=8))
    def the_server_goes_or_comes(self, away: bool, jobs: list[tuple[int, int]]) -> None:
        self.away = away
        self.jobs_come_and_go(jobs)

    @rule(jobs=st.lists(st.tuples(KEYS, SCENES), min_size=3, max_size=8))
    def jobs_come_and_go(self, jobs: list[tuple[int, int]]) -> None:
        for key, scene in jobs:
            if self.begins(key, scene):
                self.ends(len(self.begun) - 1)

    @rule(seconds=st.sampled_from([0.2, 1.0, 5.0, 60.0, 60.0, 300.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.feed(TimePassed())
        of_sections = {key: admission.ends(self.now) for key, admission in self.of_sections.items()}
        self.feed(LastMinute(self.whole.ends(self.now), of_sections))

    @rule(seconds=st.floats(-1e6, 1e6))
    def the_clock_jumps(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.gate.check_every is not None)
    @rule(jobs_wait=st.booleans())
    def a_check_is_made(self, jobs_wait: bool) -> None:
        self.feed(CheckFailed("down") if self.away else CheckPassed(jobs_wait))

    @rule(key=KEYS, scene=SCENES)
    def a_job_begins(self, key: int, scene: int) -> None:
        self.begins(key, scene)

    def begins(self, key: int, scene: int) -> bool:
        parks = self.gate.section(key).parks
        room = self.room()
        if parks:
            room = min(room, self.section_room(key)) if self.gate.state is GateState.CLOSED else 0
        if not room:
            return False
        self.whole.enter(1, self.gate.pace, self.now)
        if parks:
            self.of_sections[key].enter(1, self.gate.section(key).pace, self.now)
        self.begun.append((key, scene, parks))
        if self.gate.state is GateState.HALF_OPEN:
            assert len(self.begun) == 1, "half open lets one job try"
        if self.gate.section(key).held:
            assert sum(one[0] == key and one[2] for one in self.begun) == 1, "a held library gets one job to try"
        return True

    @precondition(lambda self: self.begun)
    @rule(data=st.data())
    def a_job_ends(self, data: st.DataObject) -> None:
        self.ends(data.draw(st.integers(0, len(self.begun) - 1)))

    def ends(self, number: int) -> None:
        key, scene, parked = self.begun.pop(number)
        before = self.gate
        others = {one: self.gate.section(one) for one in SECTIONS - {key}}
        failed = self.away or key in self.dead
        if self.away:
            self.feed(JobFailed(scene, "refused"))
        elif key in self.dead:
            self.feed(SectionFailed(key, scene, "500", SECTIONS))
        else:
            self.feed(JobDone(frozenset({key})))
            assert self.gate.state is (GateState.OPEN if before.state is GateState.OPEN else GateState.CLOSED)
        if self.gate.sections:
            assert all(self.gate.section(one) == gate for one, gate in others.items()), (
                "one library never holds another"
            )
        self.whole.leave(self.gate.pace, self.now, error=failed)
        if parked:
            self.of_sections[key].leave(self.gate.section(key).pace, self.now, error=failed)

    @invariant()
    def a_held_library_changes_nothing_for_the_others(self) -> None:
        alone = Gate(state=self.gate.state, since=self.gate.since, pace=self.gate.pace, not_before=self.gate.not_before)
        assert self.room() == self.room(alone)

    @invariant()
    def never_all_libraries_are_held(self) -> None:
        assert not all(self.gate.section(key).held for key in SECTIONS)

    @invariant()
    def a_closed_gate_without_pace_lets_all_through(self) -> None:
        if self.gate.state is GateState.CLOSED and self.gate.pace is None:
            assert self.room() == ALL

    def teardown(self) -> None:
        """All is well from now on: everything passes again."""
        self.away = False
        self.dead.clear()
        while self.begun:
            key, _, parked = self.begun.pop()
            self.whole.leave(self.gate.pace, self.now, error=False)
            if parked:
                self.of_sections[key].leave(self.gate.section(key).pace, self.now, error=False)
            self.feed(JobDone(frozenset({key})))
        for _ in range(10):
            self.now += HALF_OPEN_AFTER
            self.feed(TimePassed())
            if self.gate.check_every is not None:
                self.feed(CheckPassed(jobs_wait=True))
            for key in SECTIONS:
                self._through(key)
        assert self.gate.state is GateState.CLOSED
        assert not any(self.gate.section(key).held for key in SECTIONS)

    def _through(self, key: int) -> None:
        if self.room() and (not self.gate.section(key).held or self.section_room(key)):
            self.feed(JobDone(frozenset({key})))

    def room(self, gate: Gate | None = None) -> int:
        gate = gate or self.gate
        if gate.left_alone_for(self.now):
            return 0
        return self.whole.admits(gate.state, gate.pace, self.now)

    def section_room(self, key: int) -> int:
        section = self.gate.section(key)
        return self.of_sections[key].admits(section.state, section.pace, self.now)


def test_any_order_of_jobs_checks_and_troubles_keeps_the_gates_promises() -> None:
    run_state_machine_as_test(GateMachine, settings=settings(max_examples=100, stateful_step_count=50))
