"""Runs of reconciliation and their gaps, on each kind of database."""

from __future__ import annotations

from dataclasses import replace

from plexsync.model.gaps import Gap, GapKind, GapOutcome, Scope
from plexsync.model.work import Decision, Lane, Put
from plexsync.store import decisions, gapruns, gaps, in_step, jobs
from plexsync.store.database import Connection, Database
from plexsync.store.dead import DeadLetter, bury
from plexsync.store.gapruns import Cause, Stage

SERVER = "plex"


def gap(kind: GapKind, scene: int, path: str = "/a") -> Gap:
    return Gap(kind=kind, server=SERVER, path=path, scene=scene, rating_key=scene, title=f"Film {scene}")


def outcomes(conn: Connection, run: int) -> dict[int, GapOutcome | None]:
    return {one.gap.scene: one.outcome for one in gaps.listing(conn, run)}


def test_of_two_who_ask_for_the_same_at_once_one_run_comes(database: Database) -> None:
    with database.transaction() as conn:
        first, joined = gapruns.ask(conn, Scope.ALL, Cause.PERSON, report_only=False, now=1.0)
        assert not joined
        assert first.stage is Stage.WAITING
        for scope, report_only in ((Scope.ALL, False), (Scope.WEEK, False), (Scope.EMPTY, True)):
            again, joined = gapruns.ask(conn, scope, Cause.TASK, report_only=report_only, now=2.0)
            assert (again.id, joined) == (first.id, True)
        gapruns.save(conn, replace(first, began_at=3.0, searched_at=4.0))
        later, joined = gapruns.ask(conn, Scope.DAY, Cause.PERSON, report_only=True, now=5.0)
        assert (later.id > first.id, joined) == (True, False)
        # A run that only reports does not close what another one asks to have closed.
        closing, joined = gapruns.ask(conn, Scope.DAY, Cause.PERSON, report_only=False, now=6.0)
        assert (closing.id > later.id, joined) == (True, False)
        assert gapruns.last_asked(conn) == 6.0
        assert [run.id for run in gapruns.listing(conn, 10)] == [closing.id, later.id, first.id]


def test_a_place_counts_for_the_first_kind_that_it_is(database: Database) -> None:
    with database.transaction() as conn:
        assert len(gaps.record(conn, 1, [gap(GapKind.STALE, 1), gap(GapKind.EMPTY, 2)], 1.0)) == 2
        assert gaps.record(conn, 1, [gap(GapKind.DRIFTED, 1), gap(GapKind.STALE, 2)], 2.0) == []
        assert [one.kind for one in gaps.record(conn, 1, [gap(GapKind.EMPTY, 1)], 3.0)] == [GapKind.EMPTY]
        assert len(gaps.record(conn, 1, [gap(GapKind.STALE, 1, "/b")], 4.0)) == 1
        assert gaps.counts(conn, 1) == {SERVER: {"empty": {"open": 2}, "stale": {"open": 1}}}


def test_what_became_of_each_gap_is_read_off_the_queue(database: Database) -> None:
    with database.transaction() as conn:
        gaps.record(conn, 1, [gap(GapKind.STALE, scene) for scene in range(1, 7)], 10.0)
        jobs.put(conn, [Put(server=SERVER, scene=1, lane=Lane.BULK, reason="gap")], 10.0)
        in_step.confirm(conn, SERVER, 2, 2, "d", 11.0)
        in_step.confirm(conn, SERVER, 3, 3, "d", 9.0)
        for scene, kind in ((4, "missing"), (5, "brake?")):
            decision = Decision(kind=kind, reason="r", digest="d", index_version=0)
            decisions.decide(conn, SERVER, scene, decision, 11.0)
        bury(conn, _letter(6))
        assert gaps.settle(conn, 1, pending="brake?") == 2
        assert outcomes(conn, 1) == {
            1: None,
            2: GapOutcome.CLOSED,
            3: GapOutcome.LEFT,
            4: GapOutcome.DECIDED,
            5: None,
            6: GapOutcome.LEFT,
        }
        assert gaps.tried(conn, 1) == 0
        gaps.leave(conn, 1)
        assert gaps.settle(conn, 1, pending="brake?") == 0


def _letter(scene: int) -> DeadLetter:
    return DeadLetter(
        server=SERVER,
        scene=scene,
        error="PlexPermanentError",
        failure=None,
        context={},
        reasons=("gap",),
        attempts=1,
        digest=None,
        first_failed_at=1.0,
        died_at=2.0,
    )


def test_an_earlier_run_keeps_its_figures_and_some_examples(database: Database) -> None:
    with database.transaction() as conn:
        many = [gap(GapKind.STALE, scene) for scene in range(1, 31)]
        gaps.record(conn, 1, [*many, gap(GapKind.DRIFTED, 40)], 1.0)
        gaps.thin(conn, 1)
        assert gaps.counts(conn, 1) == {SERVER: {"stale": {"open": gaps.EXAMPLES}, "drifted": {"open": 1}}}


def test_old_runs_are_forgotten_with_their_gaps(database: Database) -> None:
    with database.transaction() as conn:
        run, _ = gapruns.ask(conn, Scope.ALL, Cause.START, report_only=False, now=1.0)
        gaps.record(conn, run.id, [gap(GapKind.STALE, 1)], 1.0)
        assert gapruns.trim(conn, 100.0) == 0
        gapruns.save(conn, replace(run, ended_at=50.0))
        assert gapruns.trim(conn, 100.0) == 1
        assert gaps.counts(conn, run.id) == {}


def test_files_that_turn_out_to_be_known_are_no_gaps(database: Database) -> None:
    with database.transaction() as conn:
        strange = [gap(GapKind.UNKNOWN, 0, f"/{name}") for name in "abc"]
        gaps.record(conn, 1, strange, 1.0, GapOutcome.LEFT)
        assert gaps.unknown_after(conn, 1, SERVER, "/a", 10) == ["/b", "/c"]
        assert gaps.drop_unknown(conn, 1, SERVER, ["/a", "/x"]) == 1
        assert gaps.counts(conn, 1) == {SERVER: {"unknown": {"left": 2}}}


def test_how_an_item_looked_goes_when_it_is_written_again(database: Database) -> None:
    with database.transaction() as conn:
        in_step.confirm(conn, SERVER, 1, 7, "d", 1.0, ("look", 99))
        assert in_step.looks(conn, SERVER, [7, 8]) == {7: in_step.Look(scene=1, look="look", updated_at=99)}
        in_step.note_looks(conn, SERVER, {7: ("other", 100)})
        assert in_step.looks(conn, SERVER, [7])[7].look == "other"
        in_step.confirm(conn, SERVER, 1, 7, "d2", 2.0)
        assert in_step.looks(conn, SERVER, [7]) == {7: in_step.Look(scene=1, look=None, updated_at=None)}
