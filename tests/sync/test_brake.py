"""The brake's judgement: what counts, where the limits lie, and that no order of events gets past them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from newstore import new_store
from plexsync.model.fields import Field
from plexsync.model.item import Person
from plexsync.model.plan import Because, Change, Plan
from plexsync.model.work import Decision, Job, Lane, Outcome, Put, PutKind, Verdict
from plexsync.store import brakes, decisions, jobs, links, queue, walks
from plexsync.store.brakes import Question, State
from plexsync.store.database import Connection, Database
from plexsync.sync.brakes import judging
from plexsync.sync.brakes.brake import (
    ASKED,
    FEW,
    HELD,
    JUDGED,
    LIMITS,
    PENDING,
    REJECTED,
    RELEASED,
    Drastic,
    Limits,
    Tally,
    drastic,
    is_bulk,
    of_few,
)
from plexsync.sync.brakes.letgo import RECENT, LetGo
from plexsync.sync.causes import BULK, GAP, PINNED

SERVER = "plex"


def change(field: Field, before: object, after: object, because: Because) -> Change:
    return Change(field=field, before=before, after=after, because=because)  # type: ignore[arg-type]


def plan(*changes: Change) -> Plan:
    return Plan(scene=1, rating_key=1, section=1, path="/a.mp4", changes=changes)


def job(lane: Lane, *reasons: str) -> Job:
    return Job(server=SERVER, scene=1, lane=lane, reasons=reasons, generation=1, token="t", attempts=0)


@pytest.mark.parametrize(
    ("field", "before", "after", "because", "known", "kind"),
    [
        (Field.SUMMARY, "ours", None, Because.EMPTIED, True, Drastic.CLEAR),
        (Field.GENRES, ("a", "theirs"), ("theirs",), Because.EMPTIED, True, Drastic.CLEAR),
        (Field.LABELS, ("a",), None, Because.CHANGED, True, Drastic.CLEAR),
        (Field.TITLE, "edited", "ours", Because.DRIFTED, True, Drastic.RESTORE),
        (Field.ACTORS, (Person(name="a"),), (Person(name="b"),), Because.DRIFTED, True, Drastic.RESTORE),
        (Field.TITLE, "a", "b", Because.CHANGED, True, Drastic.RETITLE),
        (Field.TITLE, "a", "b", Because.NEVER_WRITTEN, True, Drastic.RETITLE),
        (Field.TITLE, "file name", "b", Because.NEVER_WRITTEN, False, None),
        (Field.SUMMARY, "a", "b", Because.CHANGED, True, None),
        (Field.SUMMARY, None, "b", Because.NEVER_WRITTEN, False, None),
        (Field.GENRES, ("a", "b"), ("a",), Because.CHANGED, True, None),
    ],
)
def test_what_a_person_would_want_to_know_of(
    field: Field, before: object, after: object, because: Because, known: bool, kind: Drastic | None
) -> None:
    found = drastic([plan(change(field, before, after, because))], known=known)
    assert found == (frozenset() if kind is None else {kind})


@pytest.mark.parametrize("reason", sorted(BULK))
def test_a_job_of_a_walk_or_a_look_is_judged_and_the_same_asked_for_by_anybody_is_not(reason: str) -> None:
    assert is_bulk(job(Lane.BULK, reason))
    assert is_bulk(job(Lane.CHANGE, reason))
    assert (of_few(job(Lane.BULK, reason)), of_few(job(Lane.CHANGE, reason))) == (False, True)
    assert not is_bulk(job(Lane.CHANGE, reason, "hook"))
    assert not is_bulk(job(Lane.USER, reason))
    assert not is_bulk(job(Lane.BULK, reason, JUDGED))
    assert not is_bulk(job(Lane.BULK, reason, RELEASED))
    assert not is_bulk(job(Lane.BULK, reason, "go for library 1"))


def test_who_pins_while_a_person_is_asked_lets_nothing_through() -> None:
    asked = ASKED[Drastic.CLEAR]
    assert is_bulk(job(Lane.USER, GAP, asked, PINNED))
    assert not is_bulk(job(Lane.USER, GAP, asked, PINNED, "hook"))


@pytest.mark.parametrize(
    ("taken", "retitled", "scenes", "asks"),
    [
        (50, 0, 100, False),
        (51, 0, 100, True),
        (51, 0, 10_000, False),
        (200, 0, 10_000, False),
        (201, 0, 10_000, True),
        (0, 50, 100, False),
        (0, 51, 100, True),
        (0, 2000, 10_000, False),
        (0, 2001, 10_000, True),
        (51, 0, 0, True),
    ],
)
def test_both_the_number_and_the_share_have_to_be_exceeded(taken: int, retitled: int, scenes: int, asks: bool) -> None:
    assert LIMITS.exceeded(Tally(taken=taken, retitled=retitled), scenes) is asks


def test_a_scene_counts_once_whatever_happens_to_it() -> None:
    tally = Tally.of([{Drastic.CLEAR, Drastic.RETITLE}, {Drastic.CLEAR, Drastic.RESTORE}, {Drastic.RETITLE}, ()])
    assert (tally.taken, tally.retitled) == (2, 2)
    assert tally.count(Drastic.CLEAR) == 2
    both = tally + tally
    assert (both.taken, both.retitled, both.count(Drastic.RESTORE)) == (4, 4, 2)


def linked(database: Database, count: int) -> None:
    """So many scenes are linked."""
    with database.transaction() as connection:
        for scene in range(1, count + 1):
            link = links.Link(
                server=SERVER,
                scene=scene,
                stash_path=f"/{scene}",
                rating_key=scene,
                section=1,
                plex_path=f"/{scene}",
                confidence="high",
                reason="exact path",
            )
            links.replace(connection, SERVER, scene, [link])


class Braking(RuleBasedStateMachine):
    """Walks and looks set scenes aside in any number and order; people answer, or do not."""

    limits = Limits(taken=5, taken_share=0.1, retitled=5, retitled_share=0.2)
    scenes = 40

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.database = Database.open(new_store(Path(self._folder.name) / "plexsync.db"))
        self.now = 1000.0
        self.began = 0.0  #: when the last walk did
        self.lets: list[tuple[float, int]] = []  #: when the brake let go how many by itself
        self.of_walk = 0  #: how many of those a look did not find, since the last walk began
        self.released: set[int] = set()
        self.rejected: set[int] = set()

    def teardown(self) -> None:
        self.database.close()
        self._folder.cleanup()

    @initialize()
    def library(self) -> None:
        linked(self.database, self.scenes)
        self.walk(ends=True)

    @rule(ends=st.booleans(), after=st.sampled_from([60.0, 10_000.0]))
    def walk(self, ends: bool, after: float = 10_000.0) -> None:
        """A walk begins anew."""
        self.now += after
        self.began, self.of_walk = self.now, 0
        facts = walks.Walk(name="full", last_id=0, started_at=self.now, finished_at=self.now if ends else None)
        with self.database.transaction() as connection:
            walks.save(connection, facts)

    @rule()
    def time_passes(self) -> None:
        self.now += RECENT

    @rule(scenes=st.sets(st.integers(1, scenes), min_size=1), kind=st.sampled_from(list(Drastic)))
    def put(self, scenes: set[int], kind: Drastic) -> None:
        """Bulk work on these scenes is done as far as the brake."""
        self._put(scenes, kind, Lane.BULK)

    @rule(scenes=st.sets(st.integers(1, scenes), min_size=1, max_size=5), kind=st.sampled_from(list(Drastic)))
    def look(self, scenes: set[int], kind: Drastic) -> None:
        """The same of what a look found, half a minute after the last one."""
        self.now += 30
        self._put(scenes, kind, Lane.CHANGE)

    def _put(self, scenes: set[int], kind: Drastic, lane: Lane) -> None:
        with self.database.transaction() as connection:
            puts = [
                Put(server=SERVER, scene=scene, lane=lane, reason="gap", kind=PutKind.GAP, digest="d")
                for scene in scenes
            ]
            jobs.put(connection, puts, self.now)
        self.work_off(kind)

    @rule(scene=st.integers(1, scenes))
    def user(self, scene: int) -> None:
        """A user's edit is written at once, whatever was held of its scene."""
        with self.database.transaction() as connection:
            jobs.put(connection, [Put(server=SERVER, scene=scene, lane=Lane.USER, reason="user")], self.now)
        assert scene in self.work_off(Drastic.CLEAR)
        self.rejected.discard(scene)

    @rule(few=st.booleans())
    def judge(self, few: bool = False) -> None:
        with self.database.transaction() as connection:
            walk = walks.load(connection, "full")
            pending = brakes.held(connection, SERVER, PENDING)
            left, put = judging.judge(SERVER, self.now, self.limits, connection, few=few)
        assert walk is not None
        if walk.finished_at is None:
            assert left + put == pending
            assert few or not put, "nothing but few is judged while a walk may find more"
        else:
            assert left == 0
        with self.database.transaction() as connection:
            self.of_walk += queue.depth(connection, SERVER)["bulk"]
        written = self.work_off(Drastic.CLEAR)
        assert len(written) == put
        self.lets.append((self.now, put))

    @rule(yes=st.booleans())
    def answer(self, yes: bool) -> None:
        """A person answers the question, if there is one."""
        with self.database.transaction() as connection:
            question = brakes.opened(connection, judging.BULK, SERVER)
            if question is None:
                return
            if yes:
                while judging.release_some(connection, question, self.now):
                    pass
            else:
                judging.reject(connection, question, self.now)
            assert brakes.opened(connection, judging.BULK, SERVER) is None
            assert brakes.held(connection, SERVER, HELD) == 0
        self.work_off(Drastic.CLEAR)

    def work_off(self, kind: Drastic) -> set[int]:
        """All that is due; what was written."""
        written = set()
        with self.database.transaction() as connection:
            while found := jobs.claim(
                connection, server=SERVER, lanes=list(Lane), limit=50, now=self.now, token=f"t{self.now}"
            ):
                for one in found:
                    outcome = Outcome(verdict=Verdict.DONE)
                    if is_bulk(one):
                        facts = {"what": [kind.value], "reasons": list(one.reasons), "title": "t", FEW: of_few(one)}
                        decision = Decision(kind=PENDING, reason="r", digest="d", index_version=0, facts=facts)
                        outcome = Outcome(verdict=Verdict.DECISION, decision=decision)
                    else:
                        written.add(one.scene)
                    assert jobs.finish(connection, one, outcome, self.now)
        return written

    @invariant()
    def never_more_than_the_limit_goes_on_by_itself(self) -> None:
        """In ten minutes, whatever found them. Retitled scenes have a limit of their own."""
        taken, retitled = max(5, 0.1 * self.scenes), max(5, 0.2 * self.scenes)
        assert sum(count for at, count in self.lets if at > self.now - RECENT) <= taken + retitled
        assert self.of_walk <= taken + retitled

    @invariant()
    def what_is_held_has_one_question(self) -> None:
        with self.database.transaction() as connection:
            held = brakes.held(connection, SERVER, HELD)
            question = brakes.opened(connection, judging.BULK, SERVER)
            assert not held or question is not None
            assert len(brakes.listing(connection, waiting=True)) <= 1

    @precondition(lambda self: not any(count for at, count in self.lets if at > self.began - RECENT))
    @rule(scenes=st.sets(st.integers(1, scenes), min_size=1, max_size=5))
    def few(self, scenes: set[int]) -> None:
        """Below the limit nothing waits for a person."""
        with self.database.transaction() as connection:
            waits = brakes.held(connection, SERVER, PENDING) or brakes.held(connection, SERVER, HELD)
            walk = walks.load(connection, "full")
            mine = brakes.among(connection, SERVER, scenes, (REJECTED,))
        if waits or mine or walk is None or walk.finished_at is None:
            return
        self.put(scenes, Drastic.CLEAR)
        self.judge()
        with self.database.transaction() as connection:
            assert brakes.held(connection, SERVER, HELD) == 0
            assert brakes.held(connection, SERVER, PENDING) == 0
            assert sum(queue.depth(connection, SERVER)[lane.name.lower()] for lane in Lane) == 0


