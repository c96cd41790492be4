"""The queue against a simple model, under any interleaving."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from plexsync.model.work import Decision, Failure, Job, Lane, Outcome, Put, PutKind, Verdict
from plexsync.store import decisions, jobs
from plexsync.store.database import Database
from plexsync.store.schema import jobs as jobs_table

#: Few keys, so that events meet claims often; the second server only shows that the two are apart.
SERVERS = st.sampled_from(["attic", "attic", "attic", "cellar"])
SCENES = st.integers(1, 2)
LANES: st.SearchStrategy[list[Lane]] = st.permutations(list(Lane)) | st.lists(
    st.sampled_from(Lane), unique=True, min_size=1
)
DELAYS = st.none() | st.just(0.0) | st.floats(0, 600)
DIGESTS = st.sampled_from(["d1", "d2"])
PUTS = st.builds(
    Put,
    server=SERVERS,
    scene=SCENES,
    lane=st.sampled_from(Lane),
    reason=st.sampled_from(["hook", "walk", "user", "rules"]),
    kind=st.sampled_from(PutKind),
    digest=DIGESTS,
)
Key = tuple[str, int]


@dataclass
class Row:
    """What the model knows of a job."""

    lane: Lane
    generation: int
    due_at: float
    reasons: list[str]
    claim: Job | None = None
    attempts: list[float] = field(default_factory=list)
    long_attempts: int = 0

    def start_anew(self, due_at: float) -> None:
        self.claim, self.due_at, self.attempts, self.long_attempts = None, due_at, [], 0


class QueueMachine(RuleBasedStateMachine):
    """Each example is one transaction that is undone at its end."""

    database: ClassVar[Database]
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self._opened = self.database.transaction()
        self.conn = self._opened.__enter__()
        self.conn.execute(sa.delete(jobs_table))
        self.savepoint = self.conn.begin_nested()
        self.now = 1_000_000.0
        self.rows: dict[Key, Row] = {}
        self.dead: set[Key] = set()
        self.decided: dict[Key, str] = {}
        self.highest = 0
        self.claim_count = 0
        #: Keys with an event that no claim was taken after yet, and the time at which they have to be due by.
        self.owed: dict[Key, float] = {}

    def teardown(self) -> None:
        self.savepoint.rollback()
        self._opened.__exit__(None, None, None)

    @rule(puts=st.lists(PUTS, min_size=1, max_size=5))
    def put(self, puts: list[Put]) -> None:
        jobs.put(self.conn, puts, self.now)
        for key in dict.fromkeys((one.server, one.scene) for one in puts):
            self._model_put(key, [one for one in puts if (one.server, one.scene) == key])

    def _model_put(self, key: Key, puts: list[Put]) -> None:
        changed = any(one.kind is PutKind.CHANGED for one in puts)
        row = self.rows.get(key)
        if changed:
            self.owed[key] = self.now
        elif row is not None or key in self.dead or self.decided.get(key) == puts[-1].digest:
            return
        self.dead.discard(key)
        self.decided.pop(key, None)
        generation = self._generation(key)
        assert generation > self.highest
        lane = min(one.lane for one in puts)
        if row is None:
            row = self.rows[key] = Row(lane=lane, generation=0, due_at=self.now, reasons=[])
        row.generation = generation
        row.lane = min(row.lane, lane)
        for one in puts:
            row.reasons = [reason for reason in row.reasons if reason != one.reason] + [one.reason]
        if row.claim is None:
            row.start_anew(min(row.due_at, self.now))

    def _generation(self, key: Key) -> int:
        where = (jobs_table.c.server == key[0], jobs_table.c.scene == key[1])
        return int(self.conn.execute(sa.select(jobs_table.c.generation).where(*where)).scalar_one())

    @precondition(lambda self: self.rows)
    @rule(target=claims, server=SERVERS, lanes=LANES, limit=st.integers(1, 3))
    def claim(self, server: str, lanes: list[Lane], limit: int) -> Any:
        return multiple(*self._claim(server, lanes, limit))

    def _claim(self, server: str, lanes: list[Lane], limit: int) -> list[Job]:
        self.claim_count += 1
        token = f"claim {self.claim_count}"
        expected = self._model_claim(server, lanes)[:limit]
        given = jobs.claim(self.conn, server=server, lanes=lanes, limit=limit, now=self.now, token=token)
        assert [(job.server, job.scene) for job in given] == expected
        for job in given:
            row = self.rows[job.server, job.scene]
            assert row.claim is None, "one key is never held twice"
            assert (job.generation, job.lane) == (row.generation, row.lane)
            assert (job.attempts, job.long_attempts) == (len(row.attempts), row.long_attempts)
            row.claim = job
            self.owed.pop((job.server, job.scene), None)
        return given

    @precondition(lambda self: self.rows)
    @rule(
        target=claims,
        server=SERVERS,
        meanwhile=st.lists(PUTS, max_size=3),
        verdicts=st.lists(st.sampled_from(Verdict), min_size=1, max_size=3),
        counts=st.booleans(),
        delay=DELAYS,
    )
    def work_while_events_come(
        self, server: str, meanwhile: list[Put], verdicts: list[Verdict], counts: bool, delay: float | None
    ) -> Any:
        """A whole attempt in one step; its claims may come back later, when they are stale."""
        given = self._claim(server, list(Lane), len(verdicts))
        if meanwhile:
            self.put(meanwhile)
        for job, verdict in zip(given, verdicts, strict=False):
            self._finish(job, verdict, counts, delay, "d1")
        return multiple(*given)

    def _model_claim(self, server: str, lanes: list[Lane]) -> list[Key]:
        waiting = [(k, r) for k, r in self.rows.items() if k[0] == server and r.claim is None]
        order: list[Key] = []
        set_back: list[Key] = []
        for lane in lanes:
            mine = sorted((r.due_at, k) for k, r in waiting if r.lane == lane)
            order += [key for due_at, key in mine if due_at <= self.now]
            set_back += [key for due_at, key in mine if due_at > self.now + jobs.LONGEST_BACKOFF]
        return order + set_back

    @rule(job=claims, lane=st.sampled_from(Lane))
    def an_event_comes_for_a_scene_that_was_claimed(self, job: Job, lane: Lane) -> None:
        self.put([Put(server=job.server, scene=job.scene, lane=lane, reason="hook")])

    @rule(job=consumes(claims), verdict=st.sampled_from(Verdict), counts=st.booleans(), delay=DELAYS, digest=DIGESTS)
    def finish(self, job: Job, verdict: Verdict, counts: bool, delay: float | None, digest: str) -> None:
        self._finish(job, verdict, counts, delay, digest)

    @rule(job=claims, verdict=st.sampled_from(Verdict), delay=DELAYS)
    def finish_and_then_finish_again_later(self, job: Job, verdict: Verdict, delay: float | None) -> None:
        self._finish(job, verdict, True, delay, "d1")

    @rule(job=consumes(claims))
    def succeed(self, job: Job) -> None:
        self._finish(job, Verdict.DONE, False, None, "d1")

    @rule(job=consumes(claims), delay=DELAYS)
    def fail(self, job: Job, delay: float | None) -> None:
        self._finish(job, Verdict.RETRY, True, delay, "d1")

    def _finish(self, job: Job, verdict: Verdict, counts: bool, delay: float | None, digest: str) -> None:
        outcome = Outcome(
            verdict=verdict,
            due_at=None if delay is None else self.now + delay,
            counts=counts,
            failure=Failure(error="PlexTemporaryError", message="500", at=self.now),
            decision=Decision(kind="ambiguous", reason="two items", digest=digest, index_version=1),
        )
        key = (job.server, job.scene)
        row = self.rows.get(key)
        valid = row is not None and row.claim == job
        before = self._everything()
        assert jobs.finish(self.conn, job, outcome, self.now) is valid
        if row is None or not valid:
            assert self._everything() == before, "a stale claim changes nothing"
        elif row.generation != job.generation:
            row.start_anew(self.now)
            self.owed[key] = self.now
        else:
            self._model_outcome(key, row, outcome)

    def _model_outcome(self, key: Key, row: Row, outcome: Outcome) -> None:
        row.claim = None
        row.due_at = self.now if outcome.due_at is None else outcome.due_at
        if outcome.counts and outcome.verdict is Verdict.RETRY:
            row.attempts.append(self.now)
        if outcome.counts and outcome.verdict is Verdict.RETRY_LONG:
            row.long_attempts += 1
        if outcome.verdict in {Verdict.DONE, Verdict.DEAD, Verdict.DECISION}:
            del self.rows[key]
        if outcome.verdict is Verdict.DEAD:
            self.dead.add(key)
        if outcome.verdict is Verdict.DECISION and outcome.decision:
            self.decided[key] = outcome.decision.digest

    @rule(server=SERVERS)
    def a_new_owner_takes_over(self, server: str) -> None:
        held = [row for key, row in self.rows.items() if key[0] == server and row.claim]
        assert jobs.void_claims(self.conn, server) == len(held)
        for row in held:
            row.claim, row.due_at = None, 0.0

    @precondition(lambda self: any(row.claim for row in self.rows.values()))
    @rule(server=SERVERS, verdict=st.sampled_from(Verdict))
    def a_stalled_worker_ends_after_its_job_was_taken_over(self, server: str, verdict: Verdict) -> None:
        stalled = [row.claim for key, row in self.rows.items() if key[0] == server and row.claim]
        self.a_new_owner_takes_over(server)
        self._claim(server, list(Lane), len(self.rows))
        for job in stalled:
            self._finish(job, verdict, True, None, "d1")

    @rule(server=SERVERS, ago=st.floats(0, 300))
    def the_gate_opens(self, server: str, ago: float) -> None:
        since = self.now - ago
        jobs.give_back(self.conn, server, since)
        for key, row in self.rows.items():
            if key[0] == server:
                row.attempts = [at for at in row.attempts if at < since]

    @rule(server=SERVERS, scenes=st.sets(SCENES))
    def the_index_saw_files(self, server: str, scenes: set[int]) -> None:
        jobs.wake(self.conn, server, scenes, self.now)
        for key, row in self.rows.items():
            if key[0] != server or key[1] not in scenes:
                continue
            if row.claim is None:
                row.due_at = min(row.due_at, self.now)
            else:
                self.owed[key] = self.now
                row.generation = self._generation(key)
                assert row.generation > self.highest

    @rule(seconds=st.floats(0, 900))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(seconds=st.sampled_from([60.0, 3_600.0, 86_400.0]))
    def the_clock_is_set_back(self, seconds: float) -> None:
        self.now -= seconds

    @invariant()
    def the_table_is_as_the_model_says(self) -> None:
        assert {
            (row.server, row.scene): (
                Lane(row.lane),
                row.generation,
                row.token,
                row.claimed_generation,
                row.attempts,
                row.long_attempts,
                row.reasons,
                None if row.state == "working" else row.due_at,
            )
            for row in self._everything()[0]
        } == {
            key: (
                row.lane,
                row.generation,
                row.claim.token if row.claim else None,
                row.claim.generation if row.claim else None,
                row.attempts,
                row.long_attempts,
                row.reasons,
                None if row.claim else row.due_at,
            )
            for key, row in self.rows.items()
        }

    @invariant()
    def no_event_is_lost(self) -> None:
        """Until a claim is taken after it, the scene of an event is queued and due, or due when its claim ends."""
        for key, due_by in self.owed.items():
            row = self.rows[key]
            if row.claim is not None:
                assert row.generation != row.claim.generation
            else:
                assert row.due_at <= due_by

    @invariant()
    def dead_letters_and_decisions_are_as_the_model_says(self) -> None:
        assert {(letter.server, letter.scene) for letter in jobs.dead_list(self.conn)} == self.dead
        listed = decisions.listing(self.conn)
        assert {(one.server, one.scene): one.decision.digest for one in listed} == self.decided

    @invariant()
    def generations_only_grow(self) -> None:
        self.highest = max([self.highest, *(row.generation for row in self.rows.values())])

    def _everything(self) -> tuple[list[sa.Row[Any]], list[Any], list[Any]]:
        rows = list(self.conn.execute(sa.select(jobs_table)))
        return rows, jobs.dead_list(self.conn), decisions.listing(self.conn)


def test_any_interleaving_of_events_claims_and_outcomes_keeps_every_event(database: Database) -> None:
    class Machine(QueueMachine):
        pass

    Machine.database = database
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=150,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
