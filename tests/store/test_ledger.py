"""The ledger keeps what was there before us, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from plexsync.model.fields import Field, Value
from plexsync.model.item import Person
from plexsync.model.plan import Given, Written
from plexsync.store import history, ledger
from plexsync.store.database import Connection, Database
from plexsync.store.schema import ledger as table

PATH = "/media/films/harbour.mp4"
TEXT = st.text(max_size=8)
VALUES: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    TEXT,
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=False),
    st.lists(TEXT, max_size=3).map(tuple),
    st.lists(st.builds(Person, name=TEXT, role=st.none() | TEXT), max_size=3).map(tuple),
)


@pytest.fixture
def conn(database: Database) -> Iterator[Connection]:
    with database.transaction() as opened:
        yield opened


def title(conn: Connection, path: str = PATH) -> Written:
    return ledger.rows(conn, "plex", [path])[path][Field.TITLE]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=VALUES, intended=VALUES, observed=VALUES)
def test_every_value_comes_back_equal_and_of_its_own_type(
    database: Database, before: Value, intended: Value, observed: Value
) -> None:
    with database.transaction() as conn:
        conn.execute(sa.delete(table))
        ledger.intend(conn, "plex", PATH, 7, [(Field.TITLE, before, intended)], 1.0)
        ledger.confirm(conn, "plex", PATH, {Field.TITLE: (observed, True)}, 2.0)
        found = title(conn)
        for given_, kept in ((before, found.before), (intended, found.intended), (observed, found.confirmed)):
            assert kept == given_
            assert type(kept) is type(given_)
        assert found.is_confirmed


class LedgerMachine(RuleBasedStateMachine):
    """An item that people and we write to in turn; each example is undone at its end."""

    database: ClassVar[Database]

    def __init__(self) -> None:
        super().__init__()
        self._opened = self.database.transaction()
        self.conn = self._opened.__enter__()
        self.conn.execute(sa.delete(table))
        self.savepoint = self.conn.begin_nested()
        self.held: Value = "their own"
        self.first: Value = None
        self.ours: set[Value] = set()
        self.tries = 0
        self.intended: Value = None

    def teardown(self) -> None:
        self.savepoint.rollback()
        self._opened.__exit__(None, None, None)

    @rule(number=st.integers(1, 3), crash=st.booleans(), kept=st.booleans())
    def we_write(self, number: int, crash: bool, kept: bool) -> None:
        """Plex may keep the value or not, and we may die before we read it back."""
        value = f"ours {number}"
        if not self.ours:
            self.first = self.held
        if value != self.intended:
            self.tries = 0
        ledger.intend(self.conn, "plex", PATH, 7, [(Field.TITLE, self.held, value)], 1.0)
        self.ours.add(value)
        self.intended = value
        self.held = value if kept else self.held
        if not crash:
            same = self.held == value
            ledger.confirm(self.conn, "plex", PATH, {Field.TITLE: (self.held, same)}, 2.0)
            self.tries = 0 if same else self.tries + 1

    @rule(number=st.integers(1, 3))
    def a_user_edits(self, number: int) -> None:
        self.held = f"theirs {number}"

    @rule(rating_key=st.integers(7, 9))
    def plex_gives_the_file_another_key(self, rating_key: int) -> None:
        ledger.follow(self.conn, "plex", PATH, rating_key)

    @invariant()
    def the_first_value_is_kept_and_is_never_our_own(self) -> None:
        found = ledger.rows(self.conn, "plex", [PATH])
        if not self.ours:
            assert found == {}
            return
        written = found[PATH][Field.TITLE]
        assert written.before == self.first
        assert written.before not in self.ours
        assert written.intended == self.intended
        assert written.tries == self.tries
        assert not written.is_confirmed or written.confirmed == written.intended


def test_the_first_value_is_never_lost_nor_our_own_under_any_interleaving(database: Database) -> None:
    class Machine(LedgerMachine):
        pass

    Machine.database = database
    run_state_machine_as_test(Machine, settings=settings(max_examples=50, stateful_step_count=20))


def test_a_new_intention_starts_unconfirmed_and_the_same_one_again_keeps_its_tries(conn: Connection) -> None:
    ledger.intend(conn, "plex", PATH, 7, [(Field.TITLE, "Old", "New")], 1.0)
    ledger.confirm(conn, "plex", PATH, {Field.TITLE: ("Other", False)}, 2.0)
    ledger.intend(conn, "plex", PATH, 7, [(Field.TITLE, "Other", "New")], 3.0)
    assert title(conn) == Written(before="Old", intended="New", confirmed="Other", is_confirmed=False, tries=1)
    ledger.intend(conn, "plex", PATH, 7, [(Field.TITLE, "Other", "Newer")], 4.0)
    assert title(conn) == Written(before="Old", intended="Newer")


@pytest.mark.parametrize("begun", [1.0, 0.5])
def test_a_write_is_in_doubt_until_it_is_read_back_whatever_the_clock_says(conn: Connection, begun: float) -> None:
    told = Given(field=Field.GENRES, before=("A",), value=("A",), intended=("A",), confirmed=("A",))
    ledger.give(conn, "plex", PATH, 7, [told], 1.0)
    assert not ledger.rows(conn, "plex", [PATH], 1.0)[PATH][Field.GENRES].in_doubt
    # At the same moment, or after the clock was set back.
    ledger.intend(conn, "plex", PATH, 7, [(Field.GENRES, ("A",), ("A", "B"))], begun)
    assert ledger.rows(conn, "plex", [PATH], 1.0)[PATH][Field.GENRES].in_doubt
    ledger.confirm(conn, "plex", PATH, {Field.GENRES: (("A", "B"), True)}, begun)
    assert not ledger.rows(conn, "plex", [PATH], 1.0)[PATH][Field.GENRES].in_doubt


def test_a_number_and_the_same_number_with_a_point_are_two_intentions(conn: Connection) -> None:
    ledger.intend(conn, "plex", PATH, 7, [(Field.RATING, None, 8)], 1.0)
    ledger.intend(conn, "plex", PATH, 7, [(Field.RATING, None, 8.0)], 1.0)
    assert isinstance(ledger.rows(conn, "plex", [PATH])[PATH][Field.RATING].intended, float)


def test_reading_back_a_field_that_was_never_intended_leaves_no_row(conn: Connection) -> None:
    ledger.confirm(conn, "plex", PATH, {Field.SUMMARY: ("text", True)}, 1.0)
    assert ledger.rows(conn, "plex", [PATH]) == {}


def test_rows_go_along_with_a_moved_file_but_never_replace_a_first_value(conn: Connection) -> None:
    ledger.intend(conn, "plex", PATH, 7, [(Field.TITLE, "Old", "New"), (Field.STUDIO, "", "Pier")], 1.0)
    ledger.intend(conn, "plex", "/to", 8, [(Field.TITLE, "There before", "New")], 2.0)
    assert ledger.move(conn, "plex", PATH, "/to") == 1
    there = ledger.rows(conn, "plex", ["/to"])["/to"]
    assert (there[Field.TITLE].before, there[Field.STUDIO].before) == ("There before", "")
    assert ledger.drop(conn, "plex", "/to", [Field.STUDIO]) == 1
    assert ledger.paths_after(conn, "plex", "", 10) == [(PATH, 7), ("/to", 8)]
    assert ledger.paths_after(conn, "plex", PATH, 10) == [("/to", 8)]


def test_history_is_told_newest_first_and_forgotten_by_age(conn: Connection) -> None:
    changes: list[tuple[Field, Any, Any]] = [(Field.TITLE, "Old", "New"), (Field.GENRES, (), ("Sea",))]
    history.record(conn, "run 1", "plex", 5, PATH, 7, changes, "changed", 10.0)
    history.record(conn, "run 2", "plex", 5, PATH, 7, [(Field.TITLE, "New", "Newer")], "changed", 20.0)
    history.record(conn, "run 2", "plex", 5, PATH, 7, [], "changed", 20.0)
    assert [entry.after for entry in history.of_scene(conn, 5, 2)] == ["Newer", ("Sea",)]
    assert [entry.field for entry in history.of_run(conn, "run 1")] == [Field.GENRES, Field.TITLE]
    assert history.trim(conn, 20.0) == 2
    assert [entry.run for entry in history.latest(conn, 10)] == ["run 2"]