LETS = st.lists(st.tuples(st.floats(0, 400), st.integers(0, 9), st.integers(0, 9), st.booleans(), st.booleans()))


@given(lets=LETS, back=st.floats(0, 2000))
def test_what_was_let_go_is_counted_to_the_minute_and_kept_short(
    lets: list[tuple[float, int, int, bool, bool]], back: float
) -> None:
    known, now, began = LetGo(), 1e6, 1e6
    rows: list[tuple[float, float | None, int]] = []
    for later, taken, retitled, walks_anew, by_walk in lets:
        now += later
        began = now if walks_anew else began
        known = known.plus(Tally(taken=taken, retitled=retitled), now, began if by_walk else None)
        rows.append((now, began if by_walk else None, taken))
    looked = [taken for at, since, taken in rows if at > now - back and since is None]
    a_minute_more = [taken for at, since, taken in rows if at > now - back - 60 and since is None]
    walked = [taken for _, since, taken in rows if since == began]
    earlier = [taken for at, since, taken in rows if since not in (None, began)]
    counted = known.counted(now - back, began).taken
    assert sum(looked) + sum(walked) <= counted <= sum(a_minute_more) + sum(walked) + sum(earlier)
    assert len(known.parts) <= len(rows)


TestBraking = Braking.TestCase
TestBraking.settings = settings(max_examples=15, stateful_step_count=15, suppress_health_check=list(HealthCheck))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(new_store(tmp_path / "plexsync.db"))
    yield opened
    opened.close()


