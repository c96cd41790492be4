"""Several daemons at one database: paused, slow, killed and started anew in any interleaving, one owns each key."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from plexsync.model.errors import NotOwnerError
from plexsync.model.work import Put
from plexsync.store import owner, preferences
from plexsync.store.database import Connection, Database
from plexsync.store.schema import owners
from plexsync.store.schema import preferences as kept
from plexsync.sync.clock import SystemClock
from plexsync.sync.ownership import Claimant, Ownership
from plexsync.sync.reign import Reign, Terms

T = TypeVar("T")

KEYS = ("plex:attic", "plex:cellar")
#: The margin between lease and silence is far longer than a step takes.
TERMS = Terms(lease=1500.0, silence=2000.0, manners=500.0)
WHO = st.integers(0, 2)
WHICH = st.sampled_from(KEYS)


class SharedFile(Database):
    """SQLite taken for a database that several daemons open."""

    @property
    def shared(self) -> bool:
        return True


class NoRoom:
    """Nothing to do for a key."""

    async def load(self) -> None: ...

    async def run(self) -> None: ...

    async def stop(self, grace: float) -> None: ...

    def unkept(self) -> Sequence[Put]:
        return ()


@dataclass
class Life:
    """One daemon from its start to its end; what it holds of a key it may long have lost."""

    owned: dict[str, Ownership[NoRoom]] = field(default_factory=dict)

    def reign(self, key: str) -> Reign | None:
        reign = self.owned[key].reign
        if reign is not None and reign.lost.is_set():
            self.owned[key].reign = reign = None
        return reign


class OwnershipMachine(RuleBasedStateMachine):
    """Time passes by making every beat older, and the clocks of all daemons with it. Who is not asked to do anything
    is paused."""

    database: ClassVar[Database]
    runner: ClassVar[asyncio.Runner]

    @initialize()
    def begin(self) -> None:
        with self.database.transaction() as conn:
            conn.execute(sa.delete(owners))
            conn.execute(sa.delete(kept))
        self.passed = 0.0
        self.lives = [self.born(number) for number in range(3)]
        self.epochs = dict.fromkeys(KEYS, 0)
        self.kept: set[str] = set()
        self.count = 0
        self.open: tuple[AbstractContextManager[Connection], str] | None = None

    def born(self, number: int) -> Life:
        claimant = Claimant(
            database=self.database,
            clock=SystemClock(),
            holder=f"daemon {number}",
            terms=TERMS,
            elapsed=lambda: time.monotonic() + self.passed,
        )
        life = Life()
        for key in KEYS:
            others = [other for other in KEYS if other != key]
            life.owned[key] = Ownership(
                key=key,
                title=key,
                claimant=claimant,
                make=lambda _reign: NoRoom(),
                owns_other=lambda others=others: any(life.reign(other) for other in others),  # type: ignore[misc]
            )
            life.owned[key].begin()
        return life

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def true_epochs(self) -> dict[str, int]:
        with self.database.transaction() as conn:
            return {key: one.epoch for key, one in owner.standing(conn).items()}

    def rightful(self, reign: Reign) -> bool:
        return self.true_epochs()[reign.key] == reign.epoch

    @rule(seconds=st.floats(1, 2600))
    @precondition(lambda self: self.open is None)
    def time_passes(self, seconds: float) -> None:
        self.passed += seconds
        with self.database.transaction() as conn:
            conn.execute(sa.update(owners).values(beat_at=owners.c.beat_at - seconds))

    @rule(who=WHO, key=WHICH)
    def look(self, who: int, key: str) -> None:
        ownership = self.lives[who].owned[key]
        if self.lives[who].reign(key) is not None:
            return
        before = self.true_epochs().get(key, 0)
        taken = not self.wait(ownership.take())
        if taken:
            assert self.open is None or self.open_key != key, "taken over in the middle of a transaction"
            assert ownership.reign is not None
            assert ownership.reign.epoch == before + 1

    @rule(who=WHO, key=WHICH)
    def beat(self, who: int, key: str) -> None:
        reign = self.lives[who].reign(key)
        if reign is None:
            return
        rightful = self.rightful(reign)
        assert self.succeeds(reign.beat()) == rightful

    @rule(who=WHO, key=WHICH)
    def write(self, who: int, key: str) -> None:
        reign = self.lives[who].reign(key)
        if reign is None:
            return
        rightful, name = self.rightful(reign), self.name()
        assert self.succeeds(reign.run(lambda c: preferences.put(c, name, reign.epoch))) == rightful
        self.kept |= {name} if rightful else set()

    @rule(who=WHO, key=WHICH)
    def send_to_plex(self, who: int, key: str) -> None:
        reign = self.lives[who].reign(key)
        if reign is not None:
            rightful = self.rightful(reign)
            assert self.succeeds(reign.guard()) == rightful

    @rule(who=WHO, key=WHICH)
    @precondition(lambda self: self.open is None)
    def end_well(self, who: int, key: str) -> None:
        reign = self.lives[who].reign(key)
        rightful = reign is not None and self.rightful(reign)
        self.wait(self.lives[who].owned[key].end())
        if rightful:
            with self.database.transaction() as conn:
                assert owner.standing(conn)[key].holder == ""

    @rule(who=WHO)
    @precondition(lambda self: self.open is None)
    def kill_and_start_anew(self, who: int) -> None:
        self.lives[who] = self.born(who)

    @rule(who=WHO, key=WHICH)
    @precondition(lambda self: self.open is None and not self.is_file)
    def begin_a_transaction(self, who: int, key: str) -> None:
        """It stays open while the others go on."""
        reign = self.lives[who].reign(key)
        if reign is None or not self.rightful(reign):
            return
        context, name = reign.transaction(), self.name()
        preferences.put(context.__enter__(), name, reign.epoch)
        self.open, self.open_key = (context, name), key

    @rule()
    @precondition(lambda self: self.open is not None)
    def end_the_transaction(self) -> None:
        assert self.open is not None
        context, name = self.open
        context.__exit__(None, None, None)
        self.open = None
        self.kept.add(name)

    @rule()
    @precondition(lambda self: self.open is None)
    def all_keys_find_an_owner_in_time(self) -> None:
        """Whoever is dead or paused: once the first daemon has seen a key, the longest wait and one more look do."""
        for key in KEYS:
            self.look(0, key)
        self.time_passes(TERMS.silence + TERMS.manners)
        for key in KEYS:
            self.look(0, key)
            reign = self.lives[0].reign(key)
            assert reign is not None
            if not self.rightful(reign):
                assert not self.succeeds(reign.beat())
                self.look(0, key)
                reign = self.lives[0].reign(key)
                assert reign is not None
                assert self.rightful(reign)

    @invariant()
    def epochs_only_grow(self) -> None:
        for key, epoch in self.true_epochs().items():
            assert epoch >= self.epochs[key]
            self.epochs[key] = epoch

    @invariant()
    def exactly_what_rightful_owners_wrote_is_kept(self) -> None:
        with self.database.transaction() as conn:
            assert set(preferences.all_under(conn, "")) == self.kept

    @property
    def is_file(self) -> bool:
        return isinstance(self.database, SharedFile)

    def name(self) -> str:
        self.count += 1
        return f"write {self.count}"

    def succeeds(self, work: Coroutine[Any, Any, None]) -> bool:
        try:
            self.wait(work)
        except NotOwnerError:
            return False
        return True

    def teardown(self) -> None:
        if getattr(self, "open", None) is not None:
            self.end_the_transaction()


@pytest.fixture(params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        database: Database = SharedFile.open(f"sqlite:///{tmp_path / 'plexsync.db'}")
    else:
        database = Database.open(str(request.getfixturevalue("postgres_url")))
    with contextlib.closing(database):
        yield database


def test_in_any_interleaving_one_daemon_owns_a_key_and_a_deposed_one_writes_nothing(shared: Database) -> None:
    with asyncio.Runner() as runner:

        class Machine(OwnershipMachine):
            pass

        Machine.database, Machine.runner = shared, runner
        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=25,
                stateful_step_count=30,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
            ),
        )
