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
from plexsync.store import decisions, jobs, links
from plexsync.store.database import Database
from plexsync.store.parked import PARKED_FOR
from plexsync.store.schema import jobs as jobs_table
from plexsync.store.schema import links as links_table

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
SECTIONS = st.sampled_from([1, 2])
#: Libraries whose jobs are kept aside; mostly none, as in normal running.
PARKING: st.SearchStrategy[frozenset[int]] = st.just(frozenset()) | st.frozensets(SECTIONS)
Key = tuple[str, int]


def link(server: str, scene: int, section: int) -> links.Link:
    return links.Link(
        server=server,
        scene=scene,
        stash_path=f"/data/{scene}.mp4",
        rating_key=10 * scene + section,
        section=section,
        plex_path=f"/plex/{section}/{scene}.mp4",
        confidence="high",
        reason="the mapped path",
    )


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
    parked_in: int | None = None

    def start_anew(self, due_at: float) -> None:
        self.claim, self.due_at, self.attempts, self.long_attempts = None, due_at, [], 0
        self.parked_in = None


class QueueMachine(RuleBasedStateMachine):
    """Each example is one transaction that is undone at its end."""

    database: ClassVar[Database]
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self._opened = self.database.transaction()
        self.conn = self._opened.__enter__()
        self.conn.execute(sa.delete(jobs_table))
        self.conn.execute(sa.delete(links_table))
        self.savepoint = self.conn.begin_nested()
        self.now = self.latest = 1_000_000.0
        self.rows: dict[Key, Row] = {}
        self.dead: set[Key] = set()
        self.decided: dict[Key, str] = {}
        self.links: dict[Key, frozenset[int]] = {}
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
    @rule(target=claims, server=SERVERS, lanes=LANES, limit=st.integers(1, 3), parking=PARKING)
    def claim(self, server: str, lanes: list[Lane], limit: int, parking: frozenset[int]) -> Any:
        return multiple(*self._claim(server, lanes, limit, parking))

    def _claim(self, server: str, lanes: list[Lane], limit: int, parking: frozenset[int] = frozenset()) -> list[Job]:
        token = self._token()
        order = self._model_claim(server, lanes)
        held = [key for key in order if self.links.get(key) and self.links[key] <= parking]
        expected = [key for key in order if key not in held][:limit]
        given = jobs.claim(
            self.conn, server=server, lanes=lanes, limit=limit, now=self.now, token=token, parking=parking
        )
        assert [(job.server, job.scene) for job in given] == expected
        for key in held:
            self._model_park(self.rows[key], min(self.links[key]))
        for job in given:
            self._model_take(job)
        return given

    def _token(self) -> str:
        self.claim_count += 1
        return f"claim {self.claim_count}"

    def _model_take(self, job: Job) -> None:
        row = self.rows[job.server, job.scene]
        assert row.claim is None, "one key is never held twice"
        assert (job.generation, job.lane) == (row.generation, row.lane)
        assert (job.attempts, job.long_attempts) == (len(row.attempts), row.long_attempts)
        row.claim, row.parked_in = job, None
        self.owed.pop((job.server, job.scene), None)

    def _model_park(self, row: Row, section: int) -> None:
        row.parked_in, row.due_at = section, self.now + PARKED_FOR
        assert PARKED_FOR < jobs.LONGEST_BACKOFF

    @rule(server=SERVERS, scene=SCENES, sections=st.frozensets(SECTIONS))
    def a_scene_is_linked(self, server: str, scene: int, sections: frozenset[int]) -> None:
        found = [link(server, scene, section) for section in sorted(sections)]
        links.replace(self.conn, server, scene, found)
        self.links[server, scene] = sections

    @rule(target=claims, server=SERVERS, puts=st.lists(PUTS, min_size=1, max_size=3), section=SECTIONS)
    def events_come_for_a_held_library(self, server: str, puts: list[Put], section: int) -> Any:
        for one in puts:
            self.a_scene_is_linked(one.server, one.scene, frozenset({section}))
        self.put(puts)
        return multiple(*self._claim(server, list(Lane), 1, frozenset({section})))

    @rule(target=claims, server=SERVERS, section=SECTIONS, by_lane=st.booleans())
    def a_parked_job_is_tried(self, server: str, section: int, by_lane: bool) -> Any:
        job = jobs.claim_parked(self.conn, server=server, section=section, token=self._token(), by_lane=by_lane)
        parked = [
            (row.lane if by_lane else 0, row.due_at, key[1])
            for key, row in self.rows.items()
            if key[0] == server and row.claim is None and row.parked_in == section
        ]
        assert (None if job is None else job.scene) == (min(parked)[2] if parked else None)
        if job is None:
            return multiple()
        self._model_take(job)
        return job

    @rule(server=SERVERS, keep=st.frozensets(SECTIONS))
    def libraries_recover(self, server: str, keep: frozenset[int]) -> None:
        out = [
            (key, row)
            for key, row in self.rows.items()
            if key[0] == server and row.claim is None and row.parked_in not in {None, *keep}
        ]
        assert jobs.unpark(self.conn, server, keep, self.now) == len(out)
        for _, row in out:
            row.parked_in, row.due_at = None, self.now

    @rule(server=SERVERS, section=SECTIONS, ago=st.floats(0, 300))
    def a_library_is_held(self, server: str, section: int, ago: float) -> None:
        since = self.now - ago
        jobs.give_back(self.conn, server, since, section)
        for key, row in self.rows.items():
            if key[0] == server and section in self.links.get(key, ()):
                row.attempts = [at for at in row.attempts if at < since]

    @rule(job=consumes(claims), section=SECTIONS)
    def end_in_a_held_library(self, job: Job, section: int) -> None:
        due_at = self.now + PARKED_FOR
        self._end(job, Outcome(verdict=Verdict.WAIT, due_at=due_at, parked_in=section))

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
        self._end(job, outcome)

    def _end(self, job: Job, outcome: Outcome) -> None:
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
        row.parked_in = outcome.parked_in
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

    @rule(seconds=st.floats(0, 900))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.latest = max(self.latest, self.now)

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
                row.parked_in,
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
                row.parked_in,
                None if row.claim else row.due_at,
            )
            for key, row in self.rows.items()
        }

    @invariant()
    def no_event_is_lost(self) -> None:
        """Until a claim is taken after it, the scene of an event is queued and due, or due when its claim ends.

        While its library is held it is kept aside, for a bounded time.
        """
        for key, due_by in self.owed.items():
            row = self.rows[key]
            if row.claim is not None:
                assert row.generation != row.claim.generation
            elif row.parked_in is None:
                # What was kept aside is due when it is let go.
                assert row.due_at <= max(due_by, self.latest)
            else:
                assert row.due_at <= self.latest + PARKED_FOR

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
            # Each step costs several times as much over there.
            max_examples=40 if database.shared else 150,
            stateful_step_count=30,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