def test_a_question_of_which_nothing_is_left_is_withdrawn(database: Database) -> None:
    linked(database, 60)
    machine = Braking.__new__(Braking)
    machine.database, machine.now = database, 5.0
    machine.put(set(range(1, 60)), Drastic.CLEAR)
    with database.transaction() as connection:
        assert judging.judge(SERVER, 5.0, LIMITS, connection) == (0, 0)
        (question,) = brakes.listing(connection, waiting=True)
        assert question.facts == {
            "counts": {"clear": 59, "restore": 0, "unlink": 0, "retitle": 0, "put_back": 0},
            "linked": 60,
            "scenes": 59,
            "since": 0.0,
        }
        brakes.forget(connection, SERVER, list(range(1, 61)), (HELD,))
        judging.judge(SERVER, 6.0, LIMITS, connection)
        ended = brakes.one(connection, question.id)
        assert ended is not None
        assert ended.state is State.WITHDRAWN


def let_go(database: Database, scenes: range, now: float, *, few: bool = True) -> int:
    """So many of these scenes, which would be cleared and are found by a look or not, the brake lets go then."""
    facts = {"what": [Drastic.CLEAR.value], "reasons": ["changed"], "title": "t"} | ({FEW: True} if few else {})
    with database.transaction() as connection:
        for scene in scenes:
            one = Decision(kind=PENDING, reason="r", digest="d", index_version=0, facts=facts)
            decisions.decide(connection, SERVER, scene, one, now)
        _, put = judging.judge(SERVER, now, LIMITS, connection)
        claimed = jobs.claim(connection, server=SERVER, lanes=list(Lane), limit=1000, now=now, token="t")
        assert len(claimed) == put
        for one_job in claimed:
            assert jobs.finish(connection, one_job, Outcome(verdict=Verdict.DONE), now)
    return put


