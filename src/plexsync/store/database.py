"""The open database: its version, its transactions, the one thread that works on it, and one that only looks."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.log import logger
from plexsync.model.errors import StoreDamagedError
from plexsync.store import dialect, failures, migration, puts
from plexsync.store.address import place_of
from plexsync.store.engines import LOOKING, engine_for

__all__ = ["Connection", "Database"]

_log = logger("plexsync.store")

T = TypeVar("T")
_Work = Callable[[Connection], Any]
_Wish = tuple[_Work, "Future[Any]"]
#: What a piece of work came to: its result, or what it raised.
_End = tuple[Any] | Exception
#: Pieces of work that share one commit at most, so that none waits long for the others.
_GROUP = 64
#: How often a transaction that another one got in the way of, or whose connection broke, is begun anew.
_REPEATS = 3


class Database:
    """All of the store. Every function of this package takes a connection of `transaction` or `run`."""

    def __init__(self, engine: sa.Engine, place: str) -> None:
        self._engine = engine
        self._takes_turns = self.shared and not engine.get_execution_options().get("postgresql_readonly")
        self._waiting: deque[_Wish] = deque()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._looks = engine.execution_options(**{LOOKING: True})
        self._looking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-look")
        self.place = place  #: for people: the file, or the address without its password
        #: called from any thread, with the driver's words, when it proves to be no whole database any more
        self.on_damage: Callable[[str], None] | None = None

    @classmethod
    def open(cls, url: str) -> Database:
        """Open for work and bring the schema up to date; StoreError when that cannot be done."""
        return cls._opened(url, migration.upgrade, reading=False)

    @classmethod
    def open_reading(cls, url: str) -> Database:
        """Open beside a running daemon: nothing is changed, not even the schema; StoreError when it is another's."""
        return cls._opened(url, migration.require_current, reading=True)

    @classmethod
    def _opened(cls, url: str, check: Callable[[Connection, str], None], *, reading: bool) -> Database:
        place = place_of(url)
        database = cls(engine_for(url, reading=reading), place)
        try:
            with database.transaction() as conn:
                dialect.require_unicode(conn, place)
                check(conn, place)
        except BaseException:
            database.close()
            raise
        return database

    @property
    def shared(self) -> bool:
        """Whether daemons of several data folders may work on it: SQLite serves the one that holds its folder."""
        return self._engine.dialect.name != "sqlite"

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction: kept for good once the block ends, undone if it raises.

        A database that is locked, full, damaged or away raises StoreError; nothing of the block is kept then.
        """
        with self._translated(), self._engine.begin() as conn:
            yield conn

    async def run(self, work: Callable[[Connection], T]) -> T:
        """One transaction on the store's own thread. Once begun it is finished, even if the waiter is cancelled.

        What is asked for at the same time is committed together: it is kept as surely, for the price of one commit.
        Where another transaction got in the way, or the connection broke before the commit, `work` is called anew.
        After a StoreError nothing is kept, unless the connection broke during the commit: then nobody knows, and
        whoever asks again must not mind either.
        """
        answer: Future[T] = Future()
        self._waiting.append((work, answer))
        self._thread.submit(self._work_off)
        return await asyncio.wrap_future(answer)

    async def look(self, work: Callable[[Connection], T]) -> T:
        """What `work` finds that is kept by now: it waits for no commit, nothing waits for it, and it changes nothing.

        Where the connection broke, `work` is called anew.
        """
        return await asyncio.get_running_loop().run_in_executor(self._looking, self._look, work)

    def _look(self, work: Callable[[Connection], T]) -> T:
        with self._translated():
            try:
                return self._looked(work)
            except sa.exc.SQLAlchemyError as error:
                if not failures.cut(error):
                    raise
            return self._looked(work)

    def _looked(self, work: Callable[[Connection], T]) -> T:
        with self._looks.begin() as conn:
            return work(conn)

    def _work_off(self) -> None:
        group: list[_Wish] = []
        while self._waiting and len(group) < _GROUP:
            work, answer = self._waiting.popleft()
            if answer.set_running_or_notify_cancel():
                group.append((work, answer))
        if not group:
            return
        try:
            ends = self._together([work for work, _ in group])
        except Exception as error:  # noqa: BLE001 -- handed on to those who wait
            ends = [error] * len(group)
        for (_, answer), end in zip(group, ends, strict=True):
            if isinstance(end, Exception):
                answer.set_exception(end)
            else:
                answer.set_result(end[0])

    def _together(self, works: Sequence[_Work]) -> Sequence[_End]:
        """What each piece came to, all kept by one commit."""
        with self._translated():
            orderly = len(works) > 1
            for _ in range(_REPEATS):
                try:
                    return self._once(works, orderly=orderly, last=False)
                except _Undone as undone:
                    orderly = True
                    _log.debug("a transaction is begun anew", reason=str(undone.__cause__))
            return self._once(works, orderly=orderly, last=True)

    def _once(self, works: Sequence[_Work], *, orderly: bool, last: bool) -> Sequence[_End]:
        """_Undone, unless it is the `last` time, when nothing is kept for sure and it is worth beginning anew.

        An `orderly` transaction does not meet those of other daemons crosswise: a put locks the counter before its
        job, and a finish that shares a commit with one would do it the other way round.
        """
        committing = False
        try:
            with self._engine.begin() as conn:
                if orderly and self._takes_turns:
                    puts.take_turn(conn)
                ends = [self._one(conn, work, alone=len(works) == 1, last=last) for work in works]
                committing = True
        except sa.exc.SQLAlchemyError as error:
            if not last and (failures.lost_race(error) or (failures.cut(error) and not committing)):
                raise _Undone from error
            raise
        return ends

    def _one(self, conn: Connection, work: _Work, *, alone: bool, last: bool) -> _End:
        """What one piece of work came to; in a group it fails without the others."""
        if alone:
            return (work(conn),)
        savepoint = conn.begin_nested()
        try:
            result = work(conn)
            savepoint.commit()
        except sa.exc.SQLAlchemyError as error:
            if failures.ends_transaction(error) or (failures.lost_race(error) and not last):
                raise
            savepoint.rollback()
            return self._told(error)
        except Exception as error:  # noqa: BLE001 -- handed on to the one who waits
            savepoint.rollback()
            return error
        return (result,)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.SQLAlchemyError as error:
            told = self._told(error)
            if told is error:
                raise
            raise told from error

    def _told(self, error: sa.exc.SQLAlchemyError) -> Exception:
        """The error for those who wait; those who have to know of damage learn it."""
        told = failures.store_error(error, self.place)
        if isinstance(told, StoreDamagedError) and self.on_damage is not None:
            self.on_damage(str(getattr(error, "orig", error)))
        return told or error

    def close(self) -> None:
        """Finish what `run` and `look` have begun, then let go of the database."""
        self._thread.shutdown(wait=True)
        self._looking.shutdown(wait=True)
        self._engine.dispose()


class _Undone(Exception):
    """Nothing of the transaction is kept, through no fault of its own; the cause says why."""