def ended_walk(database: Database, began: float, ended: float) -> None:
    with database.transaction() as connection:
        walks.save(connection, walks.Walk(name="full", last_id=0, started_at=began, finished_at=ended))


def test_a_clock_that_is_set_back_a_little_forgets_nothing_that_was_let_go(database: Database) -> None:
    assert let_go(database, range(1, 41), 90_000.0) == 40
    assert let_go(database, range(41, 51), 89_998.0) == 10
    assert let_go(database, range(51, 91), 90_003.0) == 0


def test_a_walk_that_ended_by_a_clock_ahead_counts_what_went_on_before_it(database: Database) -> None:
    ended_walk(database, 100_000.0, 100_050.0)
    assert let_go(database, range(1, 51), 90_000.0) == 50
    assert let_go(database, range(51, 101), 90_010.0, few=False) == 0


def test_what_was_let_go_by_a_clock_far_ahead_counts_for_nothing_today(database: Database) -> None:
    assert let_go(database, range(1, 41), 4e9) == 40
    assert let_go(database, range(41, 61), 2e9) == 20


def test_what_is_held_only_now_counts_though_it_was_set_aside_long_ago(database: Database) -> None:
    ended_walk(database, 1000.0, 1100.0)
    with database.transaction() as connection:
        one = Decision(kind=PENDING, reason="r", digest="d", index_version=0, facts={"what": ["clear"]})
        for scene in range(1, 501):
            decisions.decide(connection, SERVER, scene, one, 1100.0)
        assert judging.judge(SERVER, 9000.0, LIMITS, connection) == (0, 0)
    assert let_go(database, range(501, 541), 9002.0) == 0


def test_what_is_held_by_a_clock_far_ahead_counts_for_nothing_today(database: Database) -> None:
    with database.transaction() as connection:
        facts = {"what": ["clear"], "reasons": ["changed"]}
        for scene in range(1, 501):
            one = Decision(kind=HELD, reason="r", digest="d", index_version=0, facts=facts)
            decisions.decide(connection, SERVER, scene, one, 4e9)
    assert let_go(database, range(501, 541), 2e9) == 40


@pytest.mark.parametrize("answer", [judging.reject, judging.release_some])
def test_an_answer_is_not_about_few_that_came_meanwhile(
    database: Database, answer: Callable[[Connection, Question, float], int]
) -> None:
    with database.transaction() as connection:
        kinds = {1: (HELD, {}), 2: (PENDING, {}), 3: (PENDING, {FEW: True})}
        for scene, (kind, more) in kinds.items():
            facts = {"what": ["clear"], "reasons": ["changed"]} | more
            one = Decision(kind=kind, reason="r", digest="d", index_version=0, facts=facts)
            decisions.decide(connection, SERVER, scene, one, 1.0)
        number = brakes.ask(connection, judging.BULK, SERVER, {"linked": 3, "since": 0.0}, 1.0)
        question = brakes.one(connection, number)
        assert question is not None
        while answer(connection, question, 2.0):
            pass
        assert brakes.among(connection, SERVER, [1, 2, 3], (HELD, PENDING)) == {3}
